"""排污许可证执行报告 (mechanisms P8, P9): yearly, half-yearly and quarterly, what they say, and by when they are owed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books import duty
from ecoledger.books.duty import Duty, Every, term_of
from ecoledger.books.models import Obligation
from ecoledger.listings import own_data, own_files
from ecoledger.listings.catalogue import declare
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Filter, Import, Kind
from ecoledger.listings.refusals import Refused
from ecoledger.matters.workflow import COMPLETED
from ecoledger.matters.workflow import said as asked_only
from ecoledger.registers.approval.permit_terms import Terms
from ecoledger.registers.approval.permits import Permit
from ecoledger.standards.rounding import plainly

own_files.declare(own_files.Rules(__package__, "permit_reports", "执行报告期限与内容"))
EVERY = {"year": Every.YEAR, "half": Every.HALF_YEAR, "quarter": Every.QUARTER}
# The seven parts of a yearly report; a quarter's needs the one of emissions.
SECTIONS = ("basic", "facilities", "monitoring", "ledger", "emission", "disclosure", "management")


def data() -> dict[str, Any]:
    """Terms and parts as the bureau's file has them."""
    return own_data.read(__package__, "permit_reports")


class ExecutionReport(models.Model):
    """One report of one permit for one term (执行报告)."""

    class Period(models.TextChoices):
        YEAR = "year", "年报"
        HALF = "half", "半年报"
        QUARTER = "quarter", "季报"

    permit = models.ForeignKey(
        Permit, verbose_name="许可证", on_delete=models.PROTECT, related_name="reports"
    )
    period = models.CharField("报告类型", max_length=8, choices=Period.choices)
    year = models.PositiveSmallIntegerField("年度", db_index=True)
    number = models.PositiveSmallIntegerField(
        "期次", default=1, validators=[MinValueValidator(1), MaxValueValidator(4)], help_text="季报填 1—4，半年报填 1—2"
    )  # fmt: skip
    submitted_on = models.DateField("提交日期", db_index=True)
    basic = models.BooleanField("基本情况", default=False)
    facilities = models.BooleanField("污染防治设施运行", default=False)
    monitoring = models.BooleanField("自行监测执行", default=False)
    ledger = models.BooleanField("台账管理执行", default=False)
    emission = models.BooleanField("实际排放量及合规判定", default=False)
    disclosure = models.BooleanField("信息公开", default=False)
    management = models.BooleanField("内部环境管理及其他", default=False)
    exceeded = models.BooleanField("报告有超标或异常", default=False)
    explanation = models.TextField("超标或异常说明", blank=True)

    class Meta:
        verbose_name = "执行报告"
        ordering = ["-year", "period", "-number", "permit_id"]
        constraints = [
            models.UniqueConstraint(
                fields=["permit", "period", "year", "number"], name="one_report_a_term"
            )
        ]

    def __str__(self) -> str:
        return f"{self.permit.parent or self.permit} {self.term}"

    @property
    def term(self) -> str:
        """2026年第3季度报告."""
        year = _("%d年") % self.year
        if self.period == self.Period.QUARTER:
            return _("%(year)s第%(n)d季度报告") % {"year": year, "n": self.number}
        if self.period == self.Period.HALF:
            return _("%(year)s%(half)s半年报") % {
                "year": year,
                "half": _("上") if self.number == 1 else _("下"),
            }
        return _("%s年报") % year

    @property
    def span(self) -> tuple[date, date]:
        """First and last day of its term."""
        months = {"year": 12, "half": 6, "quarter": 3}[self.period]
        day = date(self.year, (self.number - 1) * months + 1, 1)
        term = term_of(EVERY[self.period], day)
        return term.begin, term.end

    @property
    def due(self) -> date:
        """The day by which it is to be there."""
        return self.span[1] + timedelta(days=due_after(self.permit, self.period))

    @property
    def late(self) -> bool:
        return self.submitted_on > self.due


class ReportedAmount(models.Model):
    """What a report says was emitted of a pollutant in its term (实际排放量)."""

    report = models.ForeignKey(
        ExecutionReport, verbose_name="执行报告", on_delete=models.CASCADE, related_name="amounts"
    )
    pollutant = models.CharField("污染物", max_length=60)
    tonnes = models.DecimalField(
        "实际排放量 t", max_digits=14, decimal_places=4, validators=[MinValueValidator(0)]
    )

    class Meta:
        verbose_name = "实际排放量"
        ordering = ["report_id", "pollutant"]

    def __str__(self) -> str:
        return f"{self.pollutant} {plainly(self.tonnes)} t"


