"""地块调查与管控修复 (mechanism S-1): the closed loop of a parcel, from suspicion to the time after its removal.

疑似 → 初步调查 → (不超标退出 | 污染地块名录 → 详细调查 → 风险评估 → (可接受退出 | 风险管控和修复名录 → 方案备案 →
管控或修复 → 效果评估 → 移出 → 后期管理)). A step that rests on a report is refused until that report has passed its
review (``soil_reports``); each step sets the parcel's stage and what it stands on of the three lists.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts.roles import Role
from ecoledger.entities import editing
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics
from ecoledger.matters.workflow import (
    ClockRule,
    Phase,
    State,
    Step,
    Transition,
    Workflow,
    said,
)
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.soil import parcels, soil_reports
from ecoledger.registers.soil.parcels import ListEntry, Parcel, Stage
from ecoledger.registers.soil.soil_reports import SoilReport

DESK, HEADS = soil_reports.DESK, soil_reports.HEADS
# Units that carry a parcel's works: the town or the department that has it.
OWNERS = DESK | {Role.TOWN}
List = ListEntry.List


class ParcelCase(Matter):
    """The work on one parcel."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_parcel_case"
    )

    class Way(models.TextChoices):
        CONTROL = "control", "风险管控"
        RESTORATION = "restoration", "修复"

    notified_on = models.DateField("通知使用权人日期", null=True, blank=True)
    way = models.CharField("管控或修复", max_length=12, choices=Way.choices, blank=True)
    plan_no = models.CharField("方案备案号", max_length=80, blank=True)
    plan_on = models.DateField("方案备案日期", null=True, blank=True)
    unit = models.CharField("施工单位", max_length=120, blank=True)
    planned_finish = models.DateField("计划完成", null=True, blank=True)
    target = models.TextField("管控或修复目标", blank=True)
    removal_no = models.CharField("移出文号", max_length=80, blank=True)
    after_until = models.DateField("后期管理至", null=True, blank=True)
    after = models.TextField("后期管理措施", blank=True)

    class Meta:
        verbose_name = "地块调查与管控修复"


def parcel_of(case: Any) -> Parcel:
    return Parcel.objects.get(pk=case.entity_id)


def _needs(kind: str, conclusion: str) -> Callable[[Any], str]:
    """A step that rests on a reviewed report with that conclusion."""

    def lacks(case: Any) -> str:
        report = soil_reports.passed(case.entity_id, kind)
        name = _(SoilReport.Kind(kind).label)
        if report is None:
            return _("还没有评审通过的%s。") % name
        if report.conclusion != conclusion:
            return _("%(kind)s的结论是“%(conclusion)s”。") % {
                "kind": name,
                "conclusion": _(report.get_conclusion_display()),
            }
        return ""

    return lacks


_CLEAR, _NOT = SoilReport.Conclusion.CLEAR, SoilReport.Conclusion.NOT
_KIND = SoilReport.Kind


def _moves(
    stage: str, *, enter: str = "", leave: tuple[str, ...] = (), polluted: bool | None = None
) -> Callable[[Step], None]:
    """Set the parcel's stage and lists with a step; the basis is the case's own number and the step."""

    def effect(step: Step) -> None:
        parcel, on = parcel_of(step.matter), timezone.localdate(step.at)
        basis = f"{step.matter.number} {step.transition.label}"
        said_basis = step.form.get("basis") or step.form.get("removal_no")
        basis = f"{said_basis}（{basis}）" if said_basis else basis
        if leave:
            parcels.leave_lists(parcel, leave, on, basis)
        if enter:
            parcels.enter_list(parcel, enter, on, basis)
        parcel.stage = stage
        if polluted is not None:
            parcel.polluted = polluted
        editing.save(None, parcel, on=on, source=basis)

    return effect


_BASIS = said("basis", noop("依据文号"))


def _under_way(way: str) -> str:
    return Stage.CONTROL if way == ParcelCase.Way.CONTROL else Stage.RESTORATION


def _begin_works(step: Step) -> None:
    _moves(_under_way(step.matter.way))(step)


def _evaluate(step: Step) -> None:
    control = step.matter.way == ParcelCase.Way.CONTROL
    _moves(Stage.EFFECT if control else Stage.RESTORED)(step)


def _has_aftercare(case: Any) -> str:
    return "" if case.after_until else _("没有填写后期管理期限；不需要后期管理的直接结束。")


