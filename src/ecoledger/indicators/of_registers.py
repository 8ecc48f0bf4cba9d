"""Every register's counts and shares as indicators: the four that all have, and those it declares itself.

A register that is declared tomorrow has its indicators without a line here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from django.db.models import Count, DateTimeField, Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import CAPABILITIES
from ecoledger.entities.models import Area
from ecoledger.entities.validity import in_force
from ecoledger.indicators import doors
from ecoledger.indicators.declaring import HIGHER, LOWER, Indicator, Source, Span
from ecoledger.indicators.figures import PERCENT, Figure, Records, count, ratio
from ecoledger.listings.derive import field_at
from ecoledger.live.times import midnight
from ecoledger.matters.measures import EVERY, Measure
from ecoledger.matters.models import NARROW, Clock, Event, Matter
from ecoledger.matters.register import OPEN_WORK, Register, all_registers, register_of

# By which field work counts as begun where a register says nothing else.
ENTERED = "opened_at"
# Why a figure of one town is not told.
KEPT_BACK = "限定知悉范围"
# Digits of a county's code, and of a town's.
_COUNTY, _TOWN = 6, 9


@dataclass(frozen=True)
class Counting:
    """A register's matters of an area, and the span that is asked of."""

    register: Register
    area_code: str
    span: Span

    def matters(self) -> QuerySet[Matter]:
        """Those that count: neither withdrawn nor merged into another."""
        return self.register.model._default_manager.filter(
            area_code__startswith=self.area_code, withdrawn_at=None, merged_into=None
        )

    def dated(self, measure: Measure) -> QuerySet[Matter]:
        """Those whose moment, or step, lies in the span; without one, all."""
        inside = within(self.register.model, measure.dated, self.span)
        if measure.step:
            inside = _took(measure, self.span) | inside & measure.past & ~_took(measure)
        return self.matters().filter(inside)

    def figure(self, measure: Measure) -> Figure:
        """The number or share, with the door to its matters."""
        rows = self.dated(measure)
        if measure.denominator is None:
            return count(
                measure.name,
                rows.filter(counted(measure, self.span)).count(),
                self.list_of(measure),
                measure.unit,
            )
        whole = rows.filter(measure.denominator)
        return ratio(
            measure.name,
            whole.filter(measure.numerator).count(),
            whole.count(),
            self.records_of(measure),
            missing=measure.missing,
        )

    def list_of(self, measure: Measure) -> Records:
        """The register's own list where it can show what was counted, else the generic page."""
        if measure.query is None or (measure.at is not None and is_over(self.span)):
            return self.records_of(measure)
        return doors.MATTERS.opens(
            register=self.register.key, area_code=self.area_code, **measure.query
        )

    def records_of(self, measure: Measure) -> Records:
        """The generic page of the matters that were counted."""
        return doors.COUNTED_MATTERS.opens(
            indicator=f"{self.register.key}.{measure.key}",
            area=self.area_code,
            begin=self.span.begin.isoformat(),
            end=self.span.end.isoformat(),
        )


def late() -> Q:
    """Open work whose time is over."""
    return OPEN_WORK & Q(due__lt=timezone.now())


def within(model: type[Matter], dated: str, span: Span) -> Q:
    """That the day or moment ``dated`` lies in a span; without one, everything."""
    if not dated:
        return Q()
    begin: Any = span.begin
    end: Any = span.end
    if isinstance(field_at(model, dated), DateTimeField):
        begin, end = midnight(begin), midnight(end)
    return Q(**{f"{dated}__gte": begin, f"{dated}__lt": end})


def _took(measure: Measure, span: Span | None = None) -> Q:
    """That a matter took the measure's step: ever, or within a span with what the measure asks."""
    steps = Event.objects.filter(matter=OuterRef("pk"), transition=measure.step)
    if span is not None:
        said = {f"form__{name}": value for name, value in measure.said.items()}
        steps = steps.filter(at__gte=midnight(span.begin), at__lt=midnight(span.end), **said)
    return Q(Exists(steps))


