"""声环境 (mechanism Q14): zones of function, the points in them, and what was measured by day and by night.

Levels are judged by the zone's class and the standard in force (``standards.noise``). Attainment is counted by
point-times, day and night apart; the whole area and its roads get a grade from their means.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry
from ecoledger.entities.inventory import CODE, COORDINATES, Findings, Inventory, declare
from ecoledger.entities.models import Entity, Station
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.parts import Ask, Filter, Import
from ecoledger.standards import noise
from ecoledger.standards.noise import NoiseGrade, ZoneAttainment

LEVEL = [MinValueValidator(10), MaxValueValidator(140)]


class NoiseZone(Entity):
    """An area of one class of acoustic function (声功能区)."""

    KIND = "noise_zone"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_noise_zone"
    )

    class Class(models.TextChoices):
        ZERO = "0", "0类"
        ONE = "1", "1类"
        TWO = "2", "2类"
        THREE = "3", "3类"
        ROAD = "4a", "4a类"
        RAIL = "4b", "4b类"

    zone = models.CharField("功能区类别", max_length=2, choices=Class.choices)
    size = models.DecimalField("面积 km²", max_digits=9, decimal_places=3, null=True, blank=True)
    approval_no = models.CharField("划定文号", max_length=80, blank=True)
    reason = models.CharField("调整原因", max_length=200, blank=True)

    class Meta:
        verbose_name = "声功能区"


ZONES = declare(Inventory(
    key="noise_zone", label="声功能区", model=NoiseZone, line="air", letter="Q",
    columns=("name", "code", "zone", "size", "approval_no", "area_code", "since", "until"),
    filters=("zone", "area_code"), search=("name", "code", "approval_no"),
    fields=("name", CODE, "area_code", "zone", "size", "approval_no", "reason", "geometry", "since", "until"),
    labels={"geometry": "边界（GeoJSON）"},
    imports=Import(key=("name",), columns=("name", CODE, "area_code", "zone", "size", "approval_no", "since"),
                   headers={"name": ("功能区名称",), "zone": ("类别", "声环境功能区类别"), "size": ("面积",),
                            "since": ("生效日期",), "area_code": ("镇街",)},
                   examples={"name": "城东2类区", "zone": "2类", "area_code": "北镇"}, future=()),
    empty="还没有声功能区。导入划分方案的功能区。",
))  # fmt: skip


class NoiseSite(Entity):
    """A place where noise is measured: a point of a zone, a cell of the grid, a stretch of road."""

    KIND = "noise_site"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_noise_site"
    )

    class Sort(models.TextChoices):
        ZONE = "zone", "功能区监测点"
        GRID = "grid", "区域网格"
        ROAD = "road", "道路路段"

    sort = models.CharField("类型", max_length=6, choices=Sort.choices)
    # Of a point that stands in no zone on record.
    zone = models.CharField("功能区类别", max_length=2, choices=NoiseZone.Class.choices, blank=True)
    length = models.DecimalField(
        "路段长度 m", max_digits=9, decimal_places=1, null=True, blank=True
    )
    device = models.CharField("设备编号", max_length=40, blank=True)
    # Whose hours become its readings by themselves (``noise_stations``).
    station = models.ForeignKey(
        Station,
        verbose_name="自动监测站",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="noise_sites",
    )
    calibrated_on = models.DateField("校准日期", null=True, blank=True)

    class Meta:
        verbose_name = "噪声监测点"


def clean(site: NoiseSite, findings: Findings) -> None:
    """A point of a zone has its class, a road its length."""
    parent = site.parent
    if parent is not None and parent.kind == NoiseZone.KIND and not site.zone:
        site.zone = NoiseZone.objects.get(pk=parent.pk).zone
    if site.sort == NoiseSite.Sort.ZONE and not site.zone:
        findings.wrong["zone"] = _("功能区监测点须有类别，或属于一个功能区")
    if site.sort == NoiseSite.Sort.ROAD and not site.length:
        findings.wrong["length"] = _("道路路段须填长度")


SITES = declare(Inventory(
    key="noise_site", label="噪声监测点", model=NoiseSite, line="air", letter="Z", clean=clean,
    columns=("name", "code", "sort", "zone", "length", "station", "device", "calibrated_on", "area_code"),
    filters=("sort", "zone", "area_code"), search=("name", "code", "device"),
    fields=("name", CODE, Ask("parent", "所属功能区", to=NoiseZone, required=False), "area_code", "lon", "lat",
            COORDINATES, "sort", "zone", "length", "device", Ask("station", to=Station, required=False),
            "calibrated_on", "since", "until"),
    labels={"parent": "所属功能区"},
    imports=Import(key=("name",), headers={"name": ("点位名称", "测点名称"), "sort": ("点位类型",),
                                           "zone": ("类别", "功能区类型"), "length": ("路段长度",),
                                           "area_code": ("镇街",), "device": ("仪器编号",),
                                           "station": ("自动站",)},
                   examples={"name": "文化广场", "sort": "功能区监测点", "zone": "2类", "area_code": "北镇"},
                   future=()),
    empty="还没有噪声监测点。导入功能区、区域和道路监测点。",
))  # fmt: skip


class NoiseReading(LogEntry):
    """What was measured at a place: equivalent levels of a day and of its night, dB(A)."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_noise_reading"
    )
    day = models.DecimalField(
        "昼间 Ld dB(A)", max_digits=5, decimal_places=1, null=True, blank=True, validators=LEVEL
    )
    night = models.DecimalField(
        "夜间 Ln dB(A)", max_digits=5, decimal_places=1, null=True, blank=True, validators=LEVEL
    )
    # Rain, snow, thunder or wind of 5 m/s and more: kept, and not evaluated.
    weather_ok = models.BooleanField("气象条件符合", default=True)

    class Meta:
        verbose_name = "噪声监测"

    def _verdict(self, level: Any, time: noise.TimeOfDay) -> str:
        zone = NoiseSite.objects.filter(pk=self.entity_id).values_list("zone", flat=True).first()
        if level is None or not zone or not self.weather_ok:
            return ""
        judged = noise.judge(float(level), zone, time, on=timezone.localdate(self.at))
        return _("达标") if judged.attains else _("超标 %s dB") % judged.over

    @property
    def day_verdict(self) -> str:
        return self._verdict(self.day, "day")

    @property
    def night_verdict(self) -> str:
        return self._verdict(self.night, "night")


