"""突变: an hour far outside what the point has been doing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl

from ecoledger.monitoring.alarming.detectors import findings, numbers, plainly

# A normal distribution's standard deviation, from its median absolute deviation.
_MAD_TO_SIGMA = 1.4826


def reach(settings: dict[str, Any]) -> int:
    """How many hours before the judged one are looked at."""
    return max(int(settings.get("hours", 24)), int(settings.get("beyond_hours", 72)))


def detect(
    hours: pl.DataFrame,
    judged: pl.DataFrame,
    settings: dict[str, Any],
    excused: pl.DataFrame | None = None,
) -> pl.DataFrame:
    """Judge each hour against the ``settings["hours"]`` hours before it (default 24).

    ``hours`` and ``judged`` as for :func:`ecoledger.monitoring.alarming.detectors.constant.detect`. Bad when the step
    from the median of those hours is more than ``settings["sigmas"]`` robust standard deviations
    (default 6), more than ``settings["share"]`` of the median (default 1; ``settings["share_of"]`` by
    parameter), more than ``settings["step"][parameter]`` in the parameter's unit, and the value lies outside
    all of the ``settings["beyond_hours"]`` hours before it (default 72) by ``settings["beyond"]`` of itself
    (default 0.1): a boiler that starts again comes back to where it was. With fewer than ``settings["needed"]``
    hours (default 12) before it an hour is not judged. ``settings["lasting"]`` hours in a row must be so (default 1). Good within half of that. ``excused``: ``point, parameter, start,
    excuse`` of hours that have their reason (rain, a plant being started).
    """
    width = int(settings.get("hours", 24))
    sigmas, share = float(settings.get("sigmas", 6.0)), float(settings.get("share", 1.0))
    needed = int(settings.get("needed", 12))
    steps = numbers(settings, "step")
    step = pl.col("parameter").replace_strict(
        steps, default=float(settings.get("step_default", 0.0)), return_dtype=pl.Float64
    )
    shares = numbers(settings, "share_of")
    share_of = pl.col("parameter").replace_strict(shares, default=share, return_dtype=pl.Float64)
    good = (
        hours.filter(pl.col("valid") & pl.col("value").is_not_null())
        .sort("point", "parameter", "start")
        .with_columns(pl.when(pl.col("value") > 0).then(pl.col("value").log()).alias("log"))
    )
    if good.is_empty():
        return findings()
    before = good.rolling(
        "start",
        period=timedelta(hours=width),
        offset=timedelta(hours=-width),
        closed="left",
        group_by=["point", "parameter"],
    ).agg(
        pl.len().alias("present"),
        pl.col("value").median().alias("median"),
        (pl.col("value") - pl.col("value").median()).abs().median().alias("deviation"),
        pl.col("log").median().alias("log_median"),
        (pl.col("log") - pl.col("log").median()).abs().median().alias("log_deviation"),
    )
    beyond = float(settings.get("beyond", 0.1))
    known = good.rolling(
        "start",
        period=timedelta(hours=reach(settings)),
        offset=timedelta(hours=-reach(settings)),
        closed="left",
        group_by=["point", "parameter"],
    ).agg(pl.col("value").max().alias("highest"), pl.col("value").min().alias("lowest"))
    margin = pl.col("value").abs() * beyond
    new = (pl.col("value") - margin > pl.col("highest")) | (
        pl.col("value") + margin < pl.col("lowest")
    )
    table = (
        good.select("point", "parameter", "start", "value")
        .join(before, on=["point", "parameter", "start"])
        .join(known, on=["point", "parameter", "start"])
        .join(
            judged.select("point", "parameter", "start"),
            on=["point", "parameter", "start"],
            how="semi",
        )
        .filter(pl.col("present") >= needed)
        .with_columns(new.fill_null(value=False).alias("new"))
        .with_columns(
            pl.max_horizontal(
                # Concentrations scatter by factors: a rise is measured by these, where it is less strict.
                pl.min_horizontal(
                    sigmas * _MAD_TO_SIGMA * pl.col("deviation"),
                    (
                        pl.col("log_median")
                        + 0.6 * sigmas * _MAD_TO_SIGMA * pl.col("log_deviation")
                    ).exp()
                    - pl.col("median"),
                ),
                share_of * pl.col("median").abs(),
                step,
            ).alias("allowed"),
            (pl.col("value") - pl.col("median")).abs().alias("change"),
        )
    )
    if excused is not None:
        table = table.join(excused, on=["point", "parameter", "start"], how="left")
    table = _lasting(table, int(settings.get("lasting", 1)))
    return findings(
        table.with_columns(
            pl.lit(3600).alias("seconds"),
            pl.when("bad")
            .then(pl.lit("bad"))
            .when(pl.col("change") <= pl.col("allowed") / 2)
            .then(pl.lit("good"))
            .otherwise(pl.lit("hold"))
            .alias("state"),
            pl.format("前{}小时中位值{}", pl.lit(width), plainly(pl.col("median"), 3)).alias(
                "note"
            ),
        )
    )


def _lasting(table: pl.DataFrame, hours: int) -> pl.DataFrame:
    """``bad``: beyond what is allowed for so many hours in a row, and beyond all that was at one of them.

    One value alone is soot blown off, a bubble in the cell, a start. Of a station of four hours it is believed at once when it
    is beyond twice of what is allowed; else its next value has to say so too.
    """
    series = ["point", "parameter"]
    over = pl.col("change") > pl.col("allowed")
    table = table.sort(*series, "start").with_columns(over.alias("over"))
    far = pl.col("change") > 2 * pl.col("allowed")
    lasts, leaps = pl.col("over"), pl.col("new")
    for back in range(1, hours):
        before = pl.col("start") - pl.col("start").shift(back).over(series)
        near = (before <= pl.duration(hours=back + 1)).fill_null(value=False)
        slow = (~near & (before <= pl.duration(hours=8 * back))).fill_null(value=False)
        earlier = pl.col("over").shift(back).over(series)
        lasts &= pl.when(near | slow).then(earlier | (slow & far)).otherwise(pl.lit(value=True))
        leaps |= (near | slow) & pl.col("new").shift(back).over(series)
    return table.with_columns((lasts & leaps).fill_null(value=False).alias("bad"))
