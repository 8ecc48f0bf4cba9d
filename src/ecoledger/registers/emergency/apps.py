from importlib import import_module

from django.apps import AppConfig

BOOKS = ("incidents", "plan_filings", "drills", "depots", "dispatches", "around_it", "health_maps")


class EmergencyConfig(AppConfig):
    name = "ecoledger.registers.emergency"
    label = "emergency"
    verbose_name = "应急"

    def ready(self) -> None:
        """Declare the books of this line, once every model is known."""
        for book in BOOKS:
            import_module(f"ecoledger.registers.emergency.{book}")
