"""Sewage collection rate (生活污水集中收集率) and the regional balance of a water pollutant.

Two ways of judging the same thing: by population, with a fixed amount a person gives off in a day
(BOD5 45 g; COD as set locally), and by the volume of domestic sewage, with a *check concentration*
(校核浓度) that it is taken to hold. The second moves in inverse proportion to that concentration, so a
rate is never shown without it, and :func:`sensitivity` shows how far it carries.

Volumes are m³, concentrations mg/L, loads kg; all arithmetic is exact.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from ecoledger.standards.catalogue import Edition, Mark
from ecoledger.standards.percent import Number, Percent, PercentagePoints, exact
from ecoledger.standards.rule_data import compiled, declare_each

RULE_SET_PREFIX = "sewage-collection/"


@dataclass(frozen=True, slots=True)
class Inflow:
    """What one plant took in over the period: volume (m³) and mean concentration (mg/L).

    The industrial part, if any, is taken off the load.
    """

    name: str
    volume: Number
    concentration: Number
    industrial_volume: Number = 0
    industrial_concentration: Number = 0

    @property
    def domestic_load(self) -> Fraction:
        """Load of domestic origin, kg. Raises ``ValueError`` when the industrial part exceeds it."""
        load = exact(self.volume) * exact(self.concentration)
        load -= exact(self.industrial_volume) * exact(self.industrial_concentration)
        if load < 0:
            raise ValueError(
                f"{self.name}: the industrial load is larger than what the plant took in"
            )
        return load / 1000


@dataclass(frozen=True, slots=True)
class CollectionRate:
    """A collection rate with everything it rests on; loads in kg over the period.

    ``check_concentration`` (mg/L) or ``per_capita`` (g a person and day) is the one it was judged by.
    """

    rate: Percent
    collected: Fraction
    generated: Fraction
    standard: str
    mark: Mark
    check_concentration: Fraction | None = None
    per_capita: Fraction | None = None

    @property
    def problem(self) -> str:
        """What is suspicious about the figures, in Chinese; empty when nothing is."""
        if self.rate.value > 100:
            return "收集率超过100%：请核对工业废水、外来水扣除和人口（水量）口径"
        return ""

    def gap_to(self, target: Percent) -> PercentagePoints:
        """Percentage points still missing to ``target`` (negative: it is passed)."""
        return target.points_above(self.rate)


@compiled("sewage")
def _editions(content: dict[str, Any]) -> dict[str, Edition]:
    return declare_each(RULE_SET_PREFIX, content)


def _collected(inflows: Iterable[Inflow]) -> Fraction:
    return sum((inflow.domestic_load for inflow in inflows), Fraction(0))


def _rate(
    rule: str, collected: Fraction, generated: Fraction, **judged_by: Fraction
) -> CollectionRate:
    if generated <= 0:
        raise ValueError("nothing was generated: give a population or a sewage volume above zero")
    edition = _editions()[rule]
    return CollectionRate(
        Percent.of(collected, generated),
        collected,
        generated,
        edition.standard,
        edition.mark,
        **judged_by,
    )


def rate_by_population(
    inflows: Iterable[Inflow],
    population: Number,
    days: int,
    *,
    pollutant: str = "bod5",
    per_capita: Number | None = None,
) -> CollectionRate:
    """Collection rate against what ``population`` people give off in ``days`` days.

    ``pollutant`` is ``"bod5"`` or ``"cod"``; ``per_capita`` in g a person and day overrides the data
    file's. Raises ``ValueError`` for an unknown pollutant or when nothing is generated.
    """
    rules = {"bod5": "bod5", "cod": "cod-per-capita"}
    if pollutant not in rules:
        raise ValueError(f'pollutant must be "bod5" or "cod", not {pollutant!r}')
    rule = rules[pollutant]
    grams = exact(_editions()[rule].content["per_capita"] if per_capita is None else per_capita)
    generated = exact(population) * days * grams / 1000
    return _rate(rule, _collected(inflows), generated, per_capita=grams)


def check_concentration() -> Fraction:
    """The concentration that domestic sewage is taken to have where nobody says another, mg/L COD."""
    return exact(_editions()["cod-check-concentration"].content["check_concentration"])


def rate_by_check_concentration(
    inflows: Iterable[Inflow], sewage_volume: Number, check_concentration: Number | None = None
) -> CollectionRate:
    """COD collection rate against ``sewage_volume`` (m³) of domestic sewage at the check concentration.

    ``check_concentration`` (mg/L) defaults to the data file's 350.
    """
    rule = "cod-check-concentration"
    mg_l = exact(
        _editions()[rule].content["check_concentration"]
        if check_concentration is None
        else check_concentration
    )
    generated = exact(sewage_volume) * mg_l / 1000
    return _rate(rule, _collected(inflows), generated, check_concentration=mg_l)


def domestic_sewage_volume(
    population: Number, water_use: Number, days: int, discharge_coefficient: Number
) -> Fraction:
    """Domestic sewage (m³) of ``population`` using ``water_use`` L a day, of which a share runs off."""
    return exact(population) * exact(water_use) * days * exact(discharge_coefficient) / 1000


def sensitivity(
    rate: CollectionRate, check_concentrations: Sequence[Number]
) -> list[CollectionRate]:
    """The same figures judged by other check concentrations (mg/L).

    Raises ``ValueError`` for a rate that was judged by population.
    """
    if rate.check_concentration is None:
        raise ValueError("this rate was judged by population, not by a check concentration")
    volume = rate.generated * 1000 / rate.check_concentration
    return [
        _rate(
            "cod-check-concentration",
            rate.collected,
            volume * exact(other) / 1000,
            check_concentration=exact(other),
        )
        for other in check_concentrations
    ]


def concentration_that_gives(rate: CollectionRate, target: Percent) -> Fraction:
    """The check concentration (mg/L) at which the same figures would reach ``target``."""
    if rate.check_concentration is None:
        raise ValueError("this rate was judged by population, not by a check concentration")
    if target.value <= 0:
        raise ValueError("the target must be above 0 %")
    return rate.check_concentration * rate.rate.value / target.value


@dataclass(frozen=True, slots=True)
class Balance:
    """Where a pollutant generated in a region went, kg: 产生 = 收集处理 + 直排 + 差额."""

    region: str
    generated: Fraction
    collected: Fraction
    direct: Fraction

    @property
    def unexplained(self) -> Fraction:
        """What is generated but neither collected nor known to be discharged; negative: too much."""
        return self.generated - self.collected - self.direct


def balance(region: str, generated: Number, collected: Number, direct: Number) -> Balance:
    """The balance of one region, kg over the period."""
    return Balance(region, exact(generated), exact(collected), exact(direct))


def total_balance(name: str, balances: Iterable[Balance]) -> Balance:
    """The balance of several regions together."""
    each = list(balances)
    return Balance(
        name,
        sum((b.generated for b in each), Fraction(0)),
        sum((b.collected for b in each), Fraction(0)),
        sum((b.direct for b in each), Fraction(0)),
    )


def extraneous_water(inflow: Number, discharges: Iterable[Number]) -> Fraction:
    """Water in the sewers that no known discharger gave (外来水), m³: plant inflow less discharges."""
    return exact(inflow) - sum((exact(q) for q in discharges), Fraction(0))


_editions()
