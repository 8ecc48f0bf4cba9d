"""过于平滑: a series that hardly moves where it always moved, without standing quite still: 恒值加抖动."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import numbers
from ecoledger.monitoring.alarming.detectors.constant import STANDING
from ecoledger.monitoring.alarming.detectors.tracks import (
    each,
    share,
    together,
    trailing,
    upto,
    verdicts,
    worded,
)
from ecoledger.monitoring.alarming.operation import NOTHING, Running

# The usual range of a window is so many of the last digit at least.
_DIGITS = 8
# A step of no more than this is one of the last digit.
_ONE_DIGIT = 1.5
# So many samples make a window.
_SAMPLES = 7
# Where values that used to be held for hours are new every hour, that alone is strange: so much movement is little then.
_FED = 0.5
_SINGLES = 0.2


def detect(
    hours: pl.DataFrame,
    judged: pl.DataFrame,
    settings: dict[str, Any],
    running: Running = NOTHING,
) -> pl.DataFrame:
    """Judge the movement of the last ``settings["hours"]`` hours (default 10) against two weeks of its own.

    ``hours``: ``point, parameter, start, value, valid``. Movement is measured twice: the median step from value to
    value, and the range of the window, each in the parameter's unit and as a share of the level. Bad when all of them
    are below ``settings["share"]`` (default 0.2) of what is usual (a step of one digit is as small as any), and the range as a share of the level is below
    half of the calmest such window of two weeks (one in fifty left out), at a level that is not at the detection
    limit (``floor``): a fed value with a little noise is smooth in every respect, a calm night is not. Good from half of
    the usual range on. At least ``settings["history"]`` hours (default 72) must be known before. An analyser that holds its
    value between samples needs :data:`_SAMPLES` samples in the window, unless the window itself gives a new value every hour:
    then half of the usual movement is too little. Excused
    where the plant stood.
    """
    width_hours = int(settings.get("hours", 10))
    part = float(settings.get("share", 0.2))
    history_hours = int(settings.get("history", 72))
    floors = numbers(settings, "floor")
    parts = []
    for track in each(hours, judged):
        moving = np.where(running.running(track) == 0, np.nan, track.value)
        width = track.slots(width_hours, 6)
        # A value held between samples says nothing new: so many more hours make a window.
        longer = min(round(_SAMPLES / _fresh(moving)), track.slots(60, 12))
        holds = track.step == 1 and _holds(moving)
        past, every = track.slots(14 * 24), track.slots(3)
        needed = track.slots(history_hours, 18)
        steps = np.abs(np.diff(track.value, prepend=np.nan))
        digit = _digit(track.value)
        calm, lively = np.full(len(track), False), np.full(len(track), True)
        for size in {width, max(width, longer)}:
            present = round(0.8 * size)
            level = np.abs(upto(track.value, size, "median", needed=present))
            with np.errstate(all="ignore"):
                moved = upto(np.where(steps > 0, steps, np.nan), size - 1, "median", needed=2)
                spread = upto(moving, size, "max", needed=present) - upto(
                    moving, size, "min", needed=present
                )
                here = np.full(len(track), True)
                fed = size < longer and holds
                allowed = _FED if fed else part
                # Less than the last digit no value can move.
                least = moved <= _ONE_DIGIT * digit
                for measure, seen in (
                    (moved, ~least),
                    (spread, True),
                    (moved / level, ~least),
                    (spread / level, True),
                ):
                    usual = trailing(measure, past, "median", gap=size, needed=needed, every=every)
                    here &= ~((measure >= allowed * usual) & seen) & ~np.isnan(usual)
                # A window in which nothing moved at all is no calm one: it stood.
                calm_ones = np.where(spread > 0, spread / level, np.nan)
                calmest = trailing(calm_ones, past, "p2", gap=size, needed=needed, every=every)
                ordinary = trailing(
                    spread / level, past, "median", gap=size, needed=needed, every=every
                )
                if not fed:
                    here &= spread / level < calmest / 2
                # Few digits make any series smooth.
                usual = trailing(spread, past, "median", gap=size, needed=needed, every=every)
                here &= usual >= _DIGITS * digit
                if size < longer:
                    # Every hour a new value, where a value used to stand for hours.
                    here &= share(steps > 0, size) >= 0.7 * size
                calm |= here
                lively &= spread / level > 0.5 * ordinary
        floor = floors.get(track.parameter, settings.get("floor_default"))
        if floor is not None:
            calm &= track.value > floor
        # One smooth window may be chance; two values further it is still one.
        bad = share(calm, 2) >= 2
        stood = running.stands(track, width_hours)
        parts.append(
            verdicts(
                track, bad, lively | np.isnan(track.value),
                note=f"近{width_hours}小时以上几乎不变，波动不到平时的{part:.0%}",
                excuse=worded(stood, STANDING),
            )
        )  # fmt: skip
    return together(parts, judged)


def _fresh(value: np.ndarray) -> float:
    """The share of values that differ from the one before."""
    steps = np.diff(value[~np.isnan(value)])
    return float(np.clip(np.mean(steps != 0), 0.1, 1.0)) if len(steps) else 1.0


def _holds(value: np.ndarray) -> bool:
    """Whether nearly every value stands for hours: an analyser that samples, and not a series of few digits."""
    known = value[~np.isnan(value)]
    lengths = np.diff(np.concatenate([[0], np.flatnonzero(np.diff(known)) + 1, [len(known)]]))
    return len(lengths) >= 10 and float(np.mean(lengths == 1)) < _SINGLES


def _digit(value: np.ndarray) -> float:
    """The smallest step that the series ever takes."""
    steps = np.abs(np.diff(value[~np.isnan(value)]))
    steps = steps[steps > 1e-9]
    return float(np.quantile(steps, 0.02)) if len(steps) else 0.0
