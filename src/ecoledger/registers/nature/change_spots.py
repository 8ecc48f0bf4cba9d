"""遥感变化图斑 (mechanism G2, 绿盾): a changed patch is laid over the protected areas, checked on site, put right and closed.

导入图斑 → 自动叠图 → 待核查 → 属实整改 → 销号核查 → 已销号 → 回头看, or 不属实. What is outside every area is said to be so.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet, Sum
from django.utils.translation import gettext as _

from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.entities import shapes
from ecoledger.entities.models import Enterprise
from ecoledger.entities.validity import in_force
from ecoledger.listings.parts import Ask, Import, TableRow, View
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import by_name, common_statistics, share
from ecoledger.matters.workflow import (
    COMPLETED,
    ClockRule,
    Phase,
    State,
    Transition,
    Workflow,
    said,
)
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON, Closing
from ecoledger.registers.nature.protected_areas import ProtectedArea, division_of, polygon
from ecoledger.standards.rounding import plainly

DESK = frozenset({Role.DISPATCHER, Role.MONITOR, Role.OFFICER, Role.SECTION_CHIEF})
ON_SITE = frozenset({Role.TOWN, Role.OFFICER, Role.MONITOR})


class ChangeSpot(Matter):
    """One patch that changed between two pictures."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_change_spot"
    )

    class Sort(models.TextChoices):
        MINING = "mining", "采石采砂"
        FACTORY = "factory", "工矿企业"
        BUILDING = "building", "房屋建筑"
        ROAD = "road", "道路交通"
        TOURISM = "tourism", "旅游开发"
        ENERGY = "energy", "水电风电光伏"
        FARMING = "farming", "养殖种植"
        FELLING = "felling", "毁林"
        OTHER = "other", "其他变化"

    class Verdict(models.TextChoices):
        TRUE = "true", "违法违规"
        LAWFUL = "lawful", "合法合规"
        PAST = "past", "历史遗留"

    spot_no = models.CharField("图斑编号", max_length=60, db_index=True)
    batch = models.CharField("批次", max_length=60, blank=True, db_index=True)
    sort = models.CharField("变化类型", max_length=10, choices=Sort.choices)
    outline = models.TextField("图斑范围 GeoJSON")
    before_on = models.DateField("前时相", null=True, blank=True)
    after_on = models.DateField("后时相", null=True, blank=True)
    hectares = models.FloatField("面积 公顷", null=True, blank=True, editable=False)
    # Of each area it lies in: name, sort, hectares; the largest share first.
    overlaps = JSONInOrder(default=list, editable=False)
    within = models.CharField("涉及保护区域", max_length=400, blank=True, editable=False)
    gravest = models.CharField("涉及类型", max_length=10, choices=ProtectedArea.Sort.choices, blank=True, editable=False,
                               db_index=True)  # fmt: skip
    inside = models.FloatField("区内面积 公顷", null=True, blank=True, editable=False)
    verdict = models.CharField("核查结论", max_length=8, choices=Verdict.choices, blank=True)
    owner_name = models.CharField("建设主体", max_length=80, blank=True)
    found = models.TextField("现场情况", blank=True)
    measures = models.TextField("整改要求", blank=True)
    deadline = models.DateField("整改时限", null=True, blank=True)

    class Meta:
        verbose_name = "变化图斑"


_GRAVITY = tuple(ProtectedArea.Sort.values)


