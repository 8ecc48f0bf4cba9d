"""Which of several rows on one observation speaks."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

# Room for 2**60 observations below the layer.
_LAYER_SHIFT: Final = 60


def speaking(rows: pl.DataFrame, numbers: NDArray[np.int64]) -> NDArray[np.int64]:
    """Indexes of the rows that speak, at most one for each (series, start), in that order.

    ``numbers``: the series of each row as a number that sorts like it. ``rows`` has ``start``,
    ``layer``, ``observation_id`` and ``withdrawn`` (null = false).
    """
    # Three integer keys: polars takes ten times as long to sort by the columns themselves.
    layers = rows["layer"].to_numpy().astype(np.int64)
    rank = (layers << _LAYER_SHIFT) | rows["observation_id"].to_numpy()
    starts = rows["start"].to_physical().to_numpy()
    order: NDArray[np.int64] = np.lexsort((rank, starts, numbers))
    number, start = numbers[order], starts[order]
    same = (number[1:] == number[:-1]) & (start[1:] == start[:-1])
    withdrawn = rows["withdrawn"].fill_null(False).to_numpy()
    if not same.any() and not withdrawn.any():
        return order
    layer = layers[order]
    # The last of its layer, and not withdrawn; of those the last of its observation.
    superseded = np.append(same & (layer[1:] == layer[:-1]), False)
    order = order[~superseded & ~withdrawn[order]]
    number, start = numbers[order], starts[order]
    same = (number[1:] == number[:-1]) & (start[1:] == start[:-1])
    return order[~np.append(same, False)] if len(order) else order
