"""产污未治污: production runs while the treatment equipment of the same line stands still."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import polars as pl

from ecoledger.monitoring.alarming.detectors import findings, plainly


def detect(
    power: pl.DataFrame, judged: pl.DataFrame, meters: pl.DataFrame, settings: dict[str, Any]
) -> pl.DataFrame:
    """Judge each reading of each treatment meter.

    ``power``: ``point, parameter, start, value``; ``judged``: ``point, parameter, start`` (a reading of a
    production meter also judges its treatment meters at that time); ``meters``: ``point, owner_code,
    line, power_role, running_above`` and perhaps ``learned`` (kW, what standby and idling do not reach: a meter runs above
    the greater of the two). A line belongs together when owner and line are equal. Bad when for
    ``settings["minutes"]`` (default 30) at least one production meter of the line was running at every
    reading and none of its treatment meters was; good as soon as treatment runs or production stops.
    Findings stand at the treatment meter and the moment of the reading; ``limit`` is the running threshold.
    """
    minutes = int(settings.get("minutes", 30))
    default = float(settings.get("running_above", 1.0))
    line = ["owner_code", "line"]
    learned = pl.col("learned") if "learned" in meters.columns else pl.lit(None, dtype=pl.Float64)
    threshold = pl.max_horizontal(pl.col("running_above").fill_null(default), learned)
    states = (
        power.filter(pl.col("value").is_not_null())
        .join(meters.filter(pl.col("power_role") != ""), on="point")
        .with_columns(threshold.alias("running_above"))
        .with_columns((pl.col("value") > pl.col("running_above")).alias("running"))
    )
    if states.is_empty():
        return findings()
    production = pl.col("power_role") == "production"
    together = (
        states.group_by(*line, "parameter", "start")
        .agg(
            (pl.col("running") & production).any().alias("producing"),
            (pl.col("running") & ~production).any().alias("treating"),
            (~production).any().alias("treatment_known"),
            production.any().alias("production_known"),
            pl.col("value").filter(production).sum().alias("production_value"),
        )
        # Without both sides at the same time nothing can be said.
        .filter(pl.col("treatment_known") & pl.col("production_known"))
        .with_columns((pl.col("producing") & ~pl.col("treating")).alias("wrong"))
        .sort(*line, "parameter", "start")
    )
    if together.is_empty():
        return findings()
    # Meters read every hour need two readings, as those read every quarter of an hour need three.
    gap = pl.col("start").diff().over([*line, "parameter"]).dt.total_minutes()
    together = together.with_columns(gap.alias("gap")).with_columns(
        pl.max_horizontal(
            pl.col("gap").median().over([*line, "parameter"]).fill_null(0), pl.lit(minutes)
        )
        .cast(pl.Int64)
        .alias("minutes")
    )
    runs = pl.concat(
        _runs(rows, line, int(needed)) for (needed,), rows in together.group_by(["minutes"])
    )
    lasted = (pl.col("start") - pl.col("first")).dt.total_minutes() >= pl.col("minutes")
    asked = (
        judged.select("point", "parameter", "start")
        .join(meters.select("point", *line), on="point")
        .select(*line, "parameter", "start")
        .unique()
    )
    treatment = states.filter(~production).select(
        *line, "parameter", "start", "point", "value", pl.col("running_above").alias("limit")
    )
    return findings(
        runs.join(asked, on=[*line, "parameter", "start"], how="semi")
        .join(treatment, on=[*line, "parameter", "start"])
        .with_columns(
            pl.lit(0).alias("seconds"),
            pl.when(pl.col("all_wrong") & lasted)
            .then(pl.lit("bad"))
            .when(~pl.col("wrong"))
            .then(pl.lit("good"))
            .otherwise(pl.lit("hold"))
            .alias("state"),
            pl.format("生产设施功率{} kW", plainly(pl.col("production_value"), 1)).alias("note"),
        )
    )


def _runs(rows: pl.DataFrame, line: list[str], minutes: int) -> pl.DataFrame:
    """The readings of lines that are read alike, each with whether all of the ``minutes`` up to it were wrong."""
    return (
        rows.sort(*line, "parameter", "start")
        .rolling(
            "start", period=timedelta(minutes=minutes), group_by=[*line, "parameter"], closed="both"
        )
        .agg(
            pl.col("wrong").all().alias("all_wrong"),
            pl.col("wrong").last(),
            pl.col("start").first().alias("first"),
            pl.col("production_value").last(),
            pl.lit(minutes).alias("minutes"),
        )
    )