def overlay(spot: ChangeSpot) -> None:
    """Lay a spot over the areas in force: in which it lies, and how much of it. What is judged stays as it was judged."""
    if spot.state not in ("", "new"):
        return
    try:
        outline = polygon(spot.outline)
    except shapes.ShapeError as error:
        spot.within, spot.overlaps, spot.gravest = str(error)[:400], [], ""
        spot.hectares = spot.inside = None
        return
    spot.hectares = round(100 * shapes.area_km2(outline), 4)
    west, south, east, north = shapes.box(outline)
    near = ProtectedArea.objects.filter(
        in_force(), west__lte=east, east__gte=west, south__lte=north, north__gte=south
    ).exclude(geometry=None)
    rows, parts = [], []
    for area in near:
        common, _share = shapes.overlay(outline, area.geometry or {})
        if common is None or not (size := round(100 * shapes.area_km2(common), 4)):
            continue
        parts.append(common)
        rows.append({"area": area.pk, "name": area.name, "sort": area.sort, "hectares": size})
    rows.sort(key=lambda row: (_GRAVITY.index(row["sort"]), -row["hectares"]))
    spot.overlaps = rows
    spot.gravest = rows[0]["sort"] if rows else ""
    # An area that lies in two counts once.
    spot.inside = round(100 * shapes.area_km2(shapes.united(parts)), 4) if parts else 0.0
    told = [f"{row['name']} {plainly(row['hectares'])}" for row in rows]
    spot.within = "；".join(told)[:400] or _("不在保护区域内")
    if spot.lon is None or spot.lat is None:
        spot.lon, spot.lat = shapes.label_point(outline)


_closing = Closing(
    work="rectifying", applied_from="rectifying", applicants=STAFF - {Role.GRID}, application=(said("result", "整改结果"),),
    worked=("apply_close",), kept_from_returning=("apply_close",), reviewers=frozenset({Role.OFFICER, Role.DISPATCHER}),
    reopeners=frozenset({Role.OFFICER, Role.DISPATCHER, Role.LEADER}), return_label="不同意销号，退回整改",
    rebound_label="反弹，重开整改", stage="销号", days_before_look_back=180, working_days_of_look_back=20,
)  # fmt: skip

