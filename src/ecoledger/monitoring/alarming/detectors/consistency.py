"""排放差距异常: an emission that does not fit the load of its own plant any more."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import by_load
from ecoledger.monitoring.alarming.detectors.tracks import (
    MAD_TO_SIGMA,
    each,
    share,
    together,
    trailing,
    verdicts,
)
from ecoledger.monitoring.alarming.operation import NOTHING, Running


def detect(
    hours: pl.DataFrame,
    judged: pl.DataFrame,
    settings: dict[str, Any],
    running: Running = NOTHING,
) -> pl.DataFrame:
    """Judge concentrations against what the plant gave at that load before.

    ``hours``: ``point, parameter, start, value, valid`` of pollutants. Compared is the logarithm of the concentration with
    what it was at such a load over two weeks of running hours (:mod:`.by_load`). Bad when over ``settings["hours"]`` hours (default 8) the median lies
    more than ``settings["factor"]`` (default 2.5) times below it, and more than six robust standard deviations of
    such medians, while the load stays within ``settings["load"]`` (default 0.3) of its usual or is one that those weeks knew: an emission that falls to a
    third of itself at full load is not read where it arises. What rises is told by other rules. Without a known load nothing is judged, nor within a day of a
    standstill.
    """
    width_hours, factor = int(settings.get("hours", 8)), float(settings.get("factor", 2.5))
    tolerance = float(settings.get("load", 0.3))
    parts = []
    for track in each(hours, judged):
        load = running.load(track)
        on = np.nan_to_num(running.running(track)) == 1
        if np.isnan(load).all():
            continue
        width, gap = track.slots(width_hours, 4), track.slots(24)
        with np.errstate(all="ignore"):
            level = np.log(np.where(on & (track.value > 0), track.value, np.nan))
        past, needed = track.slots(14 * 24), track.slots(72, 18)
        usual, _scatter, known = by_load.expected(
            level, np.where(on, load, np.nan), past, gap=gap, needed=needed
        )
        # How far it lies below what it would be, at the middle of the last hours.
        recent = trailing(np.append(level - usual, np.nan), width, "median", needed=width - 1)[1:]
        noise = MAD_TO_SIGMA * trailing(recent, past, "mad", gap=gap, needed=width, every=3)
        usual_load = trailing(
            np.where(on, load, np.nan), past, "median", gap=gap, needed=needed, every=3
        )
        with np.errstate(all="ignore"):
            steady = (np.abs(load / usual_load - 1) <= tolerance) | known
            away = -recent
            noise = np.nan_to_num(noise)
            bad = (away > np.fmax(np.log(factor), 6 * noise)) & (share(steady, width) >= width - 1)
            bad &= ~running.restarted(track, width_hours)
            good = usual - level < np.fmax(np.log(factor), 6 * noise) / 2
            times = np.exp(recent)
        parts.append(
            verdicts(
                track, np.asarray(bad), np.asarray(good), limit=np.exp(usual),
                note=np.array([f"为平时同等负荷下的{t:.2f}倍" for t in times], dtype=object),
            )
        )  # fmt: skip
    return together(parts, judged)
