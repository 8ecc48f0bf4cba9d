"""恒值: an instrument that gives the same value hour after hour is stuck, or is being fed a value."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl

from ecoledger.monitoring.alarming.detectors import findings, numbers


def detect(hours: pl.DataFrame, judged: pl.DataFrame, settings: dict[str, Any]) -> pl.DataFrame:
    """Judge each hour by itself and the hours before it.

    ``hours``: computed hours with ``point, parameter, start, value, minimum, maximum, valid``; ``judged``:
    ``point, parameter, start`` of those to judge. Bad when over ``settings["hours"]`` hours in a row
    (default 6), all present and valid, the greatest and the smallest value differ by no more than
    ``settings["tolerance"]`` (default 0), using the extremes within each hour. Values at or below
    ``settings["floor"][parameter]`` do not count: an instrument at its detection limit is not stuck.
    """
    width = int(settings.get("hours", 6))
    tolerance = float(settings.get("tolerance", 0.0))
    floors = numbers(settings, "floor")
    floor = pl.col("parameter").replace_strict(
        floors, default=settings.get("floor_default"), return_dtype=pl.Float64
    )
    good = hours.filter(pl.col("valid") & pl.col("value").is_not_null()).select(
        "point",
        "parameter",
        "start",
        "value",
        pl.min_horizontal("minimum", "value").alias("low"),
        pl.max_horizontal("maximum", "value").alias("high"),
    )
    if good.is_empty():
        return findings()
    windows = (
        good.sort("point", "parameter", "start")
        .rolling("start", period=timedelta(hours=width), group_by=["point", "parameter"])
        .agg(
            pl.col("value").last(),
            pl.len().alias("present"),
            (pl.col("high").max() - pl.col("low").min()).alias("spread"),
        )
        .join(
            judged.select("point", "parameter", "start"),
            on=["point", "parameter", "start"],
            how="semi",
        )
    )
    stuck = (pl.col("present") == width) & (pl.col("spread") <= tolerance)
    above_floor = floor.is_null() | (pl.col("value") > floor)
    return findings(
        windows.with_columns(
            pl.lit(3600).alias("seconds"),
            pl.when(stuck & above_floor)
            .then(pl.lit("bad"))
            .when(stuck)
            .then(pl.lit("hold"))
            .otherwise(pl.lit("good"))
            .alias("state"),
        )
    )
