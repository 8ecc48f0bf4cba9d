"""低于周边: a station far below its neighbours for hours: water sprayed at its inlet, a filter, a hand on the sampler."""

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
    Own,
    at_once,
    crowded,
    explained,
    hours_of,
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
)

TWIN = {"a34004": "a34002", "a34002": "a34004"}
# How far fine and coarse dust may lie apart, as a share of the deviation.
_ALIKE = 0.95
# Nobody gains by a hand on a micro-station, and its own moods are many: so many times as far below as any other.
_MICRO_ALONE = 2.0
# What could not be told from some hours may be told from some more; of fewer so much more is asked for.
_MORE_HOURS, _OF_FEW = 3, 1.1
# So many hours before tell what was there before; of so many others one may have its own trouble, and one of so few.
_BEFORE, _ONE_IN, _FEW = 8, 40, 5
# How much of the lowest other, of what the neighbours differ, of what was there before, of the gases' fall and of what single hours
# do not show has another reason. Of a level as unusual as asked for so much may have, of a more unusual one more (logarithm), down
# to so much of what is asked for. Set on simulated counties such that measured air of Beijing and Lianyungang is quieter than before.
_OTHERS, _SPREAD, _WAS, _GASES, _UNSTEADY = 1.0, 0.7, 0.3, 0.75, 1.35
_DOUBT, _CLEAR, _LEAST, _MOST = 0.64, 0.28, 0.75, 2.0
# However unusual: gases that have fallen by half as much are other air.
_WITH_GASES = 0.5


def detect(
    compared: list[Compared], judged: pl.DataFrame, settings: dict[str, Any]
) -> pl.DataFrame:
    """Judge each hour of each station; arguments as for :func:`.neighbours.detect`.

    A hand on the sampler takes the same share of fine and coarse dust, at once, and leaves the gases alone. Told by the
    median of the last ``settings["hours"]`` hours (default 5), or three hours more, of the two dusts' mean deviation from what
    the neighbours let expect (:mod:`.regional`), less what the gases tell of other air. Bad when that lies more than
    ``settings["share"]`` (default 0.33; ``micro_share``) below, near or beyond ``settings["sigmas"]`` (default 3;
    ``micro_sigmas``) of its usual scatter (:data:`_LEAST`), both dusts being expected at ``settings["least"]`` at least and
    having fallen (:data:`_ALIKE`), and little of it can have another reason (:func:`.regional.explained`): the lowest other
    station in these hours but one (a front of clean air reaches them one after the other), what the neighbours differ now, what
    was there before and the gases' fall (other air comes by degrees, and brings other gases), what single hours do not show. It
    goes on until half of it is made good; where three stations are so at once it is the air.
    """
    plain, sigmas = float(settings.get("share", 0.33)), float(settings.get("sigmas", 3.0))
    micro = float(settings.get("micro_share", plain))
    micro_sigmas = float(settings.get("micro_sigmas", sigmas))
    width = int(settings.get("hours", 5))
    least = numbers(settings, "least")
    by_itself = own(compared)
    series = {
        (site.track.point, site.track.parameter): site
        for site in compared
        if site.track.parameter in TWIN
    }
    dusts = {key: _dust(key, series, by_itself) for key in series}
    windows = {
        hours: _windows(series, dusts, hours)
        for hours in dict.fromkeys((width, width + _MORE_HOURS))
    }
    lows, shares = [], []
    for key, one in series.items():
        part = micro if one.micro else plain
        drop, beyond = -np.log(1 - part), micro_sigmas if one.micro else sigmas
        other = series.get((one.track.point, TWIN[one.track.parameter]))
        low, lasts = np.zeros(len(one.track), dtype=bool), np.zeros(len(one.track), dtype=bool)
        with np.errstate(all="ignore"):
            enough = one.expected >= least.get(one.track.parameter, 0.0)
            if other is not None:
                twin = hours_of(other.expected, other.track, one.track)
                enough &= ~(twin < least.get(other.track.parameter, 0.0))
            share = 1 - one.track.value / one.expected
            for hours, levels in windows.items():
                level, others, second = levels[key]
                asked = drop * (_OF_FEW if hours == width else 1.0)
                low |= (level > asked) & _of_a_hand(
                    level, others, second, dusts[key], by_itself[key].air, one, hours, beyond
                )
                lasts |= level > drop / 2
            low &= enough & ~(share <= part / 2)
        lows.append(going_on(low, lasts & ~(share <= part / 2)))
        shares.append(share)
    compared = list(series.values())
    crowds = {
        key: crowded(compared, lows, *key)
        for key in {(site.track.parameter, site.micro) for site in compared}
    }
    parts = []
    for one, low, share in zip(compared, lows, shares, strict=True):
        track, part = one.track, micro if one.micro else plain
        crowd = crowds[track.parameter, one.micro]
        low = low & ~np.isin(track.first + np.arange(len(track)), list(crowd))
        good = share <= part / 2
        parts.append(
            verdicts(
                track, low, np.asarray(good), limit=one.expected, over=share,
                note=np.array([f"低于周边{n}个站点所示的应有值，疑似采样受干扰" for n in one.number], dtype=object),
            )
        )  # fmt: skip
    return together(parts, judged)


