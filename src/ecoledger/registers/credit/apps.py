from importlib import import_module

from django.apps import AppConfig

BOOKS = ("events", "ratings", "batches", "objections", "repairs", "insurance", "subsidies")


class CreditConfig(AppConfig):
    name = "ecoledger.registers.credit"
    label = "credit"
    verbose_name = "信用与绿色金融"

    def ready(self) -> None:
        """Declare the books of this line, once every model is known."""
        for book in BOOKS:
            import_module(f"ecoledger.registers.credit.{book}")
