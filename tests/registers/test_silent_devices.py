"""A place that was heard and has fallen silent gets one order by itself; not where a shutdown is filed."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from django.utils import timezone

from ecoledger.live import times
from ecoledger.monitoring.models import Filing
from ecoledger.registers.network.maintenance import open_for_silent
from ecoledger.registers.network.models import Device, MaintenanceOrder


@pytest.fixture
def devices(bureau, store):
    """Two devices at the outlet; its point was heard thirty hours ago."""
    place = bureau.flue_gas.entity
    for code, sort in (("D-1", "analyser"), ("D-2", "logger")):
        Device.objects.create(
            code=code, name=f"设备{code}", sort=sort, parent=place, area_code=place.area_code
        )
    _heard(store, bureau.flue_gas.pk, 30)
    return place


def _heard(store, point: int, hours: int) -> None:
    row = {
        "point": [point],
        "parameter": ["a21026"],
        "start": [times.now() - timedelta(hours=hours)],
        "seconds": [60],
        "series": ["minute"],
        "value": [20.0],
    }
    store.append(observations=pl.DataFrame(row))


def test_a_silent_place_gets_one_order_for_its_logger(devices):
    now = timezone.now()
    assert open_for_silent(now) == 1
    (order,) = MaintenanceOrder.objects.all()
    assert (order.entity.code, order.fault, order.state) == ("D-2", "offline", "new")
    # While it is in hand no second one is opened.
    assert open_for_silent(now + timedelta(days=1)) == 0


def test_a_place_that_is_heard_or_was_never_heard_gets_none(bureau, store, devices):
    _heard(store, bureau.flue_gas.pk, 1)
    other = bureau.air[0].entity
    Device.objects.create(
        code="D-3", name="未联网", sort="logger", parent=other, area_code=other.area_code
    )
    assert open_for_silent(timezone.now()) == 0


def test_where_a_shutdown_is_filed_silence_is_as_it_should_be(devices, people):
    now = timezone.now()
    Filing.objects.create(
        entity=devices, kind="shutdown", begin=now - timedelta(days=2), reason="停炉检修",
        filed_by=people["monitor"], area_code=devices.area_code,
    )  # fmt: skip
    assert open_for_silent(now) == 0
