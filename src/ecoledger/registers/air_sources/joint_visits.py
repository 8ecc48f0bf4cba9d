"""测管联动 (mechanism A4): one visit in which the laboratory tests and the officer inspects; what exceeds goes on by itself.

The results are judged when they are handed in, by the permit limits of the outlet that held on the day of the visit;
what was typed counts only where the permit says nothing. One above its limit opens a problem in the one ledger,
linked, with the values in its words.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Enterprise, Outlet
from ecoledger.listings.parts import Ask, Import
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Link, Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.monitoring.points import limits as outlet_limits
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.problems.problem_ledger import Problem
from ecoledger.standards.rounding import plainly

DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.MONITOR})
TESTERS = frozenset({Role.MONITOR})
INSPECTORS = frozenset({Role.OFFICER})


class JointVisit(Matter):
    """One firm tested and inspected in one visit."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_joint_visit"
    )
    trade = models.CharField("行业", max_length=40, blank=True)
    visit_on = models.DateField("现场日期", null=True, blank=True)
    report_no = models.CharField("监测报告编号", max_length=60, blank=True)
    inspection = models.TextField("执法检查情况", blank=True)
    exceeded = models.PositiveSmallIntegerField("超标项", default=0, editable=False)

    class Meta:
        verbose_name = "测管联动"


class TestResult(models.Model):
    """One value that was tested at one place."""

    visit = models.ForeignKey(JointVisit, on_delete=models.CASCADE, related_name="results")
    place = models.CharField("点位", max_length=80)
    parameter = models.CharField("项目", max_length=40)
    value = models.DecimalField("测定值", max_digits=12, decimal_places=4)
    unit = models.CharField("单位", max_length=20, blank=True)
    limit = models.DecimalField("限值", max_digits=12, decimal_places=4, null=True, blank=True,
                                help_text="留空的按排放口许可限值")  # fmt: skip
    standard = models.CharField("执行标准", max_length=120, blank=True)

    class Meta:
        verbose_name = "检测值"
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.place} {self.parameter} {self.value} {self.unit}"

    @property
    def exceeds(self) -> bool:
        return self.limit is not None and self.value > self.limit


def _has_results(visit: Any) -> str:
    return "" if visit.results.exists() else _("还没有监测结果，请先在“监测结果”里填写。")


def _take_limits(visit: Any) -> None:
    """Give each result the permit limit of its outlet on the day of the visit. Raises :class:`Refused` where another was typed."""
    outlets = {o.number: o for o in Outlet.objects.filter(parent=visit.entity_id)}
    for result in visit.results.all():
        outlet = outlets.get(result.place.strip())
        held = outlet and outlet_limits.of_outlet(outlet, result.parameter, visit.visit_on)
        if not held:
            continue
        upper, _lower = outlet_limits.bounds(held, result.unit or held.unit)
        if upper is None:
            continue
        value = Decimal(upper).quantize(Decimal("0.0001"))
        said = {
            "place": result.place,
            "name": result.parameter,
            "typed": plainly(result.limit) if result.limit is not None else "",
            "permit": plainly(value),
            "since": f"{held.since:%Y-%m-%d}" if held.since else _("许可起"),
        }
        if result.limit is not None and result.limit != value:
            raise Refused(
                "form",
                _(
                    "%(place)s %(name)s 填写的限值 %(typed)s 与许可限值 %(permit)s（%(since)s 起）不同。"
                )
                % said,
                _("请改正或留空，按许可限值判定。"),
            )
        result.limit, result.unit = value, result.unit or held.unit
        result.standard = _("许可限值（%(since)s 起）%(standard)s") % {
            **said,
            "standard": held.standard,
        }
        result.save(update_fields=["limit", "unit", "standard"])


def _judge(step: Step) -> None:
    """Results above their limit become one problem of the ledger."""
    visit = step.matter
    _take_limits(visit)
    above = [result for result in visit.results.all() if result.exceeds]
    visit.exceeded = len(above)
    if not above:
        return
    words = "；".join(
        f"{r.place} {r.parameter} {plainly(r.value)} {r.unit}（限值 {plainly(r.limit)}）"
        for r in above
    )
    problem = actions.open_matter(
        PROBLEMS,
        {
            "title": _("%s测管联动监测超标") % visit.entity,
            "description": words,
            "area_code": visit.area_code,
            "entity": visit.entity,
            "origin_kind": Problem.Origin.SELF,
            "category": Problem.Category.AIR,
            "source_no": visit.number,
            "synthetic": visit.synthetic,
        },
        by=None,
        at=step.at,
    )
    actions.link(visit, problem, Link.Kind.BEGETS, by=step.person, at=step.at)


WORKFLOW = Workflow(
    states=(
        State("planned", "待现场", stage="现场", waits_for=TESTERS | INSPECTORS),
        State("testing", "待出结果", stage="监测", waits_for=TESTERS),
        State("inspected", "待执法结论", stage="执法", waits_for=INSPECTORS),
        State("done", "已完成", phase=Phase.DONE),
        State("dropped", "不再安排", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("visit", "联合到场", "planned", "testing", by=TESTERS | INSPECTORS, asks=("visit_on",),
                   offers=(said("who", "到场人员"),)),
        Transition("result", "提交监测结果", "testing", "inspected", by=TESTERS, asks=("report_no",),
                   when=_has_results, effects=(_judge,)),
        Transition("conclude", "执法结论", "inspected", "done", by=INSPECTORS, asks=("inspection",)),
        Transition("drop", "不再安排", "planned", "dropped", by=DESK, asks=(REASON,), main=False),
    ),
    clocks=(ClockRule("result", "出结果", "testing", working_days=10, basis=DEFAULT),
            ClockRule("conclude", "执法结论", "inspected", working_days=5, basis=DEFAULT)),
)  # fmt: skip


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts, firms done, and the share that exceeded."""
    n = rows.aggregate(
        done=Count("pk", filter=Q(state="done")),
        tested=Count("pk", filter=Q(state__in=("inspected", "done"))),
        exceeded=Count("pk", filter=Q(exceeded__gt=0)),
    )
    return [
        *common_statistics(VISITS, rows, now),
        Statistic("done", "完成测管联动", n["done"], "state=done", "家"),
        share("exceeded", "监测超标率", n["exceeded"], n["tested"]),
    ]


VISITS = declare(Register(
    key="joint_visit", label="测管联动", line="air", model=JointVisit, workflow=WORKFLOW,
    pattern="测管联动〔{year}〕{n}号",
    labels={"title": "名称", "entity": "企业", "area_code": "属地", "exceeded": "超标项"},
    columns=("number", "title", "entity", "trade", "visit_on", "exceeded", "state", "due", "area_code"),
    filters=("state", "trade", "area_code", "visit_on"), search=("number", "title", "entity__name"),
    fields=("title", Ask("entity", to=Enterprise, required=True), "trade", "owner_organisation"),
    details=("trade", "visit_on", "report_no", "exceeded", "inspection"),
    lines=(Lines(key="results", label="监测结果", model=TestResult,
                 columns=("place", "parameter", "value", "unit", "limit", "standard")),),
    imports=Import(key=("title",), headers={"title": ("任务名称",), "entity": ("企业名称",), "trade": ("所属行业",)},
                   examples={"title": "某鞋业测管联动", "entity": "示例鞋业有限公司", "trade": "制鞋"}),
    statistics=statistics, edit=DESK | INSPECTORS, manage=DESK, enterprise="",
    empty="还没有测管联动。登记企业后，监测人员与执法人员同时到场，结果超标自动转问题。",
))  # fmt: skip
