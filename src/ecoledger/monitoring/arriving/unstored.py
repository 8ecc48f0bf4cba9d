"""Frames that the store would not take, kept in a file until it does.

When a batch cannot be stored after all tries, none of it is acknowledged and most devices send it again;
but a packet that asked for no answer would be gone. So the whole batch goes into a file in the data
folder, one JSON line a frame, and :func:`take_back` brings it in when the store is well again. What was
sent again meanwhile is stored once, like any packet that comes twice.
"""

from __future__ import annotations

import json
import logging
import os
import threading
from collections.abc import Iterable
from datetime import datetime
from itertools import islice
from pathlib import Path

from ecoledger.hj212.batch import BatchDecoder
from ecoledger.live import times
from ecoledger.monitoring.arriving import ingest, registry

log = logging.getLogger(__name__)

MOST_BYTES = 1 << 30
CHUNK = 500

_lock = threading.Lock()


def keep(path: Path, frames: Iterable[tuple[str, bytes]]) -> int:
    """Add (source, frame) durably to the file ``path``; how many were written.

    Raises ``OSError`` when it cannot be written, or has :data:`MOST_BYTES` already.
    """
    at = times.now().isoformat()
    lines = [
        json.dumps({"at": at, "source": source, "frame": frame.decode("latin-1")}).encode() + b"\n"
        for source, frame in frames
    ]
    with _lock, path.open("ab") as file:
        if file.tell() >= MOST_BYTES:
            raise OSError(f"{path} is full: the store has refused frames for too long")
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    return len(lines)


def take_back(path: Path) -> int:
    """Store what ``path`` holds and remove it; how many frames were stored.

    A chunk that is refused once more stays in the file. Raises the last refusal when all is tried.
    """
    taking = path.with_suffix(".taking")
    with _lock:
        if not taking.exists():
            if not path.exists():
                return 0
            path.rename(taking)
    decoder = BatchDecoder()
    stored = 0
    left: list[str] = []
    refusal: Exception | None = None
    with taking.open(encoding="ascii") as file:
        while lines := list(islice(file, CHUNK)):
            # A crash may have cut the last line short.
            rows = [json.loads(line) for line in lines if line.endswith("\n")]
            if not rows:
                continue
            batch = decoder([row["frame"].encode("latin-1") for row in rows], key=registry.key_of)
            sources = [row["source"] for row in rows]
            try:
                ingest.take(batch, sources, datetime.fromisoformat(rows[0]["at"]))
                stored += len(rows)
            except Exception as error:
                refusal = error
                left += lines
    if refusal is None:
        taking.unlink()
        return stored
    if stored:
        remaining = taking.with_suffix(".remaining")
        remaining.write_text("".join(left), encoding="ascii")
        remaining.replace(taking)
    raise refusal
