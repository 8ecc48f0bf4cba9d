from django.apps import AppConfig


class ListingsConfig(AppConfig):
    name = "ecoledger.listings"
    label = "listings"
    verbose_name = "台账"

    def ready(self) -> None:
        """Make the books of organisations and people known to pages and commands."""
        from ecoledger.listings import organisations, people  # noqa: F401
