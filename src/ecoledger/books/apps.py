from django.apps import AppConfig


class BooksConfig(AppConfig):
    name = "ecoledger.books"
    label = "books"
    verbose_name = "台账"

    def ready(self) -> None:
        """Let things that were imported owe what they owe at once, not from the next morning on."""
        from ecoledger.books import duty
        from ecoledger.listings.importing import accepting

        accepting.afterwards.append(duty.after_import)
