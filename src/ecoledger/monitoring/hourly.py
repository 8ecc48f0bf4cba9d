"""Accepted hours of points, one value an hour: what is computed from minutes before what devices sent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import polars as pl

from ecoledger.monitoring import runtime


def hours(
    points: Sequence[int], codes: Sequence[str], begin: datetime, end: datetime
) -> pl.DataFrame:
    """Hours ``begin <= date < end`` (China standard time) as ``point, parameter, date, value``, flagged ones left out."""
    rows = runtime.store().read(
        list(points),
        list(codes),
        ["computed-hour", "hour"],
        begin,
        end,
        columns=("point", "parameter", "series", "start", "value", "flag"),
    )
    return (
        rows.filter(pl.col("value").is_not_null() & (pl.col("flag").fill_null("N") == "N"))
        .sort("series")
        .unique(["point", "parameter", "start"], keep="first")
        .select("point", "parameter", date=pl.col("start"), value=pl.col("value"))
    )
