"""镇（街道）交接断面 (mechanism Q10): what comes into a town, what goes out of it, and how towns stand by that.

A section between two towns is the outflow of the upper and the inflow of the lower one. What a town answers for is the
change between them. A town passes when its outflow meets the target, or is not worse than what came in; one into which
no section leads (a headwater) is judged by the target alone. Factors, weights and the tolerance are data
(``boundary_ranking.toml``). In a month of backflow (``section_flow``) the lower town is the upper one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from fractions import Fraction
from typing import Any

from ecoledger.indicators import doors, water
from ecoledger.indicators.figures import Figure, ratio
from ecoledger.indicators.water import SectionPeriod
from ecoledger.listings import own_data
from ecoledger.registers.water import samples
from ecoledger.registers.water.sample_models import MonthlyFlow

NO_INFLOW = "无入境断面"


@dataclass(frozen=True, slots=True)
class Rules:
    """Weight of each factor, the tolerance as a share of the inflow, and how sure the whole is."""

    weights: Mapping[str, Fraction]
    tolerance: Fraction
    mark: str


def rules() -> Rules:
    """The rules in force."""
    said = own_data.read(__package__, "boundary_ranking")
    weights = {row["key"]: Fraction(str(row["weight"])) for row in said["factor"]}
    return Rules(weights, Fraction(str(said["tolerance_percent"])) / 100, str(said["mark"]))


@dataclass(frozen=True, slots=True)
class Crossing:
    """A boundary section over a period: ``upper`` gives the water, ``lower`` takes it. ``dry``: none ran."""

    period: SectionPeriod
    upper: str
    lower: str
    turned: bool = False
    dry: bool = False

    @property
    def name(self) -> str:
        return self.period.section.name


@dataclass(frozen=True, slots=True)
class Change:
    """A factor across a town: means of inflow and outflow sections, and the change in percent of the inflow."""

    factor: str
    inflow: Fraction | None
    outflow: Fraction | None

    @property
    def percent(self) -> Fraction | None:
        if not self.inflow or self.outflow is None:
            return None
        return 100 * (self.outflow - self.inflow) / self.inflow


@dataclass(frozen=True, slots=True)
class Passage:
    """One town over a period. ``index``: weighted change in percent, negative where water left better than it came;
    ``rank`` by it, equal places for equal indices, ``None`` with ``why`` where there is none."""

    town: str
    inflows: tuple[Crossing, ...]
    outflows: tuple[Crossing, ...]
    changes: tuple[Change, ...]
    index: Fraction | None
    why: str
    meets_target: bool | None
    not_worse: bool | None
    rank: int | None = None

    @property
    def passes(self) -> bool | None:
        """Whether what the town gives on meets its target or is not worse than what it got; ``None`` without data."""
        if self.meets_target is None:
            return None
        return self.meets_target or bool(self.not_worse)


@dataclass(frozen=True, slots=True)
class Boundaries:
    """The boundary sections of an area and its towns over a period."""

    crossings: tuple[Crossing, ...]
    towns: tuple[Passage, ...]
    attained: Figure
    passed: Figure
    rules: Rules


def of(area_code: str, begin: date, end: date) -> Boundaries:
    """Every section between two towns of an area on ``begin <= day < end``, and what each town did to the water."""
    found = crossings(area_code, begin, end)
    said = rules()
    passages = [_passage(town, found, said) for town in _towns(found)]
    towns = _ranked(passages)
    judged = [c for c in found if c.period.rank is not None]
    span = {"area": area_code, "begin": begin.isoformat(), "end": end.isoformat()}
    standard = judged[0].period.standard if judged else ""
    attained = ratio(
        "镇街交接断面达标率", sum(1 for c in judged if c.period.attains), len(judged),
        doors.BOUNDARIES.opens(**span), standard=standard, missing=water.NO_DATA, judged=True,
    )  # fmt: skip
    known = [town for town in towns if town.passes is not None]
    passed = ratio(
        "出境水质达标或不劣于入境的镇街比例", sum(1 for t in known if t.passes), len(known),
        doors.BOUNDARIES.opens(**span), standard=standard, missing=water.NO_DATA, judged=True,
    )  # fmt: skip
    return Boundaries(tuple(found), tuple(towns), attained, passed, said)


def crossings(area_code: str, begin: date, end: date) -> list[Crossing]:
    """The sections of an area that lie between two different towns, downstream along each river."""
    return crossings_of(water.period(area_code, begin, end).sections, begin, end)


def crossings_of(every: Iterable[SectionPeriod], begin: date, end: date) -> list[Crossing]:
    """Those of sections over a period that lie between two different towns."""
    periods = [
        period
        for period in every
        if period.section.upstream_area_code
        and period.section.downstream_area_code
        and period.section.upstream_area_code != period.section.downstream_area_code
    ]
    flows = samples.flows_of([period.section.pk for period in periods], begin, end)
    return [_crossing(period, flows.get(period.section.pk, ())) for period in periods]


def _crossing(period: SectionPeriod, flows: Iterable[MonthlyFlow]) -> Crossing:
    section = period.section
    way = direction(flows)
    ends = (section.upstream_area_code, section.downstream_area_code)
    if way == MonthlyFlow.Direction.BACK:
        return Crossing(period, ends[1], ends[0], turned=True)
    return Crossing(period, *ends, dry=way == MonthlyFlow.Direction.NONE)


def direction(flows: Iterable[MonthlyFlow]) -> str:
    """Which way most of the water ran over the months told; 顺流 where nothing is told."""
    rows = list(flows)
    if not rows:
        return str(MonthlyFlow.Direction.DOWN)
    if all(row.direction == MonthlyFlow.Direction.NONE for row in rows):
        return str(MonthlyFlow.Direction.NONE)
    net = sum(row.volume * (-1 if row.direction == MonthlyFlow.Direction.BACK else 1) for row in rows
              if row.direction != MonthlyFlow.Direction.NONE)  # fmt: skip
    return str(MonthlyFlow.Direction.DOWN if net >= 0 else MonthlyFlow.Direction.BACK)


def _towns(found: Iterable[Crossing]) -> list[str]:
    return sorted({code for crossing in found for code in (crossing.upper, crossing.lower)})


def mean_of(found: Iterable[Crossing], factor: str) -> Fraction | None:
    """Arithmetic mean over sections with water; sections without the factor are left out."""
    values = [
        Fraction(str(crossing.period.mean.unrounded[factor]))
        for crossing in found
        if crossing.period.mean is not None
        and factor in crossing.period.mean.unrounded
        and not crossing.dry
    ]
    return sum(values, Fraction(0)) / len(values) if values else None


def _passage(town: str, found: Iterable[Crossing], said: Rules) -> Passage:
    rows = list(found)
    inflows = tuple(crossing for crossing in rows if crossing.lower == town)
    outflows = tuple(crossing for crossing in rows if crossing.upper == town)
    changes = tuple(
        Change(factor, mean_of(inflows, factor), mean_of(outflows, factor))
        for factor in said.weights
    )
    known = [
        crossing
        for crossing in outflows
        if crossing.period.attains is not None and not crossing.dry
    ]
    meets = all(crossing.period.attains for crossing in known) if known else None
    compared = {c.factor: c.percent for c in changes if c.percent is not None}
    index: Fraction | None = None
    why = ""
    if not outflows:
        why = "无出境断面"
    elif not known:
        why = "出境断面无有效数据"
    elif not inflows:
        why = NO_INFLOW
    elif not compared:
        why = "入境断面无有效数据"
    else:
        weight = sum((said.weights[factor] for factor in compared), Fraction(0))
        index = sum((said.weights[f] * p for f, p in compared.items()), Fraction(0)) / weight
    not_worse = all(p <= 100 * said.tolerance for p in compared.values()) if compared else None
    return Passage(town, inflows, outflows, changes, index, why, meets, not_worse)


def _ranked(passages: list[Passage]) -> list[Passage]:
    """Those with an index by it, equals sharing a place (1, 2, 2, 4); the others after them, unranked."""

    def key(passage: Passage) -> Any:
        return (passage.index is None, passage.index or Fraction(0), passage.town)

    ordered = sorted(passages, key=key)
    ranked: list[Passage] = []
    for place, passage in enumerate(ordered, 1):
        if passage.index is None:
            ranked.append(passage)
            continue
        before = ranked[-1] if ranked else None
        same = before is not None and before.index == passage.index
        ranked.append(replace(passage, rank=before.rank if same and before else place))
    return ranked
