"""超低排放评估 (mechanism A15): a firm's emission by stacks, beside stacks and in transport, measured, reported, reviewed, shown.

All three parts must hold. What the assessment comes to is written at the firm's boilers and kilns, with the report.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.entities import editing
from ecoledger.entities.models import Enterprise
from ecoledger.listings.parts import Ask, Import
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow, said
from ecoledger.registers.air_sources.boilers import Furnace
from ecoledger.registers.closing import DEFAULT, REASON

DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.MONITOR})
HEADS = frozenset({Role.SECTION_CHIEF, Role.LEADER, Role.DISPATCHER})
# What is held to ultra-low limits: boilers that only heat are not.
ASSESSED = (Furnace.Sort.POWER, Furnace.Sort.SINTER, Furnace.Sort.KILN, Furnace.Sort.BOILER)


class UltraLowAssessment(Matter):
    """The assessment of one firm."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_ultra_low"
    )

    class Trade(models.TextChoices):
        STEEL = "steel", "钢铁"
        COKING = "coking", "焦化"
        CEMENT = "cement", "水泥"
        POWER = "power", "火电"
        BOILER = "boiler", "锅炉"
        OTHER = "other", "其他"

    trade = models.CharField("行业", max_length=10, choices=Trade.choices)
    assessor = models.CharField("评估监测单位", max_length=80, blank=True)
    report_no = models.CharField("评估监测报告", max_length=80, blank=True)
    opinion = models.TextField("评审意见", blank=True)
    shown_at = models.CharField("公示网址或文号", max_length=200, blank=True)
    shown_on = models.DateField("公示日期", null=True, blank=True)

    class Meta:
        verbose_name = "超低排放评估"


class AssessedPart(models.Model):
    """One of the three parts: what was checked, and whether it holds."""

    class Part(models.TextChoices):
        STACKS = "stacks", "有组织排放"
        FUGITIVE = "fugitive", "无组织排放"
        TRANSPORT = "transport", "清洁运输"

    assessment = models.ForeignKey(
        UltraLowAssessment, on_delete=models.CASCADE, related_name="parts"
    )
    part = models.CharField("部分", max_length=10, choices=Part.choices)
    items = models.PositiveSmallIntegerField("核查项", default=0)
    failed = models.PositiveSmallIntegerField("不符合项", default=0)
    note = models.CharField("说明", max_length=200, blank=True)

    class Meta:
        verbose_name = "评估分项"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["assessment", "part"], name="one_row_a_part")
        ]

    def __str__(self) -> str:
        return str(self.get_part_display())


def _three_parts(_matter: Any) -> list[dict[str, Any]]:
    return [{"part": part, "items": 0, "failed": 0} for part in AssessedPart.Part.values]


def _parts_are_checked(assessment: Any) -> str:
    checked = {row.part for row in assessment.parts.filter(items__gt=0)}
    lacking = [label for part, label in AssessedPart.Part.choices if part not in checked]
    return _("还没有核查：%s。") % "、".join(_(label) for label in lacking) if lacking else ""


def _nothing_fails(assessment: Any) -> str:
    failed = [str(row) for row in assessment.parts.filter(failed__gt=0)]
    return _("有不符合项，不能通过：%s。") % "、".join(failed) if failed else ""


def _write_at_furnaces(step: Step, result: str) -> None:
    """Say at the firm's boilers and kilns what the assessment came to."""
    assessment = step.matter
    for furnace in Furnace.objects.filter(parent=assessment.entity_id, sort__in=ASSESSED):
        furnace.ultra_low = result
        if assessment.report_no:
            furnace.report_no = assessment.report_no
        if result == Furnace.Assessment.PASSED:
            furnace.verified_on = assessment.shown_on
        editing.save(step.person, furnace, on=timezone.localdate(step.at), source=assessment.number)


def _begun(step: Step) -> None:
    _write_at_furnaces(step, Furnace.Assessment.RUNNING)


