from django.apps import AppConfig


class MattersConfig(AppConfig):
    name = "ecoledger.matters"
    label = "matters"
    verbose_name = "事项"

    def ready(self) -> None:
        """Make known what of this room is handed over when somebody leaves."""
        from ecoledger.accounts import handover
        from ecoledger.matters.handing_over import PART

        handover.register(PART)
