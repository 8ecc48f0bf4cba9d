from django.apps import AppConfig


class BooksConfig(AppConfig):
    name = "ecoledger.books"
    label = "books"
    verbose_name = "台账"

    def ready(self) -> None:
        """Let things that were entered or imported owe what they owe at once, not from the next morning on; and entities' files
        show what the books say of them."""
        from ecoledger.books import duty, knowing  # noqa: F401
        from ecoledger.entities import editing
        from ecoledger.listings.importing import accepting

        editing.stored.append(duty.begin)
        accepting.around.append(duty.in_the_end)
        accepting.afterwards.append(duty.after_import)
