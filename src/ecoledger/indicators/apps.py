from datetime import timedelta
from typing import Any

from django.apps import AppConfig
from django.utils import timezone


class IndicatorsConfig(AppConfig):
    name = "ecoledger.indicators"
    label = "indicators"
    verbose_name = "指标"

    def ready(self) -> None:
        from django.db.models.signals import post_save

        from ecoledger.books.models import LogEntry

        # Importing declares them.
        from ecoledger.indicators import (  # noqa: F401
            casework,
            catalogue,
            compensating,
            declaring,
            helping,
            knowing,
            records,
            scorecards,
            storing,
            waste,
            waters_knowing,
        )
        from ecoledger.matters.models import Event
        from ecoledger.monitoring.computing import pending
        from ecoledger.registers.plan import target_book
        from ecoledger.registers.water.sample_models import MonthlyFlow, WaterSample
        from ecoledger.registers.water.sea_models import SeaSample, SeaSurvey
        from ecoledger.registers.water.source_models import SourceIntake

        def sampled(instance: LogEntry, **_: Any) -> None:
            day = timezone.localdate(instance.at)
            of_sea = isinstance(instance, (SeaSample, SeaSurvey))
            where = [instance.area_code]
            storing.touch("sea" if of_sea else "water", where, day, day + timedelta(days=1))

        def stepped(instance: Event, **_: Any) -> None:
            storing.matter_changed(instance)

        target_book.naming.append(declaring.called)
        target_book.keying.append(declaring.key_of)
        pending.on_computed.append(storing.observations_changed)
        for fact in (WaterSample, MonthlyFlow, SourceIntake, SeaSample, SeaSurvey):
            post_save.connect(sampled, sender=fact, weak=False, dispatch_uid=f"of {fact.__name__}")
        post_save.connect(stepped, sender=Event, weak=False, dispatch_uid="indicators")
