"""“洁净城市”攻坚、日巡夜查 (mechanism A14): patrols around a station, what was found by distance, and what came of it.

A patrol is a log entry at a place near a station; a finding becomes a problem in the one ledger. The station's air
before and after is compared on the same hours of the day, beside the other stations, which had the same weather.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import polars as pl
from django.db import models
from django.db.models import Count, Q
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry
from ecoledger.entities.models import Entity, Station
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.matters import actions
from ecoledger.matters.models import Matter
from ecoledger.matters.workflow import COMPLETED
from ecoledger.monitoring.hourly import hours
from ecoledger.monitoring.models import Point
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.problems.problem_ledger import Problem
from ecoledger.science.coordinates import distance

# Rings around a station in which findings are counted, metres.
RINGS = (500, 1000, 3000)
LEAST_HOURS = 24


class Patrol(LogEntry):
    """One stop of a patrol near a station, by day or by night."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_air_patrol"
    )

    class Found(models.TextChoices):
        NOTHING = "nothing", "未发现问题"
        DUST = "dust", "工地道路扬尘"
        BURNING = "burning", "露天焚烧"
        FUME = "fume", "餐饮油烟、烧烤"
        COATING = "coating", "露天喷涂、焊接"
        VEHICLE = "vehicle", "车辆机械冒黑烟"
        FIRM = "firm", "企业排放"
        FIREWORKS = "fireworks", "烟花爆竹"
        OTHER = "other", "其他"

    found = models.CharField("发现", max_length=10, choices=Found.choices, db_index=True)
    place = models.CharField("地点", max_length=120, blank=True)
    night = models.BooleanField("夜查", default=False)
    metres = models.PositiveIntegerField("距监测点 m", null=True, blank=True, editable=False)
    on_the_spot = models.BooleanField("立行立改", default=False)

    class Meta:
        verbose_name = "日巡夜查"


class PatrolLog(Log):
    """Patrols: the distance from the station follows from the place, and a finding opens its problem."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        station = values["entity"]
        metres = None
        if None not in (values.get("lon"), values.get("lat"), station.lon, station.lat):
            metres = round(float(distance(values["lon"], values["lat"], station.lon, station.lat)))
        entry = super().open_row({**values, "metres": metres}, by, at, **more)
        if entry.found != Patrol.Found.NOTHING and not entry.on_the_spot:
            entry.begets = _problem(entry, by, at)
            entry.save(update_fields=["begets"])
        return entry


def _problem(entry: Patrol, by: Person | None, at: datetime) -> Matter:
    """The problem of a finding; opened by the house, since patrols of a contractor open nothing themselves."""
    problem: Matter = actions.open_matter(
        PROBLEMS,
        {
            "title": _("%(station)s周边%(what)s：%(place)s")
            % {
                "station": entry.entity,
                "what": entry.get_found_display(),
                "place": entry.place or entry.note[:40],
            },
            "description": entry.note,
            "area_code": entry.area_code,
            "entity": entry.entity,
            "origin_kind": Problem.Origin.SELF,
            "category": Problem.Category.AIR,
            "source_batch": "日巡夜查",
            "lon": entry.lon,
            "lat": entry.lat,
            "synthetic": entry.synthetic,
        },
        by=None,
        at=at,
    )
    return problem


PATROLS = declare(PatrolLog(
    key="air_patrol", offline=True, label="日巡夜查", model=Patrol, line="air", edit=STAFF | {Role.THIRD_PARTY},
    columns=("entity", "at", "found", "place", "metres", "night", "on_the_spot", "note", "begets",
             "area_code", "by"),
    filters=("found", "night", "area_code", "entity", "at"), search=("entity__name", "place", "note"),
    fields=(Ask("entity", "站点", to=Station, required=True), "at", "found", "place", "lon", "lat", "night",
            "on_the_spot", "note"),
    labels={"entity": "站点"}, lead="entity",
    # Its own words became a problem: who patrols is told under which number.
    tells=("begets",),
    imports=Import(key=("entity", "at", "place"),
                   headers={"entity": ("监测站点", "所属站点"), "at": ("巡查时间",), "found": ("问题类型",),
                            "place": ("问题地点", "具体位置"), "note": ("问题描述",), "night": ("是否夜查",)},
                   examples={"entity": "示例空气站", "at": "2026-06-01 21:30", "found": "露天焚烧",
                             "place": "站点东侧300米"}, future=()),
    views=(View("found", "发现问题", {"found": "dust,burning,fume,coating,vehicle,firm,fireworks,other"}),),
    empty="还没有巡查记录。围绕站点日巡夜查，发现问题自动转入问题台账。",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Around:
    """What patrols around one station came to over a period: stops, findings by ring, and closings."""

    station: Entity
    stops: int
    findings: int
    handed_over: int
    closed: int
    rings: tuple[tuple[int, int], ...]


def around(person: Person, begin: datetime, end: datetime) -> list[Around]:
    """Stations that were patrolled, those with most findings first."""
    rows = PATROLS.visible_to(person).filter(at__gte=begin, at__lt=end)
    found = ~Q(found=Patrol.Found.NOTHING)
    counts: dict[str, Any] = {
        f"within_{ring}": Count("pk", filter=found & Q(metres__lte=ring)) for ring in RINGS
    }
    counted = (
        rows.order_by()
        .values("entity")
        .annotate(
            stops=Count("pk"),
            findings=Count("pk", filter=found),
            handed_over=Count("begets"),
            closed=Count("begets", filter=Q(begets__phase__in=COMPLETED)),
            **counts,
        )
    )
    stations = Entity.objects.in_bulk([row["entity"] for row in counted])
    result = [
        Around(
            stations[row["entity"]],
            row["stops"],
            row["findings"],
            row["handed_over"],
            row["closed"],
            tuple((ring, row[f"within_{ring}"]) for ring in RINGS),
        )
        for row in counted
    ]
    return sorted(result, key=lambda patrolled: -patrolled.findings)


@dataclass(frozen=True, slots=True)
class BeforeAfter:
    """A station's factor before and after a day, and the other stations' over the same time.

    ``own`` and ``others``: change in percent; ``beyond``: what the station fell more (negative) than the others, in
    percentage points, which is what the measures may claim.
    """

    before: float
    after: float
    own: float
    others: float | None

    @property
    def beyond(self) -> float | None:
        return None if self.others is None else self.own - self.others


def before_after(
    station: Entity, others: Iterable[Point], parameter: str, day: datetime, days: int
) -> BeforeAfter | None:
    """``days`` before ``day`` (China standard time) against as many from it on; ``None`` with too few hours."""
    own = [p.pk for p in Point.objects.filter(entity=station, kind=Point.Kind.AIR)]
    rest = [p.pk for p in others if p.pk not in own]
    span = timedelta(days=days)
    rows = hours([*own, *rest], [parameter], day - span, day + span)
    is_own = pl.col("point").is_in(own)
    mine = _means(rows.filter(is_own), day)
    if mine is None or not mine[0]:
        return None
    theirs = _means(rows.filter(~is_own), day)
    return BeforeAfter(
        mine[0],
        mine[1],
        100 * (mine[1] - mine[0]) / mine[0],
        100 * (theirs[1] - theirs[0]) / theirs[0] if theirs and theirs[0] else None,
    )


def _means(rows: pl.DataFrame, day: datetime) -> tuple[float, float] | None:
    before, after = rows.filter(pl.col("date") < day), rows.filter(pl.col("date") >= day)
    if before.height < LEAST_HOURS or after.height < LEAST_HOURS:
        return None
    return float(before["value"].to_numpy().mean()), float(after["value"].to_numpy().mean())
