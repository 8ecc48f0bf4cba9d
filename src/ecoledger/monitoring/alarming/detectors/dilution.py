"""稀释排放: oxygen rises although the load does not fall: air is let into the flue so that concentrations fall."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import by_load
from ecoledger.monitoring.alarming.detectors.tracks import (
    MAD_TO_SIGMA,
    Track,
    each,
    lasting,
    together,
    trailing,
    verdicts,
)
from ecoledger.monitoring.alarming.operation import AIR_OXYGEN, NOTHING, OXYGEN, Running

_POLLUTANTS = ("a21026", "a21002", "a34013", "a21005", "a21024", "a24088")


def detect(
    hours: pl.DataFrame,
    judged: pl.DataFrame,
    settings: dict[str, Any],
    running: Running = NOTHING,
) -> pl.DataFrame:
    """Judge each hour of the oxygen content (a19001, %) of a flue.

    Bad when for ``settings["hours"]`` hours (default 3) oxygen lies more than ``settings["rise"]`` points (default 2.5) and
    four robust standard deviations above what it was at such a load in the ten days before (:mod:`.by_load`), stays below that
    of air (a plant that starts or stops), and either the load is one that those days knew, at least ``settings["load"]``
    (default 0.85) of its median where it never changed, or, with no load known, the concentrations fall together as air would
    make them fall, for twice as long. A boiler at half load has more oxygen by nature; hours within ``settings["start"]`` hours
    (default 6) of a stop are not judged.
    """
    width_hours, rise = int(settings.get("hours", 3)), float(settings.get("rise", 2.5))
    least_load, start = float(settings.get("load", 0.85)), int(settings.get("start", 6))
    gases = {
        point: list(each(rows))
        for (point,), rows in hours.filter(pl.col("parameter").is_in(_POLLUTANTS)).group_by("point")
    }
    parts = []
    for track in each(hours.filter(pl.col("parameter") == OXYGEN), judged):
        on = np.nan_to_num(running.running(track), nan=1.0) == 1
        steady = on & (np.nan_to_num(track.value, nan=99.0) < AIR_OXYGEN)
        usual_values = np.where(steady, track.value, np.nan)
        past, gap, needed = track.slots(10 * 24), track.slots(12), track.slots(24)
        load = running.load(track)
        usual_load = trailing(
            np.where(steady, load, np.nan), past, "median", gap=gap, needed=needed, every=3
        )
        at_load, scatter, known = by_load.expected(
            usual_values, np.where(steady, load, np.nan), past, gap=gap, needed=needed
        )
        plain = trailing(usual_values, past, "median", gap=gap, needed=needed, every=3)
        spread = MAD_TO_SIGMA * trailing(usual_values, past, "mad", gap=gap, needed=needed, every=3)
        usual = np.where(np.isnan(at_load), plain, at_load)
        noise = np.where(np.isnan(at_load), spread, scatter)
        with np.errstate(all="ignore"):
            high = steady & (track.value > usual + np.fmax(rise, 4 * noise))
            loaded = known | (load >= least_load * usual_load)
        thinner = _thinner(track, gases.get(track.point, []), usual)
        high &= ~running.restarted(track, start)
        bad = lasting(high & loaded, track.slots(width_hours)) | lasting(
            high & np.isnan(load) & thinner, track.slots(2 * width_hours)
        )
        with np.errstate(all="ignore"):
            good = track.value < usual + np.fmax(rise, 4 * noise) / 2
        parts.append(
            verdicts(
                track, bad, np.asarray(good), limit=usual,
                note=np.array([f"较平时（{u:.1f}%）明显升高而负荷未降，疑似稀释" for u in usual], dtype=object),
            )
        )  # fmt: skip
    return together(parts, judged)


def _thinner(oxygen: Track, gases: list[Track], usual: np.ndarray) -> np.ndarray:
    """Where most pollutants fell as much as the air that was let in explains, within a half."""
    votes = np.zeros(len(oxygen))
    known = np.zeros(len(oxygen))
    for gas in gases:
        value = gas.at(oxygen.first + oxygen.step * np.arange(len(oxygen)))
        before = trailing(
            value, oxygen.slots(7 * 24), "median", gap=oxygen.slots(12), needed=24, every=3
        )
        with np.errstate(all="ignore"):
            expected = (21 - oxygen.value) / (21 - usual)
            ratio = value / before / expected
            votes += np.nan_to_num((ratio > 0.5) & (ratio < 1.6) & (value < 0.9 * before))
            known += ~np.isnan(ratio)
    return (known > 0) & (votes * 2 >= known)
