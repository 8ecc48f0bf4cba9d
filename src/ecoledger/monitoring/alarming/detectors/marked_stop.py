"""标停未停: marked or filed as stopped, and running all the same. A mark that silences is itself judged."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors.tracks import (
    Track,
    each,
    lasting,
    together,
    trailing,
    verdicts,
    worded,
)
from ecoledger.monitoring.alarming.operation import AIR_OXYGEN, GAS_FLOWS, OXYGEN, WATER_FLOW

STOPPED_MARK = "F"
# A standstill that lasted so many hours was one.
STOOD = 6
EARLY = "停产已属实，较申报提前复产；请及时终止停产申报"


def detect(
    hours: pl.DataFrame,
    judged: pl.DataFrame,
    production: dict[int, list[Track]],
    filed: dict[int, np.ndarray],
    settings: dict[str, Any],
) -> pl.DataFrame:
    """Judge each hour of an outlet that carries the mark F (停运), or for which a standstill is filed.

    ``hours``: all parameters of the outlets, ``point, parameter, start, value, valid, flag``; ``production``: the tracks
    of the production meters by outlet; ``filed``: by outlet, hours since 1970 for which a shutdown is filed. Bad when for
    ``settings["hours"]`` hours (default 2) at least one sign says that the plant runs and none says that it stands:
    production power above ``settings["share"]`` (default 0.4) of its usual, flow above that share of its usual, oxygen
    at least 3 points below that of air. Usual is the 75th percentile of two weeks of hours that were not marked. Excused
    where a filed standstill, without a mark of the device, was one for :data:`STOOD` hours and the plant is back no more than
    ``settings["early"]`` hours (default 12) before the day that was filed: the filing guessed its end. The finding stands at
    the whole outlet.
    """
    width, part = int(settings.get("hours", 2)), float(settings.get("share", 0.4))
    points = set(judged["point"].unique().to_list())
    by_point: dict[int, list[Track]] = {}
    for track in each(hours.filter(pl.col("point").is_in(points))):
        by_point.setdefault(track.point, []).append(track)
    parts = []
    for point, tracks in by_point.items():
        first = min(track.first for track in tracks)
        last = max(track.first + track.step * len(track) for track in tracks)
        grid = np.arange(first, last)
        marked, speaking = np.zeros((2, len(grid)), dtype=int)
        for track in tracks:
            slots = track.first - first + track.step * np.arange(len(track))
            marked[slots] += track.flag == STOPPED_MARK
            # An analyser that is just being calibrated says nothing of the plant.
            speaking[slots] += ~np.isin(track.flag, ["C", "M", ""])
        stopped = (marked > 0) & (marked * 2 >= speaking)
        marks = stopped
        paper = np.isin(grid, filed.get(point, np.array([])))
        stopped = marks | paper
        if not stopped.any():
            continue
        works, stands = _signs(tracks, production.get(point, []), grid, stopped, part)
        bad = lasting(stopped & works & ~stands, width)
        back = _back_early(paper, works, int(settings.get("early", 12))) & ~marks
        whole = Track(
            point, "", first, 1, np.where(stopped, 0.0, np.nan), np.zeros(len(grid)),
            np.full(len(grid), "N", dtype=object),
        )  # fmt: skip
        parts.append(
            verdicts(whole, bad, ~(stopped & works), value=np.full(len(grid), np.nan),
                     note="标记或申报停运，但流量、含氧量或生产用电表明仍在运行",
                     excuse=worded(back, EARLY))
        )  # fmt: skip
    whole_points = (
        judged.select("point", "start").unique().with_columns(pl.lit("").alias("parameter"))
    )
    return together(parts, whole_points)


def _signs(
    tracks: list[Track], meters: list[Track], grid: np.ndarray, stopped: np.ndarray, part: float
) -> tuple[np.ndarray, np.ndarray]:
    """Where something says that the plant works, and where something says that it stands."""
    works = np.zeros(len(grid), dtype=bool)
    stands = np.zeros(len(grid), dtype=bool)
    values: list[np.ndarray] = []
    if meters:
        power = np.array([meter.at(grid, meter.step) for meter in meters])
        # A meter that says nothing does not say that all stands still.
        values.append(np.where(np.isnan(power).all(axis=0), np.nan, np.nansum(power, axis=0)))
    for track in tracks:
        if track.parameter in (*GAS_FLOWS, WATER_FLOW):
            values.append(_anything(track, grid))
        if track.parameter == OXYGEN:
            oxygen = _anything(track, grid)
            with np.errstate(all="ignore"):
                works |= oxygen < 21 - 3 - 1
                stands |= oxygen >= AIR_OXYGEN
    for value in values:
        usual = trailing(np.where(stopped, np.nan, value), 14 * 24, "p75", needed=24, every=3)
        with np.errstate(all="ignore"):
            works |= (value >= part * usual) & (usual > 0)
            stands |= value < part / 2 * usual
    return works, stands


def _anything(track: Track, grid: np.ndarray) -> np.ndarray:
    """What stood there, marked or not: a mark on the flow does not make the flow go away."""
    shown = Track(
        track.point, track.parameter, track.first, track.step, track.shown, track.shown, track.flag
    )
    return shown.at(grid, track.step)


def _back_early(paper: np.ndarray, works: np.ndarray, early: int) -> np.ndarray:
    """Hours at the end of a filed standstill in which the plant works again, after it had stood.

    What says nothing stands: loggers are switched off with the plant.
    """
    result = np.zeros(len(paper), dtype=bool)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], paper, [False]]).astype(int)))
    for begin, end in zip(edges[::2], edges[1::2], strict=True):
        rests = np.flatnonzero(~works[begin:end])
        if len(rests) < STOOD:
            continue
        # It may go off again for an hour while it warms up: back since the last long rest.
        last = max(begin + int(rests[STOOD - 1]) + 1, end - early)
        result[last:end] = True
    return result
