"""The frames of the last day by identity, so that a packet sent twice is seen without a query."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

HOUR: Final = 3_600_000_000  # microseconds, the unit of every time here
WINDOW: Final = 24 * HOUR
MOST_FRAMES: Final = 500_000  # about 100 MB
BACKLOG: Final = 500  # frames of an older hour in one batch: the next batch will bring more of them


class RecentFrames:
    """Whole hours of frame identities, by the time the packet bears.

    An hour that is here is complete: a frame of that hour that is not found was never stored.
    Hours come in when first asked for and leave, oldest first, when there are too many frames.
    """

    def __init__(self, most_frames: int = MOST_FRAMES) -> None:
        self._hours: dict[int, dict[bytes, int]] = {}
        self._size = 0
        self._floor = -(1 << 62)  # hours before it have been let go
        self._most_frames = most_frames

    def __contains__(self, hour: int) -> bool:
        return hour in self._hours

    def wants(self, hour: int, newest: int, frames: int = 1) -> bool:
        """Whether to keep this hour, of which ``frames`` have come together.

        ``newest``: the time of the newest frame received.
        """
        lasting = newest - WINDOW <= hour or frames >= BACKLOG
        return self._floor <= hour <= newest + HOUR and lasting

    def open(self, hour: int) -> None:
        """Begin an hour; its stored frames are to be put in before it is asked."""
        self._hours[hour] = {}

    def of(self, hour: int) -> Mapping[bytes, int]:
        """Numbers of the stored frames of an hour that is here, by identity."""
        return self._hours[hour]

    def put(self, frames: Iterable[tuple[int, bytes, int]]) -> None:
        """Add frames as (hour, identity, frame_id); those of hours not kept are passed over."""
        for hour, identity, frame_id in frames:
            known = self._hours.get(hour)
            if known is not None and identity not in known:
                known[identity] = frame_id
                self._size += 1

    def shed(self) -> None:
        """Let the oldest hours go while there are too many frames; the newest always stays."""
        while self._size > self._most_frames and len(self._hours) > 1:
            oldest = min(self._hours)
            self._size -= len(self._hours.pop(oldest))
            self._floor = oldest + HOUR


def hours_of(times: pl.Series) -> NDArray[np.int64]:
    """Start of the hour of each time, in microseconds; times must not be null."""
    micros = times.to_numpy().astype(np.int64)
    hours: NDArray[np.int64] = micros - micros % HOUR
    return hours


def halves_of(digests: pl.Series) -> NDArray[np.int64]:
    """16-byte digests as two columns of integers."""
    joined = b"".join(digests.to_list())
    return np.frombuffer(joined, dtype="<i8").reshape(-1, 2)


def identities_of(
    halves: NDArray[np.int64], times: NDArray[np.int64] | NDArray[np.generic]
) -> list[bytes]:
    """One comparable value for each (digest, time in microseconds)."""
    both = np.empty((len(halves), 3), dtype="<i8")
    both[:, :2] = halves
    both[:, 2] = times
    packed: list[bytes] = both.view("V24").ravel().tolist()
    return packed
