"""饮用水水源地 (mechanism Q12): sources with their protection zones, what they gave, patrols and their problems.

一源一档: what the file holds stands on the source; its zones are parts of it, drawn as areas. A patrol is a drive over the
sources in use; each problem found goes into the one ledger with the source as its thing, and is closed there (销号).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.accounts.scope import visible
from ecoledger.books.campaign import Campaign
from ecoledger.books.duty import Duty, Every
from ecoledger.books.log import Log
from ecoledger.books.models import DriveTask
from ecoledger.entities import shapes
from ecoledger.entities.inventory import CODE, COORDINATES, Findings, Inventory, declare
from ecoledger.entities.models import Enterprise
from ecoledger.entities.validity import in_force
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.listings.tallies import tally
from ecoledger.live import times
from ecoledger.matters import actions
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.problems.problem_ledger import Problem
from ecoledger.registers.water.samples import SAMPLERS, FactLog
from ecoledger.registers.water.source_models import (
    ProtectionZone,
    SourceIntake,
    SourcePatrol,
    WaterSource,
)

PATROLLERS = frozenset({Role.OFFICER, Role.MONITOR, Role.TOWN, Role.GRID})


def clean_source(source: WaterSource, findings: Findings) -> None:
    """What a file lacks is said, not refused: many are made before their zones are approved."""
    if source.use != WaterSource.Use.ENDED and not source.zone_paper:
        findings.odd.append(_("没有保护区划分批复文号"))
    if source.sort == WaterSource.Sort.RIVER and source.river is None:
        findings.odd.append(_("河流型水源没有写所在水体，上游溯源时找不到"))


def clean_zone(zone: ProtectionZone, findings: Findings) -> None:
    """A zone is an area of one source; a first-grade zone lies inside what is drawn around it."""
    if zone.geometry and zone.geometry.get("type") not in ("Polygon", "MultiPolygon"):
        findings.wrong["geometry"] = _("边界应为面（Polygon 或 MultiPolygon）")
        return
    if zone.geometry and zone.area_km2 is None:
        zone.area_km2 = round(shapes.area_km2(zone.geometry), 4)
    if not zone.geometry:
        findings.odd.append(_("没有边界，不能核对区内的企业和排污口"))


SOURCES = declare(Inventory(
    key="water_source", label="饮用水水源地", model=WaterSource, line="water", letter="Y", clean=clean_source,
    charges=("source_chief",), answers_with=("river",), numbers={"water_code": "HJ 747"},
    columns=("name", "code", "level", "sort", "use", "river", "supply", "population", "target_class", "zone_paper", "signed",
             "fenced", "area_code"),
    filters=("level", "sort", "use", "area_code", "signed", "fenced"),
    fields=("name", CODE, "area_code", "address", "lon", "lat", COORDINATES, "level", "sort", "use", "river", "intake",
            "supply", "population", "target_class", "water_code", "zone_paper", "zone_on", "signed", "fenced", "monitored",
            "plan_paper", "risks", "supplier", "linked", "since", "until"),
    imports=Import(key=("name",),
                   headers={"name": ("水源地", "水源地名称", "水源名称"), "level": ("水源级别",), "sort": ("水源类型", "水源地类型"),
                            "use": ("状态",), "river": ("河流", "水体", "取水水体"), "population": ("服务人口", "服务人口（万人）"),
                            "supply": ("供水量", "日供水量"), "zone_paper": ("划分批复",), "signed": ("标志牌", "标志设置"),
                            "fenced": ("隔离防护",)},
                   values={"level": {"乡镇": "town", "乡镇级": "town", "千吨万人": "village", "农村": "village"},
                           "sort": {"河流": "river", "湖库": "lake", "水库": "lake", "地下水": "ground"}},
                   examples={"name": "示例水库水源地", "level": "县级", "sort": "湖库型", "use": "在用", "supply": "5.2",
                             "population": "21.5"}),
    views=(View("in_use", "在用", {"use": "in_use"}), View("many", "千吨万人", {"level": "village"})),
    empty="还没有饮用水水源地。导入名录后逐个补齐一源一档和保护区边界。",
))  # fmt: skip
ZONES = declare(Inventory(
    key="protection_zone", label="水源保护区", model=ProtectionZone, line="water", letter="Z", parents=(WaterSource,),
    clean=clean_zone,
    columns=("name", "code", "parent", "grade", "part", "area_km2", "paper", "area_code"),
    filters=("grade", "area_code", "parent"),
    fields=("name", CODE, Ask("parent", "水源地", to=WaterSource, required=True), "area_code", "grade", "part", "geometry",
            "area_km2", "paper", "since", "until"),
    labels={"parent": "水源地", "geometry": "边界 GeoJSON"},
    imports=Import(key=("name",), columns=("name", CODE, "parent", "area_code", "grade", "part", "area_km2", "paper"),
                   headers={"parent": ("水源地名称",), "grade": ("保护区级别",), "area_km2": ("面积",)},
                   examples={"name": "示例水库一级保护区", "parent": "示例水库水源地", "grade": "一级保护区"}),
    empty="还没有保护区。按划分批复登记各级保护区，边界上传 GeoJSON。",
))  # fmt: skip
INTAKES = declare_book(FactLog(
    key="source_intake", label="水源月取水量", model=SourceIntake, line="water", edit=SAMPLERS,
    columns=("entity", "at", "volume", "note", "area_code"), filters=("entity", "area_code", "at"),
    search=("entity__name", "note"),
    fields=(Ask("entity", "水源地", to=WaterSource, required=True), Ask("at", "月份", required=True), "volume", "note"),
    labels={"entity": "水源地", "at": "月份"}, lead="entity",
    imports=Import(key=("entity", "at"), headers={"entity": ("水源地名称",), "volume": ("取水量", "供水量", "月取水量"), "at": ("月份", "时间")},
                   examples={"entity": "示例水库水源地", "at": "2026-05-01", "volume": "156"}, future=()),
    empty="还没有取水量。按水量计算达标率时需要每月取水量。",
))  # fmt: skip


def in_use() -> QuerySet[WaterSource]:
    """Sources that are patrolled and judged: not those that ended."""
    return WaterSource.objects.filter(in_force()).exclude(use=WaterSource.Use.ENDED)


def as_problem(task: DriveTask, label: str, by: Person, at: datetime) -> Any:
    """A finding of a patrol, in the one ledger of problems."""
    return actions.open_matter(
        PROBLEMS,
        {
            "title": f"{task.entity}：{label}"[:200],
            "area_code": task.area_code,
            "entity": task.entity,
            "origin_kind": Problem.Origin.SELF,
            "category": Problem.Category.WATER,
            "source_batch": task.drive.name[:40],
            "address": task.entity.address,
            "synthetic": task.entity.synthetic,
        },
        by=None,
        at=at,
    )


CAMPAIGN = declare_book(Campaign(
    key="source_campaign", label="水源地专项行动", line="water", objects=in_use, finding=as_problem, visitors=PATROLLERS,
    columns=("name", "state", "begin", "end", "area_code", "checklist"), filters=("state",),
    fields=("name", "area_code", "begin", "end", "checklist", "basis"), search=("name",), lead="name",
    edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.MONITOR}),
    empty="还没有专项行动。登记一次行动，选取水源地、配检查表；发现的问题自动转入问题一本账，在那里销号。",
))  # fmt: skip


class PatrolLog(Log):
    """Patrols of sources: what was not put right on the spot opens its problem."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        entry = super().open_row(values, by, at, **more)
        if (
            entry.begets_id is None
            and entry.found != SourcePatrol.Found.NOTHING
            and not entry.on_the_spot
        ):
            entry.begets = _handed_over(entry, at)
            entry.save(update_fields=["begets"])
        return entry


