"""A number for each of several processes that append to one store on a server, no other's (``store.clickhouse.numbering``).

Over the bus it is a lease, without one a turn in the database of business records. Another process can have the number
only when this one stood still for longer than either lasts; then this one ends itself.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from ecoledger.bus.connection import Bus
    from ecoledger.bus.leases import Leases

log = logging.getLogger("ecoledger.writer")

WRITERS = 256
# Seconds between two looks whether the turn is still this process's.
LOOK = 5.0


@asynccontextmanager
async def by_lease(bus: Bus) -> AsyncIterator[tuple[Leases, int]]:
    """The leases of this process among those that may append, and its number among them, while the block runs."""
    from ecoledger.bus.leases import RENEWED, Leases

    leases = Leases(bus, "writers")
    await leases.begin()
    number = await leases.number(WRITERS)

    async def renew() -> None:
        while True:
            await asyncio.sleep(RENEWED)
            # Gone while nobody else took it: taken again.
            if not await leases.take(f"number.{number}") and bus.connected:
                if await leases.take(f"number.{number}") or not bus.connected:
                    continue
                _end(number)

    renewing = asyncio.create_task(renew())
    try:
        yield leases, number
    finally:
        renewing.cancel()
        await leases.leave()


@asynccontextmanager
async def by_turn() -> AsyncIterator[int]:
    """The number of this process among those of its database, while the block runs."""
    from asgiref.sync import sync_to_async

    hold = sync_to_async(_hold)
    for number in range(WRITERS):
        if await hold(f"writer {number}"):
            break
    else:
        raise click.ClickException(f"已有 {WRITERS} 个进程在写观测库")

    async def look() -> None:
        while True:
            await asyncio.sleep(LOOK)
            try:
                mine = await hold(f"writer {number}")
            except Exception:
                log.exception("whether the number is kept cannot be seen")
                continue
            if not mine:
                _end(number)

    looking = asyncio.create_task(look())
    try:
        yield number
    finally:
        looking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await looking
        await sync_to_async(_let_go)(f"writer {number}")


def _hold(name: str) -> bool:
    """Whether the turn is this process's, over a new connection where the last one died."""
    from django.db import close_old_connections

    from ecoledger.jobs import turns

    close_old_connections()
    return turns.hold(name)


def _let_go(name: str) -> None:
    from django.db import close_old_connections

    from ecoledger.jobs import turns

    close_old_connections()
    turns.let_go(name)


def _end(number: int) -> None:
    log.error("another process has the number %d: stopped for too long", number)
    os.kill(os.getpid(), signal.SIGTERM)


def with_number(place: Any, number: int) -> Any:
    """The store's address with this process's number, where several may append."""
    if not str(place).startswith("clickhouse"):
        return place
    return f"{place}{'&' if '?' in place else '?'}writer={number}"