@dataclass(frozen=True)
class _Dust:
    """The logarithm of what one dust is of what was expected, the other's, and the mean of both."""

    mine: np.ndarray
    twin: np.ndarray
    both: np.ndarray


def _dust(
    key: tuple[int, str],
    series: dict[tuple[int, str], Compared],
    by_itself: dict[tuple[int, str], Own],
) -> _Dust:
    point, code = key
    mine, twin = by_itself[key].left, by_itself[key].left
    if other := series.get((point, TWIN[code])):
        left = by_itself[point, TWIN[code]].left
        twin = hours_of(left, other.track, series[key].track)
        twin = np.where(np.isnan(twin), mine, twin)
    return _Dust(mine, twin, (mine + twin) / 2)


def _windows(
    series: dict[tuple[int, str], Compared], dusts: dict[tuple[int, str], _Dust], hours: int
) -> dict[tuple[int, str], tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """How far each lies below in its last ``hours``, and how far the lowest others of its kind did at the worst of :data:`NEWS`
    hours; one in :data:`_ONE_IN` of them left out, for it may have a trouble of its own; then one of :data:`_FEW` already."""
    levels, all_ = [-_recent(dusts[key].both, hours) for key in series], list(series.values())
    others = at_once(all_, levels, _ONE_IN)
    second = at_once(all_, levels, _ONE_IN, one_of=_FEW)
    return dict(zip(series, zip(levels, others, second, strict=True), strict=True))


def _of_a_hand(
    level: np.ndarray,
    others: np.ndarray,
    second: np.ndarray,
    dust: _Dust,
    air: np.ndarray,
    site: Compared,
    hours: int,
    sigmas: float,
) -> np.ndarray:
    """Where a level is as a hand on the sampler makes it: unusual, of both dusts, and little to doubt in it."""
    scatter = MAD_TO_SIGMA * trailing(level, LEARNED, "mad", gap=NEWS, needed=48, every=6)
    unusual = level / (sigmas * np.fmax(np.nan_to_num(scatter), 0.05))
    was = before(-upto(dust.both, _BEFORE, "median", needed=3), hours)
    most = -upto(dust.both, hours, "p80", needed=round(0.6 * hours))
    like = np.abs(_recent(dust.mine, hours) - _recent(dust.twin, hours))
    doubt = explained(
        (
            (_OTHERS, second),
            (_SPREAD, site.spread),
            (_WAS, was),
            (_GASES, -_recent(air, hours)),
            (_UNSTEADY, level - most),
        )
    )
    result = (unusual > _LEAST) & ~(like > _ALIKE * level)
    result &= doubt < (_DOUBT + _CLEAR * np.log(np.clip(unusual, _LEAST, _MOST))) * level
    result &= ~(_recent(air, hours) < -_WITH_GASES * level)
    if site.micro:
        result &= ~(level < _MICRO_ALONE * others)
    return np.asarray(result)


def _recent(values: np.ndarray, width: int) -> np.ndarray:
    return upto(values, width, "median", needed=max(2, round(0.6 * width)))
