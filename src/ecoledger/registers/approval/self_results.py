"""自行监测结果 (mechanism Q19): what firms measured by hand of what their permits ask, and what is missing of it.

A term of a frequency (a month, a quarter) needs one day with a result; automatic monitoring needs the hours of the point
that stands at the outlet.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books.duty import Every, term_of
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Import, Kind, TableRow
from ecoledger.listings.refusals import Refused
from ecoledger.matters.workflow import COMPLETED
from ecoledger.matters.workflow import said as asked_only
from ecoledger.monitoring.hourly import hours
from ecoledger.monitoring.models import Point, PointParameter
from ecoledger.registers.approval.permit_terms import (
    MONITORING,
    Frequency,
    PermitMonitoring,
    Terms,
)
from ecoledger.registers.approval.permits import Permit
from ecoledger.standards.readings import UnreadableReadingError, parse

_EVERY = {
    Frequency.WEEK: Every.WEEK,
    Frequency.MONTH: Every.MONTH,
    Frequency.QUARTER: Every.QUARTER,
    Frequency.HALF: Every.HALF_YEAR,
    Frequency.YEAR: Every.YEAR,
}


class SelfResult(models.Model):
    """One result of one factor at one place (自行监测结果)."""

    term = models.ForeignKey(
        PermitMonitoring, verbose_name="监测要求", on_delete=models.PROTECT, related_name="results"
    )
    on = models.DateField("监测日期", db_index=True)
    value = models.DecimalField("结果", max_digits=14, decimal_places=5, null=True, blank=True)
    below = models.BooleanField("未检出", default=False)
    unit = models.CharField("单位", max_length=20, blank=True)
    laboratory = models.CharField("监测单位", max_length=120, blank=True)
    report_no = models.CharField("报告编号", max_length=80, blank=True)
    published_on = models.DateField("公开日期", null=True, blank=True)

    class Meta:
        verbose_name = "自行监测结果"
        ordering = ["-on", "-id"]
        indexes = [models.Index(fields=["term", "on"], name="self_result_of_term")]

    def __str__(self) -> str:
        return f"{self.term} {self.on:%Y-%m-%d}"

    @property
    def over(self) -> bool:
        """Whether it is above the permit's limit; where units differ nothing is said."""
        limit = self.term.limit
        if limit is None or self.value is None or self.below:
            return False
        return self.value > limit and (
            not self.unit or not self.term.unit or self.unit == self.term.unit
        )


@dataclass(frozen=True, kw_only=True, eq=False)
class Results(Terms):
    """Results lie where their permit does; a table names them by permit, place and factor."""

    area: str = "term__permit__area_code"
    enterprise: str = "term__permit__parent__code"

    def about(self, thing: int) -> Any:
        return models.Q(term__permit=thing) | models.Q(term__permit__parent=thing)

    def read_row(self, row: TableRow) -> None:
        """A laboratory writes what it did not find into the column of results: 0.02L, <0.02, ND, 未检出."""
        super().read_row(row)
        text = row.texts.get("value", "")
        try:
            reading = parse(text)
        except UnreadableReadingError:
            return
        if reading.below_detection:
            row.values["below"] = "1"
            row.values["value"] = "" if reading.bound is None else f"{reading.bound:.12g}"

    def attributes_of(self, values: dict[str, Any], said: Mapping[str, Any]) -> dict[str, Any]:
        values["term"] = _asked_of(said)
        if said.get("below") == "1":  # also where the table has no column of it
            values["below"] = True
        return values

    def wrong(self, values: Mapping[str, Any], by: Person | None) -> Mapping[str, str]:
        """No concentration is below nought, nothing was measured tomorrow, and something was."""
        value, on = values.get("value"), values.get("on")
        if on is not None and on > timezone.localdate():
            return {"on": _("监测日期在今天之后。")}
        if value is None:
            return {} if values.get("below") else {"value": _("请填写结果，或勾选未检出。")}
        return {"value": _("结果不能为负。")} if value < 0 else {}

    def refusal_to_change(self, person: Person, row: Any) -> Refused | None:
        """What the review of a month, or of the term that ended in it, has counted stays."""
        every = _EVERY.get(row.term.frequency, Every.MONTH)
        months = (row.on.replace(day=1), term_of(every, row.on).end)
        rows = row.term.permit.self_reviews.filter(month__range=months, phase__in=COMPLETED)
        if rows.exists():
            return Refused("state", _("这一期已经审核通过。"), _("请先由审核人员重新审核。"))
        return None

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        kept = {name: value for name, value in values.items() if value is not None}
        _refuse_strange(kept["term"], by)
        return super().open_row(kept, by, at, **more)


def _refuse_strange(term: PermitMonitoring, by: Person | None) -> None:
    """A table names its permit in words: it is one that the person may see."""
    if by is not None and not MONITORING.visible_to(by).filter(pk=term.pk).exists():
        raise Refused("area", _("这张许可证不在您的范围内。"))


def _asked_of(said: Mapping[str, Any]) -> PermitMonitoring:
    """The requirement that a row of a laboratory's table meets. Raises :class:`Refused`."""
    holder, place, factor = (str(said.get(n) or "").strip() for n in ("holder", "where", "factor"))
    rows = PermitMonitoring.objects.filter(
        models.Q(permit__permit_no=holder) | models.Q(permit__parent__name=holder) | models.Q(permit__name=holder),
        factor=factor,
    )  # fmt: skip
    found = list(rows.filter(models.Q(place=place) | models.Q(outlet__number=place))[:2])
    if len(found) != 1:
        said_so = {"holder": holder, "where": place, "factor": factor}
        raise Refused("form", _("许可证没有这一项自行监测要求：%(holder)s %(where)s %(factor)s。") % said_so,
                      _("请核对名称，或先登记自行监测要求。"))  # fmt: skip
    return found[0]


