"""What one HTTP connection and one address are granted: time for the header, its size, and how many at once.

uvicorn waits for ever for a header that does not end, and takes as many connections as there are files. A
proxy in front does the same work; this holds also without one.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from dataclasses import dataclass, field
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

log = logging.getLogger(__name__)


_TOO_LONG = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\n"
    b"content-length: 0\r\nconnection: close\r\n\r\n"
)


@dataclass
class Bounds:
    """Limits, and how much of them is in use now. Times in seconds, sizes in bytes."""

    connections: int = 2_000
    of_an_address: int = 512
    proxies: frozenset[str] = frozenset({"127.0.0.1", "::1"})  # stand for everybody behind them
    header_time: float = 20.0
    header_bytes: int = 65_536
    open: int = 0
    by_address: Counter[str] = field(default_factory=Counter)
    refused: int = 0
    late_headers: int = 0


class BoundedProtocol(HttpToolsProtocol):
    """uvicorn's protocol with a clock on the header and a count of connections."""

    bounds: ClassVar[Bounds] = Bounds()
    _address: str | None = None
    _clock: asyncio.TimerHandle | None = None
    _header_bytes = 0
    _refused = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)  # type: ignore[arg-type]  # uvloop's is no subclass
        bounds = self.bounds
        address = self.client[0] if self.client else "unknown"
        many = address not in bounds.proxies and bounds.by_address[address] >= bounds.of_an_address
        if many or bounds.open >= bounds.connections:
            bounds.refused += 1
            if bounds.refused & (bounds.refused - 1) == 0:  # the 1st, 2nd, 4th, 8th ...
                log.warning("HTTP: %d connections refused, now from %s", bounds.refused, address)
            self.transport.abort()
            return
        self._address = address
        bounds.open += 1
        bounds.by_address[address] += 1
        self._await_header()

    def connection_lost(self, exc: Exception | None) -> None:
        self._header_came()
        if (address := self._address) is not None:
            bounds = self.bounds
            bounds.open -= 1
            bounds.by_address[address] -= 1
            if not bounds.by_address[address]:
                del bounds.by_address[address]
            self._address = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.transport.is_closing() or self._refused:
            return
        if self.cycle is None or self.cycle.response_complete:
            # Between requests: a header begins, or goes on.
            self._await_header()
        super().data_received(data)
        if self._clock is not None:
            self._header_bytes += len(data)
            if self._header_bytes > self.bounds.header_bytes:
                self._refuse()

    def on_headers_complete(self) -> None:
        self._header_came()
        super().on_headers_complete()

    def _refuse(self) -> None:
        """Say so, and read on into nothing until the sender has heard it or the clock ends it."""
        self._refused = True
        self.transport.write(_TOO_LONG)
        if self.transport.can_write_eof():
            self.transport.write_eof()

    def _await_header(self) -> None:
        if self._clock is None:
            self._clock = self.loop.call_later(self.bounds.header_time, self._header_late)

    def _header_came(self) -> None:
        self._header_bytes = 0
        if self._clock is not None:
            self._clock.cancel()
            self._clock = None

    def _header_late(self) -> None:
        self._clock = None
        if not self.transport.is_closing():
            self.bounds.late_headers += 1
            self.transport.abort()
