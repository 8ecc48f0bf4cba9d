from django.apps import AppConfig


class MattersConfig(AppConfig):
    name = "ecoledger.matters"
    label = "matters"
    verbose_name = "事项"

    def ready(self) -> None:
        """Make known what of this room is handed over when somebody leaves, and what entities' files show."""
        from ecoledger.accounts import handover
        from ecoledger.listings import veil
        from ecoledger.matters import knowing  # noqa: F401
        from ecoledger.matters.handing_over import PART
        from ecoledger.matters.models import Matter
        from ecoledger.matters.register import readable

        handover.register(PART)
        veil.guard(Matter, readable)
