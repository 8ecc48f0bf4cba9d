"""超标: a mean above its limit (or below its lower limit), judged on the limit's own basis."""

from __future__ import annotations

from typing import Any

import polars as pl

from ecoledger.monitoring.alarming.detectors import findings
from ecoledger.standards.exceedance import multiples


def detect(values: pl.DataFrame, settings: dict[str, Any]) -> pl.DataFrame:
    """Judge each mean.

    ``values``: ``point, parameter, start, seconds, value, valid, limit, lower_limit`` with ``value`` already
    the converted one where the limit asks for that. Unrounded values are compared (全数值比较法,
    GB/T 8170 4.3); reaching the limit is not exceeding it. ``settings["clear_below"]``: share of the
    limit a value must fall below before it counts as good (default 1: any value that attains).
    """
    clear = settings.get("clear_below", 1.0)
    above = (pl.col("value") > pl.col("limit")).fill_null(value=False)
    below = (pl.col("value") < pl.col("lower_limit")).fill_null(value=False)
    calm = (pl.col("value") <= pl.col("limit") * clear).fill_null(value=True)
    judged = values.filter(pl.col("limit").is_not_null() | pl.col("lower_limit").is_not_null())
    return findings(
        judged.with_columns(
            pl.when(~pl.col("valid") | pl.col("value").is_null())
            .then(pl.lit("void"))
            .when(above | below)
            .then(pl.lit("bad"))
            .when(calm)
            .then(pl.lit("good"))
            .otherwise(pl.lit("hold"))
            .alias("state"),
            pl.when(above & (pl.col("limit") > 0) & pl.col("lower_limit").is_null())
            .then(multiples(pl.col("value"), pl.col("limit")))
            .alias("over"),
            pl.when(below)
            .then("lower_limit")
            .otherwise(pl.coalesce("limit", "lower_limit"))
            .alias("limit"),
            pl.when(below).then(pl.lit("低于下限")).alias("note"),
        )
    )
