from importlib import import_module

from django.apps import AppConfig

BOOKS = ("sheets", "reports", "economy", "impact")


class CarbonConfig(AppConfig):
    name = "ecoledger.registers.carbon"
    label = "carbon"
    verbose_name = "碳"

    def ready(self) -> None:
        """Declare the books of this line, once every model is known."""
        for book in BOOKS:
            import_module(f"ecoledger.registers.carbon.{book}")
