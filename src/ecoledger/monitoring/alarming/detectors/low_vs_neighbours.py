"""低于周边: a station far below its neighbours for hours: water sprayed at its inlet, a filter, a hand on the sampler."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import numbers
from ecoledger.monitoring.alarming.detectors.regional import (
    LEARNED,
    NEWS,
    Compared,
    crowded,
    hours_of,
    own,
)
from ecoledger.monitoring.alarming.detectors.tracks import (
    MAD_TO_SIGMA,
    before,
    going_on,
    together,
    trailing,
    upto,
    verdicts,
)

TWIN = {"a34004": "a34002", "a34002": "a34004"}
# As shares of the deviation: how far fine and coarse dust may lie apart, how much of it may have been there before, how far
# single hours may range, and how far the gases may have fallen. Set on twenty-two months of measured air (Beijing,
# Lianyungang, Quanzhou) into which samplers were put that lose 40 to 75 %.
_ALIKE, _SHARP, _STEADY, _WITH_GASES = 0.7, 0.5, 0.6, 0.35
# So many times as far below as the lowest neighbour.
_ALONE = 1.5


def detect(
    compared: list[Compared], judged: pl.DataFrame, settings: dict[str, Any]
) -> pl.DataFrame:
    """Judge each hour of each station; arguments as for :func:`.neighbours.detect`.

    A hand on the sampler takes the same share of fine and coarse dust, at once, and leaves the gases alone. Told by the
    median of the last ``settings["hours"]`` hours (default 5) of the two dusts' mean deviation from what the neighbours let
    expect (:mod:`.regional`), less what the gases tell of other air. Bad when that lies more than ``settings["share"]``
    (default 0.33; ``micro_share``) below, beyond ``settings["sigmas"]`` (default 3.5; ``micro_sigmas``) of its usual scatter
    and beyond what the neighbours differ among themselves and were low in these hours (:data:`_ALONE`: a front of clean air
    reaches them one after the other), both dusts being expected at ``settings["least"]`` at least; when fine and coarse differ by less than :data:`_ALIKE` of it; when it began within these hours (:data:`_SHARP`), has been
    steady since (:data:`_STEADY`) and the gases have not fallen with it (:data:`_WITH_GASES`): other air comes by degrees,
    and brings other gases. It goes on until half of that is made good; where three stations are so at once it is the air.
    """
    plain, sigmas = float(settings.get("share", 0.33)), float(settings.get("sigmas", 3.5))
    micro = float(settings.get("micro_share", plain))
    micro_sigmas = float(settings.get("micro_sigmas", sigmas))
    width = int(settings.get("hours", 5))
    least = numbers(settings, "least")
    by_itself = own(compared)
    series = {
        (one.track.point, one.track.parameter): one
        for one in compared
        if one.track.parameter in TWIN
    }
    lows, shares = [], []
    for key, one in series.items():
        track = one.track
        drop = -np.log(1 - (micro if one.micro else plain))
        beyond = micro_sigmas if one.micro else sigmas
        other = series.get((track.point, TWIN[track.parameter]))
        mine, others = by_itself[key].left, _others(one)
        left, enough = mine, one.expected >= least.get(track.parameter, 0.0)
        if other is not None:
            twin, code = other.track, other.track.parameter
            left = hours_of(by_itself[twin.point, code].left, twin, track)
            left = np.where(np.isnan(left), mine, left)
            others = np.fmin(others, hours_of(_others(other), twin, track))
            enough &= ~(hours_of(other.expected, twin, track) < least.get(code, 0.0))
        level = -_recent((mine + left) / 2, width)
        scatter = MAD_TO_SIGMA * trailing(level, LEARNED, "mad", gap=NEWS, needed=48, every=6)
        with np.errstate(all="ignore"):
            low = (level > drop) & (level > beyond * np.fmax(np.nan_to_num(scatter), 0.05))
            low &= enough & ~(level < _ALONE * others) & ~(level < one.spread / 2)
            low &= ~(np.abs(_recent(mine, width) - _recent(left, width)) > _ALIKE * level)
            low &= ~(_recent(by_itself[key].air, width) < -_WITH_GASES * level)
            low &= ~(before(level, width) > _SHARP * level)
            low &= ~(_range(mine, width) > _STEADY * level)
            share = 1 - track.value / one.expected
            part = micro if one.micro else plain
            low &= ~(share <= part / 2)
            lows.append(going_on(low, (level > drop / 2) & ~(share <= part / 2)))
            shares.append(share)
    compared = list(series.values())
    crowds = {
        key: crowded(compared, lows, *key)
        for key in {(one.track.parameter, one.micro) for one in compared}
    }
    parts = []
    for one, low, share in zip(compared, lows, shares, strict=True):
        track, part = one.track, micro if one.micro else plain
        crowd = crowds[track.parameter, one.micro]
        low = low & ~np.isin(track.first + np.arange(len(track)), list(crowd))
        good = share <= part / 2
        parts.append(
            verdicts(
                track, low, np.asarray(good), limit=one.expected, over=share,
                note=np.array([f"低于周边{n}个站点所示的应有值，疑似采样受干扰" for n in one.number], dtype=object),
            )
        )  # fmt: skip
    return together(parts, judged)


def _recent(values: np.ndarray, width: int) -> np.ndarray:
    return upto(values, width, "median", needed=max(width - 1, 1))


def _range(values: np.ndarray, width: int) -> np.ndarray:
    needed = max(width - 1, 1)
    return np.asarray(
        upto(values, width, "max", needed=needed) - upto(values, width, "min", needed=needed)
    )


def _others(one: Compared) -> np.ndarray:
    """How far the lowest of the neighbours was below its own expected value in the last :data:`NEWS` hours (logarithm)."""
    return upto(-np.log(np.fmin(one.others_low, 1.0)), NEWS, "max")
