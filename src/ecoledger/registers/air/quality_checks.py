"""监测数据质量 (mechanism Q17): QA/QC records of stations, and checks by two lines, monitoring and enforcement.

A record of quality control is judged when it is entered by limits the bureau may change. From one that failed the
hours it concerns, back to the last that passed, are marked by a period review: previewed, raw values untouched, undone
as one. A check (“双线联动”) is concluded by a third person when both lines have said what they found; falsified data go on as a problem.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.db import models
from django.db.models import Count, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.accounts.wording import numbered
from ecoledger.books.log import Log
from ecoledger.books.models import LogEntry
from ecoledger.listings import own_data
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.parts import Ask, Import, View
from ecoledger.matters import actions
from ecoledger.matters.models import Link, Matter
from ecoledger.matters.register import Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.monitoring.models import PeriodReview, Point
from ecoledger.monitoring.points import limits as outlet_limits
from ecoledger.registers.closing import CHECKERS, DEFAULT, REASON
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.problems.problem_ledger import Problem

# No further back than this are hours put in doubt by a control that failed.
LONGEST_DOUBT = timedelta(days=14)

# ---- QA/QC records -------------------------------------------------------------------------------


class QualityRecord(LogEntry):
    """One task of quality control at a station: what it should read, what it read, whether that passes."""

    logentry_ptr = models.OneToOneField(
        LogEntry, on_delete=models.CASCADE, parent_link=True, related_name="as_quality_record"
    )

    class Task(models.TextChoices):
        ZERO = "zero", "零点检查"
        SPAN = "span", "跨度检查"
        MULTI = "multi", "多点检查"
        PRECISION = "precision", "精密度检查"
        ACCURACY = "accuracy", "准确度检查"
        CONVERSION = "conversion", "转换率检查"
        FLOW = "flow", "流量检查"
        TEMPERATURE = "temperature", "温度检查"
        PRESSURE = "pressure", "气压检查"
        COMPARISON = "comparison", "比对监测"
        MANUAL = "manual", "人工核查"

    task = models.CharField("质控任务", max_length=12, choices=Task.choices)
    parameter = models.CharField("因子", max_length=20, blank=True)
    expected = models.DecimalField("标准值", max_digits=12, decimal_places=4, null=True, blank=True)
    value = models.DecimalField("测定值", max_digits=12, decimal_places=4)
    gas_no = models.CharField("标气（标样）编号", max_length=60, blank=True)
    gas_until = models.DateField("标气有效期", null=True, blank=True)
    deviation = models.DecimalField(
        "偏差", max_digits=10, decimal_places=3, null=True, editable=False
    )
    bounds = models.CharField("要求", max_length=40, blank=True, editable=False)
    passed = models.BooleanField("合格", null=True, editable=False)

    class Meta:
        verbose_name = "质控记录"

    @property
    def marked(self) -> str:
        """Whether the hours it concerns have been marked, and how many values."""
        doubt = concerned(self)
        if doubt is None:
            return ""
        begin, end = (timezone.make_aware(moment) for moment in (doubt.begin, doubt.end))
        reviews = PeriodReview.objects.filter(
            point=doubt.point, begin__lte=begin, end__gte=end, undone_at=None
        )
        match = next((r for r in reviews if doubt.code in r.parameters), None)
        return numbered("已标记 %d 个值", match.values) % match.values if match else _("待标记")


def judged(task: str, value: Decimal, expected: Decimal | None) -> dict[str, Any]:
    """Deviation, bounds and verdict of one task, by the bureau's limits (``data/quality.toml``)."""
    row = own_data.read(__package__, "quality")["task"].get(task)
    if row is None:
        return {"deviation": None, "bounds": "", "passed": None}
    if row["by"] == "least":
        least = Decimal(str(row["least"]))
        return {"deviation": value, "bounds": row["words"], "passed": value >= least}
    if expected is None:
        return {"deviation": None, "bounds": row["words"], "passed": None}
    off = value - expected
    if row["by"] == "percent":
        if not expected:
            return {"deviation": None, "bounds": row["words"], "passed": None}
        off = 100 * off / expected
    off = off.quantize(Decimal("0.001"))
    return {
        "deviation": off,
        "bounds": row["words"],
        "passed": abs(off) <= Decimal(str(row["within"])),
    }


@dataclass(frozen=True, slots=True)
class Concerned:
    """The hours that a failed control puts in doubt: of which point and factor, from when to when (Chinese time)."""

    point: Point
    code: str
    begin: datetime
    end: datetime