def _handed_over(entry: SourcePatrol, at: datetime) -> Any:
    """The problem of a finding; opened by the house, since who patrols may open none himself."""
    words = {
        "source": entry.entity,
        "zone": entry.get_zone_display(),
        "what": entry.get_found_display(),
    }
    return actions.open_matter(
        PROBLEMS,
        {
            "title": _("%(source)s%(zone)s：%(what)s") % words,
            "description": entry.note,
            "area_code": entry.area_code,
            "entity": entry.entity,
            "address": entry.place or entry.entity.address,
            "origin_kind": Problem.Origin.SELF,
            "category": Problem.Category.WATER,
            "source_batch": "水源地巡查",
            "lon": entry.lon,
            "lat": entry.lat,
            "synthetic": entry.synthetic,
        },
        by=None,
        at=at,
    )


PATROLS = declare_book(PatrolLog(
    key="source_patrol", offline=True, label="水源地巡查", model=SourcePatrol, line="water", edit=STAFF | {Role.THIRD_PARTY},
    columns=("entity", "at", "zone", "found", "place", "on_the_spot", "note", "begets", "area_code", "by"),
    filters=("zone", "found", "entity", "area_code", "at"), search=("entity__name", "place", "note"),
    fields=(Ask("entity", "水源地", to=WaterSource, required=True), "at", "zone", "found", "place", "lon", "lat",
            "on_the_spot", "note"),
    labels={"entity": "水源地"}, lead="entity", tells=("begets",),
    imports=Import(key=("entity", "at", "place"),
                   headers={"entity": ("水源地名称",), "at": ("巡查时间", "巡查日期"), "zone": ("巡查范围",),
                            "found": ("问题类型",), "note": ("问题描述",), "place": ("问题地点", "位置")},
                   examples={"entity": "示例水库水源地", "at": "2026-05-10 09:30", "zone": "一级保护区", "found": "未发现问题"},
                   future=()),
    empty="还没有巡查记录。每月至少巡查一次，发现问题自动转入问题一本账。",
))  # fmt: skip
MONTHLY = declare_book(Duty(
    key="source_patrol_due", label="水源地每月巡查", line="water", objects=in_use, every=Every.MONTH, remind_before=7,
    owed_by=frozenset({Role.MONITOR}), fulfilled_by=PATROLS.key,
    columns=("entity", "due", "state", "done_on", "note"), filters=("state", "area_code", "due"),
    edit=frozenset({Role.MONITOR, Role.DISPATCHER}),
    empty="还没有到期的巡查义务。登记在用水源地后每月产生一次。",
))  # fmt: skip