def due_after(permit: Permit, period: str) -> int:
    """Days after the end of a term by which the report is owed, by the bureau's data and the trade."""
    said = data()
    if period != "quarter" and any(word in permit.industry for word in said["trade_words"]):
        return int(said["trade_days"])
    return int(said[period])


def wrong(values: Mapping[str, Any]) -> dict[str, str]:
    """A term that the year does not have, or a report that was there before its term was over."""
    period, year, n = values.get("period"), values.get("year"), values.get("number") or 1
    if not period or year is None or not values.get("permit"):
        return {}
    if n > {"year": 1, "half": 2, "quarter": 4}[period]:
        return {"number": _("没有这一期")}
    report = ExecutionReport(permit=values["permit"], period=period, year=year, number=n)
    if not 2015 <= year <= 2100:
        return {"year": _("请核对年度")}
    if (day := values.get("submitted_on")) is not None and day <= report.span[0]:
        return {"submitted_on": _("提交日期早于报告期")}
    return {}


class Reports(Terms):
    """The reports; one that is entered fulfils what the permit owes for its term, one that was reviewed stays."""

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        return wrong(values)

    def refusal_to_change(self, person: Person, row: Any) -> Refused | None:
        if row.reviews.filter(phase__in=COMPLETED).exists():
            return Refused("state", _("这一期已经审核通过。"), _("请先由审核人员重新审核。"))
        return None

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        said = {name: value for name, value in values.items() if value is not None}
        report = super().open_row(said, by, at, **more)
        begin, end = report.span
        owed = Obligation.objects.filter(
            book=DUTIES[report.period].key, entity=report.permit_id, begin=begin, end=end,
            state=Obligation.State.DUE,
        )  # fmt: skip
        for obligation in owed:
            duty.fulfil(DUTIES[report.period], obligation, by=by, on=report.submitted_on)
        return report


