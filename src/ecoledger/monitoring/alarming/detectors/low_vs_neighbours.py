"""低于周边: a station far below its neighbours for hours: water sprayed at its inlet, a filter, a hand on the sampler."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import numbers
from ecoledger.monitoring.alarming.detectors.regional import (
    LEARNED,
    NEWS,
    Compared,
    Own,
    crowded,
    own,
)
from ecoledger.monitoring.alarming.detectors.tracks import (
    MAD_TO_SIGMA,
    together,
    trailing,
    verdicts,
)
from ecoledger.monitoring.alarming.detectors.tracks import share as hours_of

TWIN = {"a34004": "a34002", "a34002": "a34004"}


def detect(
    compared: list[Compared], judged: pl.DataFrame, settings: dict[str, Any]
) -> pl.DataFrame:
    """Judge each hour of each station; arguments as for :func:`.neighbours.detect`.

    Bad when in all but one of the last ``settings["hours"]`` hours
    (default 4) the value was more than ``settings["share"]`` (default 0.4; ``micro_share``) below the expected one, that
    being at least ``settings["least"][parameter]``; when fine and coarse dust together, less what the gases tell of other
    air, were further below than ``settings["sigmas"]`` (default 3.5; ``micro_sigmas``) of their usual scatter and ``settings["apart"]``
    (default 1.5) of what the neighbours differ among themselves; and it alone (no neighbour is as low, within a fifth).
    Nothing is said where the gases have fallen by half as much: that is cleaner air. Good when an hour is below by no more
    than half that share.
    """
    width, sigmas = int(settings.get("hours", 4)), float(settings.get("sigmas", 3.5))
    plain = float(settings.get("share", 0.4))
    micro = float(settings.get("micro_share", plain))
    micro_sigmas = float(settings.get("micro_sigmas", sigmas))
    least = numbers(settings, "least")
    parts = []
    apart = float(settings.get("apart", 1.5))
    by_itself = own(compared)
    compared = [one for one in compared if one.track.parameter in TWIN]
    lows, shares = [], []
    for one in compared:
        track, part = one.track, micro if one.micro else plain
        beyond = micro_sigmas if one.micro else sigmas
        mine = by_itself[track.point, track.parameter]
        twin = by_itself.get((track.point, TWIN[track.parameter]))
        with np.errstate(all="ignore"):
            share = 1 - track.value / one.expected
            low = (share > part) & (one.expected >= least.get(track.parameter, 0.0))
            low &= one.ratio * 1.2 < np.fmin(one.others_low, 1.0)
            low &= ~(mine.air < np.log(one.ratio) / 2)
            left, sigma = mine.left, mine.sigma
            if twin is not None:
                # Spray, a filter or a cover take coarse and fine dust alike.
                low &= ~(twin.left > np.log(1 - part / 2))
                left, sigma = together_with(twin, mine)
            low &= -left > np.fmax(beyond * sigma, apart * np.nan_to_num(one.spread))
        lows.append(low)
        shares.append(share)
    crowds = {
        key: crowded(compared, lows, *key)
        for key in {(one.track.parameter, one.micro) for one in compared}
    }
    for one, low, share in zip(compared, lows, shares, strict=True):
        track, part = one.track, micro if one.micro else plain
        crowd = crowds[track.parameter, one.micro]
        low = low & ~np.isin(track.first + np.arange(len(track)), list(crowd))
        good = share <= part / 2
        parts.append(
            verdicts(
                track, low & (hours_of(low, width) >= width - 1), np.asarray(good), limit=one.expected, over=share,
                note=np.array([f"低于周边{n}个站点所示的应有值，疑似采样受干扰" for n in one.number], dtype=object),
            )
        )  # fmt: skip
    return together(parts, judged)


def together_with(twin: Own, mine: Own) -> tuple[np.ndarray, np.ndarray]:
    """Fine and coarse dust in one figure: the mean of the two deviations, and its usual scatter."""
    left = (mine.left + np.where(np.isnan(twin.left), mine.left, twin.left)) / 2
    scatter = MAD_TO_SIGMA * trailing(left, LEARNED, "mad", gap=NEWS, needed=24, every=3)
    return left, np.fmax(np.nan_to_num(scatter), 0.05)
