"""Who does what, settled by leases that end with their holder.

A lease is an entry of a bucket that vanishes when it is not renewed. Holding one says that nobody else has begun
the same within :data:`LENGTH`; a process that was stopped and woken later finds its lease gone and lets go. What
it does in between must do no harm, as storing the same packet twice does none.
"""

from __future__ import annotations

import asyncio
import logging
from typing import Any, Final

from nats.errors import Error as NatsError

from .connection import Bus

log = logging.getLogger(__name__)

LENGTH: Final = 10.0
RENEWED: Final = 2.0
"""Seconds between two renewals."""


class Leases:
    """The leases of one process among those of its kind."""

    def __init__(self, bus: Bus, kind: str) -> None:
        self._bus = bus
        self._kind = kind
        self._bucket: Any = None
        self._held: dict[str, int] = {}

    async def begin(self) -> None:
        self._bucket = await self._bus.bucket(self._kind, LENGTH)

    async def take(self, key: str) -> bool:
        """Take a lease or renew it; whether it is held now."""
        name = self._bus.name.encode()
        try:
            if (revision := self._held.get(key)) is not None:
                self._held[key] = await self._bucket.update(key, name, last=revision)
            else:
                self._held[key] = await self._bucket.create(key, name)
        except (NatsError, TimeoutError):
            # Another has it, or had it since.
            self._held.pop(key, None)
            return False
        return True

    async def let_go(self, key: str) -> None:
        if self._held.pop(key, None) is not None:
            try:
                await self._bucket.purge(key)
            except (NatsError, TimeoutError):
                log.warning("bus: the lease %s was not given back; it ends by itself", key)

    async def members(self) -> list[str]:
        """Names of the processes that are there, this one among them, in order."""
        await self._say_here()
        try:
            keys = await self._bucket.keys()
        except (NatsError, TimeoutError):
            keys = []
        names = {key.removeprefix("here.") for key in keys if key.startswith("here.")}
        return sorted(names | {self._bus.name})

    async def _say_here(self) -> None:
        try:
            await self._bucket.put(f"here.{self._bus.name}", b"")
        except (NatsError, TimeoutError):
            log.warning("bus: presence could not be told")

    async def number(self, most: int) -> int:
        """The smallest number below ``most`` that no other has; to be renewed as ``number.N``."""
        for number in range(most):
            if await self.take(f"number.{number}"):
                return number
        raise RuntimeError(f"{most} writers are at work already")

    async def leave(self) -> None:
        """Give everything back."""
        for key in list(self._held):
            await self.let_go(key)
        try:
            await self._bucket.purge(f"here.{self._bus.name}")
        except (NatsError, TimeoutError, asyncio.CancelledError):
            log.warning("bus: leaving could not be told")
