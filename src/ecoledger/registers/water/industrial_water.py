"""工业废水“五规范”、一企一档 (mechanism W12): each firm looked at by five norms; what is not in order is ordered to be put right.

The norms are data (``data/five_norms.toml``; what they are was not seen in an official text). The firm's file (一企一档) is
its page among the things: permits, outlets, checks, tests, cases. Firms whose wastewater holds fluoride are a roster.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.books.roster import Roster
from ecoledger.entities.models import Area, Enterprise
from ecoledger.listings import own_data, own_tables
from ecoledger.listings.catalogue import declare
from ecoledger.listings.own_tables import OwnColumn, OwnTable
from ecoledger.listings.parts import Ask, Import
from ecoledger.live import times
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Measure
from ecoledger.matters.reasons import Reason
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic
from ecoledger.matters.statistics import by_name, common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.closing import DEFAULT, REASON, Closing
from ecoledger.registers.water.sewage_models import FiveNorms, FluorideFirm, NormItem
from ecoledger.standards.percent import percent_of

DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.MONITOR})
INSPECTORS = frozenset({Role.OFFICER, Role.MONITOR, Role.TOWN})
OWNERS = frozenset({Role.TOWN, Role.OFFICER, Role.MONITOR, Role.DISPATCHER, Role.ENTERPRISE})
CHECKED = Q(checked_on__isnull=False)
ORDERED = Q(ordered_on__isnull=False)


def _items(_check: Any) -> list[dict[str, Any]]:
    """The rows that a check begins with: the norms in force."""
    rows = own_data.read(__package__, "five_norms")["item"]
    return [{"item": row["label"][:60], "result": NormItem.Result.TODO} for row in rows]


def _all_answered(check: Any) -> str:
    left = check.norm_items.filter(result=NormItem.Result.TODO).count()
    return _("还有 %d 项没有查，请在“五规范检查”里填写。") % left if left else ""


def _failed(check: Any) -> int:
    count: int = check.norm_items.filter(result=NormItem.Result.FAILED).count()
    return count


def _in_order(check: Any) -> str:
    return _all_answered(check) or (_("有不规范的项，请选“责令整改”。") if _failed(check) else "")


def _out_of_order(check: Any) -> str:
    return _all_answered(check) or ("" if _failed(check) else _("各项都规范，请选“检查合格”。"))


def _count(step: Step) -> None:
    step.matter.failed = _failed(step.matter)


_closing = Closing(
    work="rectifying", applied_from="rectifying", applicants=OWNERS, by_owner=False,
    application=(said("result", "整改结果"),), sets_on_application={"progress": 100},
    sets_on_rebound={"progress": 0}, offered_on_rebound=("deadline",), worked=("apply_close",),
    kept_from_returning=("apply_close",), reviewers=frozenset({Role.OFFICER, Role.MONITOR}),
    reopeners=frozenset({Role.OFFICER, Role.MONITOR, Role.DISPATCHER, Role.LEADER}),
    return_label="整改不到位，退回", rebound_label="问题反弹，重开整改", stage="整改",
    days_before_look_back=180, working_days_of_look_back=20,
)  # fmt: skip

WORKFLOW = Workflow(
    states=(
        State("planned", "待检查", stage="检查", waits_for=INSPECTORS),
        State("rectifying", "责令整改", stage="整改", waits_for=OWNERS),
        _closing.check,
        *_closing.closed,
        State("passed", "检查合格", phase=Phase.DONE),
        State("dropped", "不再检查", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("pass", "检查合格", "planned", "passed", by=INSPECTORS, asks=("checked_on", "found"),
                   offers=("receiving",), when=_in_order, effects=(_count,)),
        Transition("order", "责令整改", "planned", "rectifying", by=INSPECTORS,
                   asks=("checked_on", "found", "ordered_on", "deadline"), offers=("order_no", "receiving"),
                   evidence=1, when=_out_of_order, effects=(_count,)),
        *_closing.transitions,
        Transition("drop", "不再检查", "planned", "dropped", by=DESK, asks=(REASON,), main=False),
    ),
    clocks=(
        ClockRule("check", "检查", "planned", days=90, basis=DEFAULT),
        ClockRule("deadline", "整改时限", ("rectifying", "close_check"), deadline_field="deadline", extensions=(15, 30),
                  basis="责令改正"),
        *_closing.clocks,
    ),
)  # fmt: skip


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    common = by_name(common_statistics(CHECKS, rows, now))
    live = rows.filter(merged_into=None).order_by()
    n = live.aggregate(
        planned=Count("entity", filter=~Q(state="dropped"), distinct=True),
        checked=Count("entity", filter=CHECKED, distinct=True),
        ordered=Count("entity", filter=ORDERED, distinct=True),
        rectified=Count(
            "entity", filter=ORDERED & Q(phase__in=("closed", "review")), distinct=True
        ),
    )
    ever = "1990-01-01"
    return [
        Statistic("planned", "列入检查企业", n["planned"], unit="家", note="同一企业查几次只算一家"),
        Statistic("checked", "检查企业", n["checked"], f"checked_on_from={ever}", unit="家"),
        Statistic("ordered", "责令整改企业", n["ordered"], f"ordered_on_from={ever}", unit="家"),
        Statistic("rectified", "完成整改企业", n["rectified"], f"ordered_on_from={ever}&closed=1", unit="家"),
        share("ordered_share", "责令整改比例", n["ordered"], n["checked"], query=f"ordered_on_from={ever}",
              note="责令整改企业÷检查企业"),
        share("rectified_share", "整改完成率", n["rectified"], n["ordered"], query=f"ordered_on_from={ever}&closed=1",
              note="完成整改企业÷责令整改企业"),
        *(common[name] for name in ("overdue", "on_time", "recurrence")),
    ]  # fmt: skip


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """Which norm firms fail, and where."""
    live = rows.filter(CHECKED, merged_into=None)
    items = NormItem.objects.filter(check_of__in=live.order_by().values("pk")).exclude(
        result=NormItem.Result.TODO
    )
    counted = items.values("item").annotate(
        n=Count("pk", filter=~Q(result=NormItem.Result.NONE)),
        failed=Count("pk", filter=Q(result=NormItem.Result.FAILED)),
    )
    by_item = tuple(
        (
            (
                row["item"],
                str(row["n"]),
                str(row["failed"]),
                percent_of(row["failed"], row["n"]),
            ),
            "",
        )
        for row in sorted(counted, key=lambda row: (-row["failed"], row["item"]))
    )
    names = dict(Area.objects.values_list("code", "name"))
    towns = (
        live.order_by()
        .values("area_code")
        .annotate(
            n=Count("entity", distinct=True), ordered=Count("entity", filter=ORDERED, distinct=True)
        )
    )
    by_town = tuple(
        (
            (names.get(row["area_code"], row["area_code"]), str(row["n"]), str(row["ordered"])),
            f"area_code={row['area_code']}",
        )
        for row in sorted(towns, key=lambda row: (-row["n"], row["area_code"]))
    )
    mark = own_data.read(__package__, "five_norms")["mark"]
    return [
        Breakdown("各规范项", ("检查项", "检查", "不规范", "不规范率"), by_item, _("检查项依据标记：%s") % mark),
        Breakdown("各镇街", ("名称", "检查企业", "责令整改企业"), by_town),
    ]  # fmt: skip


class FiveNormChecks(Register):
    """The checks; one of a list that was made already stands where the list says: in order, or to be put right."""

    def opening_of(
        self, values: Mapping[str, Any], batch: Any, row: Any, at: datetime
    ) -> Mapping[str, Any]:
        opening = super().opening_of(values, batch, row, at)
        checked = values.get("checked_on")
        if values.get("ordered_on"):
            return {**opening, "state": "rectifying"}
        if not checked:
            return opening
        closed = times.midnight(checked)
        return {**opening, "values": {**opening["values"], "closed_at": closed}, "state": "passed"}


CHECKS = declare(FiveNormChecks(
    key="five_norms", offline=True, label="工业废水“五规范”", line="water", model=FiveNorms, workflow=WORKFLOW,
    pattern="五规范〔{year}〕{n}号", reason=Reason("五规范检查"),
    labels={"title": "名称", "entity": "企业", "area_code": "属地", "description": "情况说明", "failed": "不规范项"},
    columns=("number", "title", "entity", "trade", "state", "due", "checked_on", "failed", "ordered_on", "deadline",
             "order_no", "receiving", "area_code"),
    filters=("state", "trade", "area_code", "checked_on", "ordered_on", "deadline"),
    search=("number", "title", "entity__name", "order_no"),
    fields=("title", Ask("entity", "企业", to=Enterprise, required=True), "trade", "receiving", "owner_organisation",
            "description"),
    details=("trade", "receiving", "checked_on", "failed", "found", "ordered_on", "order_no", "deadline", "progress"),
    lines=(Lines(key="norm_items", label="五规范检查", model=NormItem, columns=("item", "result", "note"), first=_items),),
    imports=Import(
        key=("title",),
        also=("checked_on", "found", "ordered_on", "order_no", "deadline"),
        headers={"title": ("检查名称",), "entity": ("企业名称",), "trade": ("所属行业",), "found": ("存在问题",),
                 "ordered_on": ("责令整改时间",), "receiving": ("排水去向",)},
        examples={"title": "某电镀厂五规范检查", "entity": "示例金属有限公司", "trade": "铝氧化"},
    ),
    measures=(
        Measure(key="checked", name="五规范检查数", numerator=CHECKED, dated="checked_on"),
        Measure(key="ordered", name="五规范责令整改数", numerator=ORDERED, dated="ordered_on", higher_is_better=False),
    ),
    statistics=_statistics, breakdowns=_breakdowns, edit=DESK | {Role.OFFICER}, manage=DESK | {Role.OFFICER}, enterprise="enterprise__code",
    empty="还没有检查。导入企业清单，逐家按五规范检查，不规范的责令整改。",
))  # fmt: skip
own_tables.declare(OwnTable(
    book="five_norms", room=__package__, name="five_norms", rows="item", label="五规范",
    columns=(OwnColumn("label", "检查项", required=True, most=60),), changed=lambda: None,
    help="以后登记的检查按新表；已登记的不变。",
))  # fmt: skip

FLUORIDE = declare(Roster(
    key="fluoride_firm", label="涉氟企业名单", line="water", model=FluorideFirm, edition="年度",
    columns=("entity", "trade", "anodising", "limit", "treatment", "monitored", "receiving", "area_code", "edition"),
    filters=("edition", "anodising", "monitored", "area_code"), search=("entity__name", "trade", "receiving"),
    fields=("edition", Ask("entity", "企业名称", to=Enterprise, required=True), "trade", "anodising", "limit",
            "treatment", "monitored", "receiving", "reason"),
    imports=Import(key=("edition", "entity"),
                   headers={"edition": ("年度", "名单版本"), "entity": ("企业",), "anodising": ("是否铝氧化",),
                            "limit": ("氟化物排放限值",), "monitored": ("是否安装在线",), "receiving": ("排水去向",)},
                   examples={"edition": "2026", "entity": "示例金属有限公司", "trade": "铝型材", "anodising": "是"},
                   future=()),
    lead="entity", labels={"entity": "企业"}, enterprise="entity__code",
    edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.MONITOR, Role.APPROVER}),
    empty="还没有涉氟企业名单。先建一个年度版本，再导入企业。",
))  # fmt: skip
