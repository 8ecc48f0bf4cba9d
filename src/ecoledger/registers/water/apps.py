from importlib import import_module

from django.apps import AppConfig

BOOKS: tuple[str, ...] = (
    "samples",
    "compensation_account",
    "compensation",
    "sea",
    "sources",
    "outlets",
    "traces",
    "section_help",
    "flood_season",
    "outfalls",
    "outfall_work",
    "outfall_settings",
    "villages",
    "village_works",
    "plants",
    "balance",
    "district_plans",
    "sewer_works",
    "industrial_water",
    "black_waters",
)


class WaterConfig(AppConfig):
    name = "ecoledger.registers.water"
    label = "water"
    verbose_name = "水"

    def ready(self) -> None:
        """Declare the books of this line, once every model is known."""
        for book in BOOKS:
            import_module(f"ecoledger.registers.water.{book}")
