"""治理工程项目库与序时进度: the year's projects with their milestones (mechanism T13).

未开工 → 在建 → 待验收 → 已完成. The share completed stands beside the share of the time gone
(时间过半、任务超半), on any day; what is late is listed, by town and by type.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models
from django.db.models import Count, F, Q, QuerySet
from django.utils.translation import gettext, gettext_noop

from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Area
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.matters.clocks import local
from ecoledger.matters.lines import Lines
from ecoledger.matters.measures import Measure
from ecoledger.matters.models import Matter
from ecoledger.matters.register import OPEN_WORK, Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import share
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
from ecoledger.standards.percent import percent_of


class Project(Matter):
    """A works project of the yearly plan (治理工程)."""

    class Type(models.TextChoices):
        VOCS = "vocs", "挥发性有机物治理"
        GAS = "gas", "锅炉与工业炉窑治理"
        DUST = "dust", "扬尘治理"
        MOBILE = "mobile", "移动源治理"
        REDUCTION = "reduction", "总量减排"
        SEWER = "sewer", "污水管网建设"
        WATER = "water", "水环境治理"
        SOIL = "soil", "土壤与固废治理"
        ECOLOGY = "ecology", "生态修复"
        OTHER = "other", "其他"

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_project"
    )
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    type = models.CharField("工程类型", max_length=12, choices=Type.choices, default=Type.OTHER)
    implementing = models.CharField("实施单位", max_length=120, blank=True)
    investment = models.DecimalField(
        "总投资 万元", max_digits=12, decimal_places=2, null=True, blank=True
    )
    planned_start = models.DateField("计划开工", null=True, blank=True)
    planned_finish = models.DateField("计划完成")
    progress = models.PositiveSmallIntegerField(
        "形象进度 %", default=0, validators=[MaxValueValidator(100)]
    )
    progress_text = models.TextField("进展", blank=True)

    class Meta:
        verbose_name = "治理工程"


class Milestone(models.Model):
    """A step of a project with its planned and its real date (节点)."""

    project = models.ForeignKey(Project, on_delete=models.CASCADE, related_name="milestones")
    name = models.CharField("节点", max_length=80)
    due = models.DateField("计划完成")
    done_on = models.DateField("实际完成", null=True, blank=True)

    class Meta:
        verbose_name = "节点"
        ordering = ["due", "id"]

    def __str__(self) -> str:
        return self.name


# ---- workflow ------------------------------------------------------------------------------------

_OWNERS = frozenset({Role.TOWN, Role.OFFICER, Role.APPROVER, Role.MONITOR, Role.DISPATCHER})
_UNDER_WAY = ("planned", "building", "acceptance")

WORKFLOW = Workflow(
    states=(
        State("planned", "未开工", stage="开工", waits_for=_OWNERS, by_owner=True),
        State("building", "在建", stage="建设", waits_for=_OWNERS, by_owner=True),
        State("acceptance", "待验收", stage="验收", waits_for=CHECKERS),
        State("completed", "已完成", phase=Phase.CLOSED),
        State("dropped", "调整退出", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("start", "开工", "planned", "building", by=_OWNERS, owner_only=True,
                   offers=(said("note", "开工情况"),)),
        Transition("report", "填报进度", "building", "building", by=_OWNERS, owner_only=True,
                   asks=(Ask("progress", minimum=0, maximum=100, unit="%"), "progress_text")),
        Transition("finish", "申请验收", ("planned", "building"), "acceptance", by=_OWNERS,
                   owner_only=True, asks=(said("result", "完成情况"),), evidence=1,
                   sets={"progress": 100}),
        Transition("accept", "验收通过", "acceptance", "completed", by=CHECKERS,
                   asks=(said("checked", "验收意见"),), other_person_than=("finish",)),
        Transition("return", "验收不通过，退回", "acceptance", "building", by=CHECKERS, asks=(REASON,),
                   other_person_than=("finish",), main=False),
        Transition("drop", "调整退出", _UNDER_WAY, "dropped", by=frozenset({Role.DISPATCHER}),
                   asks=(REASON,), main=False, danger=True),
        Transition("reopen", "重新开工", ("completed", "dropped"), "building", by=CHECKERS,
                   asks=(REASON,), main=False, danger=True),
    ),
    clocks=(
        ClockRule("finish", "计划完成", _UNDER_WAY, deadline_field="planned_finish",
                  extensions=(30, 60, 90), basis=DEFAULT),
    ),
)  # fmt: skip


# ---- completed beside time gone ------------------------------------------------------------------


def time_gone(years: list[int], on: date) -> float | None:
    """The share of the plan's ``years`` that is over when ``on`` begins, 0 to 1, as books of targets count it.

    >>> round(time_gone([2025], date(2025, 7, 3)), 3)
    0.501
    """
    if not years:
        return None
    begin, end = date(min(years), 1, 1), date(max(years) + 1, 1, 1)
    return min(1.0, max(0.0, (on - begin) / (end - begin)))


def _done(now: datetime) -> Q:
    return Q(phase__in=COMPLETED, closed_at__lte=now)


def _planned(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Projects of the plan: without duplicates and those that were taken out."""
    return rows.filter(merged_into=None).exclude(phase=Phase.DISMISSED).order_by()


