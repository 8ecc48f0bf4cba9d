"""贴限: values that lie just under their limit and never over it, closer together than chance lets them."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors.tracks import (
    each,
    share,
    together,
    trailing,
    upto,
    verdicts,
)
from ecoledger.monitoring.alarming.operation import NOTHING, Running
from ecoledger.standards.rounding import plainly


def detect(
    values: pl.DataFrame,
    judged: pl.DataFrame,
    settings: dict[str, Any],
    running: Running = NOTHING,
) -> pl.DataFrame:
    """Judge the hours of the last day against the limit.

    ``values``: ``point, parameter, start, value, valid, limit`` with the value the limit is about. Two signs, either of
    which is bad:

    * *clamped*: of the last ``settings["hours"]`` hours (default 24) at least ``settings["piled"]`` (default 6) lie within
      1 % of the limit under the greatest of them, that lies between ``settings["from"]`` (default 0.88) of the limit and
      the limit, and none exceeds: chance leaves one or two values so close to a maximum;
    * *close and smooth*: the last ``settings["close"]`` hours (default 8) all lie in that band, and their range is below a
      third of the usual one.

    Neither is bad where the series lay so in two weeks before anyway (its usual median in the band).
    """
    width_hours = int(settings.get("hours", 24))
    piled_needed = int(settings.get("piled", 6))
    low = float(settings.get("from", 0.88))
    close_hours = int(settings.get("close", 8))
    limited = values.filter(pl.col("limit").is_not_null() & (pl.col("limit") > 0))
    limits = {
        (point, parameter): (start, limit)
        for point, parameter, start, limit in limited.group_by("point", "parameter")
        .agg(pl.col("start"), pl.col("limit"))
        .iter_rows()
    }
    parts = []
    for track in each(limited, judged):
        starts, held = limits[track.point, track.parameter]
        slot = np.array([(int(s.timestamp() // 3600)) for s in starts])
        # One limit at a time is what a series has; the last one known speaks for gaps.
        limit = float(held[int(np.argmax(slot))])
        ratio = track.value / limit
        width, close = track.slots(width_hours), track.slots(close_hours, 5)
        highest = upto(ratio, width, "max", needed=piled_needed)
        piled = _piled(ratio, width)
        band = (ratio >= low) & (ratio <= 1.0)
        usual = trailing(ratio, track.slots(14 * 24), "median", gap=width, needed=24, every=6)
        spread = upto(ratio, close, "max", needed=close) - upto(ratio, close, "min", needed=close)
        ordinary = trailing(spread, track.slots(14 * 24), "median", gap=width, needed=24, every=6)
        with np.errstate(all="ignore"):
            clamped = (piled >= piled_needed) & (highest >= low) & (highest <= 1.0)
            clamped &= (share(band, close) >= min(4, close)) & band
            smooth = (share(band, close) >= close) & (spread < ordinary / 3)
            habit = usual >= low
        bad = (clamped | smooth) & ~habit & ~(running.running(track) == 0)
        with np.errstate(all="ignore"):
            good = (ratio < low) | (ratio > 1.0)
        parts.append(
            verdicts(
                track, bad, np.asarray(good), limit=limit,
                note=f"连续贴近限值（{plainly(limit)}）而不超过",
            )
        )  # fmt: skip
    return together(parts, judged)


def _piled(ratio: np.ndarray, width: int) -> np.ndarray:
    """How many of the last ``width`` values lie within 1 % of the limit under the greatest of them."""
    padded = np.concatenate([np.full(width - 1, np.nan), ratio])
    windows = np.lib.stride_tricks.sliding_window_view(padded, width)
    with np.errstate(all="ignore"):
        top = np.fmax.reduce(windows, axis=1)
        return np.asarray(np.sum(windows >= top[:, None] - 0.01, axis=1))
