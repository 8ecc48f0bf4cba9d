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
# As shares of the deviation: how far fine and coarse dust may lie apart, how much of it may have been there before, what four of
# five single hours show of it, and how far the gases may have fallen. Set on measured air of Beijing, Lianyungang and Quanzhou
# into which samplers were put that lose 40 to 75 %.
_ALIKE, _SHARP, _STEADY, _WITH_GASES = 0.55, 0.35, 0.6, 0.25
# It lies so many times as far below as the lowest other did in these hours, and so many times what neighbours differ now.
# Nobody gains by a hand on a micro-station, and its own moods are many.
_ALONE, _MICRO_ALONE, _APART = 1.2, 2.0, 1.3
# What lies so many times as far below as any other may be so much less alike and unusual: a spray takes coarse dust first.
_FAR, _LESS_ALIKE, _LESS_UNUSUAL = 2.5, 0.75, 0.75
# What could not be told from some hours may be told from some more; of fewer so much more is asked for.
_MORE_HOURS, _OF_FEW = 3, 1.1
# So many hours before tell what was there before; of so many others one may have its own trouble.
_BEFORE, _ONE_IN = 8, 40


def detect(
    compared: list[Compared], judged: pl.DataFrame, settings: dict[str, Any]
) -> pl.DataFrame:
    """Judge each hour of each station; arguments as for :func:`.neighbours.detect`.

    A hand on the sampler takes the same share of fine and coarse dust, at once, and leaves the gases alone. Told by the
    median of the last ``settings["hours"]`` hours (default 5), or three hours more, of the two dusts' mean deviation from what
    the neighbours let expect (:mod:`.regional`), less what the gases tell of other air. Bad when that lies more than
    ``settings["share"]`` (default 0.33; ``micro_share``) below, beyond ``settings["sigmas"]`` (default 3; ``micro_sigmas``) of
    its usual scatter, beyond what the neighbours differ among themselves (:data:`_APART`) and what other stations were low in
    these hours (:data:`_ALONE`: a front of clean air reaches them one after the other; a station far below all others need be
    less unusual and alike, :data:`_FAR`), both dusts being expected at
    ``settings["least"]`` at least; when fine and coarse differ by less than :data:`_ALIKE` of it; when little of it was there
    before (:data:`_SHARP`), four of five hours show it (:data:`_STEADY`) and the gases have not fallen with it
    (:data:`_WITH_GASES`): other air comes by degrees, and brings other gases. It goes on until half of that is made good; where
    three stations are so at once it is the air.
    """
    plain, sigmas = float(settings.get("share", 0.33)), float(settings.get("sigmas", 3.0))
    micro = float(settings.get("micro_share", plain))
    micro_sigmas = float(settings.get("micro_sigmas", sigmas))
    width = int(settings.get("hours", 5))
    least = numbers(settings, "least")
    by_itself = own(compared)
    series = {
        (one.track.point, one.track.parameter): one
        for one in compared
        if one.track.parameter in TWIN
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
                level, others = levels[key]
                asked = drop * (_OF_FEW if hours == width else 1.0)
                low |= (level > asked) & _of_a_hand(
                    level, others, dusts[key], by_itself[key].air, one, hours, beyond
                )
                lasts |= level > drop / 2
            low &= enough & ~(share <= part / 2)
        lows.append(going_on(low, lasts & ~(share <= part / 2)))
        shares.append(share)
    compared = list(series.values())
    crowds = {
        key: crowded(compared, lows, *key)
        for key in {(one.track.parameter, one.micro) for one in compared}
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
) -> dict[tuple[int, str], tuple[np.ndarray, np.ndarray]]:
    """How far each lies below in its last ``hours``, and how far the lowest others of its kind did at the worst of :data:`NEWS`
    hours; one in :data:`_ONE_IN` of them left out, for it may have a trouble of its own."""
    levels = [-_recent(dusts[key].both, hours) for key in series]
    others = at_once(list(series.values()), levels, _ONE_IN)
    return dict(zip(series, zip(levels, others, strict=True), strict=True))


def _of_a_hand(
    level: np.ndarray,
    others: np.ndarray,
    dust: _Dust,
    air: np.ndarray,
    one: Compared,
    hours: int,
    sigmas: float,
) -> np.ndarray:
    """Where a level is as a hand on the sampler makes it: unusual, alone, of both dusts, sudden, steady, without other gases."""
    scatter = MAD_TO_SIGMA * trailing(level, LEARNED, "mad", gap=NEWS, needed=48, every=6)
    was = before(-upto(dust.both, _BEFORE, "median", needed=3), hours)
    most = -upto(dust.both, hours, "p80", needed=round(0.6 * hours))
    like = np.abs(_recent(dust.mine, hours) - _recent(dust.twin, hours))
    far = (level >= _FAR * others) & (not one.micro)
    needed = np.where(far, _LESS_UNUSUAL, 1.0) * sigmas
    result = level > needed * np.fmax(np.nan_to_num(scatter), 0.05)
    alone = _MICRO_ALONE if one.micro else _ALONE
    result &= ~(level < alone * others) & ~(level < _APART * one.spread)
    result &= ~(like > np.where(far, _LESS_ALIKE, _ALIKE) * level) & ~(
        _recent(air, hours) < -_WITH_GASES * level
    )
    return np.asarray(result & ~(was > _SHARP * level) & (most > _STEADY * level))


def _recent(values: np.ndarray, width: int) -> np.ndarray:
    return upto(values, width, "median", needed=max(2, round(0.6 * width)))
