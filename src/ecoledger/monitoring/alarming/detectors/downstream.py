"""沿河下移: a rise at one station that comes again at the next one down the river, as late as water needs."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors.tracks import (
    MAD_TO_SIGMA,
    Track,
    each,
    together,
    trailing,
    upto,
    verdicts,
    worded,
)
from ecoledger.monitoring.alarming.weather import DRY, Weather


def detect(
    hours: pl.DataFrame,
    judged: pl.DataFrame,
    reaches: pl.DataFrame,
    settings: dict[str, Any],
    weather: Weather = DRY,
) -> pl.DataFrame:
    """Judge each water station against those above it on the same river.

    ``reaches``: ``point, river, km``, kilometres from the river's head. Bad when a value lies ``settings["sigmas"]`` (default
    4) robust standard deviations and ``settings["share"]`` (default 0.3) above its median of three days, and a station
    above it on the river had risen as much before, as many hours earlier as water needs at ``settings["slowest"]`` to
    ``settings["fastest"]`` m/s (defaults 0.15 and 1.5). Good when it is back within half. Rain lifts the whole river and is
    excused.
    """
    sigmas, part = float(settings.get("sigmas", 4.0)), float(settings.get("share", 0.3))
    slowest, fastest = float(settings.get("slowest", 0.15)), float(settings.get("fastest", 1.5))
    place = {p: (river, km) for p, river, km in reaches.select("point", "river", "km").iter_rows()}
    tracks = [track for track in each(hours) if track.point in place]
    wanted = set(judged.select("point", "parameter").unique().iter_rows())
    risen = {(track.point, track.parameter): _risen(track, sigmas, part) for track in tracks}
    parts = []
    for track in tracks:
        if (track.point, track.parameter) not in wanted:
            continue
        river, km = place[track.point]
        up, back = risen[track.point, track.parameter]
        arrived = np.zeros(len(track), dtype=bool)
        for other in tracks:
            if other.parameter != track.parameter or other.point == track.point:
                continue
            other_river, other_km = place[other.point]
            if other_river != river or other_km >= km:
                continue
            metres = 1000 * (km - other_km)
            arrived |= up & _came_from(
                track, other, risen[other.point, other.parameter][0],
                metres / fastest / 3600, metres / slowest / 3600,
            )  # fmt: skip
        arrived &= _new(arrived, up)
        parts.append(
            verdicts(
                track, arrived, back,
                note="升高，与上游站点的升高按水流时间相接，疑似排污团下移",
                excuse=worded(weather.wet(track, 72), "降雨后全河升高"),
            )
        )  # fmt: skip
    return together(parts, judged)


def _new(arrived: np.ndarray, up: np.ndarray) -> np.ndarray:
    """Two values in a row, so that one reading at each of two stations is no wave."""
    previous = np.concatenate([[False], up[:-1]])
    return np.asarray(arrived & previous)


def _risen(track: Track, sigmas: float, part: float) -> tuple[np.ndarray, np.ndarray]:
    past = track.slots(72, 12)
    usual = trailing(track.value, past, "median", gap=1, needed=6)
    noise = MAD_TO_SIGMA * trailing(track.value, past, "mad", gap=1, needed=6)
    highest = trailing(track.value, past, "p90", gap=track.slots(6), needed=6)
    with np.errstate(all="ignore"):
        allowed = np.fmax(sigmas * noise, part * usual)
        up = (track.value > usual + allowed) & (track.value > 1.1 * highest)
        back = upto(track.value, 1, "median") < usual + allowed / 2
    return np.asarray(up), np.asarray(back)


def _came_from(
    track: Track, other: Track, up: np.ndarray, soonest: float, latest: float
) -> np.ndarray:
    """Where ``other`` was up between ``soonest`` and ``latest`` hours before each slot of ``track``."""
    at = track.first + track.step * np.arange(len(track))
    total = np.cumsum(np.concatenate([[0], up.astype(int)]))
    begin = np.floor((at - latest - other.first) / other.step).astype(int)
    end = np.floor((at - soonest - other.first) / other.step).astype(int) + 1
    begin, end = np.clip(begin, 0, len(up)), np.clip(end, 0, len(up))
    return np.asarray(total[np.maximum(end, begin)] - total[begin] >= 2)
