from importlib import import_module

from django.apps import AppConfig

BOOKS = ("species", "detections", "candidates", "surveys", "protected_areas", "change_spots")


class NatureConfig(AppConfig):
    name = "ecoledger.registers.nature"
    label = "nature"
    verbose_name = "自然生态"

    def ready(self) -> None:
        """Declare the books of this line, once every model is known."""
        for book in BOOKS:
            import_module(f"ecoledger.registers.nature.{book}")
