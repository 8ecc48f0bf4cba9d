"""漂移: a station whose ratio to its neighbours moves away day by day and stays away: its sensor ages."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import numbers
from ecoledger.monitoring.alarming.detectors.low_vs_neighbours import TWIN
from ecoledger.monitoring.alarming.detectors.regional import DRIFTS, SLOW, Compared
from ecoledger.monitoring.alarming.detectors.tracks import (
    MAD_TO_SIGMA,
    share,
    together,
    trailing,
    upto,
    verdicts,
)


def detect(
    compared: list[Compared], judged: pl.DataFrame, settings: dict[str, Any]
) -> pl.DataFrame:
    """Judge the median of a day's ratio to the neighbours; arguments as for :func:`.neighbours.detect`.

    Bad when the last 24 hours' median lies more than ``settings["share"]`` (default 0.22) away from that of the twelve days
    that end four days ago, and more than ``settings["sigmas"]`` (default 3.5) robust standard deviations of such medians, and
    the day before lay beyond half and the one before that beyond a fifth of it on the same side: three days are no
    plume; the neighbours' median being at least ``settings["least"][parameter]``. Fine and coarse dust are judged by their
    mean. Good when the last day is within half of it. Needs ``settings["history"]`` hours (default 96).
    Reference stations are checked with zero and span gas, and judged here only where ``settings["reference"]`` says so.
    """
    part, sigmas = float(settings.get("share", 0.22)), float(settings.get("sigmas", 3.5))
    needed = int(settings.get("history", 96))
    least = numbers(settings, "least")
    parts = []
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
            bad &= sign * _back(level, 24) > allowed / 2
            bad &= sign * _back(level, 48) > allowed / 5
            if twin is not None:
                mine = levels[track.point, track.parameter]
                bad &= np.abs(mine - twin) < np.abs(away)
            good = np.abs(away) < allowed / 2
            times = np.exp(away)
        bad = share(bad, 6) >= 6
        parts.append(
            verdicts(
                track, bad, np.asarray(good), limit=one.around, over=np.abs(times - 1),
                note=np.array([f"与周边站点的比值变为此前的{t:.2f}倍，疑似漂移" if np.isfinite(t) else None
                               for t in times], dtype=object),
            )
        )  # fmt: skip
    return together(parts, judged)


def _level(one: Compared) -> np.ndarray:
    """The last day's median of the logarithm of its ratio to what the neighbours said before it drifted."""
    return upto(one.slow, 24, "median", needed=16)


def _back(values: np.ndarray, hours: int) -> np.ndarray:
    return np.concatenate([np.full(hours, np.nan), values])[: len(values)]
