from importlib import import_module

from django.apps import AppConfig

BOOKS = (
    "assessment",
    "hazardous_waste",
    "waste_ledgers",
    "producers",
    "manifests",
    "manifest_lines",
    "waste_balance",
    "overdue_storage",
    "medical_waste",
    "medical_alarms",
    "small_producers",
    "small_pickups",
    "disposal_capacity",
    "batteries",
    "industrial_waste",
    "closed_plants",
    "radiation_units",
    "epidemic_checks",
    "radiation_sources",
)


class WasteConfig(AppConfig):
    name = "ecoledger.registers.waste"
    label = "waste"
    verbose_name = "固废辐射"

    def ready(self) -> None:
        """Declare the books of this line, once every model is known."""
        for book in BOOKS:
            import_module(f"ecoledger.registers.waste.{book}")
