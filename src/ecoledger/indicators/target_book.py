"""How the targets of a book stand on a day: measured live, beside the time gone, and what the rest must bring.

A book's own totals are told by kind (22 = 14 + 4 + 4; conditions apart). A target without value is 数据缺, never
nought, and has no score.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.indicators import doors, of_registers, storing, targets
from ecoledger.indicators.declaring import Indicator, Span, indicator_of, key_of
from ecoledger.indicators.figures import PERCENT, Figure, absent, printed, quantity, written
from ecoledger.listings.refusals import Refused
from ecoledger.monitoring.models import Point
from ecoledger.registers.plan.short_boards import REGISTER as SHORT_BOARDS
from ecoledger.registers.plan.target_book import PlanTarget

Kind = PlanTarget.Kind
# Kinds that count as indicators; basic conditions stand apart.
INDICATORS = (Kind.BINDING, Kind.EXPECTED, Kind.LEADING, Kind.REFERENCE)


@dataclass(frozen=True, slots=True)
class Totals:
    """How many indicators a book has, by kind, and how many conditions apart from them."""

    indicators: int
    by_kind: tuple[tuple[str, int], ...]
    conditions: int

    @property
    def sentence(self) -> str:
        """``22项（约束性14项、预期性4项、引领性4项）``"""
        parts = _("、").join(
            _("%(kind)s%(n)d项") % {"kind": _(label), "n": n} for label, n in self.by_kind
        )
        words = _("%d项") % self.indicators + (_("（%s）") % parts if parts else "")
        more = _("，另有基本条件%d项") % self.conditions if self.conditions else ""
        return f"{words}{more}"


def said_elsewhere(rows: Iterable[PlanTarget], every: QuerySet[PlanTarget]) -> dict[int, str]:
    """Targets of which another source sets another number for the same indicator, area and year: by key, who says what.

    Other sources are the books among ``every`` and the year's targets of the profile.
    """
    chosen = [row for row in rows if row.indicator and row.target is not None]
    others = list(
        every.filter(indicator__in={row.indicator for row in chosen}).exclude(target=None)
    )
    result: dict[int, str] = {}
    for row in chosen:
        said = {
            other.book: Fraction(other.target)
            for other in others
            if (other.indicator, other.area_code, other.year)
            == (row.indicator, row.area_code, row.year)
            and other.target is not None
            and other.book != row.book
        }
        try:
            goals = targets.of(row.area_code, row.year)
        except targets.TargetsError:
            goals = []
        said |= {_("年度目标"): g.value for g in goals if g.indicator.key == row.indicator}
        unlike = [(who, value) for who, value in said.items() if value != Fraction(row.target or 0)]
        if unlike:
            result[row.pk] = _("；").join(
                f"{who} {float(value):.10g}{row.unit}" for who, value in unlike
            )
    return result


def totals(rows: Iterable[PlanTarget]) -> Totals:
    """The totals of a book's targets; every row counts in exactly one kind."""
    counted = Counter(row.kind for row in rows)
    by_kind = tuple((str(k.label), counted[k.value]) for k in INDICATORS if counted[k.value])
    return Totals(sum(n for _k, n in by_kind), by_kind, counted[Kind.CONDITION.value])


@dataclass(frozen=True, slots=True)
class Standing:
    """One target on a day. ``step``: what the quarter's end asks. ``rest``: what the rest must be, in words.

    ``pace`` is the share of the target reached, ``gone`` the share of the year over; both of 1.
    """

    target: PlanTarget
    figure: Figure
    met: bool | None
    gone: Fraction
    step: Decimal | None = None
    pace: Fraction | None = None
    rest: str = ""
    score: Decimal | None = None
    children: tuple[Standing, ...] = field(default=())
    # What the other says, where what was reported and what the house computes by the same name are not alike.
    beside: str = ""

    @property
    def untold(self) -> bool:
        """Whether its figure is there and not told to who asked."""
        return self.figure.missing == of_registers.KEPT_BACK

    @property
    def gap(self) -> str:
        """How far the value is from the target, shares in percentage points."""
        if self.figure.value is None or self.target.target is None:
            return ""
        difference = self.figure.value - Fraction(self.target.target)
        unit = "个百分点" if self.target.unit == PERCENT else self.target.unit
        decimals = max(self.figure.decimals, 1 if self.target.unit == PERCENT else 0)
        return _("%(much)s%(unit)s") % {"much": printed(difference, decimals), "unit": _(unit)}

    @property
    def verdict(self) -> str:
        """``time and task``: 时间过半、任务超半, said of targets that are amassed."""
        if self.pace is None:
            return ""
        if self.pace < self.gone:
            return _("任务进度滞后于时间进度")
        half = Fraction(1, 2)
        return (
            _("时间过半、任务超半") if self.gone >= half < self.pace else _("任务进度快于时间进度")
        )


