"""Ambient air: the six factors, the concentration limits of GB 3095 and the state of the gas.

Rule sets: ``"ambient-air-limits"`` (GB 3095-2012, GB 3095-2026 in both phases) and
``"ambient-air-state"`` (temperature and pressure that concentrations refer to). Concentrations are in
µg/m³, CO in mg/m³.

>>> from datetime import date
>>> limit("pm2_5", "year", on=date(2025, 6, 1)), limit("pm2_5", "year", on=date(2026, 6, 1))
(35, 30)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from ecoledger.standards import data_files
from ecoledger.standards.catalogue import Edition, Mark, declare_from, in_force

#: The six factors of the index, in the order that lists of them are written in.
FACTORS = ("so2", "no2", "o3", "co", "pm10", "pm2_5")
#: Names shown to people.
NAMES = {
    "so2": "二氧化硫（SO₂）",
    "no2": "二氧化氮（NO₂）",
    "o3": "臭氧（O₃）",
    "co": "一氧化碳（CO）",
    "pm10": "可吸入颗粒物（PM₁₀）",
    "pm2_5": "细颗粒物（PM₂.₅）",
    "tsp": "总悬浮颗粒物（TSP）",
    "nox": "氮氧化物（NOₓ）",
    "pb": "铅（Pb）",
    "bap": "苯并[a]芘（BaP）",
}
UNITS = {"co": "mg/m³"}
#: Decimals of a reported concentration: whole µg/m³, CO one decimal of mg/m³.
DECIMALS = {"co": 1}
GASES = frozenset({"so2", "no2", "o3", "co", "nox"})
#: Averaging times that limits exist for.
AVERAGES = ("year", "quarter", "day", "eight_hour", "hour")

LIMITS = "ambient-air-limits"
STATE = "ambient-air-state"

Number = TypeVar("Number", float, NDArray[np.float64])


@dataclass(frozen=True, slots=True)
class GasState:
    """Temperature (K) and pressure (kPa) that a concentration refers to; ``None``: as measured."""

    kelvin: float
    kilopascal: float


def unit(factor: str) -> str:
    """Unit of a factor's concentration."""
    return UNITS.get(factor, "µg/m³")


def editions_of(table: dict[str, Any], rule_set: str, content: str | None) -> Iterator[Edition]:
    """Editions written down in a table of a data file, each with ``content`` (a key; ``None``: all)."""
    for entry in table.values():
        yield Edition(
            rule_set=rule_set,
            standard=entry["standard"],
            title=entry["title"],
            clause=entry["clause"],
            effective_from=entry.get("effective_from"),
            effective_to=entry.get("effective_to"),
            mark=Mark(entry["mark"]),
            source=entry["source"],
            content=entry if content is None else entry[content],
        )


declare_from(
    LIMITS, lambda: editions_of(data_files.read("air_limits")["edition"], LIMITS, "limits")
)
declare_from(STATE, lambda: editions_of(data_files.read("air_limits")["state"], STATE, None))


def limit(factor: str, average: str, *, on: date, area_class: int = 2) -> float:
    """Limit of a factor for an averaging time (GB 3095, tables 1 and 2).

    ``average`` is one of :data:`AVERAGES`, ``area_class`` 1 (national parks, reserves) or 2. For ozone
    ``"eight_hour"`` is the daily maximum 8-hour mean. Raises ``KeyError`` where the standard sets no
    limit, ``ValueError`` for another class, ``NoEditionInForceError`` for a date before the standard.
    """
    if area_class not in (1, 2):
        raise ValueError(f"area_class is {area_class!r}; GB 3095 knows the classes 1 and 2")
    table = in_force(LIMITS, on).content
    try:
        both = table[factor][average]
    except KeyError:
        raise KeyError(f"GB 3095 sets no {average!r} limit for {factor!r}") from None
    value: float = both[area_class - 1]
    return value


def limits(on: date, area_class: int = 2) -> dict[tuple[str, str], float]:
    """All limits in force on a day, keyed by ``(factor, average)``."""
    return {
        (factor, average): limit(factor, average, on=on, area_class=area_class)
        for factor, averages in in_force(LIMITS, on).content.items()
        for average in averages
    }


def reference_limits() -> dict[tuple[str, str], float]:
    """Reference limits of the informative annex A, urban areas (metals, fluoride), in µg/m³."""
    return {
        (factor, average): value
        for factor, averages in data_files.read("air_limits")["reference"].items()
        if isinstance(averages, dict)
        for average, value in averages.items()
    }


def state(factor: str, on: date) -> GasState | None:
    """What state a factor's concentration refers to for data of the day ``on``.

    ``None``: the actual temperature and pressure (particles since the 2018 amendment, 2018-09-01).
    """
    entry = in_force(STATE, on).content
    found = entry.get("gases" if factor in GASES else "particles")
    return None if found is None else GasState(**found)


def convert_state(concentration: Number, measured: GasState, wanted: GasState) -> Number:
    """Concentration at another temperature and pressure (ideal gas).

    From 273.15 K to 298.15 K at the same pressure a concentration shrinks to 0.9162 of its value:

    >>> round(convert_state(100.0, GasState(273.15, 101.325), GasState(298.15, 101.325)), 2)
    91.61
    """
    factor = (measured.kelvin / wanted.kelvin) * (wanted.kilopascal / measured.kilopascal)
    return concentration * factor


def comparable(concentration: Number, factor: str, *, taken: date, compared: date) -> Number:
    """A reported concentration restated for the state that another day's data refer to.

    Lets a series run across the 2018 amendment. Particles cannot be restated without the weather of
    the day and are returned as they are.
    """
    before, after = state(factor, taken), state(factor, compared)
    if before is None or after is None:
        return concentration
    return convert_state(concentration, before, after)
