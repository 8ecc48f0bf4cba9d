"""Breakpoints of HJ 633: the exact sub-index of a concentration, of one or of many.

What an edition prescribes is a :class:`Scheme`; :mod:`ecoledger.standards.aqi` makes indices with it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from math import isfinite
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ecoledger.standards.air_limits import DECIMALS, FACTORS
from ecoledger.standards.rounding import half_even

#: Codes of what has no sub-index: not measured; measured, but the edition forms none of it.
MISSING = -1
NOT_FORMED = -2

_MICRO = 1_000_000


class BreakpointTable:
    """Breakpoints of one factor and averaging time, with the exact sub-index of a concentration."""

    def __init__(
        self,
        name: str,
        points: tuple[int, ...],
        iaqi: tuple[int, ...],
        above: Literal["cap", "drop"],
    ) -> None:
        self.name = name
        self.points = points
        self.iaqi = iaqi[: len(points)]
        self.decimals = DECIMALS.get(name.rsplit("_", 1)[0], 0)
        self.above = self.iaqi[-1] if above == "cap" else NOT_FORMED
        per = 10**self.decimals
        # Index of every rounded concentration, then of one beyond the table, then of a missing one.
        self._lookup = np.array(
            [self._exact(n, per) for n in range(points[-1] * per + 1)] + [self.above, MISSING],
            dtype=np.int16,
        )

    def _exact(self, numerator: int, denominator: int) -> int:
        """Sub-index of the concentration ``numerator / denominator``, in integers throughout."""
        if numerator > self.points[-1] * denominator:
            return self.above
        for (low, high), (index_low, index_high) in zip(
            pairwise(self.points), pairwise(self.iaqi), strict=True
        ):
            if numerator <= high * denominator:
                rise = (numerator - low * denominator) * (index_high - index_low)
                return index_low - (-rise // ((high - low) * denominator))
        raise AssertionError("the last breakpoint was compared above")

    def scalar(self, concentration: float | None, rounded: bool) -> int:
        """Sub-index of one concentration, or a negative code."""
        if concentration is None or not isfinite(concentration) or concentration < 0:
            return MISSING
        concentration = min(float(concentration), self.points[-1] + 1)
        if rounded:
            per = 10**self.decimals
            return self._exact(round(half_even(concentration, self.decimals) * per), per)
        return self._exact(round(concentration * _MICRO), _MICRO)

    def array(self, concentrations: NDArray[np.float64], rounded: bool) -> NDArray[np.int16]:
        """Sub-index of each concentration, or a negative code."""
        missing = ~((concentrations >= 0) & (concentrations < np.inf))
        concentrations = np.minimum(concentrations, self.points[-1] + 1)
        if not rounded:
            return self._unrounded(concentrations, missing)
        units = concentrations * 10.0**self.decimals if self.decimals else concentrations
        position = np.rint(units)
        if not np.array_equal(position, units, equal_nan=True):
            position = half_even(np.where(missing, 0.0, units))
        beyond = self._lookup.size - 2
        position = np.minimum(position, beyond)
        position[missing] = beyond + 1
        return np.asarray(self._lookup[position.astype(np.intp)])

    def _unrounded(
        self, concentrations: NDArray[np.float64], missing: NDArray[np.bool_]
    ) -> NDArray[np.int16]:
        points = np.array(self.points, dtype=np.int64) * _MICRO
        iaqi = np.array(self.iaqi, dtype=np.int64)
        beyond = ~missing & (np.rint(np.where(missing, 0, concentrations) * _MICRO) > points[-1])
        inside = np.where(missing | beyond, 0.0, concentrations)
        micro = np.rint(inside * _MICRO).astype(np.int64)
        upper = np.maximum(np.searchsorted(points, micro, side="left"), 1)
        lower = upper - 1
        rise = (micro - points[lower]) * (iaqi[upper] - iaqi[lower])
        index = iaqi[lower] - (-rise // (points[upper] - points[lower]))
        index[beyond] = self.above
        index[missing] = MISSING
        return np.asarray(index.astype(np.int16))


@dataclass(frozen=True, eq=False)
class Scheme:
    """What an edition of HJ 633 prescribes, ready to compute with."""

    tables: Mapping[str, BreakpointTable]
    lowest: int
    round_input: bool
    daily_o3_1h: bool
    hourly_o3_8h: bool
    absent_allowed: Mapping[str, str] = field(default_factory=dict)

    def columns(self, kind: Literal["hour", "day"]) -> tuple[tuple[str, str, BreakpointTable], ...]:
        """``(argument, factor, table)`` of everything that enters the index."""
        if kind == "hour":
            names = {f: f"{f}_1h" for f in ("so2", "no2", "o3", "co")}
            names |= {"pm10": "pm10_24h", "pm2_5": "pm2_5_24h"}
            extra = {"o3_8h": "o3_8h"} if self.hourly_o3_8h else {}
        else:
            names = {f: f"{f}_24h" for f in ("so2", "no2", "co", "pm10", "pm2_5")}
            names["o3"] = "o3_8h"
            extra = {"o3_1h": "o3_1h"} if self.daily_o3_1h else {}
        ordered = [(f, f, self.tables[names[f]]) for f in FACTORS]
        return tuple(ordered + [(key, "o3", self.tables[name]) for key, name in extra.items()])


def scheme_of(entry: dict[str, Any], iaqi: list[int], published: dict[str, Any]) -> Scheme:
    """The scheme that an edition's table in ``data/aqi.toml`` describes."""
    above = entry["above"]
    return Scheme(
        tables={
            name: BreakpointTable(name, tuple(points), tuple(iaqi), above.get(name, "cap"))
            for name, points in entry["breakpoints"].items()
        },
        lowest=entry["lowest"],
        round_input=entry["round_input"],
        daily_o3_1h=entry["daily_o3_1h"],
        hourly_o3_8h=entry["hourly_o3_8h"],
        absent_allowed=published["absent_allowed"],
    )
