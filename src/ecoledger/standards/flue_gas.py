"""Flue gas: standard state, reference oxygen, valid hours and days, loads, and substitution of gaps.

Concentrations are mg/m³. All functions of a formula work on scalars and on arrays alike. The minute,
hour and day rules are those of HJ 212-2017 annex D and HJ 75-2017.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecoledger.standards.catalogue import Mark
from ecoledger.standards.rule_data import compiled, declare_file

RULE_SET = "flue-gas-data"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers of ``data/flue_gas.toml``."""

    ambient_o2: float
    stopped_from: float
    minutes_of_hour: int
    hours_of_day: int
    days_of_month: int
    days_of_february: int
    capture_rate: float
    normal_share: float
    substitution: tuple[Mapping[str, float], ...]
    substitution_mark: Mark
    molar_volume: float
    molar_mass: Mapping[str, float]


@compiled("flue_gas")
def rules(content: dict[str, Any]) -> Rules:
    """The rules in force."""
    validity, molar = content["validity"], content["molar"]
    declare_file(RULE_SET, content)
    return Rules(
        ambient_o2=float(content["oxygen"]["ambient"]),
        stopped_from=float(content["oxygen"]["stopped_from"]),
        minutes_of_hour=int(validity["minutes_of_hour"]),
        hours_of_day=int(validity["hours_of_day"]),
        days_of_month=int(validity["days_of_month"]),
        days_of_february=int(validity["days_of_february"]),
        capture_rate=float(validity["capture_rate_of_quarter"]),
        normal_share=float(validity["normal_share"]),
        substitution=tuple(content["substitution"]["rows"]),
        substitution_mark=Mark(content["substitution"]["mark"]),
        molar_volume=float(molar["volume"]),
        molar_mass={
            gas: float(mass)
            for gas, mass in molar.items()
            if isinstance(mass, int | float) and gas != "volume"
        },
    )


rules()


def _floats(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64)


def to_reference_oxygen(
    concentration: ArrayLike, o2: ArrayLike, reference_o2: ArrayLike | None
) -> Floats:
    """Concentration at the standard's reference oxygen: ``C·(21−O2ref)/(21−O2)`` (HJ 212-2017 附录D).

    ``o2`` is the measured content (%). Without a reference (``None``) nothing is converted; ``reference_o2``
    may be an array with one for each value (NaN: none known, NaN results). Where the content says that the
    furnace stands still (20.9 % or more), or is below zero or missing, the result is NaN: such an hour is
    to be marked, not judged.

    >>> float(to_reference_oxygen(100.0, 11.0, 6.0))
    150.0
    >>> float(to_reference_oxygen(5.0, 20.95, 6.0))
    nan
    """
    measured = _floats(concentration)
    if reference_o2 is None:
        return measured
    oxygen = _floats(o2)
    running = (oxygen >= 0) & (oxygen < rules().stopped_from)
    ambient = rules().ambient_o2
    divisor = np.where(running, ambient - oxygen, 1.0)
    return _floats(
        np.where(running, measured * (ambient - _floats(reference_o2)) / divisor, np.nan)
    )


def is_stopped(o2: ArrayLike) -> NDArray[np.bool_]:
    """Whether the oxygen content (%) is that of ambient air: the furnace stands still."""
    return np.asarray(_floats(o2) >= rules().stopped_from)


def to_standard_state(
    concentration: ArrayLike,
    temperature: ArrayLike,
    static_pressure: ArrayLike,
    atmospheric_pressure: ArrayLike = 101325.0,
) -> Floats:
    """Concentration at 273 K and 101.325 kPa: ``C·101325/(Ba+Ps)·(273+ts)/273`` (HJ 212-2017 附录D).

    ``temperature`` is the gas's in ℃, pressures are Pa (``static_pressure`` relative to the air's).
    """
    pressure = _floats(atmospheric_pressure) + _floats(static_pressure)
    return _floats(
        _floats(concentration) * 101325.0 / pressure * (273.0 + _floats(temperature)) / 273.0
    )


def to_dry(concentration: ArrayLike, moisture: ArrayLike) -> Floats:
    """Concentration in dry gas from one in wet gas: ``C/(1−Xsw)``; ``moisture`` is percent by volume.

    NaN where the moisture is not within 0 to 100 %.
    """
    share = _floats(moisture) / 100.0
    sound = (share >= 0) & (share < 1)
    return _floats(np.where(sound, _floats(concentration) / np.where(sound, 1 - share, 1), np.nan))


def from_ppm(ppm: ArrayLike, gas: str) -> Floats:
    """Mass concentration from volume parts per million: ``C·M/22.4``.

    ``gas`` is one of so2, no, no2, co, hcl, hf, nh3; raises ``LookupError`` for another.
    """
    masses = rules().molar_mass
    if gas not in masses:
        raise LookupError(f"no molar mass of {gas!r}; there are {', '.join(masses)}")
    return _floats(_floats(ppm) * masses[gas] / rules().molar_volume)


def nitrogen_oxides(no: ArrayLike, no2: ArrayLike) -> Floats:
    """NOx counted as NO2 (mg/m³): ``NO·M(NO2)/M(NO) + NO2``."""
    masses = rules().molar_mass
    return _floats(_floats(no) * masses["no2"] / masses["no"] + _floats(no2))


