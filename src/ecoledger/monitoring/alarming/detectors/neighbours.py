"""高于周边: a station above what its neighbours let expect, for hours on end, and it alone.

After the rule of 济宁 (PM2.5 or PM10 more than 20 % above the neighbours for three consecutive hours), told against the
region: haze, fireworks and dust storms come to all, a local source to one.
"""

from __future__ import annotations

from dataclasses import dataclass
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
    explained,
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

# What gusts hide in some hours, twice as many tell.
_LONGER = 2
# Of so many others one may have its own trouble; where a level is so many times as unusual as asked for, one of so few.
_ONE_IN, _STRIKING, _FEW = 40, 2.0, 5
# How much of the highest other, of what was there before and of what single hours do not show has another reason. Of a level that
# is as unusual as asked for so much may have, of a more unusual one more (logarithm), of a less unusual one less; down to so much
# of what is asked for. Set on simulated counties (:mod:`benchmarks.alarm_county`) such that measured air is quieter than before.
_OTHERS, _WAS, _UNSTEADY = 0.8, 0.6, 0.9
_DOUBT, _CLEAR, _LEAST, _MOST = 0.68, 0.28, 0.75, 2.5
# Of few hours every one shows this part of it.
_EVERY = 0.3
REGIONAL = "区域性污染，周边站点同步升高"


def detect(
    compared: list[Compared], judged: pl.DataFrame, settings: dict[str, Any]
) -> pl.DataFrame:
    """Judge each hour of each station.

    ``compared``: all stations beside their neighbours (:func:`.regional.compare`), their gases too, where there are any;
    ``judged``: ``point, parameter, start``; a touched hour of a neighbour must be among them too.
    Told by the median of the last ``settings["hours"]`` hours (default 4), or twice as many. High when that lies more than
    ``settings["share"]`` (default 0.4; ``micro_share`` for micro-stations) above what the neighbours let expect
    (:mod:`.regional`), by at least ``settings["excess"][parameter]``, and, less what the station's gases tell of other air, near
    or beyond ``settings["sigmas"]`` (default 4.5; ``micro_sigmas``) of its usual scatter (:data:`_LEAST`), the value being
    ``settings["least"][parameter]`` at least. Bad when little of it can have another reason (:func:`.regional.explained`): the
    highest other station of its kind in these hours (of a large network one in :data:`_ONE_IN` is left out, of a striking level
    one), ``settings["apart"]`` (default 1.2) of what the neighbours differ now, what was there before, what single hours do not
    show; and the more unusual, the more of it may (:data:`_DOUBT`). Else, and where three stations are high at once, excused as
    regional. It goes on until half of it is gone. Good when an hour is above by no more than half that share.
    """
    width = int(settings.get("hours", 4))
    plain, apart = float(settings.get("share", 0.4)), float(settings.get("apart", 1.2))
    micro = float(settings.get("micro_share", plain))
    by_itself = own(compared)
    asked = set(judged["parameter"].unique())
    compared = [site for site in compared if site.track.parameter in asked]
    lefts = [by_itself[site.track.point, site.track.parameter].left for site in compared]
    windows = [
        [_above(one, left, hours, settings) for one, left in zip(compared, lefts, strict=True)]
        for hours in (width, _LONGER * width)
    ]
    told = [_alone(compared, levels, apart) for levels in windows]
    parts = []
    for n, one in enumerate(compared):
        track, part = one.track, micro if one.micro else plain
        high = np.logical_or.reduce([levels[n].high for levels in windows])
        alone = np.logical_or.reduce([found[n] for found in told])
        with np.errstate(all="ignore"):
            share = track.value / one.expected - 1
            level = np.fmax.reduce([levels[n].level for levels in windows])
            lasts = (level > np.log1p(part) / 2) & ~(share <= part / 2)
            over = multiples(track.value, one.expected)
        goes_on = going_on(alone, lasts)
        parts.append(
            verdicts(
                track, high | goes_on, np.asarray(share <= part / 2), limit=one.expected, over=np.asarray(over),
                note=np.array([f"周边{n}个站点中位值" for n in one.number], dtype=object),
                excuse=worded(~goes_on, REGIONAL),
            )
        )  # fmt: skip
    return together(parts, judged)


@dataclass(frozen=True)
class _Above:
    """What the last hours say of a station: how far it is above (logarithm), how many times as unusual that is as asked for,
    whether it is high in itself, what was there before, and what four of five of these hours show."""

    level: np.ndarray
    unusual: np.ndarray
    high: np.ndarray
    was: np.ndarray
    shown: np.ndarray


def _above(site: Compared, left: np.ndarray, hours: int, settings: dict[str, Any]) -> _Above:
    track = site.track
    share = float(settings.get("share", 0.4))
    sigmas = float(settings.get("sigmas", 4.5))
    if site.micro:
        share = float(settings.get("micro_share", share))
        sigmas = float(settings.get("micro_sigmas", sigmas))
    least, excess = (numbers(settings, name).get(track.parameter, 0.0) for name in ("least", "excess"))  # fmt: skip
    needed = hours - hours // 4
    level = upto(left, hours, "median", needed=needed)
    scatter = MAD_TO_SIGMA * trailing(level, LEARNED, "mad", gap=NEWS, needed=48, every=6)
    above = upto(track.value - site.expected, hours, "median", needed=needed)
    shown = upto(left, hours, "p20", needed=needed)
    with np.errstate(all="ignore"):
        unusual = level / (sigmas * np.fmax(scatter, 0.05))
        high = (level > np.log1p(share)) & (above >= excess) & (unusual > _LEAST)
        high &= track.value >= least
        if hours == int(settings.get("hours", 4)):
            high &= upto(left, hours, "min", needed=needed) > _EVERY * level
        # An hour that is back is not bad, whatever the hours before were.
        high &= track.value > (1 + share / 2) * site.expected
    return _Above(level, unusual, high, before(level, hours), shown)


def _alone(compared: list[Compared], levels: list[_Above], apart: float) -> list[np.ndarray]:
    """The hours in which each is high, and it alone."""
    highs, heights = [level.high for level in levels], [level.level for level in levels]
    kinds = {(site.track.parameter, site.micro) for site in compared}
    crowds = {kind: list(crowded(compared, highs, *kind)) for kind in kinds}
    # Fireworks, a front and a dust storm reach the others a few hours before or after.
    others = at_once(compared, heights, _ONE_IN)
    second = at_once(compared, heights, _ONE_IN, one_of=_FEW)
    result = []
    for n, (one, here) in enumerate(zip(compared, levels, strict=True)):
        hours = one.track.first + np.arange(len(one.track))
        crowd = crowds[one.track.parameter, one.micro]
        with np.errstate(all="ignore"):
            highest = np.where(here.unusual > _STRIKING, second[n], others[n])
            doubt = explained(
                (
                    (_OTHERS, highest),
                    (apart, one.spread),
                    (_WAS, here.was),
                    (_UNSTEADY, here.level - here.shown),
                )
            )
            clear = _DOUBT + _CLEAR * np.log(np.clip(here.unusual, _LEAST, _MOST))
            alone = here.high & (doubt < clear * here.level)
            alone &= ~np.isin(hours, crowd)
        result.append(alone)
    return result
