"""Files of fire points that come by themselves (mechanism Q20): whatever lies in ``incoming/hot_spot`` is taken in.

A script or the national platform's client puts its files there round the clock; every five minutes each that is whole
is imported as if by hand, and goes to ``done``, or with the reason to ``refused``.
"""

from __future__ import annotations

import fcntl
import time
from pathlib import Path

from django.conf import settings

from ecoledger.listings import importing
from ecoledger.listings.refusals import Refused
from ecoledger.registers.air.hot_spots import SPOTS

ENDINGS = (".csv", ".txt", ".xlsx", ".xls")
# A file that was written to this lately may still be growing.
QUIET = 30  # seconds


def folder() -> Path:
    """Where the files are put."""
    return Path(settings.DATA) / "incoming" / "hot_spot"


def take_in() -> int:
    """Import every file that is whole; how many were taken. One process at a time: another takes none."""
    if not folder().is_dir():
        return 0
    with (folder() / ".taking").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return 0
        return _take_in()


def _take_in() -> int:
    taken = 0
    for file in sorted(folder().iterdir()):
        if not file.is_file() or file.suffix.lower() not in ENDINGS:
            continue
        if time.time() - file.stat().st_mtime < QUIET:
            continue
        why = _enter(file)
        target = folder() / ("refused" if why else "done")
        target.mkdir(exist_ok=True)
        file.replace(target / file.name)
        if why:
            (target / f"{file.name}.why.txt").write_text(why, encoding="utf-8")
        taken += not why
    return taken


def _enter(file: Path) -> str:
    """Import one file; "" or why nothing of it could be kept."""
    try:
        batch = importing.preview(SPOTS, file.name, file.read_bytes(), by=None)
        try:
            importing.accept(SPOTS, batch.pk, by=None)
        except Refused as refused:
            if refused.code == "again":
                importing.discard(SPOTS, batch.pk, by=None)
            raise
    except Refused as refused:
        return f"{refused.why}{refused.remedy}"
    return ""