class NoiseLog(Log):
    """Readings: one says a level, of the day or of the night."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        if values.get("day") is None and values.get("night") is None:
            return {"day": _("昼间、夜间至少填一项")}
        return {}


READINGS = declare_book(NoiseLog(
    key="noise_reading", label="噪声监测结果", model=NoiseReading, line="air",
    edit=frozenset({Role.MONITOR, Role.THIRD_PARTY}),
    columns=("entity", "at", "day", "day_verdict", "night", "night_verdict", "weather_ok", "note", "area_code"),
    filters=("area_code", "weather_ok", "at", Filter("sort", "监测点类型", path="entity__as_noise_site__sort"),
             Filter("zone", "功能区类别", path="entity__as_noise_site__zone"), "day", "night"),
    search=("entity__name", "note"),
    fields=(Ask("entity", "监测点", to=NoiseSite, required=True), "at", "day", "night",
            Ask("weather_ok", required=True), "note"),
    labels={"entity": "监测点", "day_verdict": "昼间", "night_verdict": "夜间"}, lead="entity",
    imports=Import(key=("entity", "at"),
                   headers={"entity": ("点位名称", "测点名称"), "at": ("监测日期", "监测时间"),
                            "day": ("昼间等效声级", "Ld", "昼间"), "night": ("夜间等效声级", "Ln", "夜间"),
                            "weather_ok": ("气象符合",)},
                   examples={"entity": "文化广场", "at": "2026-03-12", "day": "54.3", "night": "44.1",
                             "weather_ok": "是"},
                   future=()),
    empty="还没有噪声监测结果。按季导入功能区监测，按年导入区域和道路监测。",
))  # fmt: skip

# ---- evaluation ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Standing:
    """The acoustic environment over a period: attainment of zones, grade of the area and of its roads.

    ``left_out``: readings in weather that does not count. Grades are ``None`` where nothing was measured.
    """

    zones: ZoneAttainment
    area_day: NoiseGrade | None
    area_night: NoiseGrade | None
    roads_day: NoiseGrade | None
    roads_night: NoiseGrade | None
    points: int
    left_out: int


def standing(rows: QuerySet[NoiseReading], on: date) -> Standing:
    """How ``rows`` stand; a grid cell or road measured more than once counts with its mean."""
    sites = NoiseSite.objects.in_bulk(list(rows.values_list("entity_id", flat=True).distinct()))
    good = [row for row in rows if row.weather_ok and row.entity_id in sites]
    of_zones = [row for row in good if sites[row.entity_id].sort == NoiseSite.Sort.ZONE]
    levels = [(sites[r.entity_id].zone, _number(r.day), _number(r.night)) for r in of_zones]
    grid = _means(good, sites, NoiseSite.Sort.GRID)
    roads = _means(good, sites, NoiseSite.Sort.ROAD)
    lengths = {pk: float(sites[pk].length or 0) for pk in roads}

    def grade(values: Iterable[float | None], time: noise.TimeOfDay) -> NoiseGrade | None:
        known = [value for value in values if value is not None]
        return noise.area_grade(known, time, on=on) if known else None

    def road_grade(place: int, time: noise.TimeOfDay) -> NoiseGrade | None:
        known = [
            (lengths[pk], means[place]) for pk, means in roads.items()
            if means[place] is not None and lengths[pk] > 0
        ]  # fmt: skip
        pairs = [(length, level) for length, level in known if level is not None]
        return noise.road_grade(pairs, time, on=on) if pairs else None

    return Standing(
        noise.zone_attainment(levels, on=on),
        grade((m[0] for m in grid.values()), "day"),
        grade((m[1] for m in grid.values()), "night"),
        road_grade(0, "day"),
        road_grade(1, "night"),
        len(sites),
        sum(not row.weather_ok for row in rows),
    )


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _means(
    rows: Iterable[NoiseReading], sites: dict[int, NoiseSite], sort: str
) -> dict[int, tuple[float | None, float | None]]:
    """Mean level by day and by night of each site of a sort."""
    levels: dict[int, tuple[list[float], list[float]]] = {}
    for row in rows:
        if sites[row.entity_id].sort != sort:
            continue
        by_day, by_night = levels.setdefault(row.entity_id, ([], []))
        if row.day is not None:
            by_day.append(float(row.day))
        if row.night is not None:
            by_night.append(float(row.night))
    return {
        pk: (sum(d) / len(d) if d else None, sum(n) / len(n) if n else None)
        for pk, (d, n) in levels.items()
    }
