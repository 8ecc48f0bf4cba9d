"""Pollution equivalents and the environment protection tax's reduction (环境保护税法).

An equivalent is the amount of a pollutant that does as much harm as one kilogram of COD; loads of
different pollutants are compared and taxed by it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from ecoledger.standards import catalogue
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.rule_data import compiled, declare_file

RULE_SET = "pollution-equivalents"

Medium = Literal["air", "water"]


@compiled("pollution_equivalents")
def _content(content: dict[str, Any]) -> dict[str, Any]:
    declare_file(RULE_SET, content)
    return content


_content()


def kilograms_per_equivalent(medium: Medium, pollutant: str) -> float:
    """污染当量值, kg. Raises ``LookupError`` naming the pollutants there are."""
    table = _content()[medium]
    if pollutant not in table:
        raise LookupError(
            f"no equivalent of {pollutant!r} in {medium}; there are {', '.join(table)}"
        )
    return float(table[pollutant]["kg"])


def equivalents(medium: Medium, pollutant: str, kilograms: float) -> float:
    """污染当量数 of a load.

    >>> equivalents("water", "nh3n", 80.0)
    100.0
    """
    return kilograms / kilograms_per_equivalent(medium, pollutant)


@dataclass(frozen=True, slots=True)
class TaxedPollutant:
    """One taxed pollutant of an outlet: its load in kg, equivalents, and the share of tax it pays."""

    pollutant: str
    name: str
    kilograms: float
    equivalents: float
    share: float
    tax: float | None


@dataclass(frozen=True, slots=True)
class OutletTax:
    """An outlet's taxed pollutants, the greatest number of equivalents first, and those not taxed."""

    taxed: tuple[TaxedPollutant, ...]
    not_taxed: tuple[str, ...]
    mark: Mark

    @property
    def equivalents(self) -> float:
        """Sum of the taxed equivalents."""
        return sum(item.equivalents for item in self.taxed)

    @property
    def tax(self) -> float | None:
        """Sum of the tax, where a rate was given."""
        known = [item.tax for item in self.taxed if item.tax is not None]
        return sum(known) if known else None


def tax_share(concentration: float | None, limit: float | None) -> float:
    """Share of the tax that is paid, percent: 75 or 50 for a mean clearly below the limit, else 100.

    ``concentration`` is the mean of the month's (hourly) values; without it or the limit nothing is
    reduced.

    >>> tax_share(69, 100), tax_share(70, 100), tax_share(50, 100), tax_share(71, 100)
    (75.0, 75.0, 50.0, 100.0)
    """
    if concentration is None or limit is None or limit <= 0:
        return 100.0
    for row in _content()["reduction"]:
        # Compared as products, so that exactly 30 % below counts as 30 % below.
        if round(100 * concentration, 9) <= round((100 - row["below"]) * limit, 9):
            return float(row["share"])
    return 100.0


def outlet_tax(
    medium: Medium,
    kilograms: Mapping[str, float],
    *,
    on: date,
    rate: float | None = None,
    means: Mapping[str, tuple[float, float]] | None = None,
) -> OutletTax:
    """The taxed pollutants of one outlet (第九条): three in air, five of the first class and three
    others in water, by falling equivalents.

    ``rate`` is the local tax of one equivalent in yuan; ``means`` gives (mean concentration, limit) of
    pollutants whose tax may be reduced. Raises ``LookupError`` for a pollutant without an equivalent.
    """
    content = _content()
    edition = catalogue.in_force(RULE_SET, on)
    table, taxed_counts = content[medium], content["taxed"]
    numbers = {key: equivalents(medium, key, load) for key, load in kilograms.items()}
    ordered = sorted(numbers, key=lambda key: -numbers[key])
    if medium == "air":
        chosen = ordered[: int(taxed_counts["air"])]
    else:
        first = [key for key in ordered if table[key].get("first")]
        other = [key for key in ordered if not table[key].get("first")]
        chosen = [
            *first[: int(taxed_counts["water_first"])],
            *other[: int(taxed_counts["water_other"])],
        ]
        chosen.sort(key=lambda key: -numbers[key])
    items = []
    for key in chosen:
        concentration, limit = (means or {}).get(key, (None, None))
        share = tax_share(concentration, limit)
        tax = None if rate is None else numbers[key] * rate * share / 100
        items.append(
            TaxedPollutant(key, table[key]["name"], kilograms[key], numbers[key], share, tax)
        )
    left = tuple(key for key in ordered if key not in chosen)
    return OutletTax(tuple(items), left, edition.mark)
