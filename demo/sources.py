"""What the invented instruments measure: plain functions of place and time, so that history and live agree.

Nothing here is drawn from a running generator: the value of an instrument at an instant is a function of
its name and that instant, whichever part of the demonstration asks.
"""

from __future__ import annotations

import zlib
from datetime import datetime, timedelta, timezone

import numpy as np
from numpy.typing import NDArray

from demo.city import SECTIONS, SectionPlan
from demo.enterprises import GAS_FACTORS, WATER_FACTORS, Firm
from demo.stories import NO_TREATMENT, Stories

Array = NDArray[np.float64]
# China standard time.
ZONE = timezone(timedelta(hours=8))


def minutes(times: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Whole minutes since 1970, China standard time."""
    return times.astype("datetime64[m]").astype(np.int64)


def _uniform(name: str, tick: NDArray[np.int64]) -> Array:
    """A number in [0, 1) for each tick: the splitmix64 hash of the name and the tick."""
    seed = zlib.crc32(name.encode()) * 0x9E3779B97F4A7C15 % 2**64
    z = tick.astype(np.uint64) + np.uint64(seed)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        z = (z ^ (z >> np.uint64(shift))) * np.uint64(factor)
    z ^= z >> np.uint64(31)
    return (z >> np.uint64(11)).astype(np.float64) / 2.0**53


def wobble(name: str, minute: NDArray[np.int64], spread: float) -> Array:
    """A factor near one: slow swings over hours and days, with a little noise at each reading."""
    phase = zlib.crc32(name.encode()) % 1000 / 1000 * 2 * np.pi
    hours = minute / 60.0
    slow = (
        0.5 * np.sin(2 * np.pi * hours / 24.0 + phase)
        + 0.3 * np.sin(2 * np.pi * hours / 7.3 + 2 * phase)
        + 0.4 * np.sin(2 * np.pi * hours / 163.0 + 3 * phase)
    )
    noise = _uniform(name, minute) - 0.5
    return np.asarray(1.0 + spread * (slow + 0.5 * noise), dtype=np.float64)


def running(firm: Firm, minute: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether the firm produces: round the clock, or two shifts with a day of rest."""
    # The firm whose treatment stands still works nights too, so that there is something to see at any hour.
    if firm.is_key or firm.code == NO_TREATMENT:
        return np.ones(len(minute), dtype=bool)
    hour = (minute // 60) % 24
    weekday = (minute // 1440 + 3) % 7
    return np.asarray((hour >= 7) & (hour < 22) & (weekday != 6))


def gas(
    firm: Firm, factor: str, times: NDArray[np.datetime64], stories: Stories
) -> tuple[Array, Array, NDArray[np.str_]]:
    """Measured value, value converted to the reference oxygen, and flag of a flue-gas factor."""
    minute = minutes(times)
    _, _, decimals, share = GAS_FACTORS[factor]
    limit = firm.industry.gas[factor]
    works = running(firm, minute)
    converted = limit * share * wobble(f"{firm.code}-{factor}", minute, 0.35)
    converted = stories.bend_gas(firm, factor, times, converted)
    flag = np.full(len(times), "N", dtype="<U1")
    off = ~works | stories.shut_down(firm, times)
    flag[off] = "F"
    converted[off] = 0.0
    reference = firm.industry.reference_oxygen
    measured = (
        converted
        if reference is None
        else converted * (21 - oxygen(firm, times)) / (21 - reference)
    )
    return np.round(measured, decimals), np.round(converted, decimals), flag


def oxygen(firm: Firm, times: NDArray[np.datetime64]) -> Array:
    """Oxygen content of the flue gas, %."""
    reference = firm.industry.reference_oxygen or 18.0
    return np.round(reference + 1.5 * wobble(f"{firm.code}-o2", minutes(times), 0.6), 1)


def gas_flow(firm: Firm, times: NDArray[np.datetime64], stories: Stories) -> Array:
    """Flue-gas flow, m³/s."""
    minute = minutes(times)
    base = 60.0 if firm.industry.reference_oxygen else 6.0
    flow = base * wobble(f"{firm.code}-q", minute, 0.15)
    flow[~running(firm, minute) | stories.shut_down(firm, times)] = 0.0
    return np.round(flow, 1)


def wastewater(
    firm: Firm, factor: str, times: NDArray[np.datetime64], stories: Stories
) -> tuple[Array, NDArray[np.str_]]:
    """Value and flag of a wastewater factor."""
    minute = minutes(times)
    _, _, decimals, share = WATER_FACTORS[factor]
    key = f"{firm.code}-{factor}"
    if factor == "w01001":
        value = 7.4 + 0.4 * (wobble(key, minute, 1.0) - 1.0)
    else:
        value = firm.industry.water[factor] * share * wobble(key, minute, 0.35)
    value = np.round(np.maximum(stories.bend_wastewater(firm, factor, times, value), 0.0), decimals)
    return value, np.full(len(times), "N", dtype="<U1")


def wastewater_flow(firm: Firm, times: NDArray[np.datetime64]) -> Array:
    """Wastewater flow, L/s."""
    base = 120.0 if firm.industry.name.startswith("污水") else 8.0
    return np.round(base * wobble(f"{firm.code}-w", minutes(times), 0.25), 2)


def power(firm: Firm, which: str, times: NDArray[np.datetime64], stories: Stories) -> Array:
    """Active power in kW of the production line (``"production"``) or its treatment (``"treatment"``)."""
    minute = minutes(times)
    base = {"production": 160.0, "treatment": 30.0}[which]
    value = base * wobble(f"{firm.code}-{which}", minute, 0.12)
    off = ~running(firm, minute)
    if which == "treatment":
        off |= stories.treatment_off(firm, times)
    value[off] = 0.4 * _uniform(f"{firm.code}-{which}-idle", minute[off])
    return np.round(value, 2)


# Class III river water, in the digits of an automatic station.
RIVER_FACTORS = {
    # code: (name, unit, decimals, usual value at a section whose target is class III)
    "w01010": ("水温", "℃", 1, 0.0),
    "w01001": ("pH 值", "", 2, 7.6),
    "w01009": ("溶解氧", "mg/L", 2, 7.2),
    "w01014": ("电导率", "μS/cm", 1, 420.0),
    "w01003": ("浊度", "NTU", 1, 18.0),
    "w01019": ("高锰酸盐指数", "mg/L", 1, 3.9),
    "w21003": ("氨氮", "mg/L", 2, 0.42),
    "w21011": ("总磷", "mg/L", 3, 0.118),
    "w21001": ("总氮", "mg/L", 2, 2.4),
}
_DIRT_BY_TARGET = {2: 0.62, 3: 1.0, 4: 1.45}


def river(
    section: SectionPlan, factor: str, times: NDArray[np.datetime64], stories: Stories
) -> Array:
    """Value of a river factor at a section."""
    minute = minutes(times)
    _, _, decimals, usual = RIVER_FACTORS[factor]
    key = f"{section.code}-{factor}"
    # Day of the year drives temperature, and with it oxygen.
    season = np.cos(2 * np.pi * (minute / 1440.0 - 200.0) / 365.25)
    warmth = 17.0 + 10.0 * season
    if factor == "w01010":
        value = warmth + 0.8 * (wobble(key, minute, 1.0) - 1.0)
    elif factor == "w01001":
        value = usual + 0.15 * (wobble(key, minute, 1.0) - 1.0)
    elif factor == "w01009":
        dirt = _DIRT_BY_TARGET[section.target]
        value = (14.2 - 0.27 * warmth) * (1.08 - 0.18 * dirt) * wobble(key, minute, 0.06)
    else:
        dirt = _DIRT_BY_TARGET[section.target] if factor not in ("w01014", "w01003") else 1.0
        value = usual * dirt * wobble(key, minute, 0.22)
    return np.round(np.maximum(stories.bend_river(section, factor, times, value), 0.001), decimals)


def section_plan(code: str) -> SectionPlan:
    """Plan of a section by its code."""
    return next(s for s in SECTIONS if s.code == code)


def as_times(begin: datetime, end: datetime, step_minutes: int) -> NDArray[np.datetime64]:
    """Starts ``begin, begin + step, … < end``."""
    return np.arange(
        np.datetime64(begin, "m"), np.datetime64(end, "m"), np.timedelta64(step_minutes, "m")
    )
