from importlib import import_module

from django.apps import AppConfig

INVENTORIES = ("areas", "enterprises", "outlets", "stations", "rivers", "sections", "facilities", "charges",
               "boundaries", "relations", "roads")  # fmt: skip


class EntitiesConfig(AppConfig):
    name = "ecoledger.entities"
    label = "entities"
    verbose_name = "对象"

    def ready(self) -> None:
        """Make look-ups and kinds known to forms, imports and pages."""
        from ecoledger.accounts import handover
        from ecoledger.entities import lookups  # noqa: F401
        from ecoledger.entities.handing_over import PART

        handover.register(PART)
        for inventory in INVENTORIES:
            import_module(f"ecoledger.entities.inventories.{inventory}")
