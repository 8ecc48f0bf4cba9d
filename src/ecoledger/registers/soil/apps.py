from importlib import import_module

from django.apps import AppConfig

BOOKS: tuple[str, ...] = ()


class SoilConfig(AppConfig):
    name = "ecoledger.registers.soil"
    label = "soil"
    verbose_name = "土壤"

    def ready(self) -> None:
        """Declare the books of this line, once every model is known."""
        for book in BOOKS:
            import_module(f"ecoledger.registers.soil.{book}")
