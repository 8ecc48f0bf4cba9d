"""What a quantity is at the load that a plant has: a line through what it was at each load before.

Oxygen falls with load, flow rises with power, and a concentration may do either: judged against one usual value, every
change of load looks like a trouble, and a trouble hides among changes of load.
"""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from ecoledger.monitoring.alarming.detectors.tracks import MAD_TO_SIGMA

# Loads that differ by less (as a share of their median) say nothing of how a quantity follows the load.
_APART = 0.08


def expected(
    values: np.ndarray,
    load: np.ndarray,
    past: int,
    *,
    gap: int,
    needed: int,
    every: int = 12,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """What ``values`` would be at this load, the usual scatter about it, and whether such a load was known.

    Learned for each slot from the ``past`` slots that end ``gap`` slots before it (each ``every``-th anew), with Tukey's
    resistant line: the medians of the third with the least and of the third with the most load give its slope, so that a
    third of wild values does no harm. Without a change of load it is the median. A load beyond those known is taken as the
    nearest one. NaN where fewer than ``needed`` pairs are there.
    """
    size = len(values)
    both = ~(np.isnan(values) | np.isnan(load))
    x, y = np.where(both, load, np.nan), np.where(both, values, np.nan)
    pad = np.full(past + gap, np.nan)
    xs = sliding_window_view(np.concatenate([pad, x]), past)[:size]
    ys = sliding_window_view(np.concatenate([pad, y]), past)[:size]
    line, scatter = np.full(size, np.nan), np.full(size, np.nan)
    known = np.zeros(size, dtype=bool)
    for begin in range(0, size, every):
        here = ~np.isnan(xs[begin])
        count = int(here.sum())
        if count < needed:
            continue
        order = np.argsort(xs[begin][here], kind="stable")
        loads, told = xs[begin][here][order], ys[begin][here][order]
        slope = _slope(loads, told)
        left = told - slope * loads
        base = np.median(left)
        span = slice(begin, begin + every)
        least, most = loads[int(0.03 * count)], loads[int(0.97 * count)]
        line[span] = base + slope * np.clip(load[span], least, most)
        scatter[span] = MAD_TO_SIGMA * np.median(np.abs(left - base))
        known[span] = load[span] >= 0.9 * least
    return line, scatter, known


def _slope(loads: np.ndarray, told: np.ndarray) -> float:
    """By the medians of the third with the least and of the third with the most load; ``loads`` in order."""
    third = max(1, len(loads) // 3)
    left, right = loads[third // 2], loads[-1 - third // 2]
    if right - left < _APART * abs(loads[len(loads) // 2]):
        return 0.0
    return float((np.median(told[-third:]) - np.median(told[:third])) / (right - left))
