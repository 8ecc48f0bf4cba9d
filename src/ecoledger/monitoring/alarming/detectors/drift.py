"""漂移: a station whose ratio to its neighbours moves away day by day and stays away: its sensor ages."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import numbers
from ecoledger.monitoring.alarming.detectors.low_vs_neighbours import TWIN
from ecoledger.monitoring.alarming.detectors.regional import DRIFTS, SLOW, Compared, crowded
from ecoledger.monitoring.alarming.detectors.tracks import (
    MAD_TO_SIGMA,
    share,
    together,
    trailing,
    upto,
    verdicts,
)

# No day of a drift does more of it than this, the last day and the day before keep this of what was there, and of fine and
# coarse dust one moves as far as the other by this.
_A_DAY, _LAST_DAY, _DAY_BEFORE, _ALIKE = 0.5, 0.95, 0.9, 0.65


def detect(
    compared: list[Compared], judged: pl.DataFrame, settings: dict[str, Any]
) -> pl.DataFrame:
    """Judge the median of a day's ratio to the neighbours; arguments as for :func:`.neighbours.detect`.

    Bad when the last 24 hours' median lies more than ``settings["share"]`` (default 0.22) away from what the twelve days
    that end four days ago let expect, and more than ``settings["sigmas"]`` (default 3.5) robust standard deviations of such
    medians, and has moved there day after day for three days, no day by more than most of it: three days are no plume, and a
    sensor does not age in one; the neighbours' median being at least ``settings["least"][parameter]``. Hours in which the
    neighbours differ among themselves (a front of dust, fireworks) tell nothing. Fine and coarse dust are judged by their
    mean, and must have moved about alike: one sensor counts both. Good when the last day is within half of it. Needs ``settings["history"]`` hours (default 96).
    Reference stations are checked with zero and span gas, and judged here only where ``settings["reference"]`` says so.
    """
    part, sigmas = float(settings.get("share", 0.22)), float(settings.get("sigmas", 3.5))
    needed = int(settings.get("history", 96))
    least = numbers(settings, "least")
    judgements: list[tuple[Compared, np.ndarray, np.ndarray, np.ndarray]] = []
    levels = {(one.track.point, one.track.parameter): _level(one) for one in compared}
    for one in compared:
        if not (one.micro or settings.get("reference", False)):
            continue
        track, level = one.track, levels[one.track.point, one.track.parameter]
        twin = levels.get((track.point, TWIN.get(track.parameter, "")))
        if twin is not None:
            # One sensor counts both, and drifts with both; dust of a road or a field changes the coarse alone.
            level = (level + np.where(np.isnan(twin), level, twin)) / 2
        noise = MAD_TO_SIGMA * trailing(level, SLOW, "mad", gap=DRIFTS, needed=needed, every=3)
        known = trailing(level, SLOW, "median", gap=DRIFTS, needed=needed, every=3)
        high_enough = upto(one.around, 24, "median", needed=16) >= least.get(track.parameter, 0.0)
        with np.errstate(all="ignore"):
            allowed = np.fmax(np.log1p(part), sigmas * noise)
            away, sign = np.where(np.isnan(known), np.nan, level), np.sign(level)
            bad = (np.abs(away) > allowed) & high_enough
            one_day, two_days = (sign * _back(level, hours) for hours in (24, 48))
            bad &= (sign * level >= _LAST_DAY * one_day) & (one_day >= _DAY_BEFORE * two_days)
            bad &= (sign * level > 1.1 * two_days) & (two_days > allowed / 8)
            bad &= sign * level - one_day < _A_DAY * sign * level
            if twin is not None:
                mine = sign * levels[track.point, track.parameter]
                other = sign * twin
                bad &= (mine > allowed / 2) & ~(other < allowed / 2)
                bad &= ~(np.fmin(mine, other) < _ALIKE * np.fmax(mine, other))
            good = np.abs(away) < allowed / 2
            times = np.exp(away)
        judgements.append((one, share(bad, 12) >= 7, np.asarray(good), times))
    stations, bads = [j[0] for j in judgements], [j[1] for j in judgements]
    # Sensors do not age together: what three show at once is in the air.
    crowds = {
        key: list(crowded(stations, bads, *key))
        for key in {(one.track.parameter, one.micro) for one in stations}
    }
    parts = []
    for one, bad, good, times in judgements:
        hours = one.track.first + np.arange(len(one.track))
        alone = ~np.isin(hours, crowds[one.track.parameter, one.micro])
        parts.append(
            verdicts(
                one.track, bad & alone, good, limit=one.around, over=np.abs(times - 1),
                note=np.array([f"与周边站点的比值变为此前的{t:.2f}倍，疑似漂移" if np.isfinite(t) else None
                               for t in times], dtype=object),
            )
        )  # fmt: skip
    return together(parts, judged)


def _level(one: Compared) -> np.ndarray:
    """The last day's median of the logarithm of its ratio to what the neighbours said before it drifted."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        apart = one.spread > np.fmax(2 * np.nanmedian(one.spread), 0.25)
    return upto(np.where(apart, np.nan, one.slow), 24, "median", needed=8)


def _back(values: np.ndarray, hours: int) -> np.ndarray:
    return np.concatenate([np.full(hours, np.nan), values])[: len(values)]
