"""Orders to stop producing (减排指令, 停产整治), as books above keep them: whom one binds must not run.

A book adds to ``sources``: what it is asked for are its stops that are in force some time between two moments.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Stop:
    """Whom it binds, from when to when, and by what, in words. Times in China standard time without zone; no ``until``:
    it is in force."""

    owner_code: str
    begin: datetime
    until: datetime | None
    words: str


sources: list[Callable[[datetime, datetime], Iterable[Stop]]] = []


def between(begin: datetime, end: datetime) -> list[Stop]:
    """The stops of all books that are in force some time between two moments."""
    return [stop for source in sources for stop in source(begin, end)]