def concerned(record: QualityRecord) -> Concerned | None:
    """From the last control of its kind that passed, at most :data:`LONGEST_DOUBT` back, to the failed one."""
    if record.passed is not False:
        return None
    for point in Point.objects.filter(entity=record.entity_id, enabled=True):
        code = outlet_limits.code_of(record.parameter, point.kind)
        if not point.parameters.filter(code=code).exists():
            continue
        good = (
            QualityRecord.objects.filter(
                entity=record.entity_id, task=record.task, parameter=record.parameter,
                passed=True, current=True, at__lt=record.at,
            ).order_by("-at").first()
        )  # fmt: skip
        begin = record.at - LONGEST_DOUBT
        if good is not None:
            begin = max(begin, good.at)
        return Concerned(point, code, _hour(begin), _hour(record.at) + timedelta(hours=1))
    return None


def _hour(moment: datetime) -> datetime:
    return timezone.localtime(moment).replace(minute=0, second=0, microsecond=0, tzinfo=None)


def marking(record: QualityRecord, person: Person) -> list[tuple[str, str]]:
    """The way to mark the hours that a failed control concerns, for who may review values."""
    doubt = concerned(record) if person.may("correct_observations") else None
    if doubt is None:
        return []
    said = {
        "parameter": doubt.code,
        "begin": doubt.begin.isoformat(timespec="minutes"),
        "end": doubt.end.isoformat(timespec="minutes"),
        "flag": "D",
        "reason": _("%(task)s不合格（%(at)s，偏差 %(off)s，要求 %(bounds)s）") % {
            "task": record.get_task_display(),
            "at": f"{timezone.localtime(record.at):%Y-%m-%d %H:%M}",
            "off": record.deviation,
            "bounds": record.bounds,
        },
    }  # fmt: skip
    return [
        ("标记受影响时段", f"{reverse('review-period', args=[doubt.point.pk])}?{urlencode(said)}")
    ]


class QualityLog(Log):
    """The records; each is judged when it is entered."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        verdict = judged(str(values["task"]), values["value"], values.get("expected"))
        return super().open_row({**values, **verdict}, by, at, **more)


RECORDS = declare_book(QualityLog(
    key="quality_record", offline=True, label="质控记录", model=QualityRecord, line="monitoring",
    edit=frozenset({Role.MONITOR, Role.THIRD_PARTY}),
    columns=("entity", "at", "task", "parameter", "expected", "value", "deviation", "bounds", "passed",
             "gas_no", "gas_until", "area_code", "by"),
    details=("entity", "at", "task", "parameter", "expected", "value", "deviation", "bounds", "passed", "marked",
             "gas_no", "gas_until", "area_code", "by", "note"),
    labels={"marked": "受影响时段"}, links=marking,
    filters=("task", "passed", "area_code", "at"), search=("entity__name", "parameter", "gas_no"),
    fields=("entity", "at", "task", "parameter", "expected", "value", "gas_no", "gas_until", "note"),
    lead="entity",
    imports=Import(key=("entity", "at", "task", "parameter"),
                   headers={"entity": ("站点名称", "点位"), "at": ("执行时间", "质控时间"), "task": ("任务类型", "质控类型"),
                            "parameter": ("监测因子", "项目"), "expected": ("标准浓度", "目标值"),
                            "value": ("响应值", "仪器示值"), "gas_no": ("标气编号",)},
                   examples={"entity": "示例空气站", "at": "2026-06-01 09:00", "task": "跨度检查",
                             "parameter": "SO2", "expected": "400", "value": "392"}, future=()),
    views=(View("failed", "不合格", {"passed": "0"}),),
    empty="还没有质控记录。导入运维单位的零跨、流量、比对等质控结果。",
))  # fmt: skip

# ---- checks by two lines -------------------------------------------------------------------------

DESK = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.MONITOR, Role.OFFICER})


class QualityCheck(Matter):
    """One station, laboratory or firm whose data are checked by both lines."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_quality_check"
    )

    class Sort(models.TextChoices):
        STATION = "station", "自动监测站"
        FIRM = "firm", "排污单位自动监测"
        LABORATORY = "laboratory", "检测机构"

    class Verdict(models.TextChoices):
        GOOD = "good", "符合"
        FAULTY = "faulty", "不规范"
        FALSIFIED = "falsified", "涉嫌弄虚作假"

    sort = models.CharField("对象类型", max_length=12, choices=Sort.choices)
    campaign = models.CharField("专项行动", max_length=80, blank=True)
    checked_on = models.DateField("现场日期", null=True, blank=True)
    monitoring_found = models.TextField("监测线核查情况", blank=True)
    monitoring_verdict = models.CharField(
        "监测线意见", max_length=10, choices=Verdict.choices, blank=True
    )
    enforcement_found = models.TextField("执法线核查情况", blank=True)
    enforcement_verdict = models.CharField(
        "执法线意见", max_length=10, choices=Verdict.choices, blank=True
    )
    verdict = models.CharField("结论", max_length=10, choices=Verdict.choices, blank=True)

    class Meta:
        verbose_name = "数据质量核查"


