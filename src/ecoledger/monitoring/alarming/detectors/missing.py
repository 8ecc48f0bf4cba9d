"""数据缺失: nothing new from a point, or from one parameter of it, for several reporting intervals."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import polars as pl

from ecoledger.monitoring.alarming.detectors import findings

WHOLE_POINT = ""


def detect(
    last: pl.DataFrame,
    now: datetime,
    settings: dict[str, Any],
    listening_since: datetime | None = None,
) -> pl.DataFrame:
    """Judge each declared parameter by its last arrival.

    ``last``: ``point, parameter, interval`` (s), ``arrived`` (end of the last period that arrived, null:
    never). Missing after ``settings["intervals"]`` intervals (default 3), at least
    ``settings["minutes"]`` (default 30); one factor alone after ``settings["single_intervals"]``. When all of a point is missing there is one finding with
    the parameter "" and its parameters are on hold: one dead device is one alarm, not ten.

    Silence counts from ``listening_since`` on at the earliest, the moment from which arrivals were taken in at
    all: what could not be heard says nothing of a device. Until the allowed silence has passed since then, a
    parameter whose last value is too old is on hold, so that an open alarm neither ends nor grows.
    """
    intervals, minutes = settings.get("intervals", 3), settings.get("minutes", 30)
    single = settings.get("single_intervals", intervals)
    allowed = pl.max_horizontal(pl.col("interval") * intervals, pl.lit(minutes * 60))
    # One factor alone: zero and span checks take an analyser away for some hours.
    alone = pl.max_horizontal(pl.col("interval") * single, pl.lit(minutes * 60))
    moment = pl.lit(now).dt.cast_time_unit("us")
    arrived = pl.col("arrived").dt.cast_time_unit("us")
    # Null: silent for as long as anybody knows.
    heard = pl.max_horizontal(arrived, pl.lit(listening_since, dtype=pl.Datetime("us")))
    seconds = (moment - pl.col("heard")).dt.total_seconds()
    overdue = pl.col("arrived").is_null() | ((moment - arrived).dt.total_seconds() > allowed)
    judged = last.with_columns(heard.alias("heard"), overdue.alias("overdue")).with_columns(
        (pl.col("overdue") & (pl.col("heard").is_null() | (seconds > allowed))).alias("gone")
    )
    # A station with several intervals falls silent as a whole when nothing at all comes any more, though what is sent
    # every four hours is not yet overdue.
    quick = pl.col("interval").min().over("point")
    silence = (moment - arrived.max().over("point")).dt.total_seconds()
    silent = (silence > pl.max_horizontal(quick * intervals, pl.lit(minutes * 60))).fill_null(
        value=True
    )
    judged = judged.with_columns(silent.alias("silent"))
    whole = (pl.col("overdue").all() | pl.col("silent").all()).over("point")
    never = pl.when(pl.col("arrived").is_null().all()).then(pl.lit("从未收到数据"))
    each = judged.select(
        *("point", "parameter"),
        pl.coalesce("heard", moment).alias("start"),
        pl.when(whole | (pl.col("overdue") & ~pl.col("gone")))
        .then(pl.lit("hold"))
        .when(pl.col("gone") & (pl.col("heard").is_null() | (seconds > alone)))
        .then(pl.lit("bad"))
        .when("gone")
        .then(pl.lit("hold"))
        .otherwise(pl.lit("good"))
        .alias("state"),
        never.over("point", "parameter").alias("note"),
    )
    points = judged.group_by("point", maintain_order=True).agg(
        pl.lit(WHOLE_POINT).first().alias("parameter"),
        pl.coalesce(pl.col("heard").max(), moment).alias("start"),
        pl.when(pl.col("gone").all() | (pl.col("silent").all() & pl.col("gone").any()))
        .then(pl.lit("bad"))
        .when(pl.col("overdue").all() | pl.col("silent").all())
        .then(pl.lit("hold"))
        .otherwise(pl.lit("good"))
        .alias("state"),
        never.alias("note"),
    )
    lasted = (moment - pl.col("start")).dt.total_seconds().clip(0, 2**31 - 1).alias("seconds")
    return pl.concat([findings(points.with_columns(lasted)), findings(each.with_columns(lasted))])
