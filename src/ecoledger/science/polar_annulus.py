"""Concentration by wind direction and time (season, hour, weekday or the trend) as a smooth ring.

Source: openair ``polarAnnulus``. The surface is a thin plate spline through square roots of the bin means; the ring
is closed by repeating the bins a quarter turn to either side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.science import thin_plate
from ecoledger.science.air_table import TableError, require, wind

Array = NDArray[np.float64]
Period = Literal["hour", "season", "weekday", "trend"]
_RINGS = 24


@dataclass(frozen=True, slots=True)
class Annulus:
    """``z[row, column]`` at ``time[row]`` (hours 0–24, days 1–366, weekdays 1–8, or years) and ``wd[column]`` (degrees)."""

    wd: Array
    time: Array
    z: Array
    period: str
    pollutant: str

    def table(self) -> pl.DataFrame:
        """Columns ``wd, time, z``."""
        wd, time = np.meshgrid(self.wd, self.time)
        return pl.DataFrame({"wd": wd.ravel(), "time": time.ravel(), "z": self.z.ravel()})


def polar_annulus(
    table: pl.DataFrame, pollutant: str, period: Period = "hour", *, cells: int = 61
) -> Annulus:
    """The mean concentration by direction (10° bins) and time within ``period``, smoothed; unit of the data."""
    if period not in get_args(Period):
        raise TableError(f"{period!r} is no period; use {', '.join(get_args(Period))}")
    require(table, ("date",))
    date = pl.col("date")
    time = {
        "hour": date.dt.hour() + date.dt.minute() / 60,
        "season": date.dt.ordinal_day() + date.dt.hour() / 24,
        "weekday": date.dt.weekday() + date.dt.hour() / 24,
        "trend": date.dt.year() + (date.dt.ordinal_day() - 1 + date.dt.hour() / 24) / 365.25,
    }[period]
    rows = wind(table, pollutant).with_columns(time=time.cast(pl.Float64))
    low, high = {
        "hour": (0.0, 24.0),
        "season": (1.0, 367.0),
        "weekday": (1.0, 8.0),
    }.get(period, (rows["time"].to_numpy().min(), rows["time"].to_numpy().max()))
    ring = ((pl.col("time") - low) / (high - low) * _RINGS).floor().clip(0, _RINGS - 1)
    direction = 10.0 * (pl.col("wd") / 10 - 0.5).ceil() % 360
    binned = rows.group_by(wd=direction, ring=ring).agg(z=pl.col(pollutant).mean(), n=pl.len())
    wd, row, value, count = (
        binned[name].to_numpy().astype(float) for name in ("wd", "ring", "z", "n")
    )
    # Degrees and rings are scaled alike, so that smoothing is the same both ways.
    points = np.column_stack([wd / 360, (row + 0.5) / _RINGS])
    around = [points + np.array([shift, 0]) for shift in (-1, 0, 1)]
    repeated = np.vstack(around)
    near = (repeated[:, 0] > -0.25) & (repeated[:, 0] < 1.25)
    root = np.sqrt(np.maximum(np.tile(value, 3), 0))
    weights = np.minimum(np.tile(count, 3), 4) / 4
    terms = min(120, len(np.unique(repeated[near], axis=0)) - 1)
    if terms < 10:
        raise TableError("too few combinations of wind direction and time for a surface")
    surface = thin_plate.fit(repeated[near], root[near], weights[near], terms)
    degrees, times = np.linspace(0, 360, 2 * cells - 1), np.linspace(0, 1, cells)
    u, v = np.meshgrid(degrees / 360, times)
    z = np.square(surface.predict(np.column_stack([u.ravel(), v.ravel()]))).reshape(u.shape)
    return Annulus(degrees, low + times * (high - low), z, period, pollutant)
