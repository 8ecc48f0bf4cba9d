"""What a handler of batches is, and what it says of the packets it was given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .batch import Batch
from .connections import Connection

Rows = Iterable[int] | NDArray[Any] | None
"""Rows of packets, a mask of them, or None for all."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a handler says of the packets of a batch.

    ``acknowledge``: those to answer. ``believe``: those whose sender has shown that they are the device
    (by PW or SM4); only these say where a device is and count as its answers. ``know``: those that name a device
    which has nothing to show; their connection may stay open.
    """

    acknowledge: Rows = None
    believe: Rows = None
    know: Rows = ()


Handler = Callable[[Batch, Sequence[Connection]], Awaitable[Verdict | Rows]]
"""Stores a batch durably. Gets the batch and the connection of each of its *frames* (packet row ``i`` came
by ``connections[batch.index[i]]``). Returns a :class:`Verdict`, or only the rows that are both acknowledged and
believed. Gets a batch again when it raised."""


SecondAddress = Callable[[str, str, str], object]
"""Told (MN, address before, address now) when a device that is connected is believed from another address.
Runs in a thread; may raise."""


Unhandled = Callable[[Sequence[bytes], Sequence[Connection]], object]
"""Gets the frames of a batch that the handler refused at every try, none of them acknowledged, and the
connection of each. Runs in a thread; may raise."""


def rows_of(batch: Batch, chosen: Rows) -> NDArray[Any]:
    if chosen is None:
        return np.arange(len(batch))
    rows = chosen if isinstance(chosen, np.ndarray) else np.array(list(chosen), dtype=np.intp)
    return np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