def _both_said(check: Any) -> str:
    lacking = [
        label
        for label, said in (
            (_("监测线"), check.monitoring_verdict),
            (_("执法线"), check.enforcement_verdict),
        )
        if not said
    ]
    return _("%s还没有提交核查情况。") % "、".join(lacking) if lacking else ""


def _settled(check: Any) -> frozenset[str]:
    """What either line found was found there."""
    said = check.monitoring_verdict or check.enforcement_verdict
    return CHECKS.judged if said else frozenset()


def _falsified_goes_on(step: Step) -> None:
    check = step.matter
    if check.verdict != QualityCheck.Verdict.FALSIFIED:
        return
    problem = actions.open_matter(
        PROBLEMS,
        {
            "title": _("%s监测数据涉嫌弄虚作假") % (check.entity or check.title),
            "description": f"{check.monitoring_found}\n{check.enforcement_found}",
            "area_code": check.area_code,
            "entity": check.entity,
            "origin_kind": Problem.Origin.SELF,
            "source_no": check.number,
            "source_batch": check.campaign[:40],
            "synthetic": check.synthetic,
        },
        by=None,
        at=step.at,
    )
    actions.link(check, problem, Link.Kind.BEGETS, by=step.person, at=step.at)


WORKFLOW = Workflow(
    states=(
        State("open", "核查中", stage="核查", waits_for=frozenset({Role.MONITOR, Role.OFFICER})),
        State("done", "已结论", phase=Phase.DONE),
        State("dropped", "不再核查", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("monitoring", "监测线提交", "open", "open", by=frozenset({Role.MONITOR}),
                   asks=("monitoring_verdict", "monitoring_found"), offers=("checked_on",)),
        Transition("enforcement", "执法线提交", "open", "open", by=frozenset({Role.OFFICER}),
                   asks=("enforcement_verdict", "enforcement_found"), offers=("checked_on",)),
        Transition("conclude", "结论", "open", "done", by=CHECKERS, asks=("verdict",), when=_both_said,
                   other_person_than=("monitoring", "enforcement"), even_without=True, effects=(_falsified_goes_on,)),
        Transition("drop", "不再核查", "open", "dropped", by=CHECKERS, asks=(REASON,), main=False),
    ),
    clocks=(ClockRule("check", "核查", "open", working_days=20, basis=DEFAULT),),
)  # fmt: skip


def statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    """The usual counts, objects concluded, and those that were not good."""
    n = rows.aggregate(
        done=Count("pk", filter=Q(state="done")),
        faulty=Count("pk", filter=Q(verdict=QualityCheck.Verdict.FAULTY)),
        falsified=Count("pk", filter=Q(verdict=QualityCheck.Verdict.FALSIFIED)),
        differ=Count(
            "pk", filter=Q(state="done") & ~Q(monitoring_verdict=models.F("enforcement_verdict"))
        ),
    )
    return [
        *common_statistics(CHECKS, rows, now),
        share("faulty", "不规范率", n["faulty"], n["done"], query="verdict=faulty"),
        Statistic("falsified", "涉嫌弄虚作假", n["falsified"], "verdict=falsified", "家"),
        Statistic("differ", "两线意见不一", n["differ"], "", "家"),
    ]


CHECKS = declare(Register(
    key="quality_check", label="数据质量核查", line="monitoring", model=QualityCheck, workflow=WORKFLOW,
    pattern="质核〔{year}〕{n}号",
    labels={"title": "名称", "entity": "核查对象", "area_code": "属地"},
    columns=("number", "title", "entity", "sort", "campaign", "monitoring_verdict", "enforcement_verdict",
             "verdict", "state", "due", "area_code"),
    filters=("state", "sort", "verdict", "campaign", "area_code"),
    search=("number", "title", "entity__name", "campaign"),
    fields=("title", Ask("entity", required=False), "area_code", "sort", "campaign"),
    details=("sort", "campaign", "checked_on", "monitoring_verdict", "monitoring_found",
             "enforcement_verdict", "enforcement_found", "verdict"),
    imports=Import(key=("title",), headers={"title": ("核查任务",), "entity": ("单位名称", "站点名称"),
                                            "sort": ("类型",), "campaign": ("行动名称",), "area_code": ("镇街",)},
                   examples={"title": "某水站数据质量核查", "sort": "自动监测站", "area_code": "北镇"}),
    settled=_settled, statistics=statistics, edit=DESK, enterprise="",
    empty="还没有数据质量核查。登记对象后监测、执法两线分别提交，由第三人结论。",
))  # fmt: skip
