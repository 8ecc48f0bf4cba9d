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
    going_on,
    share,
    together,
    trailing,
    upto,
    verdicts,
)

# No day of a drift does more of it than this; yesterday and the day before had these parts of what is told, three days ago no
# more than this of it all; and of fine and coarse dust one moves as far as the other by this.
_A_DAY, _ONE_DAY, _TWO_DAYS, _BEFORE, _ALIKE = 0.65, 0.5, 0.3, 0.9, 0.65
# It may waver by this share from one day to the next, and is told until it is back to this part of what is asked for.
_WAVERS, _LASTS = 0.2, 0.7
# So many sensors that move at once are the air: of a large network one in five.
_AT_ONCE, _ONE_IN = 4, 5


def detect(
    compared: list[Compared], judged: pl.DataFrame, settings: dict[str, Any]
) -> pl.DataFrame:
    """Judge the median of a day's ratio to the neighbours; arguments as for :func:`.neighbours.detect`.

    Bad when the last 24 hours' median lies more than ``settings["share"]`` (default 0.22) away from what the twelve days
    that end four days ago let expect, and more than ``settings["sigmas"]`` (default 3.5) robust standard deviations of such
    medians, and has gone there over three days (:data:`_ONE_DAY`, :data:`_TWO_DAYS`, :data:`_BEFORE`), no day doing much more than
    half of it (:data:`_A_DAY`): three days are no plume, and a sensor does not age in one; the neighbours' median being at least
    ``settings["least"][parameter]``. It goes on until most of it is made good. Hours in which the
    neighbours differ among themselves (a front of dust, fireworks) tell nothing. Fine and coarse dust are judged by their
    mean, and must have moved about alike: one sensor counts both. Good when the last day is within half of it. Needs
    ``settings["history"]`` hours (default 96) beside neighbours that are known.
    Reference stations are checked with zero and span gas, and judged here only where ``settings["reference"]`` says so.
    """
    part, sigmas = float(settings.get("share", 0.22)), float(settings.get("sigmas", 3.5))
    needed = int(settings.get("history", 96))
    least = numbers(settings, "least")
    judgements: list[tuple[Compared, np.ndarray, np.ndarray, np.ndarray, np.ndarray]] = []
    levels = {(site.track.point, site.track.parameter): _level(site) for site in compared}
    for station in compared:
        if not (station.micro or settings.get("reference", False)):
            continue
        track, level = station.track, levels[station.track.point, station.track.parameter]
        twin = levels.get((track.point, TWIN.get(track.parameter, "")))
        if twin is not None:
            # One sensor counts both, and drifts with both; dust of a road or a field changes the coarse alone.
            level = (level + np.where(np.isnan(twin), level, twin)) / 2
        noise = MAD_TO_SIGMA * trailing(level, SLOW, "mad", gap=DRIFTS, needed=needed, every=3)
        known = trailing(level, SLOW, "median", gap=DRIFTS, needed=needed, every=3)
        high_enough = upto(station.around, 24, "median", needed=16) >= least.get(
            track.parameter, 0.0
        )
        with np.errstate(all="ignore"):
            allowed = np.fmax(np.log1p(part), sigmas * noise)
            away, sign = np.where(np.isnan(known), np.nan, level), np.sign(level)
            bad = (np.abs(away) > allowed) & high_enough
            one, two, three = (sign * _back(level, 24 * days) for days in (1, 2, 3))
            here = sign * level
            bad &= (one > _ONE_DAY * allowed) & (two > _TWO_DAYS * allowed)
            bad &= (here >= (1 - _WAVERS) * one) & (one >= (1 - _WAVERS) * two)
            bad &= (here > 1.1 * two) & ~(three > _BEFORE * here) & (here - one < _A_DAY * here)
            if twin is not None:
                mine = sign * levels[track.point, track.parameter]
                other = sign * twin
                bad &= (mine > allowed / 2) & ~(other < allowed / 2)
                bad &= ~(np.fmin(mine, other) < _ALIKE * np.fmax(mine, other))
            lasts, good = np.abs(away) > _LASTS * allowed, np.abs(away) < allowed / 2
            times = np.exp(away)
        judgements.append((station, share(bad, 6) >= 4, lasts, np.asarray(good), times))
    # Sensors do not age together: what several show at once is in the air.
    stations, bads = [j[0] for j in judgements], [j[1] for j in judgements]
    kinds = [(station.track.parameter, station.micro) for station in stations]
    crowds = {
        kind: list(crowded(stations, bads, *kind, max(_AT_ONCE, kinds.count(kind) // _ONE_IN)))
        for kind in set(kinds)
    }
    parts = []
    for station, bad, lasts, good, times in judgements:
        track = station.track
        hours = track.first + np.arange(len(track))
        alone = ~np.isin(hours, crowds[track.parameter, station.micro])
        # An hour without a value is a gap, which is told as one.
        told = going_on(bad & alone, lasts) & ~np.isnan(track.shown) & np.isfinite(times)
        parts.append(
            verdicts(
                track, told, good, limit=station.around, over=np.abs(times - 1),
                note=np.array([f"与周边站点的比值变为此前的{t:.2f}倍，疑似漂移" if np.isfinite(t) else None
                               for t in times], dtype=object),
            )
        )  # fmt: skip
    return together(parts, judged)


def _level(site: Compared) -> np.ndarray:
    """The last day's median of the logarithm of its ratio to what the neighbours said before it drifted."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        apart = site.spread > np.fmax(2 * np.nanmedian(site.spread), 0.25)
    return upto(np.where(apart, np.nan, site.slow), 24, "median", needed=8)


def _back(values: np.ndarray, hours: int) -> np.ndarray:
    return np.concatenate([np.full(hours, np.nan), values])[: len(values)]