def standings(rows: Iterable[PlanTarget], on: date, person: Person | None = None) -> list[Standing]:
    """Every target as it stands at the end of the day before ``on``, as ``person`` may know it; ``None``: in a document.

    What he may not know is not computed; nothing follows from it, no mark and no total.
    """
    rows = list(rows)
    back: dict[str, set[str]] = {}
    for code, register in of_registers.kept_back({row.area_code for row in rows}):
        back.setdefault(code, set()).add(register)
    return [_standing(row, on, back.get(row.area_code, set()), person) for row in rows]


def standing(row: PlanTarget, on: date, person: Person | None = None) -> Standing:
    """One target: measured by its indicator, else as reported, else by whether its words are met."""
    return standings([row], on, person)[0]


def _standing(row: PlanTarget, on: date, back: Collection[str], person: Person | None) -> Standing:
    begin, end = date(row.year, 1, 1), date(row.year + 1, 1, 1)
    until = min(max(on, begin + timedelta(days=1)), end)
    gone = Fraction((until - begin).days, (end - begin).days)
    figure = _figure(row, Span(begin, until), back, person)
    step = _step(row, until)
    if row.target is not None:
        met = _met(row, figure, row.target)
    else:
        met = row.met_by_words if row.words else None
    pace = _pace(row, figure)
    rest = _assured(row, figure, until) or _rest(row, figure, until, end)
    beside = _beside(row, figure, Span(begin, until), back, person)
    score = _score(row, figure, met)
    return Standing(row, figure, met, gone, step, pace, rest, score, beside=beside)


def _beside(
    row: PlanTarget, figure: Figure, span: Span, back: Collection[str], person: Person | None
) -> str:
    if row.reported is None or figure.value is None:
        return ""
    if row.indicator:
        return _("填报%s") % _reported(row) if _unlike(row, figure) else ""
    try:
        measured = indicator_of(key_of(row.name))
    except KeyError:
        return ""
    if measured.unit != row.unit or of_registers.untold(measured, back, person):
        return ""
    if measured.source.undated and of_registers.is_over(span):
        return ""  # as it stands today, which is nothing of that year
    computed = storing.figure(measured, row.area_code, span)
    return _("系统核算%s") % computed if _unlike(row, computed) else ""


def _unlike(row: PlanTarget, computed: Figure) -> bool:
    """Whether a reported value and a computed one differ in what both print."""
    if row.reported is None or computed.value is None:
        return False
    decimals = min(max(-_exponent(row.reported), 0), computed.decimals)
    return printed(Fraction(row.reported), decimals) != printed(computed.value, decimals)


def end_of(year: int, today: date) -> date:
    """The day up to which a year is looked at: its end, or today while it runs."""
    return max(min(date(year + 1, 1, 1), today), date(year, 1, 2))


@dataclass(frozen=True, slots=True)
class Years:
    """A book that runs over several years: for each number its name and its step of each year, if it has one."""

    years: tuple[int, ...]
    rows: tuple[tuple[str, str, tuple[PlanTarget | None, ...]], ...]


def years(rows: QuerySet[PlanTarget], book: str) -> Years | None:
    """The steps of a book over its years; ``None`` of a book of one year."""
    steps = list(rows.filter(book=book).order_by("year", "pk"))
    found = tuple(sorted({step.year for step in steps}))
    if len(found) < 2:
        return None
    by_number: dict[str, dict[int, PlanTarget]] = {}
    for step in steps:
        by_number.setdefault(step.number, {})[step.year] = step
    return Years(
        found,
        tuple(
            (number, of[max(of)].name, tuple(of.get(year) for year in found))
            for number, of in by_number.items()
        ),
    )


def _figure(row: PlanTarget, span: Span, back: Collection[str], person: Person | None) -> Figure:
    door = doors.PLAN_TARGETS.opens(id=str(row.pk))
    if row.indicator:
        measured = _declared(row)
        if measured is None:
            return absent(row.name, door, f"没有指标 {row.indicator}")
        if of_registers.untold(measured, back, person):
            return absent(row.name, door, of_registers.KEPT_BACK)
        if measured.source.undated and of_registers.is_over(span):
            return _reported(row)  # as it stands today tells nothing of a year that is over
        return storing.figure(measured, row.area_code, span)
    return _reported(row)


def _reported(row: PlanTarget) -> Figure:
    door = doors.PLAN_TARGETS.opens(id=str(row.pk))
    if row.reported is None:
        return absent(row.name, door, "数据缺")
    return quantity(row.name, row.reported, max(-_exponent(row.reported), 0), row.unit, door)


