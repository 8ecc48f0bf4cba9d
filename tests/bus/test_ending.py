"""A task is ended also when it loses a cancellation."""

from __future__ import annotations

import asyncio
import contextlib

import pytest

from ecoledger.bus.ending import ended


def test_a_task_that_loses_its_cancellation_is_told_again():
    async def deaf() -> None:
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)
        await asyncio.sleep(3600)

    async def run() -> bool:
        task = asyncio.create_task(deaf())
        await asyncio.sleep(0)
        await asyncio.wait_for(ended(task, again=0.01), 60)
        return task.cancelled()

    assert asyncio.run(run())


def test_what_a_task_failed_of_is_not_hidden():
    async def failing() -> None:
        try:
            await asyncio.sleep(3600)
        finally:
            raise RuntimeError("the store is gone")

    async def run() -> None:
        task = asyncio.create_task(failing())
        await asyncio.sleep(0)
        await ended(task)

    with pytest.raises(RuntimeError, match="the store is gone"):
        asyncio.run(run())
