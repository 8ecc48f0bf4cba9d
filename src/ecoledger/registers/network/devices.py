"""感知设备台账 (mechanism G9): analysers, data loggers, meters and cameras, where each stands and whether it is heard."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import cast

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.entities.file import File, HealthItem, Mark, knows
from ecoledger.entities.inventory import CODE, Findings, Inventory, declare
from ecoledger.entities.models import Enterprise, Outlet, Station
from ecoledger.entities.validity import in_force
from ecoledger.listings.parts import Ask, Import
from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.monitoring.models import Filing, Point
from ecoledger.registers.network.models import Device

# Silent for longer, a device counts as not connected.
SILENT = timedelta(hours=24)


def clean(device: Device, findings: Findings) -> None:
    """A serial number is one device's; a check that is due before the device was installed is a slip."""
    twins = Device.objects.filter(serial_no=device.serial_no).exclude(pk=device.pk)
    if device.serial_no and twins.exists():
        findings.wrong["serial_no"] = _("出厂编号 %s 已登记") % device.serial_no
    if device.verified_until and device.since and device.verified_until < device.since:
        findings.odd.append(_("检定有效期早于启用日期，请核对"))


DEVICES = declare(Inventory(
    key="device", label="感知设备", model=Device, line="monitoring", letter="D", clean=clean,
    parents=(Station, Outlet, Enterprise), numbers={"serial_no": "device_serial_no"},
    columns=("name", "code", "parent", "sort", "maker", "product_model", "serial_no", "operator",
             "verified_until", "area_code"),
    filters=("sort", "area_code", "verified_until"), ends="verified_until", ends_soon=30,
    search=("name", "code", "serial_no", "product_model", "maker", "operator", "parent__name",
            "identifiers__value"),
    fields=("name", CODE, Ask("parent", required=True), "sort", "maker", "product_model", "serial_no", "operator",
            "verified_until", "since", "until"),
    labels={"parent": "安装位置"},
    imports=Import(
        key=("parent", "serial_no"), updates=True, once={"serial_no": ""},
        columns=("name", Ask("parent", required=True), "sort", "maker", "product_model", "serial_no",
                 "operator", "verified_until", "since"),
        headers={"name": ("设备名称",), "parent": ("站点", "站点名称", "排放口", "所在站点"),
                 "sort": ("设备类别",), "serial_no": ("编号", "设备编号"), "operator": ("运维公司",),
                 "product_model": ("规格型号",), "verified_until": ("检定有效期", "校准有效期")},
        examples={"name": "氮氧化物分析仪", "sort": "分析仪", "serial_no": "NX-2024-0017"},
    ),
    empty="还没有设备。导入各监测点、排放口的设备清单；离线和故障由此派运维单。",
))  # fmt: skip


def _health(file: File) -> Iterable[HealthItem]:
    """Whether it is heard, and what is being repaired; whether its verification holds is said of every kind that has an end."""
    entity, person = file.entity, file.person
    if not isinstance(entity, Device) or not person.may("see_monitoring"):
        return
    yield _connected(entity)


def _connected(device: Device) -> HealthItem:
    rule = _("所在监测点 24 小时内有数据为良好")
    points = Point.objects.filter(entity=device.parent, enabled=True).exclude(mn=None)
    keys = list(points.values_list("pk", flat=True))
    if not keys or not runtime.is_open():
        return HealthItem(_("联网"), _("安装位置没有联网的监测点"), Mark.UNKNOWN, rule)
    latest = runtime.store().latest(keys)
    if latest.height == 0:
        return HealthItem(_("联网"), _("从未收到数据"), Mark.BAD, rule, url=f"/stations/{keys[0]}")
    last = cast("datetime", latest["start"].max())
    quiet = times.now() - last
    text = _("最近数据 %s") % f"{last:%Y-%m-%d %H:%M}"
    mark = Mark.BAD if quiet > SILENT else Mark.GOOD
    return HealthItem(_("联网"), text, mark, rule, last.date(), f"/stations/{keys[0]}")


def fallen_silent(now: datetime) -> list[Device]:
    """One device a place whose points were heard before and have been silent: its data logger, where it has one.

    Where a shutdown or repair is filed, silence is as it should be. ``now`` is aware.
    """
    places: dict[int, list[Device]] = {}
    for device in Device.objects.filter(in_force()).exclude(parent=None).order_by("pk"):
        places.setdefault(cast("int", device.parent_id), []).append(device)
    points = dict(
        Point.objects.filter(entity__in=list(places), enabled=True)
        .exclude(mn=None)
        .values_list("pk", "entity_id")
    )
    if not points or not runtime.is_open():
        return []
    heard: dict[int, datetime] = {}
    for point, start in runtime.store().latest(sorted(points)).select("point", "start").iter_rows():
        place = points[point]
        heard[place] = max(heard.get(place, start), start)
    filed = Filing.objects.filter(Filing.silencing(), begin__lte=now).filter(
        Q(end=None) | Q(end__gte=now)
    )
    excused = set(filed.values_list("entity_id", flat=True))
    quiet = timezone.localtime(now).replace(tzinfo=None) - SILENT
    return [
        next((d for d in devices if d.sort == Device.Sort.LOGGER), devices[0])
        for place, devices in places.items()
        if place in heard
        and heard[place] < quiet
        and not excused & {place, devices[0].parent.parent_id if devices[0].parent else None}
    ]


knows(health=_health)
