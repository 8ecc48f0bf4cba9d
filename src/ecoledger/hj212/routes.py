"""By which connection a device is reached, as the packets that are believed say, and that it is in a second place."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

from numpy.typing import NDArray

from .batch import Batch
from .codes import Edition
from .connections import Connection, Connections, Route
from .dialogue import INTERACTION
from .granting import Limits
from .verdicts import SecondAddress

log = logging.getLogger(__name__)

# Seconds: a device that goes on from the same second address is told of again after this.
_TOLD_AGAIN = 3_600.0


class Routes(Connections):
    """The latest way to each device."""

    def __init__(self, limits: Limits, second_address: SecondAddress | None) -> None:
        super().__init__(limits)
        self.second_address = second_address
        self._telling: set[asyncio.Task[None]] = set()
        self._moved: dict[tuple[bytes, str], float] = {}

    def _learn_routes(
        self, batch: Batch, believed: NDArray[Any], sources: list[Connection]
    ) -> None:
        routes = self.routes
        for row, mn, index in zip(
            believed.tolist(),
            batch.mn[believed].tolist(),
            batch.index[believed].tolist(),
            strict=True,
        ):
            route = routes.get(mn)
            connection = sources[index]
            if not connection.proven:
                connection.proven = True
                self._believed[connection.address] = self._now()
            if route is not None and route.connection is connection:
                continue
            if not mn or not connection.open or len(connection.mns) >= self.limits.routes:
                continue
            st = batch.st[row].decode()
            if st == INTERACTION:
                st = route.st if route else "32"
            edition: Edition = 2005
            if batch.edition[row] == 2017:
                edition = 2017
            elif batch.edition[row] == 2025:
                edition = 2025
            if route is not None and route.connection.open:
                self._tell_second_address(mn, route.connection, connection)
            routes[mn] = Route(connection, st, batch.pw[row].decode(), edition)
            connection.mns.add(mn)

    def _tell_second_address(self, mn: bytes, before: Connection, now: Connection) -> None:
        """A device in two places: moved, or somebody else knows its password."""
        at = self._now()
        if (
            before.address == now.address
            or at - self._moved.get((mn, now.address), -_TOLD_AGAIN) < _TOLD_AGAIN
        ):
            return
        if len(self._moved) > self.limits.connections:
            self._moved.clear()
        self._moved[mn, now.address] = at
        self.stats.second_addresses += 1
        name = mn.decode("ascii", "replace")
        log.warning("HJ 212: %s is in use at %s and now at %s", name, before.address, now.address)
        if (tell := self.second_address) is not None:
            task = asyncio.create_task(self._told(tell, name, before.address, now.address))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)

    async def _told(self, tell: SecondAddress, mn: str, before: str, now: str) -> None:
        try:
            await asyncio.to_thread(tell, mn, before, now)
        except Exception:
            log.exception("HJ 212: a second address could not be told")
