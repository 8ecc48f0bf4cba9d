"""Stations beside one another: what each hour of a station would be if it only shared in the region's air.

A station's *expected* value is what its neighbours say: each its own value times the usual ratio of the two over ten days
(a street station is always higher, a park always lower), and those count most that have been most like it. Micro-stations are compared with micro-stations: their own noise
and their dislike of humid air are common to them. A reference station is never judged by micro-stations.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors.tracks import (
    MAD_TO_SIGMA,
    Track,
    each,
    quantile,
    upto,
)

_KM_PER_DEGREE = 111.195
MICRO = "micro"
# Of a concentration, so that a few µg/m³ more or less at clean air make no ratio (µg/m³; mg/m³ for CO).
_SOFTENED = {"a21005": 0.2}
_SOFT = 5.0
_CROWD = 3
# What comes with other air, and what a hand on the dust sampler or dust of a road does not touch: CO, NO2, SO2.
GASES = ("a21005", "a21004", "a21026")
# What is usual is learned from so many hours, and what is new from the hours after them.
LEARNED = 240
NEWS = 6
# And a drift by the twelve days that end four days ago.
SLOW = 288
DRIFTS = 96


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
    over expected; ``spread``: how far the neighbours differ from one another in these hours (robust standard deviation of
    logarithms); ``number``: how many neighbours; ``slow``: of a micro-station, the logarithm of value over
    what the neighbours said in the days before the last four, which does not follow a drift; ``micro``: whether it is a micro-station."""

    track: Track
    around: np.ndarray
    expected: np.ndarray
    ratio: np.ndarray
    spread: np.ndarray
    number: np.ndarray
    slow: np.ndarray
    micro: bool


@dataclass(frozen=True)
class Own:
    """``left``: the logarithm of a ratio without what the station's gases tell of other air;
    ``air``: how far the gases themselves are from what was expected (median logarithm; NaN without gases)."""

    left: np.ndarray
    air: np.ndarray


def compare(hours: pl.DataFrame, places: pl.DataFrame, settings: dict[str, Any]) -> list[Compared]:
    """Every track of ``hours`` (``point, parameter, start, value, valid``) that has enough neighbours.

    ``places``: ``point, lon, lat`` and perhaps ``level``. ``settings``: ``radius_km`` (default 15), ``needed`` (default 2).
    A station with fewer neighbours than needed takes the nearest ones, no further than four times the radius.
    """
    radius, needed = float(settings.get("radius_km", 15.0)), int(settings.get("needed", 2))
    levels = dict(places.select("point", "level").iter_rows()) if "level" in places.columns else {}
    pairs = _beside(places, radius, levels, needed)
    result = []
    for (code,), rows in hours.group_by(["parameter"], maintain_order=True):
        tracks = {track.point: track for track in each(rows) if track.step == 1}
        if len(tracks) > needed:
            result += _of_parameter(str(code), tracks, pairs, levels, needed)
    return result


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
        expected = np.full_like(logs, np.nan)
        present = np.zeros(logs.shape, dtype=int)
        for number, others in beside.items():
            if len(others) >= needed:
                n = row[number]
                present[n] = (~np.isnan(logs[others])).sum(axis=0)
                enough = present[n] >= needed
                around[n] = np.where(enough, np.nanmedian(logs[others], axis=0), np.nan)
                expected[n] = np.where(enough, _expected(logs[n], logs[others]), np.nan)
        anomaly = logs - expected
        result = []
        for number, others in beside.items():
            n = row[number]
            if len(others) < needed:
                continue
            track = Track(number, code, first, 1, matrix[n], matrix[n],
                          np.full(size, "N", dtype=object))  # fmt: skip
            result.append(
                Compared(
                    track,
                    np.exp(around[n]) - soft,
                    np.round(np.exp(expected[n]) - soft, 6),
                    np.exp(anomaly[n]),
                    _spread(anomaly[others]),
                    present[n],
                    logs[n] - _expected(logs[n], logs[others], SLOW, DRIFTS, guess=False)
                    if levels.get(number, "") == MICRO
                    else logs[n] - expected[n],
                    levels.get(number, "") == MICRO,
                )
            )
    return result


