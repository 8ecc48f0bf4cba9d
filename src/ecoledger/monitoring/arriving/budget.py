"""How much of what nobody vouches for is kept: a stranger must not fill the disk."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from ecoledger.hj212.batch import Batch
from ecoledger.monitoring import metrics


class Budget:
    """How much of what nobody vouches for may be left in quarantine an hour: by an address, and by all.

    Such are frames that cannot be read, of an unknown MN, with a wrong password or for a point that is switched off.
    """

    def __init__(self, *, frames: int, octets: int, frames_of_all: int, octets_of_all: int) -> None:
        self.of_one = (frames, octets)
        self.of_all = (frames_of_all, octets_of_all)
        self._hour: datetime | None = None
        self._used: dict[str, tuple[int, int]] = {}
        self._lock = threading.Lock()

    def grants(self, source: str, size: int, now: datetime) -> bool:
        """Whether one more frame of ``size`` bytes may be kept."""
        hour = now.replace(minute=0, second=0, microsecond=0)
        address = source.rpartition(":")[0]
        with self._lock:
            if hour != self._hour:
                self._hour, self._used = hour, {}
            for key, (most, most_octets) in ((address, self.of_one), ("", self.of_all)):
                count, octets = self._used.get(key, (0, 0))
                if count >= most or octets + size > most_octets:
                    return False
            for key in (address, ""):
                count, octets = self._used.get(key, (0, 0))
                self._used[key] = (count + 1, octets + size)
        return True


budget = Budget(frames=5_000, octets=8 << 20, frames_of_all=50_000, octets_of_all=32 << 20)


_UNVOUCHED = frozenset({"mn", "disabled", "password"})


def over_budget(
    batch: Batch, reasons: NDArray[np.object_], sources: Sequence[str], now: datetime
) -> NDArray[np.bool_]:
    """Packets that are neither kept nor acknowledged, for too many of their sort came before."""
    beyond = np.zeros(len(batch), dtype=np.bool_)
    doubtful = np.isin(reasons, list(_UNVOUCHED))
    if not doubtful.any():
        return beyond
    for row in np.flatnonzero(doubtful).tolist():
        index = int(batch.index[row])
        beyond[row] = not budget.grants(sources[index], len(batch.frames[index]), now)
    metrics.PACKETS.labels("dropped").inc(int(beyond.sum()))
    return beyond