def _passed(step: Step) -> None:
    _write_at_furnaces(step, Furnace.Assessment.PASSED)


def _failed(step: Step) -> None:
    _write_at_furnaces(step, Furnace.Assessment.FAILED)


WORKFLOW = Workflow(
    states=(
        State("planned", "待评估监测", stage="评估监测", waits_for=DESK),
        State("measuring", "评估监测中", stage="评估监测", waits_for=DESK),
        State("review", "待评审", stage="评审", waits_for=HEADS),
        State("shown", "公示中", stage="公示", waits_for=DESK),
        State("passed", "已通过", phase=Phase.DONE),
        State("failed", "未通过", phase=Phase.DONE),
        State("dropped", "不再评估", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("begin", "开始评估监测", "planned", "measuring", by=DESK, asks=("assessor",),
                   effects=(_begun,)),
        Transition("report", "提交评估监测报告", "measuring", "review", by=DESK, asks=("report_no",),
                   evidence=1, when=_parts_are_checked),
        Transition("approve", "评审通过，公示", "review", "shown", by=HEADS,
                   asks=("opinion", "shown_at", "shown_on"), other_person_than=("report",),
                   when=_nothing_fails),
        Transition("send_back", "退回补充", "review", "measuring", by=HEADS, asks=(REASON,), main=False),
        Transition("fail", "评审不通过", "review", "failed", by=HEADS, asks=("opinion",),
                   other_person_than=("report",), effects=(_failed,), main=False, danger=True),
        Transition("pass", "公示无异议，通过", "shown", "passed", by=DESK, offers=(said("heard", "公示情况"),),
                   effects=(_passed,)),
        Transition("object", "公示有异议，退回", "shown", "measuring", by=DESK, asks=(REASON,), main=False),
        Transition("drop", "不再评估", "planned", "dropped", by=DESK, asks=(REASON,), main=False),
    ),
    clocks=(ClockRule("review", "评审", "review", working_days=20, basis=DEFAULT),
            ClockRule("show", "公示", "shown", working_days=5, basis=DEFAULT, waiting=True)),
)  # fmt: skip


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts, firms that passed, and their share of those concluded."""
    n = rows.aggregate(
        passed=Count("entity", filter=Q(state="passed"), distinct=True),
        concluded=Count("pk", filter=Q(state__in=("passed", "failed"))),
    )
    return [
        *common_statistics(ASSESSMENTS, rows, now),
        Statistic("passed", "通过超低排放评估", n["passed"], "state=passed", "家"),
        share("pass_rate", "评估通过率", n["passed"], n["concluded"], query="state=passed"),
    ]


ASSESSMENTS = declare(Register(
    key="ultra_low", label="超低排放评估", line="air", tab="permits", model=UltraLowAssessment, workflow=WORKFLOW,
    ahead=("shown_on",),
    pattern="超低评估〔{year}〕{n}号",
    labels={"title": "名称", "entity": "企业", "area_code": "属地"},
    columns=("number", "title", "entity", "trade", "assessor", "report_no", "state", "due", "shown_on", "area_code"),
    filters=("state", "trade", "area_code"), search=("number", "title", "entity__name", "report_no"),
    fields=("title", Ask("entity", to=Enterprise, required=True), "trade", "assessor"),
    details=("trade", "assessor", "report_no", "opinion", "shown_at", "shown_on"),
    lines=(Lines(key="parts", label="三部分核查", model=AssessedPart, first=_three_parts,
                 columns=("part", "items", "failed", "note")),),
    imports=Import(key=("title",), headers={"title": ("评估名称",), "entity": ("企业名称",), "trade": ("所属行业",)},
                   examples={"title": "某钢铁超低排放评估", "entity": "示例钢铁有限公司", "trade": "钢铁"}),
    statistics=statistics, edit=DESK, manage=DESK, enterprise="",
    empty="还没有超低排放评估。登记企业后按有组织、无组织、清洁运输三部分评估监测、评审、公示。",
))  # fmt: skip
