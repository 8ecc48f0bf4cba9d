from importlib import import_module

from django.apps import AppConfig

BOOKS = ("holdings", "plans", "requests", "trades", "reduction_targets", "reduction_projects")


class QuotaConfig(AppConfig):
    name = "ecoledger.registers.quota"
    label = "quota"
    verbose_name = "总量与排污权"

    def ready(self) -> None:
        """Declare the books of this line, once every model is known."""
        for book in BOOKS:
            import_module(f"ecoledger.registers.quota.{book}")
