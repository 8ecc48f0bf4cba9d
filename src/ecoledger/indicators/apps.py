from typing import Any

from django.apps import AppConfig


class IndicatorsConfig(AppConfig):
    name = "ecoledger.indicators"
    label = "indicators"
    verbose_name = "指标"

    def ready(self) -> None:
        from django.db.models.signals import post_save

        # Importing declares them.
        from ecoledger.indicators import (  # noqa: F401
            casework,
            catalogue,
            declaring,
            knowing,
            records,
            scorecards,
            storing,
        )
        from ecoledger.matters.models import Event
        from ecoledger.monitoring.computing import pending
        from ecoledger.registers.plan import target_book

        def stepped(instance: Event, **_: Any) -> None:
            storing.matter_changed(instance)

        target_book.naming.append(declaring.called)
        target_book.keying.append(declaring.key_of)
        pending.on_computed.append(storing.observations_changed)
        post_save.connect(stepped, sender=Event, weak=False, dispatch_uid="indicators")
