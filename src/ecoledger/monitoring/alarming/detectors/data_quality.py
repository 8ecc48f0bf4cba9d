"""数据质量: values that no process gives: another unit, below nothing, stuck at the end of the range, at nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors.tracks import (
    Track,
    each,
    lasting,
    share,
    together,
    trailing,
    verdicts,
)
from ecoledger.monitoring.alarming.operation import NOTHING, Running

_DUST = {"a34004", "a34002"}
# So many of the last digit are no nothing.
_DIGITS = 4
# Ozone of less movement in two days has no course to tell the time by (µg/m³).
_COURSE = 50.0
# What may lie below nothing.
_SIGNED = {"a01001", "a01012", "a01013", "a01009", "w01010", "a01008"}


def detect(
    hours: pl.DataFrame,
    judged: pl.DataFrame,
    ranges: pl.DataFrame,
    settings: dict[str, Any],
    running: Running = NOTHING,
) -> pl.DataFrame:
    """Judge each hour, whatever mark it carries: what was marked as out of range is what is looked for here.

    ``hours``: ``point, parameter, start, value, valid, flag``; ``ranges``: ``point, parameter, range_from, range_to``.
    Bad for ``settings["hours"]`` hours in a row (default 3; a unit slip 2):

    * *unit*: the value is 1000 times (500 to 2000) the median of the day before, or a thousandth of it;
    * *negative*: below nothing by more than its usual noise, at a quantity that cannot be;
    * *range end*: at or above the upper end of the instrument's range, or the same extreme value again and again;
    * *zero*: exactly nothing where the two weeks before knew none, and the plant runs.

    Marks for calibration, maintenance and fault are somebody's word and are left alone.
    """
    width_hours = int(settings.get("hours", 3))
    known = {
        (point, parameter): (low, high)
        for point, parameter, low, high in ranges.select(
            "point", "parameter", "range_from", "range_to"
        ).iter_rows()
    }
    parts = []
    for track in each(hours, judged):
        low, high = known.get((track.point, track.parameter), (None, None))
        width = track.slots(width_hours, 2)
        marked = np.isin(track.flag, ["C", "M", "D", "F", "S", "B"])
        shown = np.where(marked, np.nan, track.shown)
        kinds = _kinds(track, shown, low, high, width, running)
        bad = np.zeros(len(track), dtype=bool)
        note = np.full(len(track), None, dtype=object)
        for words, held in kinds:
            note = np.where(held & ~bad, words, note)
            bad |= held
        good = ~np.isnan(shown) & ~bad & np.logical_and.reduce([~held for _, held in kinds])
        with np.errstate(all="ignore"):
            good &= shown >= (0 if track.parameter not in _SIGNED else -np.inf)
        parts.append(verdicts(track, bad, good, note=note))
    return together(parts, judged)


def _kinds(
    track: Track,
    shown: np.ndarray,
    low: float | None,
    high: float | None,
    width: int,
    running: Running,
) -> list[tuple[str, np.ndarray]]:
    day, fortnight = track.slots(24, 6), track.slots(14 * 24, 20)
    with np.errstate(all="ignore"):
        # What an analyser shows while the plant stands is no yardstick for what it shows at work.
        at_rest = running.running(track) == 0
        values = np.where(at_rest, np.nan, track.value)
        before = trailing(values, track.slots(96, 12), "median", needed=track.slots(12, 4))
        factor = np.abs(np.log10(np.abs(shown) / before))
        far = ~at_rest & (shown != 0) & (before > 0) & (np.abs(factor - 3) < 0.35) & (shown > 0)
        # pH, temperature and the like have no unit that slips.
        if track.parameter in _SIGNED | {"w01001", "a19001", "a01007", "aqi"}:
            far = np.zeros(len(track), dtype=bool)
        kinds = [("疑似单位错误，数值较平时相差约1000倍", lasting(far, 2))]
        if track.parameter not in _SIGNED and (low is None or low >= 0):
            # An analyser at rest wanders about its zero; one at work does not go below it.
            rests = 0.02 * np.nan_to_num(
                trailing(track.value, fortnight, "median", needed=6, every=6)
            )
            works = np.nan_to_num(running.running(track), nan=1.0) == 1
            below = shown < np.where(works, -0.1 * rests, -rests)
            kinds.append(("持续为负值", lasting(below, width)))
        usual_top = trailing(track.value, fortnight, "p95", gap=width, needed=day, every=6)
        if high is not None:
            top = shown >= high * (1 - 1e-9)
            # Humidity and wind direction live at the end of their range.
            if track.parameter not in {"a01002", "a01008", "aqi", "w01001"}:
                over = (track.flag == "T") | top
                # Dust passes the end of a cheap sensor's range in haze: what is stuck there does not move.
                if track.parameter in _DUST:
                    over &= np.abs(np.diff(shown, prepend=np.nan)) <= 0.01 * np.abs(shown)
                kinds.append(("持续处于量程上限", lasting(over, width)))
        zeros = shown == 0
        # Nothing is what an analyser shows while the plant stands; at work it is not.
        at_work = zeros & (np.nan_to_num(running.running(track), nan=1.0) == 1)
        never = (
            trailing(at_work.astype(float), fortnight, "p98", gap=width, needed=day, every=3) == 0
        )
        # A usual level of two or three of the last digit falls to nothing by rounding.
        usual_low = trailing(track.value, fortnight, "p25", gap=width, needed=day, every=6)
        alive = ~running.stands(track, width) & (usual_top > 0)
        alive &= ~(usual_low < _DIGITS * _digit(track.value))
        if track.parameter not in {"a01007", "a01021", "a01008", "w00000", "a00000", "dPower"}:
            kinds.append(("持续为零", lasting(zeros & never & alive, width + 1)))
    return [(words, np.asarray(held)) for words, held in kinds]


def clock(hours: pl.DataFrame, judged: pl.DataFrame, settings: dict[str, Any]) -> pl.DataFrame:
    """A station whose day comes hours before or after that of all others: its clock is wrong.

    Ozone has the same course at every station of a county. Bad when over 48 hours the course fits the others' median
    better by a shift of ``settings["clock_hours"]`` hours (default 3) or more: correlation at least 0.9 there, below 0.6
    without.
    """
    least = int(settings.get("clock_hours", 3))
    tracks = list(each(hours.filter(pl.col("parameter") == "a05024")))
    if len(tracks) < 4:
        return together([], judged)
    first = min(track.first for track in tracks)
    size = max(track.first + len(track) for track in tracks) - first
    grid = first + np.arange(size)
    matrix = np.array([track.at(grid) for track in tracks])
    parts = []
    for row, track in enumerate(tracks):
        with np.errstate(all="ignore"):
            others = np.nanmedian(np.delete(matrix, row, axis=0), axis=0)
        wrong = np.zeros(size, dtype=bool)
        for end in range(72, size, 6):
            window = slice(end - 48, end)
            here = matrix[row][window]
            if np.isnan(here).sum() > 8:
                continue
            if not min(np.nanstd(here), np.nanstd(others[window])) * 3 > _COURSE:
                continue
            # What fits as it is need not be shifted.
            if _fit(here, others[window]) >= 0.6:
                continue
            fits = {
                lag: _fit(here, others[window.start - lag : window.stop - lag])
                for lag in range(-12, 13)
                if window.stop - lag <= size
            }
            best = max(fits, key=lambda lag: fits[lag])
            if abs(best) >= least and fits[best] >= 0.9:
                wrong[end - 1 : min(end + 5, size)] = True
        mine = wrong[track.first - first : track.first - first + len(track)]
        parts.append(
            verdicts(
                track, mine, share(~mine, 6) >= 6, note="日变化与周边站点错开数小时，疑似时钟错误"
            )
        )
    return together(parts, judged)


def _digit(value: np.ndarray) -> float:
    """The smallest step that the series ever takes."""
    steps = np.abs(np.diff(value[~np.isnan(value)]))
    steps = steps[steps > 1e-9]
    return float(steps.min()) if len(steps) else 0.0


def _fit(here: np.ndarray, there: np.ndarray) -> float:
    both = ~np.isnan(here) & ~np.isnan(there)
    if both.sum() < 30 or np.std(here[both]) == 0 or np.std(there[both]) == 0:
        return -1.0
    return float(np.corrcoef(here[both], there[both])[0, 1])
