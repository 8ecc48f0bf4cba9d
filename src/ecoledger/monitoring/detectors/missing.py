"""数据缺失: nothing new from a point, or from one parameter of it, for several reporting intervals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from ecoledger.monitoring.detectors import findings

WHOLE_POINT = ""


def detect(last: pl.DataFrame, now: datetime, settings: dict[str, Any]) -> pl.DataFrame:
    """Judge each declared parameter by its last arrival.

    ``last``: ``point, parameter, interval`` (s), ``arrived`` (end of the last period that arrived, null:
    never). Missing after ``settings["intervals"]`` intervals (default 3), at least
    ``settings["minutes"]`` (default 30). When all of a point is missing there is one finding with
    the parameter "" and its parameters are on hold: one dead device is one alarm, not ten.
    """
    intervals, minutes = settings.get("intervals", 3), settings.get("minutes", 30)
    allowed = pl.max_horizontal(pl.col("interval") * intervals, pl.lit(minutes * 60))
    silent = (pl.lit(now) - pl.col("arrived")).dt.total_seconds()
    judged = last.with_columns(
        (pl.col("arrived").is_null() | (silent > allowed)).alias("gone"),
        pl.coalesce(pl.col("arrived"), pl.lit(now)).dt.cast_time_unit("us").alias("start"),
    ).with_columns(pl.col("gone").all().over("point").alias("whole"))
    each = judged.with_columns(
        pl.when("whole")
        .then(pl.lit("hold"))
        .when("gone")
        .then(pl.lit("bad"))
        .otherwise(pl.lit("good"))
        .alias("state"),
        pl.when(pl.col("arrived").is_null()).then(pl.lit("从未收到数据")).alias("note"),
    )
    points = judged.group_by("point", maintain_order=True).agg(
        pl.lit(WHOLE_POINT).first().alias("parameter"),
        pl.coalesce(pl.col("arrived").max(), pl.lit(now)).dt.cast_time_unit("us").alias("start"),
        pl.when(pl.col("whole").first())
        .then(pl.lit("bad"))
        .otherwise(pl.lit("good"))
        .first()
        .alias("state"),
        pl.when(pl.col("arrived").is_null().all())
        .then(pl.lit("从未收到数据"))
        .first()
        .alias("note"),
    )
    lasted = (pl.lit(now) - pl.col("start")).dt.total_seconds().clip(0, 2**31 - 1).alias("seconds")
    return pl.concat([findings(points.with_columns(lasted)), findings(each.with_columns(lasted))])
