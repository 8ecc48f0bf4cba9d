"""The one open observation store of this process.

The embedded store's file has one owner process. ``ecoledger serve`` opens it at the start; a command opens it
when no server runs, and tests open one in their temporary folder. A store on ClickHouse
may be open in many. Everything else asks for it here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ecoledger.live import times
from ecoledger.store import opening
from ecoledger.store.interface import ObservationStore

_lock = threading.Lock()
_store: ObservationStore | None = None

arrived = threading.Event()
"""Set whenever something was stored that may be pending; whoever works it off clears it."""


class NoStoreError(RuntimeError):
    """The store has not been opened in this process."""


def use(opened: ObservationStore) -> None:
    """Make ``opened`` the process's store. Raises ``RuntimeError`` when there is one already."""
    global _store
    with _lock:
        if _store is not None:
            raise RuntimeError("this process has an open store already; close it first")
        _store = opened


def store() -> ObservationStore:
    """The process's open store. Raises :class:`NoStoreError` when none has been opened."""
    if _store is None:
        raise NoStoreError(
            "the observation store is not open in this process; "
            "run `ecoledger serve`, or open it with monitoring.runtime.opened(path)"
        )
    return _store


def is_open() -> bool:
    """Whether this process has the store open."""
    return _store is not None


def give_up() -> ObservationStore | None:
    """Let the process have no store any more; the one it had, still open."""
    global _store
    with _lock:
        had, _store = _store, None
    return had


def close() -> None:
    """Close the process's store; nothing happens when none is open."""
    if (had := give_up()) is not None:
        had.close()


@contextmanager
def opened(place: Path | str) -> Iterator[ObservationStore]:
    """Open the store at ``place`` (a file or an address) as the process's own for a ``with`` block.

    Raises :class:`ecoledger.store.interface.StoreBusyError` when another process owns it.
    """
    use(opening.opened(place, clock=times.now))
    try:
        yield store()
    finally:
        close()
