"""秸秆焚烧火点 (mechanism Q20): fires seen by satellites, freed of known heat sources and repeats, verified by the town.

FIRMS files (MODIS, VIIRS; times in UTC) and national lists (times of China) come in by the same import. A fire beside
a known heat source, or one that another satellite saw within hours, is set aside by itself and stays countable.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.entities import divisions
from ecoledger.entities.inventory import CODE, COORDINATES, Inventory
from ecoledger.entities.inventory import declare as declare_inventory
from ecoledger.entities.models import Area, Entity
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.science.coordinates import distance

FIELD = frozenset({Role.TOWN, Role.GRID, Role.OFFICER})
# One fire is seen by several pixels and satellites: nearer than this in place and time it is the same.
SAME_METRES, SAME_HOURS = 750.0, 6
# The header by which a file of FIRMS is known: its times are UTC.
FIRMS_HEADER = "acq_time"


class HeatSource(Entity):
    """A place that is always hot: a steel works, a kiln, a flare. Fires within its radius are none of straw."""

    KIND = "heat_source"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_heat_source"
    )
    radius = models.PositiveIntegerField("半径 m", default=1000)
    what = models.CharField("热源", max_length=60, blank=True)

    class Meta:
        verbose_name = "固定热源"


HEAT_SOURCES = declare_inventory(Inventory(
    key="heat_source", label="固定热源", model=HeatSource, line="air", letter="H",
    columns=("name", "code", "what", "radius", "area_code"), filters=("area_code",),
    search=("name", "code", "what"),
    fields=("name", CODE, "area_code", "lon", "lat", COORDINATES, "radius", "what", "since", "until"),
    imports=Import(key=("name",), headers={"name": ("名称", "热源名称"), "lon": ("经度",), "lat": ("纬度",),
                                           "radius": ("剔除半径",), "area_code": ("镇街",)},
                   examples={"name": "某钢铁厂", "lon": "118.61", "lat": "24.90", "radius": "1500",
                             "area_code": "北镇"}),
    empty="还没有固定热源。登记钢厂、水泥窑等，半径内的卫星火点自动剔除。",
))  # fmt: skip


class HotSpot(Matter):
    """One fire that a satellite saw."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_hot_spot"
    )

    class Verdict(models.TextChoices):
        STRAW = "straw", "秸秆焚烧"
        WASTE = "waste", "垃圾、杂物焚烧"
        WILD = "wild", "山火、祭祀用火"
        HEAT = "heat", "固定热源"
        NONE = "none", "未发现火点"

    seen_on = models.DateField("观测日期")
    seen_time = models.CharField("观测时间", max_length=10)
    seen_at = models.DateTimeField("观测时刻", null=True, blank=True, db_index=True)
    satellite = models.CharField("卫星", max_length=30, blank=True)
    instrument = models.CharField("传感器", max_length=20, blank=True)
    confidence = models.CharField("可信度", max_length=20, blank=True)
    power = models.DecimalField(
        "辐射功率 MW", max_digits=9, decimal_places=2, null=True, blank=True
    )
    brightness = models.DecimalField(
        "亮温 K", max_digits=7, decimal_places=2, null=True, blank=True
    )
    pixels = models.DecimalField(
        "像元数（面积）", max_digits=9, decimal_places=2, null=True, blank=True
    )
    near = models.ForeignKey(
        HeatSource,
        verbose_name="邻近固定热源",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )
    same_as = models.ForeignKey(
        "self", verbose_name="同一火点", on_delete=models.PROTECT, null=True, blank=True
    )
    verdict = models.CharField("核查结论", max_length=10, choices=Verdict.choices, blank=True)
    burnt = models.DecimalField(
        "过火面积 亩", max_digits=8, decimal_places=2, null=True, blank=True
    )

    class Meta:
        verbose_name = "火点线索"


