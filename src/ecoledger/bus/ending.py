"""Ending tasks that may lose a cancellation."""

from __future__ import annotations

import asyncio
from typing import Any

# Seconds that a task has for its last words before it is told again.
AGAIN = 5.0


async def ended(task: asyncio.Task[Any], again: float = AGAIN) -> None:
    """Cancel ``task`` until it has ended. Raises what it raised.

    ``asyncio.wait_for`` of Python 3.11 gives a result that came in the same moment and forgets the cancellation; the
    client of the bus waits so for every answer. A loop told only once would then go on for ever, and with it the process.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait({task}, timeout=again)
    if not task.cancelled() and (error := task.exception()) is not None:
        raise error
