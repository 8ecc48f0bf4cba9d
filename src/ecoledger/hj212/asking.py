"""Commands to connected devices, and what comes of them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from numpy.typing import NDArray

from .batch import Batch
from .dialogue import Answer, Exchange, QnSource, Timing, request
from .encoding import encode
from .granting import Limits
from .routes import Routes
from .times import china_now
from .verdicts import SecondAddress


class UnreachableError(Exception):
    """No open connection of the device is known."""


class Asking(Routes):
    """Requests that are under way, by device."""

    def __init__(self, limits: Limits, second_address: SecondAddress | None) -> None:
        super().__init__(limits, second_address)
        self._exchanges: dict[bytes, list[tuple[Exchange, asyncio.Event]]] = {}
        self._qn = QnSource()

    def _pass_on(self, batch: Batch, believed: NDArray[Any]) -> None:
        """Show the packets to the exchanges that may wait for them."""
        now = self._now()
        for row, mn in zip(believed.tolist(), batch.mn[believed].tolist(), strict=True):
            waiting = self._exchanges.get(mn)
            if not waiting:
                continue
            packet = batch.packet_at(row)
            for exchange, event in waiting:
                if exchange.receive(packet, now):
                    event.set()

    def reaches(self, mn: str) -> bool:
        """Whether the device has a connection open."""
        route = self.routes.get(mn.encode())
        return route is not None and route.connection.open

    def silence(self, mn: str) -> float | None:
        """Seconds since the connection of a device said anything; ``None`` when it has none."""
        route = self.routes.get(mn.encode())
        if route is None or not route.connection.open:
            return None
        return self._now() - route.connection.last_seen

    async def ask(
        self,
        mn: str,
        cn: str,
        fields: Mapping[str, str] | None = None,
        *,
        st: str | None = None,
        pw: str | None = None,
        timing: Timing | None = None,
    ) -> Answer:
        """Send a command to a device and wait for what comes of it.

        Goes by the device's latest connection, in its edition, with its password and ST unless told.
        Raises :class:`UnreachableError` when no connection is known; a device that does not answer or refuses
        gives an :class:`Answer` that is not ``ok``.
        """
        name = mn.encode()
        route = self.routes.get(name)
        if route is None or not route.connection.open:
            raise UnreachableError(f"设备 {mn} 没有在线的连接")
        packet = request(
            cn,
            mn,
            st=st or route.st,
            qn=self._qn(china_now()),
            pw=pw or route.pw,
            edition=route.edition,
            fields=fields,
        )
        exchange = Exchange(packet, timing or Timing(), self._now())
        event = asyncio.Event()
        entry = (exchange, event)
        self._exchanges.setdefault(name, []).append(entry)
        frame = encode(packet)
        try:
            self._write(route.connection, frame)
            while exchange.answer is None:
                event.clear()
                left = exchange.deadline - self._now()
                try:
                    async with asyncio.timeout(max(left, 0.0)):
                        await event.wait()
                except TimeoutError:
                    if exchange.tick(self._now()):
                        current = self.routes.get(name, route)
                        self._write(current.connection, frame)
            return exchange.answer
        finally:
            waiting = self._exchanges[name]
            waiting.remove(entry)
            if not waiting:
                del self._exchanges[name]
