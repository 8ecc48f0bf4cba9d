"""Who is due a notice, a warning letter or an interview, by the bureau's rules; proposed once a rule, place and period.

A rule without data proposes nothing: what is not known is no failure. Nor does a figure that only some may know:
a breach is shown, and proposed as a matter that many read.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from django.utils import timezone

from ecoledger.accounts.models import Organisation, Person
from ecoledger.entities.models import Area
from ecoledger.indicators import of_registers, scorecards, storing, targets
from ecoledger.indicators.declaring import HIGHER, Indicator, Span, indicator_of
from ecoledger.indicators.figures import Figure
from ecoledger.listings import own_data
from ecoledger.matters import actions
from ecoledger.registers.plan.warnings import REGISTER, WarningLetter

FILE = "warning_rules.toml"


class RulesError(ValueError):
    """The file of rules says something that cannot be; the message names the rule."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as its file has it."""

    key: str
    label: str
    measure: str
    indicator: str
    per: str
    over: str
    worse_than: int | float | str
    times: int
    reply_days: int
    mark: str = "M"

    def of(self) -> Indicator | None:
        """The indicator; ``None`` while its register does not stand."""
        try:
            return indicator_of(self.indicator)
        except KeyError:
            return None


def rules() -> tuple[Rule, ...]:
    """The rules in force. Raises :class:`RulesError`."""
    said = own_data.read(__package__, FILE.removesuffix(".toml"))
    result = []
    for row in said.get("rule", ()):
        try:
            rule = Rule(**row, mark=said.get("mark", "M"))
        except TypeError as wrong:
            raise RulesError(f"{FILE}：规则 {row.get('key', '?')}：{wrong}") from wrong
        if rule.measure not in WarningLetter.Measure.values or rule.per not in ("month", "quarter"):
            raise RulesError(f"{FILE}：规则 {rule.key} 的 measure 或 per 不认识")
        result.append(rule)
    return tuple(result)


@dataclass(frozen=True, slots=True)
class Breach:
    """A rule broken by a place in a period, with the figure that broke it."""

    rule: Rule
    area_code: str
    period: str
    figure: Figure
    limit: str


def span_before(per: str, on: date, back: int = 1) -> Span:
    """The month or quarter ``back`` periods before the one of ``on``; 0 is that one."""
    months = 1 if per == "month" else 3
    first = (on.year * 12 + on.month - 1) // months * months
    begin, end = first - months * back, first - months * (back - 1)
    return Span(date(begin // 12, begin % 12 + 1, 1), date(end // 12, end % 12 + 1, 1))


def period_name(span: Span, per: str) -> str:
    """``2026-05`` or ``2026Q2``."""
    if per == "month":
        return f"{span.begin:%Y-%m}"
    return f"{span.begin.year}Q{(span.begin.month - 1) // 3 + 1}"


def period_said(period: str) -> str:
    """As letters write it.

    >>> period_said("2026-10"), period_said("2026Q2")
    ('2026年10月', '2026年二季度')
    """
    year, quarter, number = period.partition("Q")
    if quarter:
        return f"{year}年{'一二三四'[int(number) - 1]}季度"
    year, _, month = period.partition("-")
    return f"{year}年{int(month)}月"


def breaches(area_code: str, on: date) -> list[Breach]:
    """Every rule that a place of the division has broken, by the last period that is over or as things stand."""
    return list(_breaches(area_code, on))


def _breaches(area_code: str, on: date) -> Iterator[Breach]:
    for rule in rules():
        indicator = rule.of()
        if indicator is None:
            continue
        places = scorecards.towns(area_code) if rule.over == "towns" else [area_code]
        for place in places:
            if breach := _breach(rule, indicator, place, area_code, on):
                yield breach


def _breach(rule: Rule, indicator: Indicator, place: str, whole: str, on: date) -> Breach | None:
    limit = _limit(rule, place, whole, on.year)
    if limit is None or of_registers.untold_of(indicator, place):
        return None
    figures = []
    # What is counted at a moment is judged now, what comes to be in a span by the last that is over.
    last = 0 if indicator.source.as_of_now else 1
    for back in range(last, last + rule.times):
        figure = storing.figure(indicator, place, span_before(rule.per, on, back))
        if figure.value is None or not _worse(indicator, figure.value, limit):
            return None
        figures.append(figure)
    span = span_before(rule.per, on, last)
    return Breach(rule, place, period_name(span, rule.per), figures[0], _said(indicator, limit))


def _worse(indicator: Indicator, value: Fraction, limit: Fraction) -> bool:
    return value < limit if indicator.better == HIGHER else value > limit


def _said(indicator: Indicator, limit: Fraction) -> str:
    return f"{indicator.word}{float(limit):.10g}{indicator.unit}"


def _limit(rule: Rule, place: str, whole: str, year: int) -> Fraction | None:
    if rule.worse_than != "target":
        return Fraction(str(rule.worse_than))
    for code in (place, whole):
        for goal in targets.of(code, year):
            if goal.indicator.key == rule.indicator:
                return goal.value
    return None


def propose(
    area_code: str, on: date | None = None, *, by: Person | None = None, at: datetime | None = None
) -> list[Any]:
    """Open a matter for each breach that has none yet; a place due an interview gets no letter for the same."""
    on = on or timezone.localdate()
    found = breaches(area_code, on)
    interviewed = {(b.area_code, b.rule.indicator) for b in found if b.rule.measure == "interview"}
    return [
        _opened(breach, on, by, at)
        for breach in found
        if not _there(breach)
        and (
            breach.rule.measure == "interview"
            or (breach.area_code, breach.rule.indicator) not in interviewed
        )
    ]


def _there(breach: Breach) -> bool:
    return WarningLetter.objects.filter(
        rule=breach.rule.key,
        indicator=breach.rule.indicator,
        period=breach.period,
        area_of=breach.area_code,
    ).exists()


def _opened(breach: Breach, on: date, by: Person | None, at: datetime | None) -> Any:
    rule = breach.rule
    name = Area.objects.filter(code=breach.area_code).values_list("name", flat=True).first() or ""
    town = (
        Organisation.objects.filter(kind="town", area_code=breach.area_code).order_by("pk").first()
    )
    of = rule.of()
    measured = of.full_name if of is not None else breach.figure.label
    words = (
        f"{name}{period_said(breach.period)}{measured}{breach.figure.display}，要求{breach.limit}"
    )
    parts = f"（{breach.figure.parts}）" if breach.figure.parts else ""
    return actions.open_matter(
        REGISTER,
        {
            "measure": rule.measure,
            "title": f"{name}{rule.label}",
            "description": f"{words}{parts}。",
            "area_code": breach.area_code,
            "owner_organisation": town,
            "rule": rule.key,
            "indicator": rule.indicator,
            "period": breach.period,
            "value": breach.figure.display,
            "limit": breach.limit,
            "reply_by": on + timedelta(days=rule.reply_days),
            "origin": f"规则：{rule.label}",
        },
        by=by,
        at=at,
    )


def propose_everywhere(on: date | None = None) -> int:
    """The month's round over every county-level division; how many were proposed."""
    counties: Iterable[str] = Area.objects.order_by("code").values_list("code", flat=True)
    return sum(len(propose(code, on)) for code in counties if len(code) == scorecards.TOWN - 3)
