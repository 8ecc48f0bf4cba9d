"""Carrying observations from one store into another, and proving that nothing changed.

Packets, rows of all layers and revisions, and the hours that wait go over in the order of their numbers and keep them.
Then both stores are read again in that order, and their contents must have one digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import polars as pl

from ecoledger.store.interface import ObservationStore, StoreError

FRAMES: Final = 20_000
ROWS: Final = 200_000
"""How many packets and rows go over at once."""
HOURS: Final = 10_000_000


@dataclass(frozen=True)
class Content:
    """What a store holds."""

    frames: int
    rows: int
    pending: int
    digest: str
    """SHA-256 over every packet and row with its number and time of recording, and every hour that waits."""


def carry(source: ObservationStore, target: ObservationStore) -> tuple[Content, Content]:
    """Put all that ``source`` holds into ``target``; what each holds then, as read from it.

    Raises :class:`StoreError` when ``target`` holds something already, or does not give back what it was given. Nothing
    may be appended to either meanwhile.
    """
    held = target.counts()
    if held.observations or held.pending or any(held.frames.values()):
        raise StoreError(
            "The store that observations should be carried into holds some already.",
            "Give an empty one, lest two bureaus be mixed.",
        )
    for frames in _pages(source.frames_after, "frame_id", FRAMES):
        target.take_over(frames=frames)
    for rows in _pages(source.rows_after, "observation_id", ROWS):
        target.take_over(rows=rows)
    target.take_over(pending=source.take_pending(HOURS))
    before, after = content(source), content(target)
    if before != after:
        raise StoreError(
            f"The store does not give back what it was given: {before} became {after}.",
            "The old store is unharmed; look at the new one's disk and log, empty it and try again.",
        )
    return before, after


def content(store: ObservationStore) -> Content:
    """Count what a store holds, and take its digest."""
    digest = hashlib.sha256()
    counts = {"frame_id": 0, "observation_id": 0}
    for column, read, size in (
        ("frame_id", store.frames_after, FRAMES),
        ("observation_id", store.rows_after, ROWS),
    ):
        for page in _pages(read, column, size):
            counts[column] += len(page)
            _add(digest, page)
    hours = store.take_pending(HOURS).select("hour", "point", "parameter").unique()
    _add(digest, hours.sort("hour", "point", "parameter"))
    return Content(counts["frame_id"], counts["observation_id"], len(hours), digest.hexdigest())


def _pages(
    read: Callable[[int, int], pl.DataFrame], number: str, size: int
) -> Iterator[pl.DataFrame]:
    last = 0
    while len(page := read(last, size)):
        yield page
        last = int(page[number][-1])


def _add(digest: hashlib._Hash, table: pl.DataFrame) -> None:
    """Column by column: which values are null, and the bytes of those that are not."""
    for column in table:
        digest.update(column.name.encode())
        digest.update(column.is_null().to_numpy().tobytes())
        if column.dtype in (pl.String, pl.Binary):
            octets = column.cast(pl.Binary).fill_null(b"")
            digest.update(octets.bin.size().cast(pl.UInt32).to_numpy().tobytes())
            digest.update(b"".join(octets.to_list()))
        elif column.dtype == pl.Boolean:
            digest.update(column.fill_null(False).to_numpy().tobytes())
        else:
            digest.update(column.to_physical().fill_null(0).to_numpy().tobytes())
