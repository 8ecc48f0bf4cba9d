"""Which of several rows on one observation speaks."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl


def speaking(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Rows that speak, one for each key, sorted by key.

    ``rows`` has the key columns, ``layer``, ``observation_id`` and ``withdrawn`` (null = false).
    """
    rows = in_order(rows, key)
    same_key = same_as_next(rows, key)
    if not same_key.any() and not rows["withdrawn"].any():
        return rows
    same_layer = same_key & (rows["layer"] == rows["layer"].shift(-1)).fill_null(False)
    rows = rows.filter(~same_layer & ~rows["withdrawn"].fill_null(False))
    return rows.filter(~same_as_next(rows, key))


def in_order(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """Rows sorted by key, then layer, then order of recording."""
    return rows.sort(*key, "layer", "observation_id")


def same_as_next(rows: pl.DataFrame, key: Sequence[str]) -> pl.Series:
    """For each row whether the next one has the same key."""
    return rows.select(
        pl.all_horizontal(pl.col(name) == pl.col(name).shift(-1) for name in key)
        .fill_null(False)
        .alias("same")
    )["same"]
