"""Many windows of time asked for in one question."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import numpy as np
import polars as pl

from ecoledger.store.columns import EARLIEST

MOST_SLOTS: Final = 200

_EARLIEST_MICROS: Final = (EARLIEST - datetime(1970, 1, 1)) // timedelta(microseconds=1)


@dataclass(frozen=True)
class Slots:
    """Windows prepared for a join.

    Where all windows fit a common grid (hours, days) each is cut into its slots, so that the join is one on
    equal numbers; comparing every row with every window of its series would be slow. ``rows`` then has the column
    ``slot`` = ``(start - origin) // grid``, else ``begin`` and ``finish``, and ``grid`` is 0.
    """

    rows: pl.DataFrame
    grid: int
    origin: int


def by_slot(windows: pl.DataFrame, seconds: int) -> Slots:
    """Prepare windows (columns ``begin`` and what names the series) of a length."""
    width = seconds * 1_000_000
    begins = windows["begin"].to_physical().to_numpy()
    grid = max(1, math.gcd(width, int(np.gcd.reduce(begins))))
    slots = width // grid
    if slots > MOST_SLOTS:
        finish = (pl.col("begin") + pl.duration(seconds=seconds)).alias("finish")
        return Slots(windows.with_columns(finish), 0, 0)
    # Counted from a time before every row, since // rounds towards zero.
    origin = (_EARLIEST_MICROS // grid) * grid
    first = (begins - origin) // grid
    cut = windows.drop("begin").with_columns(pl.Series("first", first))
    cut = cut[np.repeat(np.arange(len(cut)), slots)].with_columns(
        slot=pl.col("first") + pl.Series(np.tile(np.arange(slots), len(windows)))
    )
    return Slots(cut.drop("first").unique(), grid, origin)
