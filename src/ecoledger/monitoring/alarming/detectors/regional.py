"""Stations beside one another: what each hour of a station would be if it only shared in the region's air.

A station's *expected* value is the median of its neighbours times its own usual ratio to that median over ten days (a
street station is always higher, a park always lower). Micro-stations are compared with micro-stations: their own noise
and their dislike of humid air are common to them. A reference station is never judged by micro-stations.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors.tracks import MAD_TO_SIGMA, Track, each, trailing, upto

_KM_PER_DEGREE = 111.195
MICRO = "micro"
# Of a concentration, so that a few µg/m³ more or less at clean air make no ratio (µg/m³; mg/m³ for CO).
_SOFTENED = {"a21005": 0.2}
_SOFT = 5.0
_CROWD = 3


def neighbours(places: pl.DataFrame, radius_km: float) -> pl.DataFrame:
    """Pairs ``point, neighbour`` no more than ``radius_km`` apart; ``places``: ``point, lon, lat``."""
    return pairs_within(places, radius_km).select("point", "neighbour")


def pairs_within(places: pl.DataFrame, radius_km: float) -> pl.DataFrame:
    """Pairs ``point, neighbour, km`` no more than ``radius_km`` apart; ``places``: ``point, lon, lat``."""
    known = places.filter(pl.col("lon").is_not_null() & pl.col("lat").is_not_null())
    number = known["point"].to_numpy()
    lon, lat = known["lon"].to_numpy(), known["lat"].to_numpy()
    # Flat-earth distance: off by under 0.1 % within a county.
    east = (lon[:, None] - lon) * np.cos(np.radians((lat[:, None] + lat) / 2))
    distance = _KM_PER_DEGREE * np.hypot(east, lat[:, None] - lat)
    np.fill_diagonal(distance, np.inf)
    one, other = np.nonzero(distance <= radius_km)
    return pl.DataFrame(
        {"point": number[one], "neighbour": number[other], "km": distance[one, other]},
        schema={"point": pl.Int64, "neighbour": pl.Int64, "km": pl.Float64},
    )


@dataclass(frozen=True)
class Compared:
    """A track beside its neighbours. ``around``: their median; ``expected``: that times the usual ratio; ``ratio``: value
    over expected; ``sigma``: the usual scatter of its logarithm; ``others``: the greatest and the least ratio among the
    neighbours; ``surge``: the region's median over its own last day; ``number``: how many neighbours; ``log_ratio``: to
    ``around``, not yet corrected by the usual; ``micro``: whether it is a micro-station."""

    track: Track
    around: np.ndarray
    expected: np.ndarray
    ratio: np.ndarray
    sigma: np.ndarray
    others_high: np.ndarray
    others_low: np.ndarray
    surge: np.ndarray
    number: np.ndarray
    log_ratio: np.ndarray
    micro: bool


def compare(hours: pl.DataFrame, places: pl.DataFrame, settings: dict[str, Any]) -> list[Compared]:
    """Every track of ``hours`` (``point, parameter, start, value, valid``) that has enough neighbours.

    ``places``: ``point, lon, lat`` and perhaps ``level``. ``settings``: ``radius_km`` (default 15), ``needed`` (default 2).
    A station with fewer neighbours than needed takes the nearest ones, no further than four times the radius.
    """
    radius, needed = float(settings.get("radius_km", 15.0)), int(settings.get("needed", 2))
    levels = dict(places.select("point", "level").iter_rows()) if "level" in places.columns else {}
    pairs = _beside(places, radius, levels, needed)
    found = []
    for (code,), rows in hours.group_by(["parameter"], maintain_order=True):
        tracks = {track.point: track for track in each(rows) if track.step == 1}
        if len(tracks) > needed:
            found += _of_parameter(str(code), tracks, pairs, levels, needed)
    return found


def _beside(
    places: pl.DataFrame, radius: float, levels: dict[int, str], needed: int
) -> dict[int, list[int]]:
    """By station, those of its kind that it is compared with."""
    far: dict[int, list[tuple[float, int]]] = {}
    for one, other, distance in pairs_within(places, 4 * radius).iter_rows():
        if _alike(levels.get(one, ""), levels.get(other, "")):
            far.setdefault(one, []).append((distance, other))
    result = {}
    for one, others in far.items():
        near = [number for distance, number in others if distance <= radius]
        result[one] = near if len(near) >= needed else [n for _, n in sorted(others)[: needed + 1]]
    return result


def _of_parameter(
    code: str,
    tracks: dict[int, Track],
    pairs: dict[int, list[int]],
    levels: dict[int, str],
    needed: int,
) -> list[Compared]:
    soft = _SOFTENED.get(code, _SOFT)
    first = min(track.first for track in tracks.values())
    size = max(track.first + len(track) for track in tracks.values()) - first
    grid = first + np.arange(size)
    numbers = list(tracks)
    matrix = np.array([tracks[number].at(grid) for number in numbers])
    row = {number: n for n, number in enumerate(numbers)}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        logs = np.log(np.maximum(matrix, 0.0) + soft)
        beside = {
            number: [row[other] for other in pairs.get(number, ()) if other in row]
            for number in numbers
        }
        around = np.full_like(logs, np.nan)
        present = np.zeros(logs.shape, dtype=int)
        for number, others in beside.items():
            if len(others) >= needed:
                there = ~np.isnan(logs[others])
                present[row[number]] = there.sum(axis=0)
                middle = np.nanmedian(logs[others], axis=0)
                around[row[number]] = np.where(present[row[number]] >= needed, middle, np.nan)
        difference = logs - around
        usual = np.array(
            [trailing(d, 240, "median", gap=6, needed=24, every=3) for d in difference]
        )
        scatter = MAD_TO_SIGMA * np.array(
            [trailing(d - u, 240, "mad", gap=6, needed=24, every=3)
             for d, u in zip(difference, usual, strict=True)]
        )  # fmt: skip
        # A station that has always been half as high again is no news; one that is three times as high is.
        usual = np.clip(np.nan_to_num(usual), -0.7, 0.7)
        scatter = np.fmax(np.nan_to_num(scatter, nan=0.0), 0.05)
        anomaly = difference - usual
        day = np.array([trailing(a, 24, "median", needed=6, every=3) for a in around])
        result = []
        for number, others in beside.items():
            n = row[number]
            if len(others) < needed:
                continue
            expected = np.round(np.exp(around[n] + usual[n]) - soft, 6)
            track = Track(number, code, first, 1, matrix[n], matrix[n],
                          np.full(size, "N", dtype=object))  # fmt: skip
            result.append(
                Compared(
                    track,
                    np.exp(around[n]) - soft,
                    expected,
                    np.exp(anomaly[n]),
                    scatter[n],
                    *_extremes(anomaly[others]),
                    np.exp(upto(around[n] - day[n], 12, "max")),
                    present[n],
                    difference[n],
                    levels.get(number, "") == MICRO,
                )
            )
    return result


def crowded(
    compared: list[Compared], unusual: list[np.ndarray], parameter: str, micro: bool
) -> set[int]:
    """Hours since 1970 in which three or more stations of a kind are unusual at once: that is no one station's trouble."""
    count: dict[int, int] = {}
    for one, flags in zip(compared, unusual, strict=True):
        if one.track.parameter == parameter and one.micro == micro:
            for slot in np.flatnonzero(flags):
                hour = one.track.first + int(slot)
                count[hour] = count.get(hour, 0) + 1
    return {hour for hour, number in count.items() if number >= _CROWD}


def _extremes(anomaly: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The greatest and the least ratio among neighbours; of five or more the second least, for one may have its own
    trouble."""
    skip = 1 if len(anomaly) >= 5 else 0
    high = np.max(np.nan_to_num(anomaly, nan=-np.inf), axis=0)
    low = np.sort(np.nan_to_num(anomaly, nan=np.inf), axis=0)[skip]
    return np.exp(high), np.exp(low)


def _alike(mine: str, other: str) -> bool:
    return (mine == MICRO) == (other == MICRO)
