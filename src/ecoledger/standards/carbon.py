"""Greenhouse-gas accounting: fuel, process, bought power and heat, with factors by year and area.

``E = fuel + process + power + heat - recovered`` (核算方法与报告指南). Amounts are tonnes of fuel or
10⁴ Nm³ of gas, MWh of electricity, GJ of heat; emissions are tonnes of CO2, exact until shown. Measured
properties of a fuel replace the default ones. Every emission carries how it was computed and the mark
of its weakest factor.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecoledger.standards.catalogue import Mark
from ecoledger.standards.percent import Change, Number, change, exact
from ecoledger.standards.rounding import plainly
from ecoledger.standards.rule_data import compiled, declare_each, weakest

RULE_SET_PREFIX = "carbon/"

_CO2_PER_CARBON = Fraction(44, 12)

SCOPES = {
    "average": "平均",
    "residual": "不包括市场化交易的非化石能源电量",
    "fossil": "化石能源电力",
    "ets": "碳市场外购电",
}


@dataclass(frozen=True, slots=True)
class Emission:
    """One source's emission, tCO2, how it was computed, and its mark. ``note`` tells a substitution."""

    source: str
    tonnes: Fraction
    how: str
    mark: Mark
    note: str = ""


@dataclass(frozen=True, slots=True)
class Inventory:
    """Emissions of a unit or an area, tCO2."""

    emissions: tuple[Emission, ...]
    recovered: Fraction

    @property
    def total(self) -> Fraction:
        """Sum of the sources less what was recovered."""
        return sum((e.tonnes for e in self.emissions), Fraction(0)) - self.recovered

    @property
    def mark(self) -> Mark:
        """Mark of the weakest factor used."""
        return weakest(Mark.PRIMARY, *(e.mark for e in self.emissions))


@dataclass(frozen=True, slots=True)
class PowerFactor:
    """Emission factor of electricity, tCO2/MWh, of ``year``; ``asked`` is the year asked for."""

    factor: Fraction
    area: str
    scope: str
    year: int
    asked: int
    mark: Mark


@compiled("carbon")
def _tables(content: dict[str, Any]) -> dict[str, Any]:
    declare_each(RULE_SET_PREFIX, content["standards"])
    return content


def fuels() -> tuple[str, ...]:
    """Names of the fuels with default properties."""
    return tuple(_tables()["fuels"])


def versions() -> tuple[str, ...]:
    """Names of the further sets of default properties, by the guideline's version."""
    return tuple(_tables()["fuel_sets"])


def _fuel(name: str, version: str = "") -> tuple[dict[str, Any], str]:
    """Properties of a fuel in a set of defaults, and what is to be said of it."""
    table: dict[str, dict[str, Any]] = _tables()["fuels"]
    if name not in table:
        raise KeyError(f"no fuel {name!r}; on file: {'、'.join(table)}")
    if not version:
        return table[name], ""
    sets = _tables()["fuel_sets"]
    if version not in sets:
        raise KeyError(f"no set of defaults {version!r}; on file: {', '.join(sets)}")
    own = sets[version]["fuels"].get(name)
    if own is None:
        return table[name], f"{version}版未收录{name}，采用通用缺省值"
    return {**table[name], **own, "mark": sets[version]["mark"]}, ""


def _not_negative(amount: Number, what: str) -> Fraction:
    value = exact(amount)
    if value < 0:
        raise ValueError(f"{what}: the amount must not be negative, it is {plainly(value)}")
    return value


def fuel(
    name: str,
    amount: Number,
    *,
    ncv: Number | None = None,
    carbon: Number | None = None,
    oxidation: Number | None = None,
    version: str = "",
) -> Emission:
    """CO2 of burning ``amount`` (t, or 10⁴ Nm³ of a gas) of a fuel.

    ``amount * ncv * carbon * oxidation * 44/12``; ``ncv`` in GJ a unit, ``carbon`` in tC/GJ. What is
    not measured is the default of the guideline, of its ``version`` where one is named (:func:`versions`). Raises
    ``KeyError`` for an unknown fuel or version and ``ValueError`` for a negative amount or an oxidation beyond 1.
    """
    default, note = _fuel(name, version)
    used = _not_negative(amount, name)
    parts = {
        "ncv": exact(default["ncv"] if ncv is None else ncv),
        "carbon": exact(default["carbon"] if carbon is None else carbon),
        "oxidation": exact(default["oxidation"] if oxidation is None else oxidation),
    }
    if not 0 <= parts["oxidation"] <= 1:
        raise ValueError(f"{name}: the oxidation must lie between 0 and 1")
    tonnes = used * parts["ncv"] * parts["carbon"] * parts["oxidation"] * _CO2_PER_CARBON
    measured = None not in (ncv, carbon, oxidation)
    how = (
        f"{plainly(used)}{default['unit']}×{plainly(parts['ncv'])}GJ/{default['unit']}"
        f"×{plainly(parts['carbon'])}tC/GJ×{plainly(parts['oxidation'])}×44/12"
    )
    mark = Mark.PRIMARY if measured else Mark(default["mark"])
    return Emission(name, tonnes, how, mark, "" if measured else note)


