"""低于周边: a station far below its neighbours for hours: water sprayed at its inlet, a filter, a hand on the sampler."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import numbers
from ecoledger.monitoring.alarming.detectors.regional import compare
from ecoledger.monitoring.alarming.detectors.tracks import lasting, together, verdicts


def detect(
    hours: pl.DataFrame, judged: pl.DataFrame, places: pl.DataFrame, settings: dict[str, Any]
) -> pl.DataFrame:
    """Judge each hour of each station; arguments as for :func:`.neighbours.detect`.

    Bad when in each of the last ``settings["hours"]`` hours (default 4) the value was more than ``settings["share"]``
    (default 0.4; ``micro_share``) below the expected one, that being at least ``settings["least"][parameter]``, further than
    ``settings["sigmas"]`` (default 3.5) of its usual scatter, and it alone (no neighbour is as low, within a quarter). While
    the region itself rises (``surge``, default 1.8) nothing is said: the front may not have come to it yet. Good when an
    hour is below by no more than half that share.
    """
    width, sigmas = int(settings.get("hours", 4)), float(settings.get("sigmas", 3.5))
    plain = float(settings.get("share", 0.4))
    micro = float(settings.get("micro_share", plain))
    least = numbers(settings, "least")
    parts = []
    for one in compare(hours, places, settings):
        track, part = one.track, micro if one.micro else plain
        with np.errstate(all="ignore"):
            share = 1 - track.value / one.expected
            low = (share > part) & (one.expected >= least.get(track.parameter, 0.0))
            low &= -np.log(one.ratio) > sigmas * one.sigma
            low &= one.ratio * 1.25 < np.fmin(one.others_low, 1.0)
            low &= np.nan_to_num(one.surge) < float(settings.get("surge", 1.8))
            good = share <= part / 2
        parts.append(
            verdicts(
                track, lasting(low, width), np.asarray(good), limit=one.expected, over=share,
                note=np.array([f"低于周边{n}个站点所示的应有值，疑似采样受干扰" for n in one.number], dtype=object),
            )
        )  # fmt: skip
    return together(parts, judged)