def open_at(at: datetime, begins: str = ENTERED) -> Q:
    """Work that was open at a moment: begun before it and not ended by then. Of a matter that was reopened
    its last end counts."""
    begun = Q(opened_at__lt=at)
    if begins != ENTERED:
        # A column of days takes of the moment its day.
        begun = Q(**{f"{begins}__lt": at}) | (begun & Q(**{f"{begins}__isnull": True}))
    return begun & Q(merged_into=None) & (OPEN_WORK | Q(closed_at__gte=at))


def late_at(at: datetime, begins: str = ENTERED) -> Q:
    """Work that was open at a moment with a duty's time over: its clock ran then and was due before."""
    running = Q(stopped_at=None) | Q(stopped_at__gte=at)
    duties = Clock.objects.filter(running, matter=OuterRef("pk"), due__lt=at).exclude(
        name__in=waiting_clocks()
    )
    return open_at(at, begins) & Q(Exists(duties))


def waiting_clocks() -> set[str]:
    """Names of the clocks that only wait for somebody outside: nobody's duty."""
    rules = [rule for register in all_registers() for rule in register.workflow.clocks]
    duties = {rule.name for rule in rules if not rule.waiting}
    return {rule.name for rule in rules if rule.waiting} - duties


def is_over(span: Span) -> bool:
    """Whether a span lies wholly in the past."""
    return midnight(span.end) <= timezone.now()


def counted(measure: Measure, span: Span) -> Q:
    """What a measure counts: at the end of a span that is over, where it can tell, else now."""
    if measure.at is not None and is_over(span):
        return measure.at(midnight(span.end))
    return measure.numerator


def standing_measures(begins: str = ENTERED) -> tuple[Measure, ...]:
    """What every register counts: begun and ended within a span, in hand and late at its end."""
    return (
        Measure(key="opened", name="新立", numerator=EVERY, dated=begins),
        Measure(key="closed", name="办结", numerator=EVERY, dated="closed_at"),
        Measure(key="in_hand", name="在办", numerator=OPEN_WORK, query={"open": "1"}, at=partial(open_at, begins=begins)),
        Measure(
            key="overdue", name="超期", numerator=late(), query={"overdue": "1"}, at=partial(late_at, begins=begins),
            higher_is_better=False,
        ),
    )  # fmt: skip


def standing(area_code: str, span: Span) -> dict[str, dict[str, Figure]]:
    """What every register counts, of all registers at once: one pass over the one table of matters, and one for each
    register whose work begins by a day of its own.

    Register -> measure -> figure; a register without a matter of the division is left out.
    """
    measures = standing_measures()
    rows = Matter.objects.filter(
        area_code__startswith=area_code, withdrawn_at=None, merged_into=None
    ).order_by()
    by_register = rows.values("register").annotate(
        **{
            f"n_{m.key}": Count("pk", filter=counted(m, span) & within(Matter, m.dated, span))
            for m in measures
        }
    )
    known = {register.key: register for register in all_registers()}
    rows_of: list[dict[str, Any]] = [dict(row) for row in by_register]
    found = {
        row["register"]: {
            m.key: count(
                m.name,
                row[f"n_{m.key}"],
                Counting(known[row["register"]], area_code, span).list_of(m),
                m.unit,
            )
            for m in measures
        }
        for row in rows_of
        if row["register"] in known
    }
    for key in found:
        if known[key].begins != ENTERED:
            counting = Counting(known[key], area_code, span)
            found[key] = {m.key: counting.figure(m) for m in standing_measures(known[key].begins)}
    return found


def kept_back(codes: Collection[str]) -> set[tuple[str, str]]:
    """Of the divisions the towns, each with the keys of the registers whose figures its documents do not tell.

    Of a whole county figures are public; in one town the cases that only some may know of are so few that a figure
    speaks of them, and a document has more readers than they are. What one town alone kept back would be the county's
    figure less the others': its neighbours are kept back with it, and with no neighbour the county.
    """
    alone = _single_towns([code for code in codes if len(code) == _COUNTY])
    asked = [code for code in codes if len(code) > _COUNTY or code in alone]
    if not asked:
        return set()
    restricted = Matter.objects.filter(circulation__in=NARROW, withdrawn_at=None)
    found = set(restricted.order_by().values_list("area_code", "register").distinct())
    hidden = {
        (code, key)
        for area, key in found
        for code in asked
        if area.startswith(code) and len(area) > _COUNTY
    }
    by_county: dict[tuple[str, str], set[str]] = {}
    for area, key in found:
        if len(area) >= _TOWN:
            by_county.setdefault((area[:_COUNTY], key), set()).add(area[:_TOWN])
    for (county, key), towns in by_county.items():
        inside = [code for code in asked if code.startswith(county)]
        if inside and len(towns) == 1:
            # One that is abolished tells no figure of its own, and is in the county's.
            beside = neighbours(sorted({*_towns_of(county), *towns}), *towns) - towns
            hidden |= {(code, key) for code in inside if code[:_TOWN] in beside}
    return hidden


