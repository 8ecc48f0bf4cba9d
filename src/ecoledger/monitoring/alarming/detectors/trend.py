"""渐变: a level that creeps up day after day, each day too little to be sudden."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import numbers
from ecoledger.monitoring.alarming.detectors.tracks import (
    MAD_TO_SIGMA,
    Track,
    each,
    share,
    together,
    trailing,
    upto,
    verdicts,
    worded,
)
from ecoledger.monitoring.alarming.operation import NOTHING, Running
from ecoledger.monitoring.alarming.weather import DRY, TURBIDITY, Weather

# Two and a half days after rain a river is about itself again.
WASHED_OUT = 60
# More turbid than usual by so much: what is in the water has been stirred up or washed in.
TURBID = 1.6
_OTHERS = 3


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
    ``settings["sigmas"]`` (default 5) robust standard deviations of the change of such day medians, and the day before and
    the day before that lay beyond it as well, no less than a tenth further each day: it grows. What most stations of a kind
    do together (three others at least) is the weather, and is taken off; within :data:`WASHED_OUT` hours after rain, and while
    the station's own water is more turbid than usual by :data:`TURBID`, half as much more is asked for. Good when the last day is back within half of that. Needs ``settings["history"]`` hours (default
    72).
    """
    part, sigmas = float(settings.get("share", 0.5)), float(settings.get("sigmas", 5.0))
    shares, steps = numbers(settings, "share_of"), numbers(settings, "step")
    falling = set(settings.get("falling", []))
    rises = [_rise(track, settings, falling) for track in each(hours)]
    muddy = {rise.track.point: rise for rise in rises if rise.track.parameter == TURBIDITY}
    wanted = set(judged.select("point", "parameter").unique().iter_rows())
    parts = []
    for mine in rises:
        track = mine.track
        if (track.point, track.parameter) not in wanted:
            continue
        common = _common(mine, rises)
        least = shares.get(track.parameter, part)
        wet = weather.wet(track, WASHED_OUT)
        if stirred := muddy.get(track.point):
            with np.errstate(all="ignore"):
                wet |= track.on(replace(stirred.track, value=stirred.rise)) > np.log(TURBID)
        with np.errstate(all="ignore"):
            usual = np.exp(mine.usual)
            allowed = np.fmax(np.log1p(least), sigmas * mine.noise)
            # In the parameter's own unit it must be worth telling.
            allowed = np.fmax(allowed, np.log1p(steps.get(track.parameter, 0.0) / usual))
            allowed = np.where(wet, 1.5, 1.0) * allowed
            rise = mine.rise - common
            rise1, rise2 = _back(rise, track.slots(24)), _back(rise, track.slots(48))
            bad = (
                (rise > allowed)
                & (rise >= 0.9 * rise1)
                & (rise1 >= 0.9 * rise2)
                & (rise > 1.1 * rise2)
            )
            bad &= rise1 > allowed / 3
            good = rise < allowed / 2
        bad = share(bad, 4) >= min(4, track.slots(8))
        parts.append(
            verdicts(
                track, bad, np.asarray(good), limit=usual, value=np.exp(mine.level),
                note=np.array([f"近一日中位值持续偏离此前水平（{u:.3g}）" for u in usual], dtype=object),
                excuse=worded(running.stands(track, 12), "停产期间"),
            )
        )  # fmt: skip
    return together(parts, judged)


@dataclass(frozen=True)
class _Rise:
    """By how much the logarithm of a day's median lies beyond the usual, in the direction that is worse."""

    track: Track
    level: np.ndarray
    usual: np.ndarray
    noise: np.ndarray
    rise: np.ndarray


def _rise(track: Track, settings: dict[str, Any], falling: set[str]) -> _Rise:
    # 25 hours and not 24: two whole tides.
    day = track.slots(25, 5)
    past, gap, every = track.slots(10 * 24, 30), track.slots(48), track.slots(3)
    needed = track.slots(float(settings.get("history", 72)), 24)
    with np.errstate(all="ignore"):
        value = np.log(np.where(track.value > 0, track.value, np.nan))
    level = _held(upto(value, day, "median", needed=max(3, day // 2)), track.slots(48))
    usual = trailing(value, past, "median", gap=gap, needed=needed, every=every)
    # From day to day, so that a level that creeps does not hide itself in its own scatter.
    noise = MAD_TO_SIGMA * trailing(
        level - _back(level, track.slots(24)), past, "mad", gap=gap, needed=needed // 2, every=every
    )
    sign = -1.0 if track.parameter in falling else 1.0
    return _Rise(track, level, usual, noise, sign * (level - usual))


def _common(mine: _Rise, rises: list[_Rise]) -> np.ndarray:
    """What the other stations of this parameter rise by, at the slots of ``mine``: their median, nothing below zero."""
    others = [
        mine.track.on(replace(other.track, value=other.rise))
        for other in rises
        if other.track.parameter == mine.track.parameter and other.track.point != mine.track.point
    ]
    if len(others) < _OTHERS:
        return np.zeros(len(mine.track))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.asarray(np.fmax(np.nan_to_num(np.nanmedian(others, axis=0)), 0.0))


def _held(values: np.ndarray, slots: int) -> np.ndarray:
    """``values`` with gaps filled by the last one, no older than ``slots``."""
    index = np.arange(len(values))
    last = np.maximum.accumulate(np.where(np.isnan(values), -1, index))
    near = (last >= 0) & (index - last <= slots)
    return np.where(near, values[np.maximum(last, 0)], np.nan)


def _back(values: np.ndarray, slots: int) -> np.ndarray:
    return np.concatenate([np.full(slots, np.nan), values])[: len(values)]
