"""Wastewater: flow-weighted means, valid days, loads, substitution of gaps, and sewage-plant loads.

Flow is L/s where instruments report it and m³ where it has been summed; concentrations are mg/L, masses
kg. Rules from HJ 212-2017 annex D, HJ 355-2019 and HJ 356-2019.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ecoledger.standards.catalogue import Mark
from ecoledger.standards.rule_data import compiled, declare_file

RULE_SET = "wastewater-data"

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Rules:
    """The numbers of ``data/wastewater.toml``."""

    minutes_of_hour: int
    valid_share: float
    sampling_hours: float
    flow_weighted: bool
    mean_before_up_to: int
    manual_a_day: int
    median_items: frozenset[str]
    marks: tuple[Mark, ...]
    substitution_mark: Mark


@compiled("wastewater")
def rules(content: dict[str, Any]) -> Rules:
    """The rules in force."""
    declare_file(RULE_SET, content)
    return Rules(
        minutes_of_hour=int(content["validity"]["minutes_of_hour"]),
        valid_share=float(content["validity"]["valid_share"]),
        sampling_hours=float(content["validity"]["sampling_hours"]),
        flow_weighted=content["day"]["weighting"] == "flow",
        mean_before_up_to=int(content["substitution"]["mean_before_up_to_hours"]),
        manual_a_day=int(content["substitution"]["manual_a_day"]),
        median_items=frozenset(content["substitution"]["median_items"]),
        marks=(Mark(content["validity"]["mark"]), Mark(content["day"]["mark"])),
        substitution_mark=Mark(content["substitution"]["mark"]),
    )


rules()


def volume(flow: ArrayLike, seconds: float) -> Floats:
    """Volume in m³ of a mean flow in L/s over a time: ``Q·T·10⁻³`` (HJ 212-2017 附录D)."""
    return np.asarray(np.asarray(flow, dtype=np.float64) * seconds * 1e-3, dtype=np.float64)


def load(concentration: ArrayLike, cubic_metres: ArrayLike) -> Floats:
    """Mass in kg: ``C·D·10⁻³`` from mg/L and m³."""
    product = np.asarray(concentration, dtype=np.float64) * np.asarray(
        cubic_metres, dtype=np.float64
    )
    return np.asarray(product * 1e-3, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class DayMean:
    """A daily mean: ``value`` (``None`` without valid records), by ``"flow"`` or ``"arithmetic"``, how
    many records are valid of how many due, the ``load`` in kg and the ``volume`` in m³ they cover.

    ``low`` and ``high`` are the extremes: pH is judged by them, not by the mean.
    """

    value: float | None
    by: str
    valid_records: int
    due_records: int
    needed_share: float
    load: float | None
    volume: float | None
    low: float | None
    high: float | None

    @property
    def valid(self) -> bool:
        """Whether enough of the due records are valid for the mean to be judged."""
        return enough_records(self.valid_records, self.due_records, self.needed_share)


def enough_records(valid: int, due: int, share: float | None = None) -> bool:
    """Whether so many valid records of those due let a day be judged (HJ 356-2019: 75 %).

    ``share`` in percent is asked for instead of the rule's own; none due is never enough.
    """
    return due > 0 and 100 * valid >= (rules().valid_share if share is None else share) * due


def day_mean(
    concentrations: Sequence[float | None],
    volumes: Sequence[float | None] | None = None,
    *,
    due: int | None = None,
) -> DayMean:
    """Daily mean from records of a day, weighted with the volume each stands for (``ΣCQ/ΣQ``).

    Give ``None`` for records that are missing, flagged or marked. ``volumes`` (m³) belongs to the
    records; where it is not given, or sums to zero, the mean is arithmetic. ``due`` is how many records
    the day should have: those given, unless the outlet discharged only part of the day.

    >>> day_mean([40.0, 60.0, None], [100.0, 300.0, 50.0], due=3).value
    55.0
    """
    if volumes is not None and len(volumes) != len(concentrations):
        raise ValueError(f"{len(concentrations)} concentrations but {len(volumes)} volumes")
    limits = rules()
    flows = volumes if volumes is not None else [None] * len(concentrations)
    records = [
        (value, flow if flow is not None and flow == flow else None)
        for value, flow in zip(concentrations, flows, strict=True)
        if value is not None and value == value
    ]
    values = [value for value, _ in records]
    weighted = [(value, flow) for value, flow in records if flow is not None and flow >= 0]
    whole = math.fsum(flow for _, flow in weighted)
    mass = math.fsum(value * flow for value, flow in weighted)
    by_flow = limits.flow_weighted and whole > 0
    if by_flow:
        mean: float | None = mass / whole
    else:
        mean = math.fsum(values) / len(values) if values else None
    return DayMean(
        value=mean,
        by="flow" if by_flow else "arithmetic",
        valid_records=len(weighted) if by_flow else len(values),
        due_records=len(concentrations) if due is None else due,
        needed_share=limits.valid_share,
        load=mass * 1e-3 if weighted else None,
        volume=whole if weighted else None,
        low=min(values, default=None),
        high=max(values, default=None),
    )


def records_due(discharging_hours: float) -> int:
    """How many automatic samples a day with this many hours of discharge should have (one in two hours)."""
    return math.ceil(discharging_hours / rules().sampling_hours)


def rolled_flag(flags: Sequence[str]) -> str:
    """Flag of a longer record: N when all its parts are N, else that of the first abnormal part.

    Raises ``ValueError`` without parts (HJ 212-2017 表C.16).
    """
    if not flags:
        raise ValueError("no flags to roll up")
    return next((flag for flag in flags if flag != "N"), "N")


@dataclass(frozen=True, slots=True)
class Substitute:
    """What replaces a gap when loads are counted: ``value`` or, when ``None``, what to do instead."""

    value: float | None
    rule: str
    mark: Mark


def substitute(before: Sequence[float | None], gap_hours: int, item: str = "") -> Substitute:
    """Replace a gap in hourly values by the mean of as many hours before it, pH by their median.

    ``before`` are the hours before the gap, oldest first. A gap of more than two days, or one with no
    valid hour in the period before, is to be filled by manual measurement (four a day).
    """
    if gap_hours <= 0:
        raise ValueError("a gap lasts at least one hour")
    limits = rules()
    manual = f"手工监测，每天不少于{limits.manual_a_day}次"
    if gap_hours > limits.mean_before_up_to:
        return Substitute(None, manual, limits.substitution_mark)
    window = [value for value in before[-gap_hours:] if value is not None and value == value]
    if not window:
        return Substitute(None, f"前一时段没有有效数据，{manual}", limits.substitution_mark)
    if item in limits.median_items:
        middle = statistics.median(window)
        return Substitute(middle, f"失效前{gap_hours}小时的中位值", limits.substitution_mark)
    mean = math.fsum(window) / len(window)
    return Substitute(mean, f"失效前{gap_hours}小时的均值", limits.substitution_mark)


@dataclass(frozen=True, slots=True)
class PlantLoad:
    """What a sewage plant took in, let out and removed over a period, kg, with its removal in percent
    and its utilisation in percent of the design volume (``None`` where unknown)."""

    volume: float
    taken_in: float
    let_out: float
    removed: float
    removal: float | None
    utilisation: float | None


def plant_load(
    volumes: Sequence[float],
    inflow: Sequence[float],
    outflow: Sequence[float],
    *,
    design_volume: float | None = None,
) -> PlantLoad:
    """Load of a sewage plant from daily volumes (m³) and concentrations in and out (mg/L).

    ``removed = Σ Q·(C_in − C_out)·10⁻³``. Raises ``ValueError`` when the series differ in length.
    ``design_volume`` is m³ a day.

    >>> plant_load([10000.0], [300.0], [30.0], design_volume=20000).removed
    2700.0
    """
    if not len(volumes) == len(inflow) == len(outflow):
        raise ValueError("volumes, inflow and outflow must have the same days")
    whole = math.fsum(volumes)
    taken = math.fsum(q * c for q, c in zip(volumes, inflow, strict=True)) * 1e-3
    out = math.fsum(q * c for q, c in zip(volumes, outflow, strict=True)) * 1e-3
    return PlantLoad(
        volume=whole,
        taken_in=taken,
        let_out=out,
        removed=taken - out,
        removal=100 * (taken - out) / taken if taken else None,
        utilisation=100 * whole / (design_volume * len(volumes)) if design_volume else None,
    )