def _late(now: datetime) -> Q:
    return ~_done(now) & Q(planned_finish__lt=local(now).date())


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    plan, today = _planned(rows), local(now).date()
    n = plan.aggregate(
        total=Count("pk"), done=Count("pk", filter=_done(now)), late=Count("pk", filter=_late(now))
    )
    years = list(plan.values_list("year", flat=True).distinct())
    steps = Milestone.objects.filter(project__in=plan.values("pk"), due__lte=today)
    s = steps.aggregate(due=Count("pk"), done=Count("pk", filter=Q(done_on__lte=today)))
    gone = time_gone(years, today)
    completion = n["done"] / n["total"] if n["total"] else None
    ahead = None if completion is None or gone is None else 100 * (completion - gone)
    return [
        Statistic("total", "计划项目", n["total"], note="不含重复件和调整退出的"),
        Statistic("done", "已完成", n["done"], "closed=1"),
        share("completion", "完成率", n["done"], n["total"], note="已完成÷计划项目"),
        Statistic("time_gone", "时间进度", None if gone is None else 100 * gone, "", "%",
                  note="计划年度内已过天数÷全年天数"),
        Statistic("ahead", "任务超前时间", ahead, "", "个百分点", note=verdict(completion, gone)),
        Statistic("late", "滞后项目", n["late"], "overdue=1", note="计划完成日已过而未完成的"),
        share("milestones", "节点按期完成率", s["done"], s["due"], note="已完成节点÷应完成节点"),
    ]  # fmt: skip


def verdict(completion: float | None, gone: float | None) -> str:
    """How the bureau says it: the work beside the time.

    >>> verdict(0.776, 0.62)
    '时间过半、任务超半'
    """
    if completion is None or gone is None:
        return ""
    if completion < gone:
        return gettext_noop("任务进度滞后于时间进度")
    return (
        gettext_noop("时间过半、任务超半")
        if gone >= 0.5 < completion
        else gettext_noop("任务进度快于时间进度")
    )


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    plan, today = _planned(rows), local(now).date()
    types = dict(Project.Type.choices)
    names = dict(Area.objects.values_list("code", "name"))
    late = Milestone.objects.filter(
        Q(done_on=None) | Q(done_on__gt=today), project__in=plan.filter(OPEN_WORK), due__lt=today
    )
    listed = late.select_related("project__owner_organisation").order_by("due", "pk")[:100]
    return [
        _by(plan, now, gettext_noop("各镇街"), "area_code", lambda code: names.get(code, code)),
        _by(plan, now, gettext_noop("各工程类型"), "type", lambda key: gettext(str(types[key]))),
        Breakdown(
            "滞后节点",
            ("节点", "项目", "责任单位", "计划完成", "滞后天数"),
            tuple(
                (
                    (
                        step.name,
                        step.project.title,
                        str(step.project.owner_organisation or "—"),
                        f"{step.due:%Y-%m-%d}",
                        str((today - step.due).days),
                    ),
                    f"q={step.project.number}",
                )
                for step in listed
            ),
        ),
    ]