RESULTS = declare(Results(
    key="self_result", label="自行监测结果", line="approval", model=SelfResult,
    columns=("term", "on", "value", "below", "unit", "laboratory", "published_on"),
    filters=("on", "below"), search=("term__permit__name", "term__factor", "report_no"),
    fields=("term", "on", "value", "below", "unit", "laboratory", "report_no", "published_on"),
    lead="term", under=("on",), order=("-on", "-pk"),
    edit=frozenset({Role.APPROVER, Role.MONITOR, Role.ENTERPRISE}),
    imports=Import(
        columns=(asked_only("holder", "企业名称", Kind.TEXT), asked_only("where", "监测点", Kind.TEXT),
                 asked_only("factor", "污染物", Kind.TEXT), "on", "value", "below", "unit", "laboratory", "report_no",
                 "published_on"),
        headers={"holder": ("单位名称", "许可证编号"), "where": ("监测点位", "排放口编号", "排口", "点位"), "factor": ("因子", "监测项目"),
                 "on": ("采样日期", "监测时间"), "value": ("监测结果", "浓度"), "laboratory": ("检测机构",)},
        examples={"holder": "示例印染有限公司", "where": "DA001", "factor": "二氧化硫", "on": "2026-10-14", "value": "21",
                  "unit": "mg/m³"},
    ),
    empty="还没有自行监测结果。从企业公开平台导出或由企业登记。",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """How a requirement was met in a span: ``wanted`` and ``got`` are terms (automatic: hours), ``over`` values above the
    limit. ``pending``: the term is not over yet, so that nothing is missing so far."""

    term: PermitMonitoring
    wanted: int
    got: int
    over: int
    missing: str = ""

    @property
    def short(self) -> bool:
        return self.got < self.wanted


def terms_between(frequency: str, begin: date, end: date) -> Iterator[tuple[date, date]]:
    """The terms of a frequency that end in the span: what was to be measured by its end.

    >>> [a.month for a, _b in terms_between("month", date(2026, 7, 1), date(2026, 9, 30))]
    [7, 8, 9]
    >>> list(terms_between("quarter", date(2026, 8, 1), date(2026, 8, 31)))
    []
    """
    if frequency == Frequency.DAY:
        day = begin
        while day <= end:
            yield day, day
            day += timedelta(days=1)
        return
    every = _EVERY[Frequency(frequency)]
    day = begin
    while day <= end:
        term = term_of(every, day)
        if begin <= term.end <= end:
            yield term.begin, term.end
        day = term.end + timedelta(days=1)


def measured(permit: Permit, begin: date, end: date) -> list[Measured]:
    """What each requirement of a permit came to in a span of days, both in it."""
    rows = list(permit.monitoring.select_related("outlet"))
    days: dict[int, list[SelfResult]] = {}
    first = begin.replace(month=1, day=1)  # a yearly term reaches back
    for result in SelfResult.objects.filter(term__in=rows, on__range=(first, end)).select_related(
        "term"
    ):
        days.setdefault(result.term_id, []).append(result)
    return [
        _automatic(row, begin, end) if row.frequency == Frequency.AUTO
        else _by_hand(row, days.get(row.pk, []), begin, end)
        for row in rows
    ]  # fmt: skip


def shortfalls(permit: Permit, begin: date, end: date) -> list[Measured]:
    """Those that were measured less often than asked."""
    return [result for result in measured(permit, begin, end) if result.short]


def _by_hand(row: PermitMonitoring, results: list[SelfResult], begin: date, end: date) -> Measured:
    terms = list(terms_between(row.frequency, begin, end))
    empty = [(a, b) for a, b in terms if not any(a <= r.on <= b for r in results)]
    over = sum(r.over for r in results if begin <= r.on <= end)
    told = "、".join(f"{a:%m-%d}" if a == b else f"{a:%m-%d}—{b:%m-%d}" for a, b in empty[:6])
    return Measured(row, len(terms), len(terms) - len(empty), over, told)


def _automatic(row: PermitMonitoring, begin: date, end: date) -> Measured:
    """Hours of the point that stands at the outlet and sends the factor."""
    days = (end - begin).days + 1
    where = PointParameter.objects.filter(
        models.Q(name=row.factor) | models.Q(code=row.factor),
        point__entity=row.outlet_id, point__enabled=True, point__kind__in=(Point.Kind.FLUE_GAS, Point.Kind.WASTEWATER),
    ).first()  # fmt: skip
    if row.outlet_id is None or where is None:
        return Measured(row, 24 * days, 0, 0, _("排放口没有传输这一因子的自动监测点"))
    frame = hours(
        [where.point_id], [where.code],
        datetime.combine(begin, time()), datetime.combine(end + timedelta(days=1), time()),
    )  # fmt: skip
    got = len(frame)
    limit = float(row.limit) if row.limit is not None else None
    over = 0 if limit is None else sum(value > limit for value in frame["value"].to_list())
    told = "" if got >= 24 * days else _("缺 %d 小时") % (24 * days - got)
    return Measured(row, 24 * days, got, over, told)


def share(rows: list[Measured]) -> Decimal | None:
    """Completed ÷ wanted over requirements, percent: 完成率. Hours and terms are each counted as their requirement's part."""
    wanted = [row for row in rows if row.wanted]
    if not wanted:
        return None
    parts = sum((Decimal(min(row.got, row.wanted)) / row.wanted for row in wanted), Decimal(0))
    return (100 * parts / len(wanted)).quantize(Decimal("0.1"))
