"""The data sheet of a unit's greenhouse gases: months of consumption and properties in, emissions by source out.

Each source of a production line has rows: consumption, and for a fuel its net calorific value, carbon a unit of heat
and oxidation, each by month. ``E_m = FC·NCV·CC·OF/100·44/12``; a year is the sum of its months, never made of yearly
means. What was not measured is the default of the guideline's version (``standards.carbon``), and is said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction

from ecoledger.standards import carbon
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.percent import Number, exact
from ecoledger.standards.rule_data import weakest

MONTHS = range(1, 13)
# Period of a row that says its year alone.
YEAR = 0
POWER, HEAT, RECOVERED = "外购电力", "外购热力", "回收利用"


class Item(StrEnum):
    """What a row of the sheet says of its source."""

    CONSUMPTION = "consumption"
    NCV = "ncv"
    CARBON = "carbon"
    OXIDATION = "oxidation"


# Where a property lies for any fuel; what lies beyond is asked again. Oxidation in percent.
RANGES: Mapping[Item, tuple[Fraction, Fraction]] = {
    Item.NCV: (Fraction(1), Fraction(500)),
    Item.CARBON: (Fraction("0.005"), Fraction("0.1")),
    Item.OXIDATION: (Fraction(70), Fraction(100)),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One row: a production line, a source, the item, and its value by month (:data:`YEAR` for the year alone)."""

    line: str
    source: str
    item: Item
    values: Mapping[int, Number]


@dataclass(frozen=True, slots=True)
class Source:
    """What one source of one line emits, tCO2: how, and the mark of its weakest factor."""

    line: str
    name: str
    sort: str
    tonnes: Fraction
    how: str
    mark: Mark
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sheet:
    """A unit's year: its sources, and what lacks."""

    sources: tuple[Source, ...]
    lacking: tuple[str, ...] = field(default_factory=tuple)

    @property
    def total(self) -> Fraction:
        """tCO2, what was recovered taken off."""
        return sum(
            (s.tonnes if s.sort != "recovered" else -s.tonnes for s in self.sources), Fraction(0)
        )

    @property
    def mark(self) -> Mark:
        return weakest(Mark.PRIMARY, *(s.mark for s in self.sources))


def sort_of(source: str) -> str:
    """What a source is: fuel, process, power, heat, recovered. Raises ``KeyError`` for one that is none of them."""
    named = {POWER: "power", HEAT: "heat", RECOVERED: "recovered"}
    if source in named:
        return named[source]
    if source in carbon.fuels():
        return "fuel"
    if source in carbon.materials():
        return "process"
    raise KeyError(source)


def sources() -> tuple[str, ...]:
    """Every source that a sheet may have."""
    return (*carbon.fuels(), *carbon.materials(), POWER, HEAT, RECOVERED)


def compute(
    rows: Iterable[Row], year: int, *, area: str = "全国", scope: str = "average", version: str = ""
) -> Sheet:
    """The emissions of a unit's rows in ``year``; a source without its consumption is named as lacking.

    Raises ``KeyError`` for an unknown source, area or version, ``ValueError`` for a negative amount or an oxidation
    beyond 100 %.
    """
    grouped: dict[tuple[str, str], dict[Item, Mapping[int, Number]]] = {}
    for row in rows:
        grouped.setdefault((row.line, row.source), {})[row.item] = row.values
    found, lacking = [], []
    for (line, source), items in grouped.items():
        amounts = items.get(Item.CONSUMPTION)
        if not amounts:
            lacking.append(f"{line} {source} 消耗量".strip())
            continue
        found.append(_source(line, source, items, amounts, year, area, scope, version))
    return Sheet(tuple(found), tuple(lacking))


def _source(
    line: str, source: str, items: Mapping[Item, Mapping[int, Number]], amounts: Mapping[int, Number],
    year: int, area: str, scope: str, version: str,
) -> Source:  # fmt: skip
    sort = sort_of(source)
    emitted = {
        period: _emission(
            sort, source, amount, _properties(items, period), year, area, scope, version
        )
        for period, amount in sorted(amounts.items())
    }
    if sort == "recovered":
        whole = sum((exact(a) for a in amounts.values()), Fraction(0))
        return Source(line, source, sort, whole, "", Mark.PRIMARY)
    rows = list(emitted.values())
    notes = tuple(dict.fromkeys(row.note for row in rows if row.note))
    how = rows[0].how if len(rows) == 1 else "；".join(_said(p, one) for p, one in emitted.items())
    mark = weakest(*(row.mark for row in rows))
    tonnes = sum((row.tonnes for row in rows), Fraction(0))
    return Source(line, source, sort, tonnes, how, mark, notes)


def _said(period: int, emission: carbon.Emission) -> str:
    return f"{period}月 {emission.how}" if period else emission.how


def _properties(items: Mapping[Item, Mapping[int, Number]], period: int) -> dict[str, Number]:
    """The measured properties of a period: of that month, else what is said of the year."""
    result: dict[str, Number] = {}
    for item in (Item.NCV, Item.CARBON, Item.OXIDATION):
        values = items.get(item, {})
        if period in values:
            result[item.value] = values[period]
        elif YEAR in values:
            result[item.value] = values[YEAR]
    if "oxidation" in result:
        result["oxidation"] = exact(result["oxidation"]) / 100
    return result


def _emission(
    sort: str, source: str, amount: Number, properties: Mapping[str, Number], year: int, area: str,
    scope: str, version: str,
) -> carbon.Emission:  # fmt: skip
    match sort:
        case "fuel":
            return carbon.fuel(source, amount, version=version, **properties)
        case "process":
            return carbon.process(source, amount)
        case "power":
            return carbon.purchased_power(amount, year, area, scope)
        case "heat":
            return carbon.purchased_heat(amount)
    return carbon.Emission(source, exact(amount), "", Mark.PRIMARY)


def odd(item: Item, values: Sequence[Number]) -> bool:
    """Whether a property lies where no fuel's does."""
    bounds = RANGES.get(item)
    return bounds is not None and any(not bounds[0] <= exact(v) <= bounds[1] for v in values)
