"""Automatic checks looked at again: a flag stands only as long as the value it was about does."""

from __future__ import annotations

import polars as pl

from ecoledger.monitoring.arriving.values import check_verdict
from ecoledger.monitoring.points.table import PointMap
from ecoledger.store.interface import Layer, ObservationStore

_READ = ["point", "parameter", "series", "start", "seconds", "value", "minimum", "maximum", "total",
         "converted", "converted_minimum", "converted_maximum", "decimals", "text", "flag", "layer",
         "rule"]  # fmt: skip
_KEY = ["point", "parameter", "series", "start"]
_REPORTED = ["raw", "minute", "hour", "day"]


def recheck(work: pl.DataFrame, store: ObservationStore, points: PointMap) -> int:
    """Bring the flags of automatic checks in line with what devices last said in the hours ``work``.

    A device that reports a value again may have corrected it: the flag about the earlier value is then
    withdrawn, or set anew. Returns how many rows were written.
    """
    spoken = store.read_windows(work, _REPORTED, columns=_READ, up_to=Layer.CHECK)
    flagged = spoken.filter(
        (pl.col("layer") == Layer.CHECK) & pl.col("rule").str.starts_with("check.")
    )
    if flagged.is_empty():
        return 0
    sent = store.read_windows(
        flagged.select("point", "parameter", pl.col("start").alias("hour")),
        _REPORTED,
        seconds=1,
        columns=_READ,
        up_to=Layer.DEVICE,
    )
    both = sent.join(flagged.select(*_KEY, pl.col("value").alias("flagged_value")), on=_KEY)
    changed = both.filter(~pl.col("value").eq_missing(pl.col("flagged_value"))).drop(
        "flagged_value"
    )
    if changed.is_empty():
        return 0
    ranges = points.parameters.select("point", "parameter", "range_from", "range_to")
    table = changed.join(ranges, on=["point", "parameter"], how="left").with_columns(
        pl.col("range_from").fill_null(-float("inf")), pl.col("range_to").fill_null(float("inf"))
    )
    still = (
        (pl.col("value") < pl.col("range_from")) | (pl.col("value") > pl.col("range_to"))
    ).fill_null(value=False)
    wrong, right = table.filter(still), table.filter(~still)
    written = []
    if wrong.height:
        verdict = check_verdict(wrong["value"], wrong["range_from"], wrong["range_to"])
        written.append(wrong.with_columns(*verdict, pl.lit(value=False).alias("withdrawn")))
    if right.height:
        written.append(
            right.with_columns(
                pl.lit("check").alias("rule"),
                pl.lit("设备已重新上报").alias("reason"),
                pl.lit(value=True).alias("withdrawn"),
            )
        )
    rows = pl.concat(written, how="diagonal_relaxed").drop("range_from", "range_to")
    store.append(observations=rows.with_columns(pl.lit(1, dtype=pl.Int8).alias("layer")))
    return rows.height
