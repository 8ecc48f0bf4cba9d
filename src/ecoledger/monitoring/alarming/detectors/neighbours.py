"""高于周边: a station above its neighbours for hours on end, whichever way the wind blows.

After the rule of 济宁: PM2.5 or PM10 more than 20 % above the neighbours for three consecutive hours.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import findings, numbers
from ecoledger.standards.exceedance import multiples

_KM_PER_DEGREE = 111.195


def neighbours(places: pl.DataFrame, radius_km: float) -> pl.DataFrame:
    """Pairs ``point, neighbour`` no more than ``radius_km`` apart; ``places``: ``point, lon, lat``."""
    known = places.filter(pl.col("lon").is_not_null() & pl.col("lat").is_not_null())
    number = known["point"].to_numpy()
    lon, lat = known["lon"].to_numpy(), known["lat"].to_numpy()
    # Flat-earth distance: off by under 0.1 % within a county.
    east = (lon[:, None] - lon) * np.cos(np.radians((lat[:, None] + lat) / 2))
    distance = _KM_PER_DEGREE * np.hypot(east, lat[:, None] - lat)
    np.fill_diagonal(distance, np.inf)
    one, other = np.nonzero(distance <= radius_km)
    return pl.DataFrame(
        {"point": number[one], "neighbour": number[other]},
        schema={"point": pl.Int64, "neighbour": pl.Int64},
    )


def detect(
    hours: pl.DataFrame, judged: pl.DataFrame, places: pl.DataFrame, settings: dict[str, Any]
) -> pl.DataFrame:
    """Judge each hour of each station.

    ``hours``: computed hours ``point, parameter, start, value, valid`` of all stations; ``judged``: ``point,
    parameter, start``; a touched hour of a neighbour must be among them too. Bad when in each of the last
    ``settings["hours"]`` hours (default 3) the value was more than ``settings["share"]`` (default 0.2)
    above the mean of at least ``settings["needed"]`` (default 2) neighbours within
    ``settings["radius_km"]`` (default 10) and at least ``settings["least"][parameter]``. Good when an
    hour is above by no more than half that share. ``limit`` is the neighbours' mean, ``over`` the share.
    """
    width = int(settings.get("hours", 3))
    share = float(settings.get("share", 0.2))
    needed = int(settings.get("needed", 2))
    least = numbers(settings, "least")
    floor = pl.col("parameter").replace_strict(least, default=0.0, return_dtype=pl.Float64)
    good = hours.filter(pl.col("valid") & pl.col("value").is_not_null()).select(
        "point", "parameter", "start", "value"
    )
    pairs = neighbours(places, float(settings.get("radius_km", 10.0)))
    if good.is_empty() or pairs.is_empty():
        return findings()
    around = (
        pairs.join(good, left_on="neighbour", right_on="point")
        .group_by("point", "parameter", "start")
        .agg(pl.col("value").mean().alias("mean"), pl.len().alias("present"))
        .filter((pl.col("present") >= needed) & (pl.col("mean") > 0))
    )
    compared = (
        good.join(around, on=["point", "parameter", "start"])
        .with_columns(multiples(pl.col("value"), pl.col("mean")).alias("over"))
        .with_columns(((pl.col("over") > share) & (pl.col("value") >= floor)).alias("high"))
        .sort("point", "parameter", "start")
    )
    if compared.is_empty():
        return findings()
    runs = compared.rolling(
        "start", period=timedelta(hours=width), group_by=["point", "parameter"]
    ).agg(
        pl.col("high").sum().alias("highs"),
        pl.col("value").last(),
        pl.col("mean").last().alias("limit"),
        pl.col("over").last(),
        pl.col("present").last(),
    )
    return findings(
        runs.join(
            judged.select("point", "parameter", "start"),
            on=["point", "parameter", "start"],
            how="semi",
        ).with_columns(
            pl.lit(3600).alias("seconds"),
            pl.when(pl.col("highs") == width)
            .then(pl.lit("bad"))
            .when(pl.col("over") <= share / 2)
            .then(pl.lit("good"))
            .otherwise(pl.lit("hold"))
            .alias("state"),
            pl.format("周边{}个站点均值", "present").alias("note"),
        )
    )