def _expected(
    own: np.ndarray,
    others: np.ndarray,
    learned_hours: int = LEARNED,
    news: int = NEWS,
    *,
    guess: bool = True,
) -> np.ndarray:
    """What ``others`` (a row a station, logarithms) say that ``own`` is: each tells its value plus the usual difference
    between the two, and the one that has differed least from it in the days before counts most (weighted median).

    Learned anew every day from the ``learned_hours`` before, the last ``news`` of them left out. ``guess``: before anything
    is learned the others' values stand for it, else nothing does.
    """
    result = np.full(len(own), np.nan)
    for begin in range(0, len(own), 24):
        span = slice(begin, begin + 24)
        known = slice(max(0, begin - news - learned_hours), max(0, begin - news))
        differences = own[known] - others[:, known]
        count = np.sum(~np.isnan(differences), axis=1)
        learned = count >= 24
        if learned.any():
            usual = quantile(differences, count, 0.5)
            scatter = quantile(np.abs(differences - usual[:, None]), count, 0.5)
        else:
            if not guess:
                continue
            usual, scatter = np.zeros(len(others)), np.ones(len(others))
        # A station that has always been half as high again is no news; one that is three times as high is.
        usual = np.where(learned, np.clip(np.nan_to_num(usual), -0.7, 0.7), 0.0)
        weight = np.where(learned, 1 / np.fmax(np.nan_to_num(scatter, nan=1.0), 0.03) ** 2, 1.0)
        result[span] = _weighted_median(others[:, span] + usual[:, None], weight)
    return result


def _weighted_median(values: np.ndarray, weight: np.ndarray) -> np.ndarray:
    """Of each column of ``values``; gaps count for nothing."""
    order = np.argsort(values, axis=0)
    ordered = np.take_along_axis(values, order, axis=0)
    share = np.where(np.isnan(ordered), 0.0, weight[order])
    total = np.cumsum(share, axis=0)
    middle = np.argmax(total >= total[-1] / 2, axis=0)
    return np.asarray(np.take_along_axis(ordered, middle[None, :], axis=0)[0])


def own(compared: list[Compared]) -> dict[tuple[int, str], Own]:
    """By point and parameter, what of a deviation is the station's own and not that of other air over it."""
    series = {(site.track.point, site.track.parameter): site for site in compared}
    return {
        (point, parameter): _own(
            np.log(one.ratio),
            [
                hours_of(np.log(series[point, gas].ratio), series[point, gas].track, one.track)
                for gas in (() if parameter in GASES else GASES)
                if (point, gas) in series
            ],
        )
        for (point, parameter), one in series.items()
    }


def hours_of(values: np.ndarray, own: Track, track: Track) -> np.ndarray:
    """``values`` by the hours of ``own``, in the hours of another series: each begins and ends with its own."""
    result = np.full(len(track.value), np.nan)
    shift = own.first - track.first
    begin, end = max(shift, 0), min(shift + len(values), len(result))
    if begin < end:
        result[begin:end] = values[begin - shift : end - shift]
    return result


def _own(ratio: np.ndarray, gases: list[np.ndarray]) -> Own:
    if not gases:
        air, left = np.full(len(ratio), np.nan), ratio
    else:
        with warnings.catch_warnings():  # an hour without any gas is no news
            warnings.simplefilter("ignore", RuntimeWarning)
            air = np.nanmedian(gases, axis=0)
        told = _slope(np.clip(ratio, -1, 1), np.clip(air, -1, 1)) * np.nan_to_num(air)
        # A fire gives gases too: they take away half of it at most.
        half = np.abs(ratio) / 2
        left = ratio - np.where(told * ratio > 0, np.clip(told, -half, half), 0.0)
    return Own(left, air)


