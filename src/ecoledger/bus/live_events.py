"""Live events to every process: what one publishes, the others deliver to their pages."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

from ecoledger.live import events

from .connection import Bus


async def carry(bus: Bus, also: Callable[[str, dict[str, Any]], None] | None = None) -> None:
    """Carry events both ways from now on. ``also`` is told of those of other processes, in the loop."""
    loop = asyncio.get_running_loop()
    telling: set[asyncio.Task[None]] = set()

    def send(topic: str, data: bytes) -> None:
        task = loop.create_task(bus.tell(bus.subject("live", topic), data))
        telling.add(task)
        task.add_done_callback(_forgotten(telling))

    def forward(topic: str, payload: dict[str, Any]) -> None:
        data = json.dumps({"from": bus.name, "payload": payload}, default=str).encode()
        try:
            loop.call_soon_threadsafe(send, topic, data)
        except RuntimeError:  # the loop has ended: nobody is left to tell
            return

    async def heard(subject: str, data: bytes) -> None:
        said = json.loads(data)
        if said["from"] == bus.name:
            return
        topic = subject.rpartition(".")[2]
        events.deliver(topic, said["payload"])
        if also is not None:
            also(topic, said["payload"])

    await bus.listen(bus.subject("live", "*"), heard)
    events.forward = forward


def stop() -> None:
    """Events stay within the process again."""
    events.forward = None


def _forgotten(telling: set[asyncio.Task[None]]) -> Callable[[asyncio.Task[None]], None]:
    def done(task: asyncio.Task[None]) -> None:
        telling.discard(task)
        if not task.cancelled():
            task.exception()  # an event that was not told is no failure of whoever published it

    return done
