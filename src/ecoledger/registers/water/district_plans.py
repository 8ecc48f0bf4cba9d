"""“一区一策” (mechanism W2): the plan of a region, begun with what the balance says of it, with measures in percentage points.

The diagnosis is the balance's own words at the moment the plan is drawn up, and stays; a person adds to it. Measures name
the cause they are against. The plan is agreed to by another person and ends with the collection rate it came to.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import
from ecoledger.listings.refusals import Refused
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Measure
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic
from ecoledger.matters.statistics import by_name, common_statistics
from ecoledger.matters.workflow import ClockRule, Phase, State, Transition, Workflow, said
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON
from ecoledger.registers.water import balance
from ecoledger.registers.water.balance import RegionBalance
from ecoledger.registers.water.sewage_models import DistrictPlan, PlanMeasure, SewageRegion
from ecoledger.standards.percent import shown

WRITERS = frozenset({Role.MONITOR, Role.APPROVER, Role.SECTION_CHIEF, Role.DISPATCHER, Role.TOWN})
HUNDREDTH = Decimal("0.01")


def _decimal(value: Any, digits: Decimal = HUNDREDTH) -> Decimal | None:
    if value is None:
        return None
    return Decimal(shown(value, 4)).quantize(digits)


def diagnosed(region: RegionBalance) -> str:
    """What the balance says of why so little is collected, a line a cause."""
    said_of, lines = balance.rules(), list(region.missing)
    if region.rate is None or region.balance is None:
        return "\n".join(lines)
    gap = region.rate.gap_to(balance.target())
    lines.insert(0, _("集中收集率 %(rate)s%%（校核浓度 %(check)s mg/L），距 %(target)s%% 差 %(gap)s 个百分点。") % {
        "rate": shown(region.rate.rate.value, 2), "check": shown(region.rate.check_concentration or 0, 0),  # type: ignore[arg-type]
        "target": shown(balance.target().value, 0), "gap": shown(gap.value, 2),
    })  # fmt: skip
    direct, lost = region.points(region.balance.direct), region.points(region.balance.unexplained)
    if direct is not None and direct.value >= said_of["direct_points"]:
        lines.append(_("小散乱直排：已知直排占 %s 个百分点。") % shown(direct.value, 2))
    if lost is not None and lost.value >= said_of["lost_points"]:
        lines.append(_("管网滞后：未进厂、去向不明的占 %s 个百分点。") % shown(lost.value, 2))
    share = region.foreign / region.volume * 100 if region.volume else None
    thin = region.mean_cod is not None and region.mean_cod < said_of["thin_cod"]
    if share is not None and share >= said_of["foreign_percent"]:
        lines.append(_("雨污分流不彻底：外来水占进水量 %s%%。") % shown(share, 1))
    elif thin and region.mean_cod is not None:
        lines.append(
            _("进水浓度低：平均化学需氧量 %s mg/L，疑有雨水、地下水混入。")
            % shown(region.mean_cod, 1)
        )
    return "\n".join(lines)


def _once(plan: Any) -> None:
    """A region has one plan a year."""
    there = DistrictPlan.objects.filter(region=plan.entity_id, year=plan.year, withdrawn_at=None)
    if there.exclude(pk=plan.pk).exclude(state="dropped").exists():
        why = _("这个区域这一年已有方案")
        raise Refused("form", f"{why}。", fields={"entity": [why]})
    if plan.region_id != plan.entity_id:
        plan.region_id = plan.entity_id
        _draw_up(plan)


def _draw_up(plan: Any) -> None:
    """The figures and words of the balance, as it stands when the plan is drawn up."""
    region = next(
        iter(balance.of_year(SewageRegion.objects.filter(pk=plan.region_id), plan.year).regions)
    )
    words = diagnosed(region)
    plan.diagnosis = (
        f"{words}\n{plan.diagnosis}".strip() if words not in plan.diagnosis else plan.diagnosis
    )
    if region.rate is None or region.balance is None:
        return
    plan.rate = _decimal(region.rate.rate.value)
    plan.check_concentration = _decimal(region.rate.check_concentration)
    direct, lost = region.points(region.balance.direct), region.points(region.balance.unexplained)
    plan.direct_points = _decimal(direct.value if direct else None)
    plan.lost_points = _decimal(lost.value if lost else None)
    plan.foreign_m3 = _decimal(region.foreign)
    plan.inflow_cod = _decimal(region.mean_cod, Decimal("0.1"))


def _has_measures(plan: Any) -> str:
    return "" if plan.plan_measures.exists() else _("还没有措施，请先在“措施”里填写。")


def _measured_out(plan: Any) -> str:
    """A plan that does not reach its target says so in its measures, not on paper alone."""
    why = _has_measures(plan)
    if why or plan.rate is None:
        return why or _("现状收集率数据缺，请补齐核算参数和各厂月运行后重新拟定。")
    return ""


def _all_done(plan: Any) -> str:
    left = plan.plan_measures.filter(done_on=None).count()
    return _("还有 %d 项措施没有完成。") % left if left else ""


WORKFLOW = Workflow(
    states=(
        State("draft", "拟定", stage="拟定", waits_for=WRITERS),
        State("review", "待审定", stage="审定", waits_for=CHECKERS),
        State("running", "实施中", stage="实施", waits_for=WRITERS),
        State("done", "已评估", phase=Phase.DONE),
        State("dropped", "作废", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("submit", "提交审定", "draft", "review", by=WRITERS, asks=("diagnosis", "deadline"),
                   when=_measured_out),
        Transition("agree", "同意实施", "review", "running", by=CHECKERS, offers=(said("opinion", "审定意见"),),
                   other_person_than=("submit",)),
        Transition("send_back", "退回修改", ("review", "running"), "draft", by=CHECKERS, asks=(REASON,), main=False),
        Transition("evaluate", "评估成效", "running", "done", by=WRITERS | CHECKERS, asks=("reached",),
                   offers=(said("result", "评估情况"),), evidence=1, when=_all_done,
                   help="填实施后核算的收集率"),
        Transition("drop", "作废", ("draft", "review"), "dropped", by=CHECKERS, asks=(REASON,), main=False,
                   danger=True),
        # What was agreed to is not taken away by the hand that agreed.
        Transition("drop_agreed", "作废", "running", "dropped", by=CHECKERS, asks=(REASON,),
                   other_person_than=("agree",), main=False, danger=True),
    ),
    clocks=(
        ClockRule("review", "审定", "review", working_days=10, basis=DEFAULT),
        ClockRule("deadline", "完成时限", "running", deadline_field="deadline", extensions=(30, 60), basis="一区一策方案"),
    ),
)  # fmt: skip


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    common = by_name(common_statistics(PLANS, rows, now))
    live = rows.filter(merged_into=None).exclude(phase=Phase.DISMISSED.value).order_by()
    n = live.aggregate(total=Count("pk"), regions=Count("region", distinct=True))
    measures = PlanMeasure.objects.filter(plan__in=live.values("pk"))
    m = measures.aggregate(n=Count("pk"), done=Count("pk", filter=Q(done_on__isnull=False)))
    short = [plan for plan in live if plan.gap is not None and plan.expected < plan.gap]
    return [
        Statistic(
            "total", "一区一策", n["total"], "state=draft,review,running,done", note="不含作废的"
        ),
        Statistic("regions", "涉及区域", n["regions"], unit="个"),
        Statistic("measures", "措施", m["n"], unit="项"),
        Statistic("measures_done", "已完成措施", m["done"], unit="项"),
        Statistic("short", "措施不足以补齐差距", len(short), note="预计提升的百分点小于差距"),
        *(common[name] for name in ("open", "overdue")),
    ]


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    live = rows.filter(merged_into=None).exclude(phase=Phase.DISMISSED.value)
    lines = tuple(
        (
            (
                str(plan.region),
                str(plan.year),
                f"{plan.rate}%" if plan.rate is not None else "—",
                f"{plan.gap:.2f}" if plan.gap is not None else "—",
                f"{plan.expected:.2f}",
                f"{plan.gained:.2f}",
                f"{plan.gap - plan.expected:.2f}" if plan.gap is not None else "—",
            ),
            f"q={plan.number}",
        )
        for plan in live.select_related("region").order_by("-year", "region__code")[:100]
    )
    heads = ("核算区域", "核算年度", "现状收集率", "差距", "预计提升", "已完成措施的提升", "仍差")
    return [Breakdown("各区域差距与措施（百分点）", heads, lines)]


PLANS = declare(Register(
    key="district_plan", label="一区一策", line="water", model=DistrictPlan, workflow=WORKFLOW,
    pattern="一区一策〔{year}〕{n}号", holds_to=_once,
    labels={"title": "方案名称", "entity": "核算区域", "area_code": "属地", "description": "整治思路", "gap": "差距（百分点）",
            "expected": "预计提升（百分点）", "gained": "已完成措施的提升（百分点）", "rate": "现状收集率 %",
            "direct_points": "直排（百分点）", "lost_points": "去向不明（百分点）", "foreign_m3": "外来水 m³",
            "inflow_cod": "平均进水化学需氧量 mg/L", "check_concentration": "校核浓度 mg/L"},
    columns=("number", "title", "state", "due", "region", "year", "rate", "gap", "expected", "gained", "reached",
             "owner_organisation", "area_code"),
    filters=("state", "region", "year", "area_code"), search=("number", "title", "region__name", "diagnosis"),
    fields=("title", Ask("entity", "核算区域", to=SewageRegion, required=True), "year", "target", "owner_organisation", "deadline", Ask("diagnosis", required=False),
            "description"),
    details=("region", "year", "check_concentration", "rate", "target", "gap", "direct_points", "lost_points",
             "foreign_m3", "inflow_cod", "diagnosis", "expected", "gained", "deadline", "reached"),
    lines=(Lines(key="plan_measures", label="措施", model=PlanMeasure,
                 columns=("cause", "text", "gain", "unit", "due", "done_on")),),
    imports=Import(key=("entity", "year"), headers={"title": ("方案",), "entity": ("区域名称",), "year": ("年度",)},
                   examples={"title": "示例开发区一区一策", "entity": "示例开发区", "year": "2026"}),
    measures=(Measure(key="running", name="实施中的一区一策", numerator=Q(state="running"), query={"state": "running"}),),
    loose=("plan_measures.done_on",), statistics=_statistics, breakdowns=_breakdowns, edit=WRITERS, map_layer=False,
    empty="还没有方案。登记一个区域的方案时，成因诊断由平衡核算自动带出。",
))  # fmt: skip
