"""An observation store that the next test takes over where the test before wrote nothing into it.

Hundreds of tests open pages that look into the store and write nothing; making one, and entering what a small county
measured, takes longer than some of them. A store is passed on only as it was: its file and its log are compared with
what they were when it was made.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.store import opening
from ecoledger.store.interface import ObservationStore

# Set on a test's node by a fixture before it asks for the store: what it will enter.
WANTED = pytest.StashKey[object]()


@dataclass
class _Spare:
    store: ObservationStore
    file: Path
    as_made: object
    # What was entered, and what entering it gave.
    content: object = None
    gave: Any = None


_spare: list[_Spare] = []
_taken: list[_Spare] = []


@contextmanager
def taken(places: pytest.TempPathFactory, content: object = None) -> Iterator[ObservationStore]:
    """The store of this process for a ``with`` block: a spare one that holds ``content``, else an empty one."""
    one = _with(content) or _with(None)
    if one is None:
        file = places.mktemp("store") / "observations.duckdb"
        one = _Spare(opening.opened(file, clock=times.now), file, None)
        one.as_made = _seen(file)
    else:
        _spare.remove(one)
    runtime.use(one.store)
    _taken.append(one)
    try:
        yield one.store
    finally:
        _taken.remove(one)
        if runtime.is_open() and runtime.store() is one.store and _seen(one.file) == one.as_made:
            runtime.give_up()
            _keep(one)
        else:
            runtime.close()


def filled(store: object, content: object, fill: Callable[[], Any]) -> Any:
    """What ``fill`` gives, which enters ``content`` into the store; it is not called where that is there already."""
    one = next((one for one in _taken if one.store is store), None)
    if one is None or _seen(one.file) != one.as_made:
        return fill()
    if one.content is None:
        one.content, one.gave = content, fill()
        one.as_made = _seen(one.file)
    return one.gave


def _with(content: object) -> _Spare | None:
    return next((one for one in _spare if one.content == content), None)


def _keep(one: _Spare) -> None:
    """One empty store is kept, and the last with something in it: what a fixture enters has the minute in it."""
    for other in [other for other in _spare if (other.content is None) == (one.content is None)]:
        _spare.remove(other)
        other.store.close()
    _spare.append(one)


def _seen(file: Path) -> object:
    """What tells whether anything was written: sizes and times of everything beside the file."""
    return sorted(
        (path.name, (stat := path.stat()).st_size, stat.st_mtime_ns)
        for path in file.parent.iterdir()
    )
