"""污水收集与管网建设 (mechanism W3): works on the sewers counted by their length, and the areas that have none.

What is planned and what is done are kilometres; their sums by type come to the whole, and so they are told. Reported
lengths grow with each report and do not exceed what is planned without a word.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.entities import shapes
from ecoledger.entities.inventory import CODE, Findings, Inventory
from ecoledger.entities.models import Area
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import, Kind, View
from ecoledger.listings.tallies import tally
from ecoledger.matters.measures import Measure
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic
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
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON
from ecoledger.registers.water.sewage_models import SewageRegion, SewerGap, SewerWork
from ecoledger.standards.percent import percent_of
from ecoledger.standards.rounding import plainly

OWNERS = frozenset({Role.TOWN, Role.OFFICER, Role.APPROVER, Role.MONITOR, Role.DISPATCHER})
UNDER_WAY = ("planned", "building", "acceptance")


def _says_how_much(work: Any) -> str:
    """A work is measured by something, by which it can be told how far it is."""
    if work.planned_km is None and work.pieces is None:
        return _("没有计划长度，也没有数量，请先修改补上其一。")
    return ""


def _is_done(work: Any) -> str:
    """What is finished has the length that was planned, or says in the book that it has another."""
    why = _says_how_much(work)
    if why:
        return why
    if work.planned_km is not None and work.done_km < work.planned_km:
        return _("完成长度 %(done)s km 少于计划 %(planned)s km，请先填报进度。") % {
            "done": plainly(work.done_km), "planned": plainly(work.planned_km),
        }  # fmt: skip
    if work.pieces is not None and work.pieces_done < work.pieces:
        return _("完成数量 %(done)d 少于计划 %(planned)d，请先填报进度。") % {
            "done": work.pieces_done, "planned": work.pieces,
        }  # fmt: skip
    return ""


WORKFLOW = Workflow(
    states=(
        State("planned", "未开工", stage="开工", waits_for=OWNERS, by_owner=True),
        State("building", "在建", stage="建设", waits_for=OWNERS, by_owner=True),
        State("acceptance", "待验收", stage="验收", waits_for=CHECKERS),
        State("completed", "已完成", phase=Phase.CLOSED),
        State("dropped", "调整退出", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("start", "开工", "planned", "building", by=OWNERS, owner_only=True,
                   offers=(said("note", "开工情况"),), when=_says_how_much),
        Transition("report", "填报进度", "building", "building", by=OWNERS, owner_only=True, asks=("progress_text",),
                   offers=("done_km", "pieces_done"), help="填累计完成的长度和数量"),
        Transition("finish", "申请验收", "building", "acceptance", by=OWNERS, owner_only=True,
                   asks=(said("result", "完成情况"),), evidence=1, when=_is_done),
        Transition("accept", "验收通过", "acceptance", "completed", by=CHECKERS, asks=(said("checked", "验收意见"),),
                   other_person_than=("finish",)),
        Transition("return", "验收不通过，退回", "acceptance", "building", by=CHECKERS, asks=(REASON,),
                   other_person_than=("finish",), main=False),
        Transition("drop", "调整退出", UNDER_WAY, "dropped", by=frozenset({Role.DISPATCHER}), asks=(REASON,),
                   main=False, danger=True),
        Transition("reopen", "重新开工", ("completed", "dropped"), "building", by=CHECKERS, asks=(REASON,), main=False,
                   danger=True),
    ),
    clocks=(ClockRule("finish", "计划完成", UNDER_WAY, deadline_field="planned_finish", extensions=(30, 60, 90),
                      basis=DEFAULT),),
)  # fmt: skip


def _planned(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(merged_into=None).exclude(phase=Phase.DISMISSED.value).order_by()


def _sums(rows: QuerySet[Any]) -> dict[str, Any]:
    return rows.aggregate(
        n=Count("pk"), done=Count("pk", filter=Q(phase__in=COMPLETED)), km=Sum("planned_km"), done_km=Sum("done_km"),
        pieces=Sum("pieces"), pieces_done=Sum("pieces_done"), unmeasured=Count("pk", filter=Q(planned_km=None)),
    )  # fmt: skip


def _km(value: Decimal | None) -> str:
    return "0" if not value else plainly(value)


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    common, n = by_name(common_statistics(REGISTER, rows, now)), _sums(_planned(rows))
    km, done = n["km"] or Decimal(0), n["done_km"] or Decimal(0)
    return [
        Statistic("works", "计划项目", n["n"], "state=planned,building,acceptance,completed", unit="项",
                  note="不含重复件和调整退出的"),
        Statistic("done", "已完成", n["done"], "closed=1", unit="项"),
        Statistic("km", "计划长度", float(km), unit="km"),
        Statistic("done_km", "完成长度", float(done), unit="km"),
        Statistic("km_ratio", "长度完成率", float(100 * done / km) if km else None, unit="%",
                  note="完成长度÷计划长度"),
        Statistic("unmeasured", "没有计划长度的项目", n["unmeasured"], unit="项", note="按数量计，不计入长度"),
        share("completion", "项目完成率", n["done"], n["n"], query="closed=1"),
        *(common[name] for name in ("overdue", "on_time")),
    ]  # fmt: skip


_HEADERS = (
    "名称",
    "项目",
    "已完成",
    "计划长度 km",
    "完成长度 km",
    "长度完成率",
    "数量",
    "完成数量",
)


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    plan = _planned(rows)
    sorts = {key: _(str(label)) for key, label in SewerWork.Sort.choices}
    areas = dict(Area.objects.values_list("code", "name"))
    regions = dict(SewageRegion.objects.values_list("code", "name"))
    return [
        _by(plan, "各工程类型", "sort", lambda key: sorts.get(key, key)),
        _by(plan, "各区域", "region__code", lambda key: regions.get(key, "") or _("未划入区域")),
        _by(plan, "各镇街", "area_code", lambda key: areas.get(key, key)),
    ]


def _by(plan: QuerySet[Any], title: str, path: str, name: Callable[[Any], str]) -> Breakdown:
    counted = plan.values(key=F(path)).annotate(
        n=Count("pk"), done=Count("pk", filter=Q(phase__in=COMPLETED)), km=Sum("planned_km"), done_km=Sum("done_km"),
        pieces=Sum("pieces"), pieces_done=Sum("pieces_done"),
    )  # fmt: skip
    lines = [
        (
            _cells(name(row["key"]), row),
            f"{path.removesuffix('__code')}={row['key']}" if row["key"] not in (None, "") else "",
        )
        for row in sorted(counted, key=lambda row: (-(row["km"] or 0), str(row["key"])))
    ]
    # The parts come to the whole: of each column the last row is their sum.
    whole = _sums(plan)
    return Breakdown(title, _HEADERS, (*lines, (_cells(_("合计"), whole), "")), "合计为各行之和。")


def _cells(name: str, row: dict[str, Any]) -> tuple[str, ...]:
    km, done = row["km"] or Decimal(0), row["done_km"] or Decimal(0)
    return (
        name, str(row["n"]), str(row["done"]), _km(km), _km(done), percent_of(done, km),
        str(row["pieces"] or 0), str(row["pieces_done"] or 0),
    )  # fmt: skip


class SewerWorks(Register):
    """The works; one of a list of which something is done is being built."""

    def opening_of(
        self, values: Mapping[str, Any], batch: Any, row: Any, at: datetime
    ) -> Mapping[str, Any]:
        opening = super().opening_of(values, batch, row, at)
        begun = values.get("done_km") or values.get("pieces_done")
        return {**opening, "state": "building" if begun else ""}


REGISTER = declare(SewerWorks(
    key="sewer_work", label="污水管网工程", line="water", model=SewerWork, workflow=WORKFLOW, pattern="管网〔{year}〕{n}号",
    labels={"title": "项目名称", "description": "建设内容", "area_code": "属地"},
    columns=("number", "title", "state", "due", "sort", "region", "planned_km", "done_km", "pieces", "pieces_done",
             "owner_organisation", "implementing", "planned_finish", "area_code", "year"),
    filters=("state", "year", "sort", "region", "area_code", "owner_organisation", "planned_finish", "closed_at"),
    search=("number", "title", "description", "implementing"),
    fields=("year", "title", "sort", "planned_km", "pieces", "region", "area_code", "owner_organisation",
            "implementing", "investment", "planned_finish", "description"),
    batch=("owner_organisation", "owner", "planned_finish", "region", "sort"),
    details=("year", "sort", "region", "planned_km", "done_km", "pieces", "pieces_done", "implementing", "investment",
             "planned_finish", "progress_text"),
    views=(View("late", "滞后项目", {"overdue": "1"}, "due"),),
    imports=Import(
        key=("year", "title"),
        also=(Ask("done_km", required=False), Ask("pieces_done", "完成数量", Kind.INTEGER, required=False)),
        headers={"title": ("工程名称", "项目"), "sort": ("类型", "建设类型"), "planned_km": ("长度", "管网长度（公里）", "建设长度 km"),
                 "done_km": ("已完成长度", "完成公里数"), "pieces": ("数量", "条数"), "area_code": ("镇街",),
                 "owner_organisation": ("牵头单位",), "implementing": ("建设单位",), "investment": ("投资",),
                 "planned_finish": ("完成时限", "计划完工"), "region": ("所属区域",)},
        examples={"year": "2026", "title": "工业路污水管新建", "sort": "新建管网", "planned_km": "5.45",
                  "area_code": "北镇", "owner_organisation": "北镇人民政府", "planned_finish": "2026-12-31"},
    ),
    measures=(
        Measure(key="planned", name="管网工程项目", numerator=~Q(phase=Phase.DISMISSED.value), unit="项"),
        Measure(key="done_ratio", name="管网工程完成率", numerator=Q(phase__in=COMPLETED),
                denominator=~Q(phase=Phase.DISMISSED.value)),
    ),
    statistics=_statistics, breakdowns=_breakdowns, edit=OWNERS,
    empty="还没有管网工程。导入年度管网建设清单，按公里数跟踪。",
))  # fmt: skip


# ---- where there are no sewers -------------------------------------------------------------------


def _clean(gap: SewerGap, findings: Findings) -> None:
    """What is drawn has its size; it is not filled before today."""
    if gap.geometry and gap.size_km2 is None:
        gap.size_km2 = Decimal(repr(round(shapes.area_km2(gap.geometry), 3)))
    if gap.filled_on and gap.filled_on > timezone.localdate():
        findings.wrong["filled_on"] = _("补齐日期不应晚于今天")


GAPS = declare(Inventory(
    key="sewer_gap", label="管网空白区", line="water", model=SewerGap, letter="K", clean=_clean,
    columns=("name", "code", "region", "size_km2", "population", "missing_km", "filled_on", "area_code"),
    filters=("region", "area_code", "filled_on"),
    fields=("name", CODE, "area_code", "region", "size_km2", "population", "missing_km", "filled_on", "geometry", "lon",
            "lat"),
    labels={"geometry": "范围 GeoJSON"},
    imports=Import(
        key=("name",), columns=("name", "area_code", "region", "size_km2", "population", "missing_km", "filled_on", "lon", "lat"),
        headers={"name": ("片区名称", "空白区名称"), "region": ("所属区域",), "size_km2": ("面积",), "missing_km": ("缺管长度",)},
        examples={"name": "城西空白区", "area_code": "北镇", "size_km2": "1.2", "missing_km": "3.5"},
    ),
    empty="还没有管网空白区。画出没有污水管网的片区，一张图上可见。",
))  # fmt: skip
tally(GAPS, "open", "管网空白区", Q(filled_on=None), better="lower")
tally(
    GAPS,
    "missing_km",
    "空白区缺管网",
    Q(filled_on=None),
    add="missing_km",
    unit="km",
    decimals=1,
    better="lower",
)