WORKFLOW = Workflow(
    states=(
        State("new", "待核查", stage="核查", waits_for=FIELD, by_owner=True),
        State("verified", "已核查", phase=Phase.DONE),
        State("known", "固定热源，剔除", phase=Phase.DISMISSED),
        State("repeat", "同一火点，归并", phase=Phase.DISMISSED),
        State("dropped", "不予核查", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("verify", "核查", "new", "verified", by=FIELD, asks=("verdict", said("seen", "核查与处置情况")),
                   offers=("burnt",), evidence=1),
        Transition("set_aside", "固定热源，剔除", "new", "known", by=FIELD, automatic=True, main=False),
        Transition("join", "同一火点，归并", "new", "repeat", by=FIELD, automatic=True, main=False),
        Transition("drop", "不予核查", "new", "dropped", by=frozenset({Role.DISPATCHER, Role.MONITOR}),
                   asks=(REASON,), main=False),
        Transition("again", "重新核查", ("known", "repeat", "dropped"), "new",
                   by=frozenset({Role.DISPATCHER, Role.MONITOR}), asks=(REASON,), main=False),
    ),
    clocks=(ClockRule("verify", "核查", "new", hours=2, basis=DEFAULT),),
)  # fmt: skip


class HotSpotBook(Register):
    """The fires: a row of a file gets its moment, its town and, where it is none, its reason at once."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        utc = bool(more.pop("utc", False))
        full = _completed(values, utc=utc)
        spot = super().open_row(full, by, at, **more)
        if spot.near is not None:
            return actions.perform(spot.pk, "set_aside", by=None, note=str(spot.near), at=at)
        if spot.same_as is not None:
            return actions.perform(spot.pk, "join", by=None, note=spot.same_as.number, at=at)
        return spot

    def import_row(
        self, values: Mapping[str, Any], batch: Any, row: Any, by: Person | None, at: datetime
    ) -> Any:
        utc = any(str(header).strip().lower() == FIRMS_HEADER for header in batch.mapping)
        said_row = {"file": batch.file_name, "row": row.place, **row.texts}
        return self.open_row(
            {"origin": batch.file_name, **values}, by, at, batch=batch, form=said_row, utc=utc
        )


def moment(day: date, clock: str, *, utc: bool) -> datetime:
    """When a satellite passed: ``0432``, ``4:32`` or ``04:32:10`` on a day. Raises :class:`Refused`.

    >>> moment(date(2026, 6, 1), "432", utc=True).isoformat()
    '2026-06-01T04:32:00+00:00'
    """
    match = re.fullmatch(r"(\d{1,2}):(\d{2})(?::\d{2})?", clock.strip())
    digits = clock.strip().split(".")[0]
    if match:
        hour, minute = int(match[1]), int(match[2])
    elif digits.isascii() and digits.isdigit() and len(digits) <= 4:
        hour, minute = divmod(int(digits), 100)
    else:
        hour, minute = 99, 0
    if hour > 23 or minute > 59:
        why = _("“%s”不是观测时间。") % clock
        raise Refused("form", why, _("请写成 0432 或 04:32。"), {"seen_time": [why]})
    naive = datetime(day.year, day.month, day.day, hour, minute)
    return naive.replace(tzinfo=UTC) if utc else timezone.make_aware(naive)


def _completed(values: Mapping[str, Any], *, utc: bool) -> dict[str, Any]:
    lon, lat = float(values["lon"]), float(values["lat"])
    seen = moment(values["seen_on"], str(values["seen_time"]), utc=utc)
    area = values.get("area_code") or _area(lon, lat)
    town = Organisation.objects.filter(kind=Organisation.Kind.TOWN, area_code=area[:9]).first()
    local = timezone.localtime(seen)
    return {
        **values,
        "title": values.get("title")
        or _("%(at)s 卫星火点（%(lon).3f，%(lat).3f）")
        % {"at": f"{local:%m-%d %H:%M}", "lon": lon, "lat": lat},
        "area_code": area,
        "seen_at": seen,
        "owner_organisation": values.get("owner_organisation") or town,
        "near": _near(lon, lat, local.date()),
        "same_as": _same(lon, lat, seen),
    }


def _area(lon: float, lat: float) -> str:
    """The division that holds a place; the county itself where no boundaries are drawn."""
    held = divisions.holding(lon, lat)
    if held:
        return max(held, key=len)
    if Area.objects.filter(geometry__isnull=False).exists():
        raise Refused(
            "area", _("火点（%(lon).3f，%(lat).3f）不在本辖区边界内。") % {"lon": lon, "lat": lat}
        )
    counties = [code for code in Area.objects.values_list("code", flat=True) if len(code) == 6]
    return counties[0] if len(counties) == 1 else ""


def _near(lon: float, lat: float, day: date) -> HeatSource | None:
    for source in HeatSource.objects.filter(lon__isnull=False, lat__isnull=False):
        if _metres(lon, lat, source) <= source.radius and source.exists_on(day):
            return source
    return None


def _same(lon: float, lat: float, seen: datetime) -> HotSpot | None:
    """A fire on record at about this place and time: what goes on there is one fire."""
    span = timedelta(hours=SAME_HOURS)
    rows = HotSpot.objects.filter(
        seen_at__gte=seen - span, seen_at__lte=seen + span, same_as=None, withdrawn_at=None
    ).exclude(state="known")
    for other in rows.filter(lon__isnull=False, lat__isnull=False):
        if _metres(lon, lat, other) <= SAME_METRES:
            return other
    return None


def _metres(lon: float, lat: float, thing: Any) -> float:
    return float(distance(lon, lat, thing.lon, thing.lat))


STRAW = Q(verdict=HotSpot.Verdict.STRAW)


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """Fires seen, set aside, verified, and those of straw."""
    n = rows.aggregate(
        seen=Count("pk"),
        known=Count("pk", filter=Q(state="known")),
        repeat=Count("pk", filter=Q(state="repeat")),
        due=Count("pk", filter=Q(state__in=("new", "verified"))),
        verified=Count("pk", filter=Q(state="verified")),
        straw=Count("pk", filter=STRAW),
    )
    return [
        *common_statistics(SPOTS, rows, now),
        Statistic("seen", "卫星火点", n["seen"], "", "个"),
        Statistic("known", "剔除固定热源", n["known"], "state=known", "个"),
        Statistic("repeat", "归并重复", n["repeat"], "state=repeat", "个"),
        share("verified", "核查率", n["verified"], n["due"], query="state=verified"),
        share("straw", "秸秆焚烧属实率", n["straw"], n["verified"], query="verdict=straw"),
    ]


_asked = ("lat", "lon", "seen_on", "seen_time", "satellite", "instrument", "confidence", "power",
          "brightness", "pixels", "area_code")  # fmt: skip

SPOTS = declare(HotSpotBook(
    key="hot_spot", offline=True, label="秸秆焚烧火点", line="air", model=HotSpot, workflow=WORKFLOW,
    pattern="火点〔{year}〕{n}号",
    labels={"title": "火点", "area_code": "属地", "lon": "经度", "lat": "纬度"},
    columns=("number", "title", "seen_at", "satellite", "confidence", "power", "state", "due", "verdict",
             "near", "owner_organisation", "area_code"),
    filters=("state", "verdict", "area_code", "satellite", "seen_at"),
    search=("number", "title", "satellite"),
    fields=tuple(Ask(name, required=name in ("lat", "lon")) if name in ("lat", "lon", "area_code") else name
                 for name in _asked),
    details=("seen_at", "satellite", "instrument", "confidence", "power", "brightness", "pixels", "near",
             "same_as", "verdict", "burnt"),
    imports=Import(
        key=("lat", "lon", "seen_on", "seen_time"),
        headers={"lat": ("latitude", "纬度", "中心纬度"), "lon": ("longitude", "经度", "中心经度"),
                 "seen_on": ("acq_date", "日期", "监测日期"), "seen_time": ("acq_time", "时间", "监测时间"),
                 "satellite": ("卫星名称", "卫星标识"), "instrument": ("传感器类型",),
                 "confidence": ("置信度", "可信度(%)"), "power": ("frp", "火点强度"),
                 "brightness": ("bright_ti4", "brightness", "亮温"), "pixels": ("像元数", "火点像元个数", "明火面积"),
                 "area_code": ("县", "县区", "区县", "所在县")},
        examples={"lat": "24.9031", "lon": "118.6127", "seen_on": "2026-06-01", "seen_time": "0432",
                  "satellite": "N", "confidence": "n"}, future=(),
    ),
    views=(View("straw", "秸秆焚烧", {"verdict": "straw"}),),
    statistics=statistics, enterprise="",
    edit=frozenset({Role.DISPATCHER, Role.MONITOR, Role.SECTION_CHIEF}),
    empty="还没有火点。导入 FIRMS 或省市下发的火点表，固定热源和重复自动剔除。",
))  # fmt: skip
