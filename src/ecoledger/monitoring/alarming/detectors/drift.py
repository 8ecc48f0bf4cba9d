"""漂移: a station whose ratio to its neighbours moves away day by day and stays away: its sensor ages."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import numbers
from ecoledger.monitoring.alarming.detectors.low_vs_neighbours import TWIN
from ecoledger.monitoring.alarming.detectors.regional import compare
from ecoledger.monitoring.alarming.detectors.tracks import (
    MAD_TO_SIGMA,
    share,
    together,
    trailing,
    upto,
    verdicts,
)


def detect(
    hours: pl.DataFrame, judged: pl.DataFrame, places: pl.DataFrame, settings: dict[str, Any]
) -> pl.DataFrame:
    """Judge the median of a day's ratio to the neighbours; arguments as for :func:`.neighbours.detect`.

    Bad when the last 24 hours' median lies more than ``settings["share"]`` (default 0.22) away from that of the twelve days
    that end four days ago, and more than ``settings["sigmas"]`` (default 3.5) robust standard deviations of such medians, and
    the day before lay beyond half and the one before that beyond a fifth of it on the same side: three days are no
    plume; the neighbours' median being at least ``settings["least"][parameter]``. Good when the last day is
    within half of it. Needs ``settings["history"]`` hours (default 96).
    Reference stations are checked with zero and span gas, and judged here only where ``settings["reference"]`` says so.
    """
    part, sigmas = float(settings.get("share", 0.22)), float(settings.get("sigmas", 3.5))
    needed = int(settings.get("history", 96))
    least = numbers(settings, "least")
    parts = []
    compared = compare(hours, places, settings)
    aways: dict[tuple[int, str], Any] = {}
    for one in compared:
        level = upto(one.log_ratio, 24, "median", needed=16)
        usual = trailing(one.log_ratio, 288, "median", gap=96, needed=needed, every=3)
        aways[one.track.point, one.track.parameter] = replace(one.track, value=level - usual)
    for one in compared:
        if not (one.micro or settings.get("reference", False)):
            continue
        track = one.track
        level = upto(one.log_ratio, 24, "median", needed=16)
        usual = trailing(one.log_ratio, 288, "median", gap=96, needed=needed, every=3)
        noise = MAD_TO_SIGMA * trailing(level, 288, "mad", gap=96, needed=needed // 2, every=3)
        before = np.concatenate([np.full(24, np.nan), level])[: len(level)]
        earlier = np.concatenate([np.full(48, np.nan), level])[: len(level)]
        high_enough = upto(one.around, 24, "median", needed=16) >= least.get(track.parameter, 0.0)
        with np.errstate(all="ignore"):
            allowed = np.fmax(np.log1p(part), sigmas * noise)
            away, sign = level - usual, np.sign(level - usual)
            bad = (np.abs(away) > allowed) & (sign * (before - usual) > allowed / 2)
            bad &= (sign * (earlier - usual) > allowed / 5) & high_enough
            good = np.abs(away) < allowed / 2
            times = np.exp(away)
            twin = aways.get((track.point, TWIN.get(track.parameter, "")))
            if twin is not None:
                # One sensor counts both: dust of a road or a field changes the coarse alone.
                bad &= ~(sign * track.on(twin) < allowed / 2)
        bad = share(bad, 12) >= 12
        parts.append(
            verdicts(
                track, bad, np.asarray(good), limit=one.around, over=np.abs(times - 1),
                note=np.array([f"与周边站点的比值变为此前的{t:.2f}倍，疑似漂移" if np.isfinite(t) else None
                               for t in times], dtype=object),
            )
        )  # fmt: skip
    return together(parts, judged)
