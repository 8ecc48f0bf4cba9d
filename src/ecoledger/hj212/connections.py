"""The connections of a gateway: who may open one, which are closed, what is not read for a while."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter, deque
from dataclasses import dataclass, field

from .codes import Edition
from .granting import Limits, Stats

log = logging.getLogger(__name__)

_MINUTE = 60.0
_ADDRESSES = 10_000  # kept in mind as faulty


@dataclass(slots=True, eq=False)
class Connection:
    """One device's (or one forwarder's) connection."""

    number: int
    peer: str
    last_seen: float
    transport: asyncio.Transport
    since: float = 0.0
    proven: bool = False  # has sent a packet that the handler believed
    known: bool = False  # or one of a device that the handler knows
    frames: int = 0
    waiting: int = 0  # frames read and not yet dealt with
    ended: bool = False  # the device will send no more
    faults_in_a_row: int = 0
    mns: set[bytes] = field(default_factory=set)

    @property
    def open(self) -> bool:
        return not self.transport.is_closing()

    @property
    def address(self) -> str:
        """The peer without its port."""
        return self.peer.rpartition(":")[0]


@dataclass(frozen=True, slots=True)
class Route:
    """How a device can be reached and how it speaks."""

    connection: Connection
    st: str
    pw: str
    edition: Edition


class Connections:
    """Those that are open, and what is remembered of addresses."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.stats = Stats()
        self.routes: dict[bytes, Route] = {}
        self._connections: set[Connection] = set()
        self._of_address: Counter[str] = Counter()
        self._closings: dict[str, deque[float]] = {}
        # Addresses from which somebody is believed, and since when: a nuisance there shuts out nobody.
        self._believed: dict[str, float] = {}
        self._paused: set[Connection] = set()
        self._closing = False
        self._serial = 0
        self._complained: dict[str, float] = {}

    def _now(self) -> float:
        return asyncio.get_running_loop().time()

    def _connected(self, transport: asyncio.Transport) -> Connection | None:
        self.stats.connections += 1
        peer = transport.get_extra_info("peername")
        address = str(peer[0]) if peer else "unknown"
        full = len(self._connections) >= self.limits.connections
        if self._closing or full or self._too_many_from(address) or self._is_nuisance(address):
            self.stats.connections_refused += 1
            if full:
                self._complain("HJ 212: connections refused: %d are open", self.limits.connections)
            transport.abort()
            return None
        self._serial += 1
        connection = Connection(
            self._serial,
            f"{address}:{peer[1]}" if peer else "unknown:0",
            self._now(),
            transport,
            since=self._now(),
        )
        self._connections.add(connection)
        self._of_address[address] += 1
        if self._paused:
            self._pause(connection)
        self.stats.connections_open = len(self._connections)
        return connection

    def _too_many_from(self, address: str) -> bool:
        limit = self.limits.connections_an_address
        if self._of_address[address] < limit:
            return False
        self._complain("HJ 212: connections refused from %s: %d are open", address, limit)
        return True

    def _is_nuisance(self, address: str) -> bool:
        """Whether an address has just been closed again and again, and no device is believed from it."""
        closings = self._closings.get(address)
        if closings is None or len(closings) < self.limits.closings:
            return False
        now = self._now()
        if (
            closings[0] < now - _MINUTE
            or self._believed.get(address, -1e9) > now - self.limits.idle
        ):
            return False
        self._complain("HJ 212: connections refused from %s: nothing but faults", address)
        return True

    def _complain(self, text: str, *values: object) -> None:
        """Log a warning, the same at most once a minute."""
        now = self._now()
        if now - self._complained.get(text, -60.0) >= 60.0:
            self._complained[text] = now
            log.warning(text, *values)

    def _lost(self, connection: Connection) -> None:
        if connection in self._connections:
            self._of_address[connection.address] -= 1
            if not self._of_address[connection.address]:
                del self._of_address[connection.address]
        self._connections.discard(connection)
        self._paused.discard(connection)
        self.stats.connections_open = len(self._connections)
        for mn in connection.mns:
            route = self.routes.get(mn)
            if route is not None and route.connection is connection:
                del self.routes[mn]
        connection.mns.clear()

    def _close_faulty(self, connection: Connection) -> None:
        if connection.open:
            self.stats.closed_faulty += 1
            if len(self._closings) > _ADDRESSES:
                self._closings.clear()
            newest = self._closings.setdefault(
                connection.address, deque(maxlen=self.limits.closings)
            )
            newest.append(self._now())
            self._complain("HJ 212: closing %s: nothing but faults", connection.peer)
            connection.transport.abort()

    def _slow_down(self, connection: Connection, faults: int) -> None:
        """Read nothing more from a connection for a moment, the longer the more it sent that is no packet.

        Whoever sends noise as fast as it goes would otherwise be all the gateway attends to.
        """
        if faults < self.limits.fault_size // 64 or not connection.open:
            return
        connection.transport.pause_reading()
        wait = min(faults / self.limits.faults, 1.0)
        asyncio.get_running_loop().call_later(wait, self._go_on, connection)

    def _go_on(self, connection: Connection) -> None:
        if connection.open and connection not in self._paused:
            connection.transport.resume_reading()

    def _pause(self, connection: Connection) -> None:
        if connection.open:
            connection.transport.pause_reading()
            self._paused.add(connection)

    async def _sweep(self) -> None:
        """Close idle connections, and those that have shown for too long that they are no device."""
        idle, unproven = self.limits.idle, self.limits.unproven
        while True:
            await asyncio.sleep(min(idle / 4, unproven / 4, 30.0))
            now = self._now()
            self._believed = {a: at for a, at in self._believed.items() if at > now - idle}
            self._believed |= {c.address: now for c in self._connections if c.proven}
            for connection in list(self._connections):
                if connection in self._paused:
                    continue
                if connection.last_seen < now - idle:
                    self.stats.closed_idle += 1
                    connection.transport.abort()
                elif (
                    not (connection.proven or connection.known)
                    and connection.since < now - unproven
                ):
                    self.stats.closed_unproven += 1
                    connection.transport.abort()

    def _write(self, connection: Connection, data: bytes) -> None:
        transport = connection.transport
        if transport.is_closing():
            return
        self.stats.bytes_out += len(data)
        transport.write(data)
        if transport.get_write_buffer_size() > self.limits.unsent:
            self.stats.closed_not_reading += 1
            transport.abort()
