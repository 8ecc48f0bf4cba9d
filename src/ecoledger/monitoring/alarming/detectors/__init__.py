"""Detectors: what looks wrong in a window of values. Pure functions on polars tables; no database.

Each gives *findings*, one row a (point, parameter, period) it judged:

=============  ============  =====================================================================
column         type          meaning
=============  ============  =====================================================================
point          int64
parameter      text          parameter code; "" where the finding is about the whole point
start          datetime[us]  start of the period judged
seconds        int32         its length
state          text          "bad"; "good" (counts towards the end of an alarm); "hold" (neither: inside
                             the hysteresis); "void" (no longer has a valid value)
value          float64       the value that was judged
limit          float64       what it was judged against, null where there is none
over           float64       times over the limit (超标倍数), or a share over the neighbours' mean
note           text          in words, what else an officer should know
excuse         text          why nobody is alarmed though the state is bad (rain, a regional haze, a stopped
                             plant): the alarm is recorded as silenced; null where it is to be raised
since          datetime[us]  when it began, where the detector knows that it did before the period; else null
=============  ============  =====================================================================
"""

from __future__ import annotations

from typing import Any

import polars as pl

SCHEMA: dict[str, Any] = {
    "point": pl.Int64,
    "parameter": pl.String,
    "start": pl.Datetime("us"),
    "seconds": pl.Int32,
    "state": pl.String,
    "value": pl.Float64,
    "limit": pl.Float64,
    "over": pl.Float64,
    "note": pl.String,
    "excuse": pl.String,
    "since": pl.Datetime("us"),
}


def findings(table: pl.DataFrame | None = None) -> pl.DataFrame:
    """``table`` with exactly the columns of a finding, missing ones null; empty without a table."""
    if table is None:
        return pl.DataFrame(schema=SCHEMA)
    return table.select(
        (pl.col(name) if name in table.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in SCHEMA.items()
    ).sort("point", "parameter", "start")


def numbers(settings: dict[str, Any], name: str) -> dict[str, float]:
    """A setting given by parameter, as numbers of one type."""
    return {code: float(value) for code, value in settings.get(name, {}).items()}


def plainly(number: pl.Expr, decimals: int) -> pl.Expr:
    """A number as people write it: rounded, without ".0"."""
    return number.round(decimals).cast(pl.String).str.strip_suffix(".0")
