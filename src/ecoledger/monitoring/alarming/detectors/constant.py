"""恒值: an instrument that gives the same value again and again is stuck, or is being fed a value."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import findings, numbers
from ecoledger.monitoring.alarming.detectors.tracks import (
    Track,
    each,
    share,
    together,
    verdicts,
    worded,
)
from ecoledger.monitoring.alarming.operation import NOTHING, Running

# A run that chance gives once in so many is not chance. Where a value comes every four hours there is no time to be so sure.
_CHANCE, _CHANCE_OF_SAMPLES = 1e-6, 1e-4
# A run this long is not chance, whatever the series does otherwise (hours).
_LONGEST = 48
# So many missing values do not end a run.
_GAP = 3
# With fewer changes than this nothing is known of how often a series repeats itself.
_CHANGES_NEEDED = 30
_FEW = 6
# Where the usual step is so few of the last digit, calm hours round to one value: a run has to be so much longer.
_FEW_DIGITS, _LONGER = 2.5, 1.6
# So many others say what the air is like.
_OTHERS = 3
_MOST = 0.8
STANDING = "停产期间无流量，数值不变属正常"


def detect(
    hours: pl.DataFrame,
    judged: pl.DataFrame,
    settings: dict[str, Any],
    running: Running = NOTHING,
) -> pl.DataFrame:
    """Judge each hour by itself and the hours before it.

    ``hours``: computed hours with ``point, parameter, start, value, minimum, maximum, valid``; ``judged``:
    ``point, parameter, start`` of those to judge. Bad when over ``settings["hours"]`` hours in a row
    (default 6), all present and valid, the greatest and the smallest value differ by no more than
    ``settings["tolerance"]`` (default 0), using the extremes within each hour; at least ``settings["samples"]``
    values (default 4), so that a station of four hours is not judged by two. A series that repeats itself by
    nature (coarse digits, an analyser that holds its value between samples) needs a run as much longer as its own
    history asks for, and so does a level at which a calm hour is less than a digit (:func:`_coarse`). Values at or below ``settings["floor"][parameter]`` do not count: an instrument at its
    detection limit is not stuck; but it is where the stations beside it show ``settings["beside"][parameter]`` times its
    value and its floor. Excused where the plant stood (:mod:`..operation`).
    """
    floors = numbers(settings, "floor")
    default = settings.get("floor_default")
    tolerance = float(settings.get("tolerance", 0.0))
    good = hours.filter(pl.col("valid") & pl.col("value").is_not_null())
    if good.is_empty():
        return findings()
    low = each(good.with_columns(value=pl.min_horizontal("minimum", "value")))
    high = each(good.with_columns(value=pl.max_horizontal("maximum", "value")))
    wanted = judged.select("point", "parameter").unique()
    chosen = set(wanted.iter_rows())
    times = numbers(settings, "beside")
    tracks = list(each(good))
    parts = []
    for track, bottom, top in zip(tracks, low, high, strict=True):
        if (track.point, track.parameter) not in chosen:
            continue
        run = _runs(bottom.value, top.value, tolerance)
        floor = floors.get(track.parameter, default)
        above = np.full(len(track), True) if floor is None else track.value > floor
        # How it repeats itself where it stands still or at its detection limit says nothing of how it does at work.
        needed = _needed(track, np.where(above & (running.running(track) != 0), run, 0), settings)
        apart = np.full(len(track), False)
        beside = times.get(track.parameter)
        if floor is not None and beside and (~above & (run >= needed)).any():
            apart = _beside(track, tracks) > beside * np.fmax(track.value, floor)
            # All the while, and not only since the air about it changed.
            apart = share(apart, needed) >= _MOST * needed
        stuck = run >= np.where(_coarse(track) & ~apart, math.ceil(_LONGER * needed), needed)
        stood = running.stands(track, track.step * needed)
        parts.append(
            verdicts(
                track,
                stuck & (above | apart),
                ~stuck,
                excuse=worded(stood, STANDING),
                began=np.fmax(run - 1, 0),
            )
        )
    return together(parts, judged)


def _beside(track: Track, tracks: list[Track]) -> np.ndarray:
    """The middle one of what three or more others show of the same parameter; NaN where there are fewer."""
    others = [
        track.on(other)
        for other in tracks
        if other.parameter == track.parameter and other.point != track.point
    ]
    shown = np.sort(np.array(others), axis=0) if others else np.empty((0, len(track)))
    count = np.sum(~np.isnan(shown), axis=0)
    middle = np.full(len(track), np.nan)
    known = np.flatnonzero(count >= _OTHERS)
    middle[known] = shown[(count[known] - 1) // 2, known]
    return middle


def _coarse(track: Track) -> np.ndarray:
    """Where the usual step from hour to hour, as a share of the value, is hardly more than the last digit there."""
    steps = np.abs(np.diff(track.value, prepend=np.nan))
    known = steps[~np.isnan(steps) & (steps > 1e-9)]
    if len(known) < _CHANGES_NEEDED:
        return np.zeros(len(track), dtype=bool)
    with np.errstate(all="ignore"):
        usual = np.nanmedian(np.where(steps > 1e-9, steps, np.nan) / np.abs(track.value))
        return np.asarray(usual * np.abs(track.value) < _FEW_DIGITS * np.quantile(known, 0.02))


def _runs(low: np.ndarray, high: np.ndarray, tolerance: float) -> np.ndarray:
    """How many slots up to each have stayed within ``tolerance`` of one another; short gaps neither count nor end it."""
    lengths = np.zeros(len(low), dtype=int)
    least, most, run, gap = math.inf, -math.inf, 0, 0
    for n, (bottom, top) in enumerate(zip(low.tolist(), high.tolist(), strict=True)):
        if math.isnan(bottom):
            gap += 1
            if gap > _GAP:
                run, least, most = 0, math.inf, -math.inf
            continue
        gap = 0
        least, most = min(least, bottom), max(most, top)
        if run and most - least > tolerance:
            run, least, most = 0, bottom, top
        run = run + 1 if top - bottom <= tolerance else 0
        lengths[n] = run
    return lengths


def _needed(track: Track, run: np.ndarray, settings: dict[str, Any]) -> int:
    base = max(track.slots(int(settings.get("hours", 6))), int(settings.get("samples", 4)))
    ends = np.append(run[1:] <= run[:-1], True) & (run > 0)
    lengths = np.sort(run[ends])
    # The two longest may be what is looked for.
    ordinary = lengths[:-2]
    if len(ordinary) < _FEW:
        return base
    # An analyser that holds its value between samples says something new once in so many hours.
    held = max(1, int(np.quantile(ordinary, 0.1)))
    if len(lengths) < _CHANGES_NEEDED:
        # Too few to reckon with chance; but so many samples make a run.
        return max(base, int(settings.get("samples", 4)) * max(held, int(np.median(ordinary))))
    samples = max(ordinary.sum() / held, len(ordinary))
    # What was never seen in so many samples may still come once in a third of them.
    repeats = max(1 - len(ordinary) / samples, 3 / samples)
    chance = _CHANCE if held == 1 and track.step == 1 else _CHANCE_OF_SAMPLES
    by_chance = 1 + math.log(chance) / math.log(min(repeats, 0.99))
    return int(min(max(base, math.ceil(by_chance) * held), max(base, track.slots(_LONGEST))))