def fuel_emissions(name: str, amounts: ArrayLike) -> NDArray[np.float64]:
    """Vector form of :func:`fuel` with the default properties: amounts in, tCO2 out, same shape."""
    return np.asarray(amounts, dtype=np.float64) * float(fuel(name, 1).tonnes)


def power_plant_coal(
    tonnes: Number, *, carbon_content: Number | None = None, ncv: Number | None = None
) -> Emission:
    """CO2 of coal burnt in a power plant (发电设施指南).

    ``carbon_content`` is the measured carbon as received, t a tonne. Without it the default carbon a
    unit of heat applies and ``ncv`` (GJ/t, as received) is needed.
    """
    table = _tables()["power_plants"]
    used = _not_negative(tonnes, "燃煤")
    oxidation = exact(table["oxidation"])
    mark = Mark(table["mark"])
    if carbon_content is not None:
        content = exact(carbon_content)
        how = f"{plainly(used)}t×{plainly(content)}tC/t×{plainly(oxidation)}×44/12"
    elif ncv is not None:
        content = exact(ncv) * exact(table["default_carbon"])
        how = (
            f"{plainly(used)}t×{plainly(exact(ncv))}GJ/t×{table['default_carbon']}tC/GJ（缺省）"
            f"×{plainly(oxidation)}×44/12"
        )
    else:
        raise ValueError("燃煤: give the measured carbon content, or the net calorific value")
    return Emission("发电燃煤", used * content * oxidation * _CO2_PER_CARBON, how, mark)


def materials() -> tuple[str, ...]:
    """Names of the carbonates with a process factor."""
    return tuple(_tables()["processes"])


def process(material: str, tonnes: Number) -> Emission:
    """CO2 of ``tonnes`` of a carbonate that decomposes in a process."""
    table = _tables()["processes"]
    if material not in table:
        raise KeyError(f"no process factor of {material!r}; on file: {'、'.join(table)}")
    factor = exact(table[material]["factor"])
    used = _not_negative(tonnes, material)
    how = f"{plainly(used)}t×{plainly(factor)}tCO2/t"
    return Emission(material, used * factor, how, Mark(table[material]["mark"]))


def power_factor(year: int, area: str = "全国", scope: str = "average") -> PowerFactor:
    """Factor of the electricity of ``year`` in ``area`` (全国, a grid region or a province).

    A year not published yet takes the latest published before it; the result's ``year`` says which.
    Raises ``KeyError`` when the area or scope is on file for no year up to then.
    """
    table = _tables()["electricity"]
    if scope not in SCOPES:
        raise KeyError(f"no scope {scope!r}; known: {', '.join(SCOPES)}")
    for published in sorted((int(y) for y in table), reverse=True):
        entry = table[str(published)].get(scope, {}).get(area)
        if published <= year and entry is not None:
            mark = Mark(entry["mark"])
            return PowerFactor(exact(entry["factor"]), area, scope, published, year, mark)
    raise KeyError(
        f"no electricity factor ({SCOPES[scope]}) of {area} for {year} or earlier on file"
    )


def purchased_power(mwh: Number, year: int, area: str = "全国", scope: str = "average") -> Emission:
    """CO2 of bought electricity, ``mwh`` in MWh; see :func:`power_factor`."""
    used = _not_negative(mwh, "外购电力")
    found = power_factor(year, area, scope)
    note = "" if found.year == year else f"{year}年因子未收录，采用{found.year}年"
    how = (
        f"{plainly(used)}MWh×{plainly(found.factor)}tCO2/MWh（{found.year}年{area}{SCOPES[scope]}）"
    )
    return Emission("外购电力", used * found.factor, how, found.mark, note)


def purchased_heat(gj: Number) -> Emission:
    """CO2 of bought heat, GJ."""
    table = _tables()["heat"]
    used = _not_negative(gj, "外购热力")
    factor = exact(table["factor"])
    how = f"{plainly(used)}GJ×{plainly(factor)}tCO2/GJ"
    return Emission("外购热力", used * factor, how, Mark(table["mark"]))


def inventory(emissions: Iterable[Emission], recovered: Number = 0) -> Inventory:
    """Put sources together; ``recovered`` is the CO2 captured and used, t."""
    return Inventory(tuple(emissions), _not_negative(recovered, "回收利用"))


def verification_difference(reported: Number, verified: Number) -> Change:
    """How far a report lies from the verified emission (核查差异), as a share of the verified one."""
    return change(reported, verified)


def co2_equivalent(gas: str, tonnes: Number, assessment: str = "AR5") -> Fraction:
    """``tonnes`` of CO2, CH4 or N2O as CO2 equivalent by ``assessment`` (SAR, AR5 or AR6)."""
    try:
        potential = _tables()["gwp"][assessment][gas]
    except KeyError:
        raise KeyError(f"no warming potential of {gas!r} in {assessment!r}") from None
    return exact(tonnes) * exact(potential)


_tables()
