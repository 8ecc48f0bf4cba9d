"""报告抽查 (mechanism S-1): reports that passed are drawn by a kept seed and looked at again; agencies get a score of it.

The list of reports and of experts is frozen with its hash before a seed exists, and drawn by ``standards.drawing``, so
that anybody can draw again. Experts do not look at what their own unit wrote. Each opinion keeps who gave it, by which
criteria and why.
"""

from __future__ import annotations

import secrets
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.json_in_order import JSONInOrder
from ecoledger.accounts.roles import Role
from ecoledger.listings.catalogue import declare as declare_book
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Import
from ecoledger.listings.refusals import Refused
from ecoledger.matters.lines import Lines
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Breakdown, Register, Seen, Statistic, declare
from ecoledger.matters.statistics import common_statistics, share
from ecoledger.matters.workflow import ClockRule, Phase, State, Step, Transition, Workflow
from ecoledger.registers.closing import DEFAULT, REASON
from ecoledger.registers.soil import land
from ecoledger.registers.soil.soil_reports import REPORTS, SoilReport
from ecoledger.standards import draw_sheet, drawing
from ecoledger.standards.written_names import plain

DRAWERS = frozenset({Role.DISPATCHER, Role.SECTION_CHIEF})


class Expert(models.Model):
    """Somebody who reviews reports (评审专家)."""

    name = models.CharField("姓名", max_length=60)
    number = models.CharField("专家编号", max_length=40, unique=True)
    unit = models.CharField("单位", max_length=120)
    field = models.CharField("专业", max_length=60, blank=True)
    active = models.BooleanField("在用", default=True)
    area_code = models.CharField("属地", max_length=12, db_index=True)

    class Meta:
        verbose_name = "评审专家"
        ordering = ["number"]

    def __str__(self) -> str:
        return self.name


EXPERTS = declare_book(Listing(
    key="soil_expert", label="土壤评审专家", model=Expert, line="soil", lead="name", order=("number",),
    columns=("name", "number", "unit", "field", "active", "area_code"), filters=("active", "area_code"),
    search=("name", "number", "unit"), fields=("name", "number", "unit", "field", "active", "area_code"),
    imports=Import(key=("number",), headers={"name": ("专家姓名",), "number": ("编号",), "unit": ("工作单位",),
                                             "field": ("研究方向",), "area_code": ("所在地",)},
                   examples={"name": "张某", "number": "ZJ-001", "unit": "某大学", "field": "土壤修复"}),
    edit=DRAWERS, empty="还没有评审专家。导入专家库后可抽查报告。",
))  # fmt: skip


class ReportCheck(Matter):
    """One random check of reports (报告抽查)."""

    matter_ptr = models.OneToOneField(
        Matter, on_delete=models.CASCADE, parent_link=True, related_name="as_report_check"
    )
    first = models.DateField("报告通过评审起")
    last = models.DateField("报告通过评审止")
    share = models.CharField("抽取比例", max_length=10, blank=True, help_text="如 0.1，向上取整")
    criteria = models.CharField("抽查依据", max_length=200, blank=True)
    lists = JSONInOrder("冻结的名单", default=dict, editable=False)
    lists_sha256 = models.CharField("名单校验值", max_length=64, blank=True, editable=False)
    frozen_at = models.DateTimeField("冻结时间", null=True, blank=True, editable=False)
    draws = JSONInOrder("抽取", default=list, editable=False)

    class Meta:
        verbose_name = "报告抽查"

    @property
    def seed(self) -> str:
        """The seed of the draw that counts."""
        return str(self.draws[-1]["seed"]) if self.draws else ""

    @property
    def drawn(self) -> int:
        """How many reports were drawn."""
        return len(self.draws[-1]["result"]) if self.draws else 0

    @property
    def drawn_again(self) -> bool | None:
        """Whether the kept lists and seed give again what was drawn; ``None`` before a draw."""
        if not self.draws:
            return None
        again = drawing.draw(draw_sheet.lists_of(self.lists), self.seed)
        return bool(draw_sheet.of_result(again) == self.draws[-1]["result"])


class CheckedReport(models.Model):
    """One drawn report: who looked at it again, by what, and what they found."""

    class Result(models.TextChoices):
        PASS = "pass", "通过"
        REVISE = "revise", "修改"
        FAIL = "fail", "不通过"

    inspection = models.ForeignKey(ReportCheck, on_delete=models.CASCADE, related_name="checked")
    report = models.ForeignKey(
        SoilReport, verbose_name="报告", on_delete=models.PROTECT, related_name="checks"
    )
    experts = models.CharField("专家", max_length=200, blank=True)
    result = models.CharField("抽查结果", max_length=8, choices=Result.choices, blank=True)
    marks = models.DecimalField(
        "得分",
        max_digits=5,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    opinion = models.CharField("意见与理由", max_length=400, blank=True)

    class Meta:
        verbose_name = "抽查结果"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(
                fields=["inspection", "report"], name="a_report_once_in_a_check"
            )
        ]

    def __str__(self) -> str:
        return f"{self.report} {self.get_result_display()}"