@dataclass(frozen=True, kw_only=True, eq=False)
class Amounts(Terms):
    """Amounts lie where their report's permit does."""

    area: str = "report__permit__area_code"
    enterprise: str = "report__permit__parent__code"

    def attributes_of(self, values: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
        """The report that a row names by its permit and term."""
        values["report"] = _named(said)
        return values

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        """A table names its permit in words: it is one that the person may see."""
        seen = by is None or REPORTS.visible_to(by).filter(pk=values["report"].pk).exists()
        return {} if seen else {"report": _("这张许可证不在您的范围内。")}

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        if wrong := self.wrong(values, by):
            raise Refused("area", wrong["report"])
        return super().open_row(values, by, at, **more)

    def about(self, thing: int) -> Any:
        return models.Q(report__permit=thing) | models.Q(report__permit__parent=thing)


def _named(said: Mapping[str, Any]) -> ExecutionReport:
    """The report of a row: by the permit's number or its holder, and the term. Raises :class:`Refused`."""
    name = str(said.get("holder") or "").strip()
    rows = ExecutionReport.objects.filter(
        models.Q(permit__permit_no=name) | models.Q(permit__parent__name=name) | models.Q(permit__name=name),
        year=said.get("of_year") or 0, number=said.get("of_number") or 1, period=_PERIODS.get(str(said.get("of_period")), ""),
    )  # fmt: skip
    found = rows.first()
    if found is None:
        raise Refused("form", _("没有“%s”这一期的执行报告。") % name, _("请先登记执行报告。"))
    return found


_PERIODS = {
    "年报": "year",
    "半年报": "half",
    "季报": "quarter",
    "年": "year",
    "半年": "half",
    "季": "quarter",
}
FILERS = frozenset({Role.APPROVER, Role.ENTERPRISE, Role.MONITOR})
REPORTS = declare(Reports(
    key="execution_report", label="执行报告", line="approval", model=ExecutionReport,
    columns=("permit", "period", "year", "number", "submitted_on", "exceeded"),
    filters=("period", "year", "number", "exceeded", "submitted_on", Filter("permit", to=Permit)),
    search=("permit__name", "permit__permit_no"), lead="permit", under=("period",),
    fields=(Ask("permit", to=Permit), "period", "year", "number", "submitted_on", *SECTIONS, "exceeded", "explanation"),
    details=("period", "year", "number", "submitted_on", "due", *SECTIONS, "exceeded", "explanation"),
    labels={"due": "提交期限", "term": "报告"}, order=("-submitted_on", "-pk"), edit=FILERS,
    imports=Import(
        key=("permit", "period", "year", "number"),
        headers={"permit": ("许可证编号", "企业名称", "单位名称"), "period": ("类型", "报告期类型"), "number": ("季度",),
                 "submitted_on": ("提交时间",)},
        values={"period": {"年": "year", "季": "quarter", "半年": "half"}},
        examples={"permit": "示例印染有限公司排污许可证", "period": "季报", "year": "2026", "number": "3",
                  "submitted_on": "2026-10-12", "emission": "是"},
    ),
    empty="还没有执行报告。企业登记，或从许可平台导出后导入。",
))  # fmt: skip
declare_lookup(Lookup(
    key="execution_report", model=ExecutionReport, label="执行报告", rows=lambda person: (
        REPORTS.visible_to(person) if person is not None else ExecutionReport.objects.all()),
    exact=("permit__permit_no",), contains=("permit__name",), under=lambda row: row.term,
))  # fmt: skip
AMOUNTS = declare(Amounts(
    key="reported_amount", label="实际排放量", line="approval", model=ReportedAmount,
    columns=("report", "pollutant", "tonnes"), filters=(Filter("report", to=ExecutionReport),),
    search=("report__permit__name", "pollutant"), fields=(Ask("report", to=ExecutionReport), "pollutant", "tonnes"),
    lead="report", under=("pollutant",), edit=FILERS,
    imports=Import(
        columns=(asked_only("holder", "许可证编号", Kind.TEXT), asked_only("of_period", "报告类型", Kind.TEXT),
                 asked_only("of_year", "年度", Kind.INTEGER), asked_only("of_number", "期次", Kind.INTEGER, required=False),
                 "pollutant", "tonnes"),
        headers={"holder": ("企业名称", "单位名称", "排污许可证编号"), "of_period": ("类型",), "of_number": ("季度",),
                 "pollutant": ("因子",), "tonnes": ("实际排放量", "排放量")},
        examples={"holder": "示例印染有限公司", "of_period": "季报", "of_year": "2026", "of_number": "3",
                  "pollutant": "化学需氧量", "tonnes": "2.1"},
    ),
    empty="还没有实际排放量。在执行报告登记之后逐项登记。",
))  # fmt: skip


def _duty(period: str, label: str) -> Duty:
    """What permits owe each term; trades with other days are told by the report itself."""
    return declare(Duty(
        key=f"permit_report_{period}", label=label, line="approval", tab="permits",
        objects=lambda: Permit.objects.filter(**{f"report_{period}": True}, until=None), every=EVERY[period],
        due_after=lambda end: end + timedelta(days=int(data()[period])), remind_before=10, owed_by=frozenset({Role.ENTERPRISE, Role.APPROVER}),
        columns=("entity", "begin", "end", "due", "state", "done_on"), filters=("state", "area_code", "due"),
        edit=frozenset({Role.APPROVER}), empty="这一期还没有须提交的执行报告。",
    ))  # fmt: skip


DUTIES = {
    "year": _duty("year", "执行报告年报"),
    "half": _duty("half", "执行报告半年报"),
    "quarter": _duty("quarter", "执行报告季报"),
}


def terms_over(permit: Permit, year: int, today: date | None = None) -> list[tuple[str, int]]:
    """The reports that the permit owed for terms of ``year`` whose day is past: (period, number)."""
    today = today or timezone.localdate()
    owed = []
    for period, count in (("quarter", 4), ("half", 2), ("year", 1)):
        if not getattr(permit, f"report_{period}"):
            continue
        for n in range(1, count + 1):
            report = ExecutionReport(permit=permit, period=period, year=year, number=n)
            if report.due < today and not (
                permit.valid_from and report.span[1] < permit.valid_from
            ):
                owed.append((period, n))
    return owed
