"""Live events to every process of one PostgreSQL database, where there is no bus: NOTIFY tells, LISTEN hears.

Nothing waits for the database: what cannot be told now is left out, and pages that may have missed something are told
so (the topic ``"dropped"``), whereupon they look again.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any, Final

from ecoledger.live import events

log = logging.getLogger(__name__)

CHANNEL: Final = "ecoledger_live"
MOST_BYTES: Final = 7500
"""PostgreSQL refuses more than 8,000 in one notice."""
WAITING: Final = 1000
AGAIN: Final = 1.0
"""Seconds until a lost connection is tried again."""

Also = Callable[[str, dict[str, Any]], None]


@asynccontextmanager
async def carried(
    database: Mapping[str, Any], name: str, also: Also | None = None
) -> AsyncIterator[None]:
    """Carry events both ways while the block runs.

    ``database``: what psycopg connects with. ``name``: this process's, unlike all others'. ``also`` is told of the
    events of other processes, in the loop.
    """
    waiting: asyncio.Queue[str] = asyncio.Queue(WAITING)
    loop = asyncio.get_running_loop()
    listening = asyncio.Event()

    def put(text: str) -> None:
        with contextlib.suppress(asyncio.QueueFull):
            waiting.put_nowait(text)

    def forward(topic: str, payload: dict[str, Any]) -> None:
        text = json.dumps({"from": name, "topic": topic, "payload": payload}, default=str)
        if len(text.encode()) > MOST_BYTES:
            text = json.dumps({"from": name, "topic": topic})
        with contextlib.suppress(RuntimeError):  # the loop has ended: nobody is left to tell
            loop.call_soon_threadsafe(put, text)

    tasks = [
        asyncio.create_task(_tell(database, waiting)),
        asyncio.create_task(_hear(database, name, also, listening)),
    ]
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(listening.wait(), 10)
    events.forward = forward
    try:
        yield
    finally:
        events.forward = None
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _tell(database: Mapping[str, Any], waiting: asyncio.Queue[str]) -> None:
    import psycopg

    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                **database, autocommit=True
            ) as connection:
                while True:
                    text = await waiting.get()
                    await connection.execute("SELECT pg_notify(%s, %s)", (CHANNEL, text))
        except psycopg.Error as error:
            log.warning("live events cannot be told: %s", error)
            await asyncio.sleep(AGAIN)


async def _hear(
    database: Mapping[str, Any], name: str, also: Also | None, listening: asyncio.Event
) -> None:
    import psycopg

    while True:
        try:
            async with await psycopg.AsyncConnection.connect(
                **database, autocommit=True
            ) as connection:
                await connection.execute(f"LISTEN {CHANNEL}")
                if listening.is_set():  # what was told meanwhile, nobody knows
                    events.drop()
                listening.set()
                async for notice in connection.notifies():
                    _heard(notice.payload, name, also)
        except psycopg.Error as error:
            log.warning("live events cannot be heard: %s", error)
            await asyncio.sleep(AGAIN)


def _heard(text: str, name: str, also: Also | None) -> None:
    said = json.loads(text)
    if said["from"] == name:
        return
    if "payload" not in said:
        events.drop()
        return
    events.deliver(said["topic"], said["payload"])
    if also is not None:
        also(said["topic"], said["payload"])
