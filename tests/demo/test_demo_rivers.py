"""The demonstration's rivers, sea and drinking water stand on every page of theirs."""

from __future__ import annotations

import pytest
from demo.__main__ import present

from demo import build, rivers
from ecoledger.registers.water.compensation_models import CompensationAppeal, CompensationMonth
from ecoledger.registers.water.flood_models import RainCheck
from ecoledger.registers.water.sea_models import Bay, SeaSample
from ecoledger.registers.water.source_models import WaterSource
from ecoledger.registers.water.trace_models import TraceSuspect

pytestmark = pytest.mark.django_db


def test_rivers_sea_and_sources_are_there(store, settings, tmp_path):
    settings.PROFILE = tmp_path
    build.build()
    rivers.build(present())
    assert (Bay.objects.count(), SeaSample.objects.count()) == (5, 45)
    assert WaterSource.objects.count() == 3
    states = list(CompensationMonth.objects.order_by("month").values_list("state", flat=True))
    assert states[-1] == "published"
    assert set(states[:-1]) <= {"published", "frozen"}
    assert CompensationAppeal.objects.count() <= 1
    assert RainCheck.objects.filter(result="problem").count() == 1
    assert TraceSuspect.objects.count() >= 1
