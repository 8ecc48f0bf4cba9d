"""渐变: a level that creeps up day after day, each day too little to be sudden."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import numbers
from ecoledger.monitoring.alarming.detectors.tracks import (
    MAD_TO_SIGMA,
    each,
    share,
    together,
    trailing,
    upto,
    verdicts,
    worded,
)
from ecoledger.monitoring.alarming.operation import NOTHING, Running
from ecoledger.monitoring.alarming.weather import DRY, Weather

# Two and a half days after rain a river is about itself again.
WASHED_OUT = 60


def detect(
    hours: pl.DataFrame,
    judged: pl.DataFrame,
    settings: dict[str, Any],
    running: Running = NOTHING,
    weather: Weather = DRY,
) -> pl.DataFrame:
    """Judge the median of the last day against the medians of the days before it.

    Bad when it lies above (for parameters named in ``settings["falling"]``: below) the median of the ten days that end
    two days ago by more than ``settings["share"]`` (default 0.5; ``share_of`` by parameter) of it, by more than
    ``settings["sigmas"]`` (default 5) robust standard deviations of such day medians, and the day before and the day before
    that lay beyond it as well, each less than the next: it grows. Good when the last day is back within half of that. Needs
    ``settings["history"]`` hours (default 72). The hours after rain are left out.
    """
    part, sigmas = float(settings.get("share", 0.5)), float(settings.get("sigmas", 5.0))
    shares, steps = numbers(settings, "share_of"), numbers(settings, "step")
    falling = set(settings.get("falling", []))
    parts = []
    for track in each(hours, judged):
        # After rain a river rises and falls by itself: dry hours are compared.
        value = np.where(weather.wet(track, WASHED_OUT), np.nan, track.value)
        # 25 hours and not 24: two whole tides.
        day = track.slots(25, 5)
        past, gap = track.slots(10 * 24, 30), track.slots(48)
        needed = track.slots(float(settings.get("history", 72)), 24)
        level = _held(upto(value, day, "median", needed=max(3, day // 2)), track.slots(48))
        before, before_that = _back(level, track.slots(24)), _back(level, track.slots(48))
        usual = trailing(value, past, "median", gap=gap, needed=needed, every=track.slots(3))
        # From day to day, so that a level that creeps does not hide itself in its own scatter.
        noise = MAD_TO_SIGMA * trailing(
            level - _back(level, track.slots(24)),
            past,
            "mad",
            gap=gap,
            needed=needed // 2,
            every=track.slots(3),
        )
        sign = -1.0 if track.parameter in falling else 1.0
        least = shares.get(track.parameter, part)
        with np.errstate(all="ignore"):
            allowed = np.fmax(
                np.fmax(least * np.abs(usual), sigmas * noise), steps.get(track.parameter, 0.0)
            )
            rise, rise1, rise2 = (sign * (x - usual) for x in (level, before, before_that))
            bad = (rise > allowed) & (rise >= rise1) & (rise1 >= rise2) & (rise > rise2)
            bad &= rise1 > allowed / 3
            good = rise < allowed / 2
        bad = share(bad, 4) >= min(4, track.slots(8))
        parts.append(
            verdicts(
                track, bad, np.asarray(good), limit=usual, value=level,
                note=np.array([f"近一日中位值持续偏离此前水平（{u:.3g}）" for u in usual], dtype=object),
                excuse=worded(running.stands(track, 12), "停产期间"),
            )
        )  # fmt: skip
    return together(parts, judged)


def _held(values: np.ndarray, slots: int) -> np.ndarray:
    """``values`` with gaps filled by the last one, no older than ``slots``."""
    index = np.arange(len(values))
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, index))
    near = (last >= 0) & (index - last <= slots)
    return np.where(near, values[np.maximum(last, 0)], np.nan)


def _back(values: np.ndarray, slots: int) -> np.ndarray:
    return np.concatenate([np.full(slots, np.nan), values])[: len(values)]
