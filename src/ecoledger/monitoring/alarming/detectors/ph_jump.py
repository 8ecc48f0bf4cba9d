"""pH突变: a pH that leaps from one sample to the next: acid or lye has been let go, or the probe is out of water."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors.tracks import (
    MAD_TO_SIGMA,
    each,
    together,
    trailing,
    verdicts,
    worded,
)
from ecoledger.monitoring.alarming.operation import NOTHING, Running

PH = "w01001"
# Beyond the widest swings of the days before by so much.
_SWINGS = 1.6


def detect(
    hours: pl.DataFrame,
    judged: pl.DataFrame,
    settings: dict[str, Any],
    running: Running = NOTHING,
) -> pl.DataFrame:
    """Judge each pH against the last six values before it.

    Bad when it differs from their median by more than ``settings["step"]`` (default 1.0), by more than
    ``settings["sigmas"]`` robust standard deviations (default 6) or by 1.6 times the widest swings of three days, and lies outside all of the 72 hours before by
    ``settings["beyond"]`` (default 0.3): what algae and tides do every day was there the day before. Good within half of
    the step.
    """
    step, sigmas = float(settings.get("step", 1.0)), float(settings.get("sigmas", 6.0))
    beyond = float(settings.get("beyond", 0.3))
    parts = []
    for track in each(hours.filter(pl.col("parameter") == PH), judged):
        value = track.value
        before = trailing(value, 6, "median", needed=3)
        # How far it usually goes within six values: what algae do in a day is slow beside a discharge.
        noise = MAD_TO_SIGMA * trailing(value - before, track.slots(72, 12), "mad", needed=6)
        swing = trailing(np.abs(value - before), track.slots(72, 12), "p95", needed=6)
        noise = np.fmin(sigmas * noise, _SWINGS * swing)
        highest = trailing(value, track.slots(72, 12), "max", needed=6)
        lowest = trailing(value, track.slots(72, 12), "min", needed=6)
        reference = trailing(value, track.slots(72, 12), "median", needed=6)
        with np.errstate(all="ignore"):
            change = np.abs(value - before)
            new = (value > highest + beyond) | (value < lowest - beyond)
            bad = (change > np.fmax(step, noise)) & new
            good = np.abs(value - reference) <= np.fmax(step / 2, noise / 2)
        parts.append(
            verdicts(
                track, np.asarray(bad), np.asarray(good),
                note=np.array([f"pH由{b:.2f}突变" if not np.isnan(b) else None for b in before], dtype=object),
                excuse=worded(running.stands(track, 2), "停产期间无流量，探头未浸没"),
            )
        )  # fmt: skip
    return together(parts, judged)
