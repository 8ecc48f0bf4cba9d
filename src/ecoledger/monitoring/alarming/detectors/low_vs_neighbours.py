"""低于周边: a station far below its neighbours for hours: water sprayed at its inlet, a filter, a hand on the sampler."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import numbers
from ecoledger.monitoring.alarming.detectors.regional import compare, crowded
from ecoledger.monitoring.alarming.detectors.tracks import lasting, together, verdicts

TWIN = {"a34004": "a34002", "a34002": "a34004"}


def detect(
    hours: pl.DataFrame, judged: pl.DataFrame, places: pl.DataFrame, settings: dict[str, Any]
) -> pl.DataFrame:
    """Judge each hour of each station; arguments as for :func:`.neighbours.detect`.

    Bad when in each of the last ``settings["hours"]`` hours (default 4) the value was more than ``settings["share"]``
    (default 0.4; ``micro_share``) below the expected one, that being at least ``settings["least"][parameter]``, further than
    ``settings["sigmas"]`` (default 3.5) of its usual scatter, and it alone (no neighbour is as low, within a quarter). While
    the region itself rises (``surge``, default 2.5) nothing is said: the front may not have come to it yet. Good when an
    hour is below by no more than half that share.
    """
    width, sigmas = int(settings.get("hours", 4)), float(settings.get("sigmas", 3.5))
    plain = float(settings.get("share", 0.4))
    micro = float(settings.get("micro_share", plain))
    least = numbers(settings, "least")
    parts = []
    compared = compare(hours, places, settings)
    ratios = {(c.track.point, c.track.parameter): c for c in compared}
    lows, shares = [], []
    for one in compared:
        track, part = one.track, micro if one.micro else plain
        with np.errstate(all="ignore"):
            share = 1 - track.value / one.expected
            low = (share > part) & (one.expected >= least.get(track.parameter, 0.0))
            low &= -np.log(one.ratio) > sigmas * one.sigma
            low &= one.ratio * 1.25 < np.fmin(one.others_low, 1.0)
            low &= np.nan_to_num(one.surge) < float(settings.get("surge", 2.5))
            twin = ratios.get((track.point, TWIN.get(track.parameter, "")))
            if twin is not None:
                # Spray, a filter or a cover take coarse and fine dust alike.
                beside = track.on(replace(twin.track, value=twin.ratio))
                low &= ~(beside > 1 - part / 3)
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
                track, lasting(low, width), np.asarray(good), limit=one.expected, over=share,
                note=np.array([f"低于周边{n}个站点所示的应有值，疑似采样受干扰" for n in one.number], dtype=object),
            )
        )  # fmt: skip
    return together(parts, judged)
