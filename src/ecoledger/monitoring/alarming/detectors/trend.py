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
    going_on,
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
# The last day of a gradual change does no more of it than this, no day before it this, and three and four days ago it was
# no more than this.
_A_DAY, _LEAP, _BEFORE = 0.5, 0.75, 0.8


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
    ``settings["step"]`` in its own unit (what an analyser can tell apart), by more than ``settings["sigmas"]`` (default 5)
    robust standard deviations of the change of such day medians, and has come there day by day: a good part of it was there
    yesterday and the day before, not all four days ago, and no day did most of it (:data:`_A_DAY`, :data:`_LEAP`). A wave that
    passes, a leap and a level that is only high are told by other rules. What most stations of a kind
    do together (three others at least) is the weather, and is taken off; within :data:`WASHED_OUT` hours after rain, and while
    the station's own water is more turbid than usual by :data:`TURBID`, ``settings["wet"]`` times as much (default 1.2)
    is asked for. It goes on until half of that is gone; good when the last day is back within half of that. Needs
    ``settings["history"]`` hours (default 72).
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
        rise = mine.rise - _common(mine, rises)
        least = shares.get(track.parameter, part)
        wet = weather.wet(track, WASHED_OUT)
        if stirred := muddy.get(track.point):
            with np.errstate(all="ignore"):
                wet |= track.on(replace(stirred.track, value=stirred.rise)) > np.log(TURBID)
        with np.errstate(all="ignore"):
            usual = np.exp(mine.usual)
            allowed = np.fmax(np.log1p(least), sigmas * _noise(track, rise, settings))
            # In the parameter's own unit it must be worth telling.
            allowed = np.fmax(allowed, np.log1p(steps.get(track.parameter, 0.0) / usual))
            allowed = np.where(wet, float(settings.get("wet", 1.2)), 1.0) * allowed
            one, two, three, four = (_back(rise, track.slots(24 * days)) for days in (1, 2, 3, 4))
            bad = (rise > allowed) & (one > allowed / 2) & (two > allowed / 3)
            bad &= (rise >= 0.8 * one) & (one >= 0.7 * two) & (rise > 1.05 * two)
            leap = np.fmax.reduce([one - two, two - three, three - four])
            bad &= (rise - one <= _A_DAY * rise) & (leap <= _LEAP * rise)
            bad &= ~(np.fmax(three, four) > _BEFORE * rise)
            lasts, good = rise > allowed / 2, rise < allowed / 2
        bad = going_on(share(bad, 4) >= min(4, track.slots(8)), lasts)
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
    sign = -1.0 if track.parameter in falling else 1.0
    return _Rise(track, level, usual, sign * (level - usual))


def _noise(track: Track, rise: np.ndarray, settings: dict[str, Any]) -> np.ndarray:
    """How much a rise usually changes from day to day, so that a level that creeps does not hide in its own scatter."""
    # The change itself, that takes days, is no scatter.
    past, gap, every = track.slots(10 * 24, 30), track.slots(96), track.slots(3)
    needed = track.slots(float(settings.get("history", 72)), 24) // 2
    change = rise - _back(rise, track.slots(24))
    return MAD_TO_SIGMA * trailing(change, past, "mad", gap=gap, needed=needed, every=every)


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
