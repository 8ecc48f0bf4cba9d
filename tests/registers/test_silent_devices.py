"""A place that was heard and has fallen silent gets one order by itself; not where a shutdown is filed."""

from __future__ import annotations

from datetime import timedelta

import polars as pl
import pytest
from django.http import QueryDict
from django.utils import timezone

from ecoledger.entities.models import Station
from ecoledger.listings import importing
from ecoledger.live import times
from ecoledger.monitoring.models import Filing
from ecoledger.registers.network.devices import DEVICES
from ecoledger.registers.network.maintenance import open_for_silent
from ecoledger.registers.network.models import Device, MaintenanceOrder
from ecoledger.web.listings import long_work


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


def test_the_list_of_devices_brought_in_again_finds_each_by_its_code_and_changes_only_what_it_says(
    bureau,
):
    """Also those without a serial number, and where a name of a place must be read first."""
    desk = bureau.monitor
    place = Station.objects.first()
    for name, serial in (("分析仪甲", ""), ("分析仪乙", "SN-2")):
        values = {"name": name, "sort": "analyser", "serial_no": serial, "parent": place}
        DEVICES.open_row(values, desk, timezone.now())
    before = list(Device.objects.values().order_by("pk"))
    content, _count = long_work.exported(DEVICES, desk, QueryDict(""))
    same = importing.preview(DEVICES, "设备.xlsx", content, by=desk)
    assert [row.reason for row in same.rows.all() if "没有新内容" not in row.reason] == []
    importing.accept(DEVICES, same.pk, by=desk)
    assert list(Device.objects.values().order_by("pk")) == before
    # Without the codes it is the place and the serial number that tell a device.
    lines = f"设备名称,安装位置,种类,出厂编号,检定有效期\n分析仪乙,{place.name},分析仪,SN-2,2099-12-31\n"
    later = importing.preview(DEVICES, "检定.csv", lines.encode("utf-8-sig"), by=desk)
    importing.accept(DEVICES, later.pk, by=desk)
    assert str(Device.objects.get(serial_no="SN-2").verified_until) == "2099-12-31"
    assert Device.objects.count() == 2