def dry_flow(
    velocity: ArrayLike,
    area: float,
    temperature: ArrayLike,
    static_pressure: ArrayLike,
    moisture: ArrayLike,
    atmospheric_pressure: ArrayLike = 101325.0,
) -> Floats:
    """Dry flow in standard state, m³/h: ``3600·F·Vs·273/(273+ts)·(Ba+Ps)/101325·(1−Xsw)``.

    ``velocity`` m/s, ``area`` m², ``temperature`` ℃, pressures Pa, ``moisture`` percent.
    """
    wet = 3600.0 * area * _floats(velocity)
    pressure = (_floats(atmospheric_pressure) + _floats(static_pressure)) / 101325.0
    dry_share = 1.0 - _floats(moisture) / 100.0
    return _floats(wet * 273.0 / (273.0 + _floats(temperature)) * pressure * dry_share)


def hourly_load(concentration: ArrayLike, flow: ArrayLike) -> Floats:
    """Emission of an hour, kg: measured (not converted) concentration × dry flow (m³/h) × 10⁻⁶."""
    return _floats(_floats(concentration) * _floats(flow) * 1e-6)


@dataclass(frozen=True, slots=True)
class GasMean:
    """A mean of valid parts: ``value`` (``None`` without any), how many ``parts`` and how many
    ``needed``."""

    value: float | None
    parts: int
    needed: int

    @property
    def valid(self) -> bool:
        """Whether there are enough valid parts for the mean to be judged."""
        return self.parts >= self.needed


def _mean(values: Sequence[float | None], needed: int) -> GasMean:
    known = [value for value in values if value is not None and value == value]
    return GasMean(math.fsum(known) / len(known) if known else None, len(known), needed)


def hour_mean(minutes: Sequence[float | None]) -> GasMean:
    """Hour from its valid minutes: at least 45 are needed (HJ 212-2017 附录D, HJ 75-2017).

    Give ``None`` for minutes that are missing, flagged or marked.
    """
    return _mean(minutes, rules().minutes_of_hour)


def day_mean(hours: Sequence[float | None]) -> GasMean:
    """Day from its valid hours: at least 20 are needed. Give ``None`` for hours that are not valid."""
    return _mean(hours, rules().hours_of_day)


def month_mean(days: Sequence[float | None], month: date) -> GasMean:
    """Month from its valid days: at least 25, in February 23."""
    limits = rules()
    return _mean(days, limits.days_of_february if month.month == 2 else limits.days_of_month)


def rolled_flag(flags: Sequence[str]) -> str:
    """Flag of a longer record from those of its parts: N when at least 75 % are N, else D.

    Raises ``ValueError`` without parts.
    """
    if not flags:
        raise ValueError("no flags to roll up")
    normal = sum(flag == "N" for flag in flags)
    return "N" if 100 * normal >= rules().normal_share * len(flags) else "D"


def capture_rate(valid_hours: int, running_hours: int) -> float | None:
    """有效数据捕集率, percent of the hours the source ran; ``None`` when it did not run."""
    return None if running_hours == 0 else 100.0 * valid_hours / running_hours


@dataclass(frozen=True, slots=True)
class Substitute:
    """What replaces a gap when emissions are counted: ``value`` (``None``: use manual measurement or a
    material balance), the ``rule`` in words, and the rule's mark. Never used to judge exceedance."""

    value: float | None
    rule: str
    mark: Mark


def substitute(before: Sequence[float | None], gap_hours: int, capture: float) -> Substitute:
    """Replace a gap of ``gap_hours`` (HJ 75-2017).

    ``before`` are the hourly emissions (kg) before the failure, or before the last calibration that
    passed, oldest first; concentrations are not substituted. ``capture`` is the quarter's capture rate in
    percent. Raises ``ValueError`` for a gap that is not positive.
    """
    if gap_hours <= 0:
        raise ValueError("a gap lasts at least one hour")
    valid = [value for value in before if value is not None and value == value]
    for row in rules().substitution:
        if capture < row["capture_from"] or gap_hours > row.get("gap_up_to", math.inf):
            continue
        hours = int(row["hours"])
        if not valid:
            return Substitute(
                None, "失效前没有有效数据，用手工监测或物料衡算", rules().substitution_mark
            )
        rule = f"失效前{hours}个有效小时的最大值"
        if len(valid) < hours:
            rule += f"（仅有{len(valid)}个）"
        return Substitute(max(valid[-hours:]), rule, rules().substitution_mark)
    return Substitute(None, "捕集率不足，用手工监测或物料衡算", rules().substitution_mark)


def filled(hours: Sequence[float | None], capture: float) -> list[tuple[float | None, str]]:
    """Hourly emissions (kg) with their gaps substituted, oldest first: (value, rule), the rule "" for measured ones.

    Substituted hours are not looked back at: only measured ones count as valid hours before a failure.
    """
    result: list[tuple[float | None, str]] = []
    measured: list[float | None] = []
    position = 0
    while position < len(hours):
        value = hours[position]
        if value is not None and value == value:
            measured.append(value)
            result.append((value, ""))
            position += 1
            continue
        end = position
        while end < len(hours) and (hours[end] is None or hours[end] != hours[end]):
            end += 1
        replacement = substitute(measured, end - position, capture)
        result += [(replacement.value, replacement.rule)] * (end - position)
        position = end
    return result
