"""高于周边: a station above what its neighbours let expect, for hours on end, and it alone.

After the rule of 济宁 (PM2.5 or PM10 more than 20 % above the neighbours for three consecutive hours), told against the
region: haze, fireworks and dust storms come to all, a local source to one.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import numbers
from ecoledger.monitoring.alarming.detectors.regional import (
    LEARNED,
    NEWS,
    Compared,
    at_once,
    crowded,
    neighbours,
    own,
)
from ecoledger.monitoring.alarming.detectors.tracks import (
    MAD_TO_SIGMA,
    before,
    going_on,
    together,
    trailing,
    upto,
    verdicts,
    worded,
)
from ecoledger.standards.exceedance import multiples

__all__ = ["detect", "neighbours"]

# So many times as far above as the highest of the others in the last hours (logarithm); of the level, what may have been there
# before, and what every single hour has to show. Set as in :mod:`.low_vs_neighbours`.
_ALONE, _SHARP, _EVERY = 1.6, 0.7, 0.6
# Of so many others one may have its own trouble; where a level is so many times as unusual as asked for, of so few.
_ONE_IN, _STRIKING, _FEW = 40, 2.0, 20
REGIONAL = "区域性污染，周边站点同步升高"


def detect(
    compared: list[Compared], judged: pl.DataFrame, settings: dict[str, Any]
) -> pl.DataFrame:
    """Judge each hour of each station.

    ``compared``: all stations beside their neighbours (:func:`.regional.compare`), their gases too, where there are any;
    ``judged``: ``point, parameter, start``; a touched hour of a neighbour must be among them too.
    Told by the median of the last ``settings["hours"]`` hours (default 4). Bad when that lies more than ``settings["share"]``
    (default 0.4; ``micro_share`` for micro-stations) above what the neighbours let expect (:mod:`.regional`), by at least
    ``settings["excess"][parameter]``, and, less what the station's gases tell of other air, beyond ``settings["sigmas"]``
    (default 4.5; ``micro_sigmas``) of its usual scatter, each of the hours showing most of it (:data:`_EVERY`) and the value
    being ``settings["least"][parameter]`` at least. Excused as
    regional where it is not beyond ``settings["apart"]`` (default 1.5) of what the neighbours themselves differ in these hours,
    where another station of its kind was nearly as far above within :data:`.regional.NEWS` hours (:data:`_ALONE`; of a large
    network one in :data:`_ONE_IN` is left out), where three stations are, or where it came by degrees
    (:data:`_SHARP`). It goes on until half of it is gone. Good when an
    hour is above by no more than half that share.
    """
    width = int(settings.get("hours", 4))
    sigmas, apart = float(settings.get("sigmas", 4.5)), float(settings.get("apart", 1.5))
    plain = float(settings.get("share", 0.4))
    micro = float(settings.get("micro_share", plain))
    micro_sigmas = float(settings.get("micro_sigmas", sigmas))
    least, excess = numbers(settings, "least"), numbers(settings, "excess")
    by_itself = own(compared)
    asked = set(judged["parameter"].unique())
    compared = [one for one in compared if one.track.parameter in asked]
    levels, highs, strikings = [], [], []
    for one in compared:
        track, part = one.track, micro if one.micro else plain
        left = by_itself[track.point, track.parameter].left
        level = upto(left, width, "median", needed=width - 1)
        scatter = MAD_TO_SIGMA * trailing(level, LEARNED, "mad", gap=NEWS, needed=48, every=6)
        above = upto(track.value - one.expected, width, "median", needed=width - 1)
        with np.errstate(all="ignore"):
            high = (level > np.log1p(part)) & (above >= excess.get(track.parameter, 0.0))
            unusual = level / ((micro_sigmas if one.micro else sigmas) * np.fmax(scatter, 0.05))
            high &= unusual > 1
            high &= track.value >= least.get(track.parameter, 0.0)
            # An hour that is back is not bad, whatever the hours before were.
            high &= track.value > (1 + part / 2) * one.expected
            high &= upto(left, width, "min", needed=width - 1) > _EVERY * level
        levels.append(level)
        highs.append(high)
        strikings.append(unusual > _STRIKING)
    crowds = {
        key: crowded(compared, highs, *key)
        for key in {(one.track.parameter, one.micro) for one in compared}
    }
    # Fireworks, a front and a dust storm reach the others a few hours before or after.
    heights = at_once(compared, levels, _ONE_IN)
    seconds = at_once(compared, levels, _FEW)
    parts = []
    for one, level, high, striking, others, second in zip(
        compared, levels, highs, strikings, heights, seconds, strict=True
    ):
        track, part = one.track, micro if one.micro else plain
        crowd = crowds[track.parameter, one.micro]
        with np.errstate(all="ignore"):
            alone = ~(level < _ALONE * np.where(striking, second, others))
            alone &= level > apart * np.nan_to_num(one.spread)
            alone &= ~np.isin(track.first + np.arange(len(track)), list(crowd))
            alone &= ~(before(level, width) > _SHARP * level)
            share = track.value / one.expected - 1
            lasts = (level > np.log1p(part) / 2) & ~(share <= part / 2)
            over = multiples(track.value, one.expected)
        told = going_on(high & alone, lasts)
        parts.append(
            verdicts(
                track, high | told, np.asarray(share <= part / 2), limit=one.expected, over=np.asarray(over),
                note=np.array([f"周边{n}个站点中位值" for n in one.number], dtype=object),
                excuse=worded(~told, REGIONAL),
            )
        )  # fmt: skip
    return together(parts, judged)