def _slope(values: np.ndarray, by: np.ndarray) -> np.ndarray:
    """How much ``values`` changed with ``by`` in the ten days before each hour: the slope of a line, from 0 to 1.2."""
    both = ~(np.isnan(values) | np.isnan(by))
    columns = np.where(both, [np.ones(len(by)), values, by, values * by, by * by], 0.0)
    total = np.concatenate([np.zeros((5, 1)), np.cumsum(columns, axis=1)], axis=1)
    end = np.maximum(np.arange(len(by)) - NEWS, 0)
    count, v, b, vb, bb = total[:, end] - total[:, np.maximum(end - LEARNED, 0)]
    count = np.maximum(count, 1)
    varies = np.maximum(bb / count - (b / count) ** 2, 0.02)
    return np.asarray(np.clip((vb / count - v * b / count**2) / varies, 0.0, 1.2))


def crowded(
    compared: list[Compared],
    unusual: list[np.ndarray],
    parameter: str,
    micro: bool,
    crowd: int = _CROWD,
) -> set[int]:
    """Hours since 1970 in which ``crowd`` stations of a kind are unusual at once: that is no one station's trouble."""
    count: dict[int, int] = {}
    for site, flags in zip(compared, unusual, strict=True):
        if site.track.parameter == parameter and site.micro == micro:
            for slot in np.flatnonzero(flags):
                hour = site.track.first + int(slot)
                count[hour] = count.get(hour, 0) + 1
    return {hour for hour, number in count.items() if number >= crowd}


def at_once(
    compared: list[Compared], levels: list[np.ndarray], one_in: int, *, one_of: int = 0
) -> list[np.ndarray]:
    """For each of ``levels``, how high the others of its parameter and kind were (:func:`others_at_once`); of so many others
    one is left out, for it may have a trouble of its own; ``one_of``: one already of so many."""
    kinds = [(site.track.parameter, site.micro) for site in compared]
    result = list(levels)
    for kind in set(kinds):
        mine = [n for n, other in enumerate(kinds) if other == kind]
        others = len(mine) - 1
        skip = max(others // one_in, int(0 < one_of <= others))
        # The tracks of one parameter have the same hours (:func:`compare`).
        heights = others_at_once([levels[n] for n in mine], skip=skip)
        for n, height in zip(mine, heights, strict=True):
            result[n] = height
    return result


def others_at_once(levels: list[np.ndarray], skip: int = 0) -> list[np.ndarray]:
    """For each of ``levels`` (stations of one kind, by the hour), the greatest among the others at its worst of the last
    :data:`NEWS` hours; ``skip``: so many still greater ones are left out, for they may have a trouble of their own."""
    ordered = np.sort(np.nan_to_num(levels, nan=-np.inf), axis=0)
    size = len(levels)
    rank = min(size, 1 + skip)
    result = []
    for level in levels:
        # Without itself the next one has its place.
        here = np.nan_to_num(level, nan=-np.inf) >= ordered[-rank]
        others = np.where(here, ordered[max(-rank - 1, -size)], ordered[-rank])
        result.append(upto(others, NEWS, "max"))
    return result


def explained(parts: Iterable[tuple[float, np.ndarray]]) -> np.ndarray:
    """How much of a deviation has another reason than the station: so much of what the others show, of what they differ, of
    what was there before. Each by itself proves nothing, and a little of each is much."""
    return np.asarray(sum(weight * np.fmax(np.nan_to_num(what), 0.0) for weight, what in parts))


def _spread(anomaly: np.ndarray) -> np.ndarray:
    """How far stations differ from one another now, about their own median: fronts, fireworks and dust storms reach them
    at other hours and in other strengths. The greatest of the last three hours."""
    middle = np.nanmedian(anomaly, axis=0)
    return upto(MAD_TO_SIGMA * np.nanmedian(np.abs(anomaly - middle), axis=0), 3, "max")


def _alike(mine: str, other: str) -> bool:
    return (mine == MICRO) == (other == MICRO)
