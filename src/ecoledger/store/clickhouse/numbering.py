"""Numbers of rows and packets, growing in the order of recording and never given twice.

One process that writes alone counts on from the last. Of several writers each takes the microseconds since 2020
and puts its own number below them: unlike those of the others, in order with them as far as the clocks of the
machines agree, and never going back however its own clock jumps.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

WRITERS: Final = 256
_BEGIN: Final = 1_577_836_800_000_000  # 2020-01-01 in microseconds


class Numbering(Protocol):
    """Gives numbers; the caller holds the writer's lock."""

    def take(self, count: int) -> NDArray[np.int64]:
        """The next ``count`` numbers, ascending."""

    def go_above(self, number: int) -> None:
        """Give only numbers above ``number`` from now on."""


class Counting:
    """On from the last number of the store, by ones."""

    def __init__(self, last: int) -> None:
        self.last = last

    def take(self, count: int) -> NDArray[np.int64]:
        first = self.last + 1
        self.last += count
        return np.arange(first, first + count, dtype=np.int64)

    def go_above(self, number: int) -> None:
        self.last = max(self.last, number)


class ByClock:
    """By the clock, apart from those of other writers."""

    def __init__(self, writer: int, last: int = 0, clock: Callable[[], int] = time.time_ns) -> None:
        """``writer``: 0 to 255, no other's. ``last``: of the store. ``clock``: nanoseconds since 1970."""
        if not 0 <= writer < WRITERS:
            raise ValueError(f"a writer's number is 0 to {WRITERS - 1}, not {writer}")
        self._writer = writer
        self._clock = clock
        self._last_tick = last >> 8

    def take(self, count: int) -> NDArray[np.int64]:
        first = max(self._last_tick + 1, self._clock() // 1000 - _BEGIN)
        self._last_tick = first + count - 1
        ticks = np.arange(first, first + count, dtype=np.int64)
        return (ticks << 8) | self._writer

    def go_above(self, number: int) -> None:
        self._last_tick = max(self._last_tick, number >> 8)