def _by(
    plan: QuerySet[Any], now: datetime, title: str, path: str, name: Callable[[str], str]
) -> Breakdown:
    counted = plan.values(key=F(path)).annotate(
        n=Count("pk"), done=Count("pk", filter=_done(now)), late=Count("pk", filter=_late(now))
    )
    rows = sorted(counted, key=lambda row: (row["done"] / row["n"], row["key"]))
    return Breakdown(
        title,
        ("名称", "计划", "已完成", "完成率", "滞后"),
        tuple(
            (
                (
                    name(row["key"]),
                    str(row["n"]),
                    str(row["done"]),
                    percent_of(row["done"], row["n"]),
                    str(row["late"]),
                ),
                f"{path}={row['key']}",
            )
            for row in rows
        ),
        "完成率低的在前。",
    )


# ---- register ------------------------------------------------------------------------------------

REGISTER = declare(Register(
    key="project", label="治理工程", line="assessment", model=Project, workflow=WORKFLOW,
    pattern="工程〔{year}〕{n}号",
    labels={"title": "项目名称", "description": "建设内容", "area_code": "属地",
            "entity": "所在企业或对象"},
    columns=("number", "title", "state", "due", "type", "area_code", "owner_organisation",
             "implementing", "planned_finish", "progress", "investment", "year", "closed_at"),
    filters=("state", "year", "type", "area_code", "owner_organisation", "planned_finish", "closed_at"),
    search=("number", "title", "description", "implementing", "entity__name"),
    fields=("year", "title", "type", "area_code", "owner_organisation", "implementing", "entity",
            "investment", "planned_start", "planned_finish", "description"),
    batch=("owner_organisation", "owner", "planned_finish", "type"),
    details=("year", "type", "implementing", "investment", "planned_start", "planned_finish",
             "progress", "progress_text"),
    lines=(Lines(key="milestones", label="节点计划", model=Milestone, columns=("name", "due", "done_on")),),
    views=(View("late", "滞后项目", {"overdue": "1"}, "due"), View("done", "已完成", {"closed": "1"})),
    imports=Import(
        key=("year", "title"),
        headers={"title": ("工程名称", "项目"), "type": ("类型", "项目类型"), "area_code": ("镇街", "所在镇街"),
                 "owner_organisation": ("牵头单位",), "implementing": ("建设单位", "业主单位"),
                 "investment": ("总投资", "投资"), "planned_finish": ("完成时限", "计划完工"),
                 "description": ("工程内容", "主要内容")},
        examples={"year": "2026", "title": "某工业园区有机废气收集改造", "type": "挥发性有机物治理",
                  "area_code": "北镇", "owner_organisation": "北镇人民政府", "investment": "120",
                  "planned_finish": "2026-10-31"},
    ),
    measures=(
        Measure(key="planned", name="计划项目", numerator=~Q(phase=Phase.DISMISSED.value), unit="项"),
        Measure(key="done", name="已完成", numerator=Q(phase__in=COMPLETED), unit="项", query={"closed": "1"}),
        Measure(key="done_ratio", name="治理工程完成率", numerator=Q(phase__in=COMPLETED),
                denominator=~Q(phase=Phase.DISMISSED.value)),
    ),
    statistics=_statistics, breakdowns=_breakdowns, as_of=True,
    empty="还没有工程项目。可点“登记”逐项登记，或导入年度工程清单。",
))  # fmt: skip
