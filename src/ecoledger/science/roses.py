"""Wind roses, pollution roses, percentile roses and polar frequencies: tables by wind direction.

``wd`` in a result is the middle of the sector the wind comes from, degrees, 360 is north. Source: openair
``windRose``, ``pollutionRose``, ``percentileRose``, ``polarFreq`` (Carslaw & Ropkins 2012,
doi:10.1016/j.envsoft.2011.09.008).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal, get_args

import numpy as np
import polars as pl

from ecoledger.science.air_table import TableError, classes, wind

Statistic = Literal["mean", "median", "max", "sd", "frequency", "weighted_mean"]
#: Classes of wind speed of a wind rose, m/s.
SPEEDS = (0.0, 2.0, 4.0, 6.0)


@dataclass(frozen=True, slots=True)
class Rose:
    """``table``: columns ``wd``, ``class`` and ``percent`` of all hours. ``calm``: percent of hours without wind.
    ``classes``: the names in order. ``mean``: of the shown quantity, in its unit."""

    table: pl.DataFrame
    calm: float
    classes: tuple[str, ...]
    mean: float
    quantity: str


def _sector(wd: pl.Expr, angle: float) -> pl.Expr:
    rounded = angle * (wd / angle - 0.5).ceil()
    return pl.when(rounded <= 0).then(360.0).otherwise(rounded)


def wind_rose(
    table: pl.DataFrame,
    *,
    angle: float = 30,
    breaks: Sequence[float] = SPEEDS,
    correct_bias: bool = True,
) -> Rose:
    """Percent of hours by wind direction and class of speed; the last class is open.

    ``correct_bias``: where the data know only so many directions (16 points, tens of degrees) and sectors catch
    unequal numbers of them, each sector is weighted back to the mean number. Calm: speed or direction 0.
    """
    return _rose(table, "ws", angle, breaks, correct_bias)


def pollution_rose(
    table: pl.DataFrame,
    pollutant: str,
    *,
    angle: float = 30,
    breaks: Sequence[float] | None = None,
    correct_bias: bool = True,
) -> Rose:
    """Percent of hours by wind direction and class of concentration; ``breaks`` in the data's unit
    (default: the deciles 0, 25, 50, 75, 90)."""
    if breaks is None:
        known = table[pollutant].drop_nulls()
        quarters = [known.quantile(q, "linear") or 0.0 for q in (0.25, 0.5, 0.75, 0.9)]
        breaks = [0.0, *dict.fromkeys(float(f"{q:.3g}") for q in quarters)]
    return _rose(table, pollutant, angle, breaks, correct_bias)


def _rose(
    table: pl.DataFrame, quantity: str, angle: float, breaks: Sequence[float], correct_bias: bool
) -> Rose:
    if angle <= 0 or abs(360 / angle - round(360 / angle)) > 1e-9:
        raise TableError(f"a sector of {angle}° does not divide the circle; use 10, 22.5, 30 or 45")
    calm_in_table = pl.col("wd").is_null() & (pl.col("ws") == 0)
    rows = wind(table.with_columns(wd=pl.when(calm_in_table).then(360.0).otherwise("wd")), quantity)
    if rows.is_empty():
        raise TableError(f"no hour has wind and {quantity}")
    calm = rows.filter(pl.col("ws") == 0)
    moving = rows.filter(pl.col("ws") > 0).with_columns(sector=_sector(pl.col("wd"), angle))
    edges = sorted(breaks)
    names = [f"{low:g}–{high:g}" for low, high in pairwise(edges)]
    names.append(f"> {edges[-1]:g}")
    lowest = float(moving[quantity].to_numpy().min()) if moving.height else edges[0]
    if lowest < edges[0]:
        names.insert(0, f"≤ {edges[0]:g}")
        cuts = edges
    else:
        cuts = edges[1:]
    kind = classes(moving[quantity], cuts, names)
    counted = (
        moving.with_columns(kind=kind)
        .group_by("sector", "kind")
        .agg(hours=pl.len())
        .with_columns(pl.col("hours").cast(pl.Float64))
    )
    if correct_bias:
        counted = _corrected(counted, moving, angle)
    total = rows.height
    percent = (
        counted.select(
            wd="sector",
            **{"class": pl.col("kind").cast(pl.Enum(names))},
            percent=100 * pl.col("hours") / total,
        )
        .sort("wd", "class")
        .with_columns(pl.col("class").cast(pl.String))
    )
    mean = rows[quantity].mean()
    assert isinstance(mean, float)  # noqa: S101
    return Rose(percent, 100 * calm.height / total, tuple(names), mean, quantity)


def _corrected(counted: pl.DataFrame, moving: pl.DataFrame, angle: float) -> pl.DataFrame:
    known = moving["wd"].unique()
    if len(known) > 72:
        return counted
    per_sector = (
        pl.DataFrame({"wd": known}).group_by(sector=_sector(pl.col("wd"), angle)).agg(held=pl.len())
    )
    share = per_sector["held"].sum() / round(360 / angle)
    weighted = counted.join(per_sector, on="sector").with_columns(
        weighted=pl.col("hours") * share / pl.col("held")
    )
    back = float(counted["hours"].sum()) / float(weighted["weighted"].sum())
    return weighted.select("sector", "kind", hours=pl.col("weighted") * back)


def percentile_rose(
    table: pl.DataFrame,
    pollutant: str,
    *,
    percentiles: Sequence[float] = (25, 50, 75, 90, 95),
    angle: float = 10,
) -> pl.DataFrame:
    """Percentiles of the concentration by wind direction: ``wd, percentile, value, hours``, unit of the data."""
    rows = wind(table, pollutant).with_columns(wd=_sector(pl.col("wd"), angle))
    value = pl.col(pollutant)
    return (
        rows.group_by("wd")
        .agg(
            *(value.quantile(p / 100, "linear").alias(str(p)) for p in percentiles), hours=pl.len()
        )
        .unpivot(index=["wd", "hours"], variable_name="percentile", value_name="value")
        .select("wd", pl.col("percentile").cast(pl.Float64), "value", "hours")
        .sort("wd", "percentile")
    )


def polar_frequency(
    table: pl.DataFrame,
    pollutant: str | None = None,
    statistic: Statistic | None = None,
    *,
    directions: int = 36,
    speed_step: float = 1,
    min_bin: int = 1,
) -> pl.DataFrame:
    """A statistic by classes of wind speed (labelled by their upper end, m/s) and direction.

    Columns ``ws, wd, weights, value, count``. ``value`` is the statistic in the data's unit (hours for
    ``frequency``, percent of the total for ``weighted_mean``); ``weights`` is its square root, which is what openair
    ``polarFreq`` returns and colours by. Statistic: mean where a pollutant is named, else frequency.
    """
    statistic = statistic or ("mean" if pollutant else "frequency")
    if statistic not in get_args(Statistic):
        raise TableError(f"{statistic!r} is no statistic; use {', '.join(get_args(Statistic))}")
    if statistic != "frequency" and pollutant is None:
        raise TableError(f"{statistic} needs the name of a pollutant")
    rows = wind(table, *([pollutant] if pollutant else []))
    value = pl.col(pollutant or "ws")
    expression = {
        "mean": value.mean(),
        "median": value.median(),
        "max": value.max(),
        "sd": value.std(),
        "frequency": pl.len().cast(pl.Float64),
        "weighted_mean": value.sum(),
    }[statistic]
    speed = pl.when(pl.col("ws") == 0).then(0.0001).otherwise("ws")
    result = (
        rows.with_columns(
            wd=_sector(pl.col("wd"), 360 / directions),
            ws=speed_step * (speed / speed_step).ceil(),
        )
        .group_by("wd", "ws")
        .agg(value=expression, count=pl.len())
        .filter((pl.col("count") >= min_bin) & pl.col("value").is_not_null())
        .sort("wd", "ws")
    )
    if statistic == "weighted_mean":
        result = result.with_columns(value=100 * pl.col("value") / pl.col("value").sum())
    root = pl.when(pl.col("value") >= 0).then(pl.col("value").sqrt()).otherwise(np.nan)
    return result.select("ws", "wd", root.fill_nan(None).alias("weights"), "value", "count")