def _exponent(value: Decimal) -> int:
    exponent = value.normalize().as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _met(row: PlanTarget, figure: Figure, level: Decimal) -> bool | None:
    if figure.value is None:
        return None
    goal = Fraction(level)
    measured = _declared(row)
    if measured is not None and measured.target:
        return measured.behaviour.met(figure, goal, higher=row.comparator != "<=")
    match row.comparator:
        case "<=":
            return figure.value <= goal
        case "=":
            return figure.value == goal or figure.value > goal
    return figure.value >= goal


def _declared(row: PlanTarget) -> Indicator | None:
    if not row.indicator:
        return None
    try:
        return indicator_of(row.indicator)
    except KeyError:
        return None


def _step(row: PlanTarget, until: date) -> Decimal | None:
    """What the quarter that the last day lies in must come to."""
    quarter = ((until - timedelta(days=1)).month - 1) // 3 + 1
    steps = {1: row.q1, 2: row.q2, 3: row.q3, 4: row.target}
    return steps[quarter]


def _pace(row: PlanTarget, figure: Figure) -> Fraction | None:
    """The share reached, of targets that are amassed over the year: counts and amounts, no shares or means."""
    if figure.value is None or not row.target or row.comparator == "<=" or row.unit == PERCENT:
        return None
    declared = _declared(row)
    if declared is not None and declared.target in ("mean", "percentile", "ratio_of_days"):
        return None
    return figure.value / Fraction(row.target)


def _assured(row: PlanTarget, figure: Figure, until: date) -> str:
    """What the days left may have, where the indicator knows (air); "" elsewhere."""
    declared = targets.INDICATORS.get(row.indicator)
    if declared is None or declared.progress is None or row.target is None:
        return ""
    point = Point.objects.filter(kind=Point.Kind.AREA, area_code=row.area_code).first()
    if point is None or until.year != row.year:
        return ""
    goal = targets.Target(declared, row.year, Fraction(row.target), row.area_code)
    return targets.standing(declared, targets.year(point, until), goal).rest_words


def _rest(row: PlanTarget, figure: Figure, until: date, end: date) -> str:
    """What is left of an amount, and how much a month that asks."""
    pace = _pace(row, figure)
    if pace is None or row.target is None or figure.value is None or pace >= 1 or until >= end:
        return ""
    left = Fraction(row.target) - figure.value
    months = Fraction((end - until).days * 12, 365)
    each = printed(left / months, 1) if months else "—"
    return _("还差%(left)s%(unit)s，余下每月须完成%(each)s%(unit)s") % {
        "left": f"{float(left):.10g}",
        "unit": row.unit,
        "each": each,
    }


def _score(row: PlanTarget, figure: Figure, met: bool | None) -> Decimal | None:
    """Full marks for a target met; else the share reached of them (the house's rule, where no other is agreed)."""
    if row.weight is None or met is None:
        return None
    if met:
        return row.weight
    if figure.value is None or not row.target:
        return Decimal(0)
    share = figure.value / Fraction(row.target)
    if row.comparator == "<=":
        share = 1 / share if share else Fraction(0)
    part = Fraction(row.weight) * min(max(share, Fraction(0)), Fraction(1))
    return Decimal(printed(part, 2))


@dataclass(frozen=True, slots=True)
class Marked:
    """A book's marks: what was given of what could be, and how many targets have none for lack of data."""

    given: Decimal
    full: Decimal
    lacking: int


def marked(rows: Iterable[Standing]) -> Marked:
    """The sum of marks; targets without data are left out of the full marks too."""
    every = [row for row in rows if row.target.weight is not None]
    scored = [row for row in every if row.score is not None]
    return Marked(
        sum((row.score or Decimal(0) for row in scored), Decimal(0)),
        sum((row.target.weight or Decimal(0) for row in scored), Decimal(0)),
        sum(1 for row in every if row.score is None and not row.untold),
    )


def goal(row: PlanTarget) -> str:
    """What a target asks: 不低于40%, 不高于60 µg/m³, or its words."""
    if row.target is None:
        return row.words
    return f"{row.get_comparator_display()}{written(f'{float(row.target):.10g}', row.unit)}"


def list_short(row: PlanTarget, on: date, *, by: Person) -> Any:
    """Open the short board of a target that is missed. Raises :class:`Refused` for one that is not, and for one whose
    figure only some may know: many read a short board, whoever lists it.
    """
    now = standing(row, on)
    if now.untold:
        raise Refused("state", _("“%s”的现值属限定知悉范围，不能列为短板。") % row.name)
    if now.met is not False:
        raise Refused("state", _("“%s”没有未达到，不能列为短板。") % row.name)
    return SHORT_BOARDS.open_row(
        {
            "year": row.year,
            "title": row.name,
            "area_code": row.area_code,
            "owner_organisation": row.lead,
            "now_value": now.figure.display,
            "target_value": goal(row)[:60],
            "finish_by": date(row.year, 12, 31),
            "description": f"《{row.book}》{row.number}：{goal}，现为{now.figure.display}，{now.gap}",
        },
        by,
        timezone.now(),
    )
