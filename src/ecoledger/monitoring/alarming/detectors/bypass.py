"""旁路排放: the flow through the monitored outlet falls away while production goes on."""

from __future__ import annotations

from typing import Any

import numpy as np
import polars as pl

from ecoledger.monitoring.alarming.detectors import by_load
from ecoledger.monitoring.alarming.detectors.tracks import (
    Track,
    each,
    lasting,
    together,
    trailing,
    verdicts,
)
from ecoledger.monitoring.alarming.operation import GAS_FLOWS, WATER_FLOW, as_measured


def detect(
    hours: pl.DataFrame,
    judged: pl.DataFrame,
    production: dict[int, list[Track]],
    settings: dict[str, Any],
) -> pl.DataFrame:
    """Judge the flow of an outlet (a00000, a01011, w00000) against the power of its production.

    ``production``: the tracks of the production meters by outlet. Compared is the flow with what it was at such a power
    over two weeks in which production ran (:mod:`.by_load`). Bad when for ``settings["hours"]`` hours (default 3) it is below ``settings["share"]`` (default
    0.5) of that and four robust standard deviations under it, with power at least ``settings["power"]`` (default 0.6) of its
    usual: what is made there goes another way. Good from the middle between the two on.
    """
    width_hours, part = int(settings.get("hours", 3)), float(settings.get("share", 0.5))
    least_power = float(settings.get("power", 0.6))
    flows = hours.filter(pl.col("parameter").is_in([*GAS_FLOWS, WATER_FLOW]))
    parts = []
    for track in map(as_measured, each(flows, judged)):
        meters = production.get(track.point, [])
        if not meters:
            continue
        power = np.nansum([track.on(meter) for meter in meters], axis=0)
        past, gap = track.slots(14 * 24), track.slots(24)
        needed = track.slots(48, 12)
        high = trailing(power, past, "p90", gap=gap, needed=needed, every=3)
        with np.errstate(all="ignore"):
            on = power >= 0.25 * high
            usual_power = trailing(
                np.where(on, power, np.nan), past, "median", gap=gap, needed=needed, every=3
            )
            usual, noise, _known = by_load.expected(
                np.where(on, track.value, np.nan), power, past, gap=gap, needed=needed
            )
            busy = on & (power >= least_power * usual_power)
            low = busy & (track.value < part * usual) & (track.value < usual - 4 * noise)
            good = ~busy | (track.value >= (1 + part) / 2 * usual)
        parts.append(
            verdicts(
                track, lasting(low, track.slots(width_hours, 2)), np.asarray(good),
                limit=usual,
                note=np.array(
                    [f"降至同等生产用电下应有值的{r:.0%}，疑似旁路" if np.isfinite(r) else None
                     for r in _share(track.value, usual)], dtype=object),
            )
        )  # fmt: skip
    return together(parts, judged)


def _share(value: np.ndarray, usual: np.ndarray) -> np.ndarray:
    with np.errstate(all="ignore"):
        return np.asarray(value / usual)
