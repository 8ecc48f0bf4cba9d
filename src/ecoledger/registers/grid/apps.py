from importlib import import_module

from django.apps import AppConfig


class GridConfig(AppConfig):
    name = "ecoledger.registers.grid"
    label = "grid"
    verbose_name = "网格监管"

    def ready(self) -> None:
        """Declare the book that looks across relations, once every model is known."""
        import_module("ecoledger.registers.grid.cell_book")