_IN_USE = ~Q(use=WaterSource.Use.ENDED)
tally(
    SOURCES, "zoned_ratio", "划定保护区的水源地比例", of=_IN_USE & ~Q(zone_paper=""), whole=_IN_USE
)
tally(
    SOURCES, "signed_ratio", "标志标牌完成的水源地比例", of=_IN_USE & Q(signed=True), whole=_IN_USE
)
tally(SOURCES, "in_use", "在用水源地", of=Q(use=WaterSource.Use.IN_USE))


def taken(sources: Collection[int], begin: date, end: date) -> dict[int, Decimal]:
    """What sources gave on ``begin <= month < end``, 万m³; those without an entry are not in it."""
    first, last = map(times.midnight, (begin, end))
    rows = SourceIntake.objects.filter(
        book=INTAKES.key, current=True, entity_id__in=list(sources), at__gte=first, at__lt=last
    )
    sums = rows.order_by().values("entity").annotate(n=Sum("volume"))
    return {row["entity"]: row["n"] for row in sums}


def firms_inside(source: WaterSource, person: Person) -> list[tuple[Enterprise, ProtectionZone]]:
    """Enterprises that ``person`` may see inside a zone of the source, the strictest zone of each."""
    zones = [
        z
        for z in ProtectionZone.objects.filter(in_force(), parent=source).order_by("grade")
        if z.geometry
    ]
    order = {grade: n for n, grade in enumerate(ProtectionZone.Grade.values)}
    found: dict[int, tuple[Enterprise, ProtectionZone]] = {}
    for zone in sorted(zones, key=lambda z: order[z.grade]):
        near = visible(Enterprise.objects.all(), person, "area_code", "code").filter(
            in_force(),
            lon__gte=zone.west,
            lon__lte=zone.east,
            lat__gte=zone.south,
            lat__lte=zone.north,
        )
        for firm in near:
            if firm.pk in found or not zone.geometry or firm.lon is None or firm.lat is None:
                continue
            if shapes.contains(zone.geometry, firm.lon, firm.lat):
                found[firm.pk] = (firm, zone)
    return list(found.values())