def _reports(person: Any) -> QuerySet[SoilReport]:
    rows = SoilReport.objects.filter(state="passed", withdrawn_at=None)
    return rows if person is None else rows.filter(pk__in=REPORTS.visible_to(person).values("pk"))


declare_lookup(Lookup(
    key="passed_soil_report", model=SoilReport, label="评审通过的报告", rows=_reports, exact=("number", "title"),
    begins=("number",), contains=("title",), under=lambda row: f"{row.number} {row.agency}",
))  # fmt: skip


def lists_now(check: Any) -> drawing.Lists:
    """The reports that passed within the check's days, and the experts; an expert avoids what his unit wrote."""
    reports = list(
        SoilReport.objects.filter(
            state="passed",
            withdrawn_at=None,
            merged_into=None,
            area_code__startswith=check.area_code,
            closed_at__date__gte=check.first,
            closed_at__date__lte=check.last,
        ).order_by("pk")
    )
    kinds = dict(SoilReport.Kind.choices)
    objects = tuple(
        drawing.Candidate(r.number, r.title, kinds[r.kind], 1, r.area_code) for r in reports
    )
    experts = Expert.objects.filter(active=True, area_code__startswith=check.area_code[:2])
    inspectors = tuple(
        drawing.Inspector(
            expert.number,
            expert.name,
            "",
            tuple(
                r.number
                for r in reports
                if plain(expert.unit) in (plain(r.agency), plain(r.laboratory))
            ),
        )
        for expert in experts
    )
    quotas = tuple(
        drawing.Quota(str(label), drawing.count_of(check.share, of), of, check.share)
        for label in kinds.values()
        if (of := sum(o.tier == label for o in objects))
    )
    return drawing.Lists(objects, inspectors, quotas)


def _freeze(step: Step) -> None:
    check = step.matter
    try:
        lists = lists_now(check)
    except ValueError as error:
        why = _("比例写错了：%s") % error
        raise Refused("form", why, _("请写 0 到 1 之间的小数。"), {"share": [why]}) from error
    if not lists.objects:
        raise Refused("condition", _("这段时间没有评审通过的报告。"), _("请核对起止日期。"))
    if len(lists.inspectors) < drawing.TEAM:
        raise Refused("condition", _("在用的评审专家不足两名。"), _("请先导入专家库。"))
    check.lists, check.lists_sha256 = draw_sheet.of_lists(lists), lists.sha256
    check.frozen_at = step.at
    step.form.update(
        lists_sha256=lists.sha256, reports=len(lists.objects), experts=len(lists.inspectors)
    )


def _draw(step: Step) -> None:
    check = step.matter
    seed = secrets.token_hex(16)
    lists = draw_sheet.lists_of(check.lists)
    result = draw_sheet.of_result(drawing.draw(lists, seed))
    at = timezone.localtime(step.at).isoformat(timespec="seconds")
    entry = {"n": len(check.draws) + 1, "seed": seed, "at": at, "discarded": "", "result": result}
    check.draws = [*check.draws, entry]
    names = {inspector.code: inspector.name for inspector in lists.inspectors}
    check.checked.all().delete()
    for drawn in result:
        CheckedReport.objects.create(
            inspection=check,
            report=SoilReport.objects.get(number=drawn["object"]),
            experts="、".join(names[code] for code in drawn["inspectors"]),
        )
    step.form.update(n=entry["n"], seed=seed, drawn=len(result), result=result)


def _discard(step: Step) -> None:
    check = step.matter
    check.draws = [*check.draws[:-1], {**check.draws[-1], "discarded": step.form["reason"]}]
    check.checked.all().delete()


def _not_finished(check: Any) -> str:
    rows = list(check.checked.select_related("report"))
    drawn = {result["object"] for result in check.draws[-1]["result"]} if check.draws else set()
    if {row.report.number for row in rows} != drawn:
        return _("抽查结果与抽中的报告不一致，请按抽中的报告填写。")
    lacking = [row.report.title for row in rows if not row.result or not row.opinion.strip()]
    return _("还没有结果或意见：%s。") % "、".join(lacking[:5]) if lacking else ""