WORKFLOW = Workflow(
    states=(
        State("new", "待核查", stage="核查", waits_for=ON_SITE),
        State("checked", "待认定", stage="认定", waits_for=CHECKERS),
        State("rectifying", "整改中", stage="整改", waits_for=STAFF),
        _closing.check,
        *_closing.closed,
        State("lawful", "不属违法违规", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("check", "提交现场核查", "new", "checked", by=ON_SITE, asks=("verdict", "found"), offers=("owner_name",),
                   evidence=1),
        Transition("hand_over", "认定，交办整改", "checked", "rectifying", by=CHECKERS, asks=("measures", "deadline"),
                   offers=("owner_organisation",), other_person_than=("check",)),
        Transition("clear", "认定不属违法违规", "checked", "lawful", by=CHECKERS, asks=(REASON,),
                   other_person_than=("check",), main=False),
        Transition("again", "退回重新核查", ("checked", "rectifying"), "new", by=CHECKERS, asks=(REASON,), main=False),
        *_closing.transitions,
    ),
    clocks=(ClockRule("check", "现场核查", ("new", "checked"), working_days=15, basis=DEFAULT),
            ClockRule("deadline", "整改时限", ("rectifying", "close_check"), deadline_field="deadline", extensions=(30, 60),
                      basis=DEFAULT),
            *_closing.clocks),
)  # fmt: skip


def _read(row: TableRow) -> None:
    """A spot of a file: its polygon is one, its division that of its middle, its title its number."""
    outline = row.values.get("outline") or ""
    try:
        polygon(outline)
    except shapes.ShapeError as error:
        row.refuse("outline", str(error))
        return
    row.values["outline"] = outline if isinstance(outline, str) else json.dumps(outline)
    if not row.values.get("area_code"):
        row.values["area_code"] = division_of(outline)
    if not row.values.get("title"):
        row.values["title"] = _("图斑 %s") % row.values.get("spot_no", "")


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    live = Q(merged_into=None)
    found_true = live & ~Q(state__in=("new", "checked", "lawful"))
    n = rows.order_by().aggregate(
        spots=Count("pk", filter=live),
        touching=Count("pk", filter=live & ~Q(gravest="")),
        red=Count("pk", filter=live & Q(gravest="red_line")),
        checked=Count("pk", filter=live & ~Q(state="new")),
        true=Count("pk", filter=found_true),
        closed=Count("pk", filter=found_true & Q(phase__in=COMPLETED)),
        affected=Sum("inside", filter=found_true),
    )
    common = by_name(common_statistics(REGISTER, rows, now))
    return [
        Statistic("spots", "图斑", n["spots"], "", "处"),
        Statistic("inside", "涉及保护区域", n["touching"], "gravest=" + ",".join(_GRAVITY), "处"),
        Statistic("red", "涉及生态保护红线", n["red"], "gravest=red_line", "处"),
        share("checked", "现场核查率", n["checked"], n["spots"], note="已提交核查÷图斑"),
        Statistic("true", "认定违法违规", n["true"], "", "处"),
        Statistic("hectares", "违法违规区内面积", n["affected"], "", "公顷"),
        share("closed", "整改销号率", n["closed"], n["true"], query="closed=1", note="已销号÷认定违法违规"),
        common["overdue"], common["recurrence"],
    ]  # fmt: skip


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    counted = dict(
        rows.filter(merged_into=None).order_by().values_list("gravest").annotate(n=Count("pk"))
    )
    labels = [*ProtectedArea.Sort.choices, ("", "不在保护区域内")]
    return [
        Breakdown(
            "各类保护区域",
            ("名称", "图斑"),
            tuple(
                ((_(str(label)), str(counted[key])), f"gravest={key}" if key else "")
                for key, label in labels
                if counted.get(key)
            ),
        )
    ]


class Spots(Register):
    """The book: a spot is an area of the map."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        try:
            if "outline" in values:
                polygon(values["outline"])
        except shapes.ShapeError as error:
            return {"outline": str(error)}
        return {}


REGISTER = declare(Spots(
    key="change_spot", label="变化图斑", line="soil", model=ChangeSpot, workflow=WORKFLOW, pattern="图斑〔{year}〕{n}号",
    prepare=overlay, tidy=overlay, offline=True,
    labels={"title": "名称", "area_code": "属地", "entity": "涉及企业"},
    columns=("number", "spot_no", "title", "sort", "gravest", "within", "inside", "hectares", "verdict", "state", "due",
             "owner_organisation", "area_code"),
    filters=("state", "sort", "gravest", "verdict", "batch", "area_code", "owner_organisation", "deadline"),
    search=("number", "title", "spot_no", "within", "owner_name"), lead="title",
    fields=("title", "area_code", "address", "spot_no", "batch", "sort", "outline", "before_on", "after_on",
            Ask("entity", to=Enterprise, required=False)),
    batch=("owner_organisation", "deadline"),
    details=("spot_no", "batch", "sort", "within", "gravest", "inside", "hectares", "before_on", "after_on", "verdict",
             "owner_name", "found", "measures", "deadline"),
    views=(View("red", "涉及红线", {"gravest": "red_line", "open": "1"}),
           View("core", "涉及核心保护区", {"gravest": "core", "open": "1"})),
    imports=Import(
        key=("spot_no",), read=_read, instead={"title": "spot_no"}, future=(),
        columns=("title", Ask("area_code", required=False), "address", "spot_no", "batch", "sort", "outline", "before_on",
                 "after_on"),
        headers={"spot_no": ("TBBH", "编号", "id"), "outline": ("geometry", "几何", "边界"), "sort": ("类型", "BHLX"),
                 "before_on": ("前时相日期",), "after_on": ("后时相日期",), "title": ("图斑名称",), "address": ("位置",),
                 "batch": ("遥感批次",)},
        meaning={"sort": lambda word: "other"},
        examples={"spot_no": "TB-001", "sort": "房屋建筑", "outline": json.dumps(
            {"type": "Polygon", "coordinates": [[[118.5, 24.7], [118.501, 24.7], [118.501, 24.701], [118.5, 24.7]]]})},
    ),
    measures=(
        Measure(key="closed_ratio", name="变化图斑整改销号率", numerator=Q(phase__in=COMPLETED),
                denominator=~Q(state__in=("new", "checked", "lawful"))),
        Measure(key="red", name="生态保护红线内图斑", numerator=Q(gravest="red_line"), unit="处", higher_is_better=False,
                dated="opened_at"),
    ),
    level=lambda spot: {"red_line": "red", "core": "red", "general": "orange"}.get(spot.gravest, "yellow" if spot.gravest else "blue"),
    statistics=_statistics, breakdowns=_breakdowns, edit=DESK, enterprise="",
    empty="还没有变化图斑。先导入保护区域，再导入遥感变化图斑的 GeoJSON 文件，自动叠图后核查。",
))  # fmt: skip
