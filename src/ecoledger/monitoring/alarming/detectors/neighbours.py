"""高于周边: a station above what its neighbours let expect, for hours on end, and it alone.

After the rule of 济宁 (PM2.5 or PM10 more than 20 % above the neighbours for three consecutive hours), told against the
region: haze, fireworks and dust storms come to all, a local source to one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import numbers
from ecoledger.monitoring.alarming.detectors.regional import Compared, crowded, neighbours, own
from ecoledger.monitoring.alarming.detectors.tracks import share as hours_of
from ecoledger.monitoring.alarming.detectors.tracks import together, verdicts, worded
from ecoledger.standards.exceedance import multiples

__all__ = ["detect", "neighbours"]

REGIONAL = "区域性污染，周边站点同步升高"


def detect(
    compared: list[Compared], judged: pl.DataFrame, settings: dict[str, Any]
) -> pl.DataFrame:
    """Judge each hour of each station.

    ``compared``: all stations beside their neighbours (:func:`.regional.compare`), their gases too, where there are any;
    ``judged``: ``point, parameter, start``; a touched hour of a neighbour must be among them too.
    Bad when in all but one of the last ``settings["hours"]`` hours (default 3) the value was more than ``settings["share"]``
    (default 0.2; ``micro_share`` for micro-stations) above the expected one (:mod:`.regional`), at least
    ``settings["least"][parameter]``, above the expected one by at least ``settings["excess"][parameter]``, and further
    than ``settings["sigmas"]`` (default 3; ``micro_sigmas``) of its usual scatter, less what the station's gases tell of other air. Excused as regional where it is not beyond
    ``settings["apart"]`` (default 3) of what the neighbours themselves differ in these hours, where a neighbour is as unusual
    (within a fifth), or where three stations are. Good when an hour is above by no more than half that share.
    """
    width = int(settings.get("hours", 3))
    sigmas, apart = float(settings.get("sigmas", 3.0)), float(settings.get("apart", 3.0))
    plain = float(settings.get("share", 0.2))
    micro = float(settings.get("micro_share", plain))
    micro_sigmas = float(settings.get("micro_sigmas", sigmas))
    least, excess = numbers(settings, "least"), numbers(settings, "excess")
    by_itself = own(compared)
    asked = set(judged["parameter"].unique())
    compared = [one for one in compared if one.track.parameter in asked]
    highs, shares = [], []
    for one in compared:
        track, part = one.track, micro if one.micro else plain
        value = track.value
        with np.errstate(all="ignore"):
            share = value / one.expected - 1
            high = (value > (1 + part) * one.expected) & (value >= least.get(track.parameter, 0.0))
            high &= value - one.expected >= excess.get(track.parameter, 0.0)
            mine = by_itself[track.point, track.parameter]
            high &= mine.left > (micro_sigmas if one.micro else sigmas) * mine.sigma
        highs.append(high)
        shares.append(share)
    crowds = {
        key: crowded(compared, highs, *key)
        for key in {(one.track.parameter, one.micro) for one in compared}
    }
    parts = []
    for one, high, share in zip(compared, highs, shares, strict=True):
        track, part = one.track, micro if one.micro else plain
        crowd = crowds[track.parameter, one.micro]
        with np.errstate(all="ignore"):
            alone = one.ratio > 1.2 * np.fmax(one.others_high, 1.0)
            mine = by_itself[track.point, track.parameter]
            alone &= mine.left > apart * np.nan_to_num(one.spread)
            alone &= ~np.isin(track.first + np.arange(len(track)), list(crowd))
            good = share <= part / 2
            over = multiples(track.value, one.expected)
        bad = high & (hours_of(high, width) >= width - 1)
        told = high & alone & (hours_of(high & alone, width) >= width - 1)
        parts.append(
            verdicts(
                track, bad, np.asarray(good), limit=one.expected, over=np.asarray(over),
                note=np.array([f"周边{n}个站点中位值" for n in one.number], dtype=object),
                excuse=worded(~told, REGIONAL),
            )
        )  # fmt: skip
    return together(parts, judged)