WORKFLOW = Workflow(
    states=(
        State("new", "编制", stage="名单", waits_for=DRAWERS),
        State("frozen", "名单已冻结", stage="抽取", waits_for=DRAWERS),
        State("drawn", "抽查中", stage="抽查", waits_for=DRAWERS),
        State("told", "已通报", phase=Phase.DONE),
        State("dropped", "取消", phase=Phase.DISMISSED),
    ),
    transitions=(
        Transition("freeze", "冻结名单", "new", "frozen", by=DRAWERS, effects=(_freeze,)),
        Transition("draw", "抽取", "frozen", "drawn", by=DRAWERS, effects=(_draw,)),
        Transition("discard", "作废本次抽取", "drawn", "frozen", by=DRAWERS, asks=(REASON,),
                   effects=(_discard,), main=False, danger=True),
        Transition("tell", "抽查完成，通报", "drawn", "told", by=DRAWERS, when=_not_finished, asks=("criteria",)),
        Transition("drop", "取消", ("new", "frozen"), "dropped", by=DRAWERS, asks=(REASON,), main=False,
                   danger=True),
    ),
    clocks=(ClockRule("check", "抽查", ("frozen", "drawn"), days=60, basis=DEFAULT),),
)  # fmt: skip


def _prepare(check: ReportCheck) -> None:
    check.share = check.share or str(land.rules()["report_check"]["share"])


def _results(rows: QuerySet[Any]) -> QuerySet[CheckedReport]:
    """What was found of the reports of these checks."""
    return CheckedReport.objects.filter(inspection__in=rows.order_by().values("pk")).exclude(
        result=""
    )


def marks_of(row: CheckedReport) -> Decimal:
    """The marks given, or those of the result by the bureau's rules."""
    if row.marks is not None:
        return row.marks
    return Decimal(str(land.rules()["report_check"][row.result]))


def _statistics(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Statistic]:
    n = _results(rows).aggregate(all=Count("pk"), passed=Count("pk", filter=Q(result="pass")))
    return [
        *common_statistics(CHECKS, rows, now),
        Statistic("checked", "已抽查报告", n["all"], "", "份"),
        share("pass_rate", "报告抽查通过率", n["passed"], n["all"], note="通过÷已抽查"),
    ]


def _breakdowns(rows: QuerySet[Any], now: datetime, seen: Seen) -> list[Breakdown]:
    """The agencies by their marks, the lowest first."""
    agencies: dict[str, list[CheckedReport]] = {}
    for row in _results(rows).select_related("report"):
        agencies.setdefault(row.report.agency, []).append(row)
    passed = dict(
        seen(REPORTS).filter(state="passed").order_by().values_list("agency").annotate(n=Count("pk"))
    )  # fmt: skip
    table = []
    for agency, results in agencies.items():
        score = sum((marks_of(r) for r in results), Decimal(0)) / len(results)
        counts = [sum(r.result == key for r in results) for key in CheckedReport.Result.values]
        cells = [str(passed.get(agency, 0)), str(len(results)), *map(str, counts), f"{score:.1f}"]
        table.append((score, ((agency, *cells), "")))
    table.sort(key=lambda one: one[0])
    return [
        Breakdown(
            "编制单位评分",
            ("编制单位", "评审通过报告", "抽查", "通过", "修改", "不通过", "得分"),
            tuple(row for _score, row in table),
            "得分为所抽报告得分的平均；没有打分的按结果折算（本局规则）。",
        )
    ]


CHECKS = declare(Register(
    key="report_check", label="报告抽查", line="soil", tab="checks", model=ReportCheck, workflow=WORKFLOW,
    pattern="报告抽查〔{year}〕{n}号", prepare=_prepare,
    labels={"title": "名称", "area_code": "属地", "drawn": "抽中报告", "seed": "种子", "drawn_again": "重抽一致"},
    columns=("number", "title", "state", "first", "last", "share", "drawn", "due", "opened_at", "area_code"),
    filters=("state", "area_code", "opened_at"), search=("number", "title"),
    fields=("title", "area_code", "first", "last", "share", "criteria"),
    details=("first", "last", "share", "criteria", "frozen_at", "lists_sha256", "seed", "drawn", "drawn_again"),
    lines=(Lines(key="checked", label="抽查结果", model=CheckedReport,
                 columns=(Ask("report", among="passed_soil_report"), "experts", "result", "marks", "opinion")),),
    statistics=_statistics, breakdowns=_breakdowns, edit=DRAWERS, manage=DRAWERS | {Role.LEADER}, enterprise="",
    map_layer=False, empty="还没有报告抽查。登记一次抽查，冻结名单后由系统抽取。",
))  # fmt: skip