def neighbours(towns: Sequence[str], town: str) -> set[str]:
    """The towns that are kept back together: two by two in the order of their codes, the last three where they are odd.

    Always the same ones, whichever of them it is for: which one it is nobody can tell.

    >>> sorted(neighbours(("1", "2", "3", "4", "5"), "1")), sorted(neighbours(("1", "2", "3", "4", "5"), "4"))
    (['1', '2'], ['3', '4', '5'])
    """
    if town not in towns:
        return {town}
    groups = [set(towns[first : first + 2]) for first in range(0, len(towns), 2)]
    if len(groups) > 1 and len(groups[-1]) == 1:
        last = groups.pop()
        groups[-1] |= last
    return next(group for group in groups if town in group)


def _towns_of(county: str) -> list[str]:
    codes = Area.objects.filter(in_force(), code__startswith=county).values_list("code", flat=True)
    return sorted(code for code in codes if len(code) == _TOWN)


def _single_towns(counties: Collection[str]) -> set[str]:
    """Those of ``counties`` that have one town alone."""
    return {county for county in counties if len(_towns_of(county)) == 1}


def for_readers(see: str) -> bool:
    """Whether all who read documents may see what is seen by that capability: a figure tells of its rows."""
    return CAPABILITIES[see] >= CAPABILITIES["see_documents"]


def untold(indicator: Indicator, back: Collection[str], person: Person | None = None) -> bool:
    """Whether a figure of one place is not told to ``person``; ``None``: in a document, whose readers nobody knows.

    ``back``: keys of the registers that are :func:`kept_back` there. Who may know of their cases is told.
    """
    if not (for_readers(indicator.see) if person is None else person.may(indicator.see)):
        return True
    _kind, _colon, key = indicator.source.touched_by.partition("register:")
    if key not in back:
        return False
    return person is None or not person.has_role(*register_of(key).circle)


def untold_of(indicator: Indicator, area_code: str) -> bool:
    """Whether what many read, a matter or a score as much as a document, does not tell the figure of that place."""
    back = {key for _code, key in kept_back([area_code])}
    return untold(indicator, back)


def measures_of(register: Register) -> tuple[Measure, ...]:
    """The counts that every register has, and its own."""
    return (*standing_measures(register.begins), *register.measures)


def _of(register_key: str, area_code: str, span: Span, as_of: date | None) -> Counting:
    return Counting(register_of(register_key), area_code, span)


def _read(measure: Measure, counting: Counting) -> Figure:
    return counting.figure(measure)


def _indicator(register: Register, measure: Measure) -> Indicator:
    now = not measure.dated
    return Indicator(
        key=f"{register.key}.{measure.key}",
        name=measure.name,
        owner=str(register.label),
        see=register.see,
        unit=PERCENT if measure.denominator is not None else measure.unit,
        better=HIGHER if measure.higher_is_better else LOWER,
        line=register.line,
        source=Source(
            f"register:{register.key}",
            partial(_of, register.key),
            touched_by=f"register:{register.key}",
            as_of_now=now,
        ),
        read=partial(_read, measure),
    )


def indicators() -> Iterator[Indicator]:
    """The indicators of every declared register."""
    for register in all_registers():
        for measure in measures_of(register):
            yield _indicator(register, measure)


def measure_of(key: str) -> tuple[Register, Measure]:
    """Register and measure of an indicator's key. Raises ``KeyError``."""
    name, _, rest = key.partition(".")
    register = register_of(name)
    for measure in measures_of(register):
        if measure.key == rest:
            return register, measure
    raise KeyError(key)


def indicator_of(key: str) -> Indicator:
    """One indicator of a register. Raises ``KeyError``."""
    return _indicator(*measure_of(key))