WORKFLOW = Workflow(
    states=(
        State("suspect", "疑似地块", stage="调查", waits_for=DESK),
        State("preliminary", "初步调查", stage="调查", waits_for=DESK),
        State("detailed", "详细调查", stage="调查", waits_for=DESK),
        State("assessment", "风险评估", stage="评估", waits_for=DESK),
        State("listed", "待方案备案", stage="管控修复", waits_for=OWNERS),
        State("works", "管控或修复中", stage="管控修复", waits_for=OWNERS),
        State("effect", "效果评估", stage="效果评估", waits_for=DESK),
        State("removal", "申请移出", stage="移出", waits_for=HEADS),
        State("after", "后期管理", stage="后期管理", waits_for=OWNERS),
        State("clear", "调查后退出", phase=Phase.DONE),
        State("done", "已移出", phase=Phase.DONE),
        State("dropped", "不属于调查对象", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("notify", "列入疑似名单，通知使用权人", "suspect", "preliminary", by=DESK,
                   asks=("notified_on", _BASIS),
                   effects=(_moves(Stage.PRELIMINARY, enter=List.SUSPECT),)),
        Transition("clear", "未超筛选值，退出", "preliminary", "clear", by=HEADS,
                   when=_needs(_KIND.PRELIMINARY, _CLEAR),
                   effects=(_moves(Stage.CLEAR, leave=(List.SUSPECT,), polluted=False),)),
        Transition("pollute", "列入污染地块名录，详细调查", "preliminary", "detailed", by=HEADS, asks=(_BASIS,),
                   when=_needs(_KIND.PRELIMINARY, _NOT),
                   effects=(_moves(Stage.DETAILED, enter=List.POLLUTED, leave=(List.SUSPECT,), polluted=True),)),
        Transition("assess", "详细调查完成，风险评估", "detailed", "assessment", by=DESK,
                   when=_needs(_KIND.DETAILED, _NOT), effects=(_moves(Stage.ASSESSMENT),)),
        Transition("clear_detailed", "详细调查未超，退出", "detailed", "clear", by=HEADS, main=False,
                   when=_needs(_KIND.DETAILED, _CLEAR),
                   effects=(_moves(Stage.CLEAR, leave=(List.POLLUTED,), polluted=False),)),
        Transition("accept", "风险可接受，退出", "assessment", "clear", by=HEADS, main=False,
                   when=_needs(_KIND.ASSESSMENT, _CLEAR),
                   effects=(_moves(Stage.CLEAR, leave=(List.POLLUTED,)),)),
        Transition("list", "列入风险管控和修复名录", "assessment", "listed", by=HEADS, asks=(_BASIS,),
                   when=_needs(_KIND.ASSESSMENT, _NOT),
                   effects=(_moves(Stage.ASSESSMENT, enter=List.CONTROL),)),
        Transition("file", "方案备案，开工", "listed", "works", by=OWNERS, evidence=1,
                   asks=("way", "target", "plan_no", "plan_on", "planned_finish"), offers=("unit",),
                   effects=(_begin_works,), help="附管控或修复方案及备案回执。"),
        Transition("finish", "完工，效果评估", "works", "effect", by=OWNERS, evidence=1,
                   asks=(said("result", noop("完成情况")),), effects=(_evaluate,)),
        Transition("redo", "未达目标，调整方案", "effect", "listed", by=DESK, asks=(REASON,), main=False,
                   effects=(_moves(Stage.ASSESSMENT),)),
        Transition("apply", "达到目标，申请移出", "effect", "removal", by=DESK,
                   when=_needs(_KIND.EFFECT, _CLEAR), evidence=1, help="附移出申请。"),
        Transition("remove", "移出名录，后期管理", "removal", "after", by=HEADS,
                   asks=("removal_no", "after_until", "after"), other_person_than=("apply",),
                   effects=(_moves(Stage.AFTER, leave=(List.POLLUTED, List.CONTROL)),)),
        Transition("remove_done", "移出名录，不需后期管理", "removal", "done", by=HEADS, asks=("removal_no",),
                   other_person_than=("apply",), main=False,
                   effects=(_moves(Stage.REMOVED, leave=(List.POLLUTED, List.CONTROL)),)),
        Transition("refuse", "不予移出，退回", "removal", "effect", by=HEADS, asks=(REASON,), main=False),
        Transition("care", "登记后期管理", "after", "", by=OWNERS, asks=(said("seen", noop("巡查与监测情况")),),
                   evidence=1, main=False),
        Transition("end", "后期管理结束", "after", "done", by=HEADS, asks=(said("result", noop("结束意见")),),
                   when=_has_aftercare, effects=(_moves(Stage.REMOVED),)),
        Transition("drop", "不属于调查对象", ("suspect", "preliminary"), "dropped", by=HEADS, asks=(REASON,),
                   main=False, danger=True,
                   effects=(_moves(Stage.CLEAR, leave=(List.SUSPECT,)),)),
        Transition("reopen", "重新调查", ("clear", "done"), "preliminary", by=HEADS, asks=(REASON,), main=False,
                   danger=True, effects=(_moves(Stage.PRELIMINARY, enter=List.SUSPECT),)),
    ),
    clocks=(
        ClockRule("preliminary", "初步调查", "preliminary", limit="soil-preliminary-survey",
                  counted_from="notified_on"),
        ClockRule("plan", "方案备案", "listed", days=180, basis=DEFAULT),
        ClockRule("works", "管控或修复计划完成", "works", deadline_field="planned_finish",
                  extensions=(90, 180), basis=DEFAULT),
        ClockRule("after", "后期管理", "after", deadline_field="after_until", basis=DEFAULT),
    ),
)  # fmt: skip


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts, surveys that are done, and what left the lists."""
    n = rows.aggregate(
        surveyed=Count(
            "pk", filter=~Q(state__in=("suspect", "preliminary", "dropped")), distinct=True
        ),
        removed=Count("pk", filter=Q(state__in=("after", "done"))),
    )
    later = "detailed,assessment,listed,works,effect,removal,after,clear,done"
    return [
        *common_statistics(CASES, rows, now),
        Statistic("surveyed", "完成初步调查地块", n["surveyed"], f"state={later}", "个"),
        Statistic("removed", "移出名录地块", n["removed"], "state=after,done", "个"),
    ]


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """Parcels and their area by stage, and how long the open ones have been where they are."""
    counted = (
        seen(parcels.PARCELS).filter(until=None).order_by().values("stage")
        .annotate(n=Count("pk"), whole=Sum("size"), sized=Count("size"))
    )  # fmt: skip
    by_stage = {row["stage"]: row for row in counted}
    table = tuple(
        ((_(label), str(row["n"]), f"{(row['whole'] or 0) / 10_000:.2f}", str(row["n"] - row["sized"])), "")
        for key, label in Stage.choices
        if (row := by_stage.get(key))
    )  # fmt: skip
    today = timezone.localdate(now)
    waiting = rows.filter(phase=Phase.OPEN.value).order_by("state_since")[:100]
    names = {state.name: str(state.label) for state in WORKFLOW.states}
    days = tuple(
        (
            (
                case.title,
                _(names[case.state]),
                str((today - timezone.localdate(case.state_since)).days),
                f"{timezone.localtime(case.due):%Y-%m-%d}" if case.due else "—",
            ),
            f"q={case.number}",
        )
        for case in waiting
    )
    return [
        Breakdown(
            "地块阶段", ("阶段", "地块数", "面积 公顷", "未填面积"), table, "面积只计填写了的地块。"
        ),
        Breakdown("在本阶段天数", ("地块", "阶段", "天数", "期限"), days, "停留最久的在前。"),
    ]


CASES = declare(Register(
    key="parcel_case", label="地块调查与管控修复", line="soil", model=ParcelCase, workflow=WORKFLOW,
    pattern="地块〔{year}〕{n}号",
    labels={"title": "名称", "entity": "地块", "area_code": "属地", "description": "情况说明"},
    columns=("number", "title", "entity", "state", "due", "way", "planned_finish", "after_until",
             "owner_organisation", "area_code"),
    filters=("state", "way", "area_code", "owner_organisation", "opened_at"),
    search=("number", "title", "entity__name", "plan_no", "removal_no"),
    fields=("title", Ask("entity", to=Parcel, required=True), "owner_organisation", "description"),
    batch=("owner_organisation",),
    details=("notified_on", "way", "target", "plan_no", "plan_on", "unit", "planned_finish", "removal_no",
             "after_until", "after"),
    imports=Import(key=("title",),
                   headers={"title": ("项目名称", "地块调查名称"), "entity": ("地块名称",),
                            "owner_organisation": ("责任单位",), "description": ("备注",)},
                   examples={"title": "原某化工厂地块调查", "entity": "原某化工厂地块"}),
    views=(View("late", "超期", {"overdue": "1"}, "due"), View("after", "后期管理", {"state": "after"})),
    measures=(
        Measure(key="removed", name="移出名录地块", numerator=Q(state__in=("after", "done")), unit="个",
                query={"state": "after,done"}),
        Measure(key="surveyed", name="完成初步调查地块", unit="个",
                numerator=~Q(state__in=("suspect", "preliminary", "dropped"))),
    ),
    statistics=_statistics, breakdowns=_breakdowns, edit=DESK, manage=DESK | {Role.LEADER}, enterprise="",
    empty="还没有地块在办。从地块台账登记，通知使用权人后开始初步调查。",
))  # fmt: skip
