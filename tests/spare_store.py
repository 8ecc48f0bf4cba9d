"""An empty observation store that the next test takes over where the test before wrote nothing.

Hundreds of tests open pages that look into the store and write nothing into it; making one takes longer than some of
them. It is passed on only as it was: its file and its log are compared with what they were when it was opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.store import opening
from ecoledger.store.interface import ObservationStore

_spare: list[tuple[ObservationStore, Path, object]] = []


@contextmanager
def taken(places: pytest.TempPathFactory) -> Iterator[ObservationStore]:
    """The store of this process for a ``with`` block."""
    if _spare:
        opened, file, as_made = _spare.pop()
    else:
        file = places.mktemp("store") / "observations.duckdb"
        opened = opening.opened(file, clock=times.now)
        as_made = _seen(file)
    runtime.use(opened)
    try:
        yield opened
    finally:
        if runtime.is_open() and runtime.store() is opened and _seen(file) == as_made:
            runtime.give_up()
            _spare.append((opened, file, as_made))
        else:
            runtime.close()


def _seen(file: Path) -> object:
    """What tells whether anything was written: sizes and times of everything beside the file."""
    return sorted(
        (path.name, (stat := path.stat()).st_size, stat.st_mtime_ns)
        for path in file.parent.iterdir()
    )
