"""停产期间生产: an order to stop is in force, and the firm's production meters run all the same."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors.tracks import Track, lasting, together, verdicts
from ecoledger.monitoring.alarming.orders import Stop

_EPOCH = datetime(1970, 1, 1)


def detect(
    judged: pl.DataFrame,
    meters: Iterable[tuple[str, Track, float]],
    stops: Iterable[Stop],
    settings: dict[str, Any],
) -> pl.DataFrame:
    """Judge each hour of the production meters of firms that an order binds.

    ``meters``: the code of the firm, the power of the meter, and the kW above which it runs. An hour counts that lies
    wholly within a stop, ``settings["grace"]`` hours (default 2) after its begin at the earliest: who shuts down safely
    ignores nothing. Bad when the meter ran in such an hour and in those before it, ``settings["hours"]`` (default 2) in
    all; good as soon as it stands or nothing binds it any more.
    """
    width, grace = int(settings.get("hours", 2)), float(settings.get("grace", 2))
    by_owner: dict[str, list[Stop]] = {}
    for stop in stops:
        by_owner.setdefault(stop.owner_code, []).append(stop)
    parts = []
    for owner, track, threshold in meters:
        if owner not in by_owner:
            continue
        first = track.first + track.step * np.arange(len(track))
        note = np.full(len(track), None, dtype=object)
        for stop in by_owner[owner]:
            within = first >= _hours(stop.begin) + grace
            if stop.until is not None:
                within &= first + track.step <= _hours(stop.until)
            # An order may bind one workshop of the firm: whether this meter's is meant, a person says.
            note[within] = f"{stop.words}，此处仍在用电生产，请核对是否在停产范围内"
        runs = (note != None) & (track.value > threshold)  # noqa: E711 - of each element
        parts.append(verdicts(track, lasting(runs, width), ~runs, limit=threshold, note=note))
    return together(parts, judged)


def _hours(moment: datetime) -> float:
    return (moment - _EPOCH).total_seconds() / 3600
