"""The gateway: an asyncio server that devices connect to.

Frames of all connections are gathered into batches, decoded together and given to the handler; when the
handler has stored them durably it says which packets to acknowledge, and only then 9014 or 9013 goes out.
So a packet that was acknowledged is stored, whatever happens to the process; one that was stored but not
yet acknowledged may come again and the handler has to recognise it.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
from collections import Counter, deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .batch import Batch, BatchDecoder
from .codes import Edition, reply_command
from .decoding import Key
from .dialogue import INTERACTION, Answer, Exchange, QnSource, Timing, flag_of, request
from .encoding import encode, framed_many
from .frames import FrameReader
from .times import china_now

log = logging.getLogger(__name__)

_MINUTE = 60.0
_ADDRESSES = 10_000  # kept in mind as faulty


@dataclass(frozen=True, slots=True)
class Limits:
    """What one gateway grants its devices. Sizes in bytes, times in seconds."""

    connections: int = 20_000
    connections_an_address: int = (
        1_000  # a forwarder or a carrier's address stands for many devices
    )
    buffer: int = 16_384  # an incomplete frame, each connection
    unsent: int = 262_144  # answers a device has not read, each connection
    idle: float = 7_200.0  # RtdInterval may be an hour; a silent connection is closed after two
    unproven: float = 600.0  # a connection that has sent nothing of a device is closed after it
    faults: int = 1_000  # bad frames in a row, or 64 times as many bytes of garbage, before closing
    fault_size: int = 1_024  # every so many bytes of a bad frame count as a fault more
    closings: int = 5  # of an address for faults within a minute; then it is refused for a minute
    frames_in_flight: int = 20_000  # beyond it reading pauses until the handler has caught up
    batch: int = 2_000
    batch_bytes: int = 4 << 20  # nothing else is done while a batch is decoded
    linger: float = 0.002  # wait so long for company before handing over a small batch
    rest: float = 6.0  # and begin none before so many times as long as the last one took,
    longest_rest: float = (
        0.25  # but at most so long: a small batch costs nearly what a large one does
    )
    batches_in_hand: int = 2  # one is decoded while the handler stores another
    retries: tuple[float, ...] = (0.5, 2.0, 5.0)  # when the handler fails
    routes: int = 1_000  # devices behind one connection that requests can be sent to


@dataclass(slots=True)
class Stats:
    """Counters since the start, plain attributes for metrics."""

    connections: int = 0
    connections_open: int = 0
    connections_refused: int = 0
    closed_idle: int = 0
    closed_unproven: int = 0
    closed_faulty: int = 0
    closed_not_reading: int = 0
    bytes_in: int = 0
    bytes_out: int = 0
    garbage_bytes: int = 0
    frames: int = 0
    packets: int = 0
    faults: int = 0
    values: int = 0
    batches: int = 0
    acknowledged: int = 0
    handler_errors: int = 0
    frames_put_aside: int = 0
    frames_dropped: int = 0
    pauses: int = 0
    second_addresses: int = 0
    failing: bool = False  # the last batch could not be handled


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


Rows = Iterable[int] | NDArray[Any] | None
"""Rows of packets, a mask of them, or None for all."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a handler says of the packets of a batch.

    ``acknowledge``: those to answer. ``believe``: those whose sender has shown that they are the device
    (by PW or SM4); only these say where a device is and count as its answers. ``know``: those that name a device
    which has nothing to show; their connection may stay open.
    """

    acknowledge: Rows = None
    believe: Rows = None
    know: Rows = ()


Handler = Callable[[Batch, Sequence[Connection]], Awaitable[Verdict | Rows]]
"""Stores a batch durably. Gets the batch and the connection of each of its *frames* (packet row ``i`` came
by ``connections[batch.index[i]]``). Returns a :class:`Verdict`, or only the rows that are both acknowledged and
believed. Gets a batch again when it raised."""


SecondAddress = Callable[[str, str, str], object]
"""Told (MN, address before, address now) when a device that is connected is believed from another address.
Runs in a thread; may raise."""


Unhandled = Callable[[Sequence[bytes], Sequence[Connection]], object]
"""Gets the frames of a batch that the handler refused at every try, none of them acknowledged, and the
connection of each. Runs in a thread; may raise."""


# Seconds: a device that goes on from the same second address is told of again after this.
_TOLD_AGAIN = 3_600.0


class UnreachableError(Exception):
    """No open connection of the device is known."""


class _Protocol(asyncio.Protocol):
    """Reads one connection."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway
        self.connection: Connection | None = None
        self.reader = FrameReader(limit=gateway.limits.buffer)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports are no subclasses of asyncio's.
        self.connection = self.gateway._connected(cast(asyncio.Transport, transport))

    def data_received(self, data: bytes) -> None:
        connection = self.connection
        if connection is None:
            return
        gateway = self.gateway
        reader = self.reader
        gateway.stats.bytes_in += len(data)
        connection.last_seen = gateway._now()
        garbage = reader.garbage_bytes
        frames = reader.feed(data)
        gateway.stats.garbage_bytes += reader.garbage_bytes - garbage
        if frames:
            gateway._received(connection, frames)
        if reader.garbage_bytes > garbage:
            gateway._slow_down(connection, (reader.garbage_bytes - garbage) // 64)
        if reader.garbage_bytes > 64 * gateway.limits.faults and not frames:
            gateway._close_faulty(connection)
        elif frames:
            reader.garbage_bytes = 0

    def eof_received(self) -> bool:
        """The device has said all; the connection stays until its last packets are answered."""
        connection = self.connection
        if connection is None:
            return False
        if left := self.reader.flush():
            self.gateway._received(connection, left)
        connection.ended = True
        half_open = connection.transport.get_extra_info("sslcontext") is None
        return half_open and connection.waiting > 0

    def connection_lost(self, exc: Exception | None) -> None:
        if self.connection is not None:
            self.gateway._lost(self.connection)


class Gateway:
    """The server. ``async with Gateway(handler) as gateway: await gateway.listen(port=9212)``."""

    def __init__(
        self,
        handler: Handler,
        limits: Limits | None = None,
        *,
        key: Key = None,
        unhandled: Unhandled | None = None,
        second_address: SecondAddress | None = None,
    ) -> None:
        self.handler = handler
        self.unhandled = unhandled
        self.second_address = second_address
        self.limits = limits or Limits()
        self.stats = Stats()
        self.key = key
        self.routes: dict[bytes, Route] = {}
        self._decoder = BatchDecoder()
        self._connections: set[Connection] = set()
        self._of_address: Counter[str] = Counter()
        self._closings: dict[str, deque[float]] = {}
        # Addresses from which somebody is believed, and since when: a nuisance there shuts out nobody.
        self._believed: dict[str, float] = {}
        self._paused: set[Connection] = set()
        self._frames: list[bytes] = []
        self._sources: list[Connection] = []
        self._in_hand = 0
        self._arrived = asyncio.Event()
        self._octets = 0  # of the frames that wait
        self._full = asyncio.Event()  # set while so many wait that nobody need wait for more
        self._rested = 0.0  # a batch that is not full waits until then
        self._pause_after = 0.0  # the last one's rest
        self._servers: list[asyncio.Server] = []
        self._tasks: list[asyncio.Task[None]] = []
        self._telling: set[asyncio.Task[None]] = set()
        self._exchanges: dict[bytes, list[tuple[Exchange, asyncio.Event]]] = {}
        self._turn = asyncio.Event()  # set when the batch before has been dealt with
        self._turn.set()
        self._closing = False
        self._serial = 0
        self._complained: dict[str, float] = {}
        self._moved: dict[tuple[bytes, str], float] = {}
        self._qn = QnSource()

    # ---- life

    async def listen(
        self, host: str | None = "127.0.0.1", port: int = 0, *, tls: ssl.SSLContext | None = None
    ) -> tuple[str, int]:
        """Start to listen; the address and port listened on (``port=0`` lets the system choose)."""
        loop = asyncio.get_running_loop()
        server = await loop.create_server(
            lambda: _Protocol(self), host, port, ssl=tls, backlog=1024
        )
        self._servers.append(server)
        if not self._tasks:
            workers = [self._work() for _ in range(self.limits.batches_in_hand)]
            self._tasks = [loop.create_task(one) for one in (self._sweep(), *workers)]
        name = server.sockets[0].getsockname()
        return str(name[0]), int(name[1])

    async def close(self) -> None:
        """Stop listening, hand over what has been read, close all connections."""
        self._closing = True
        for server in self._servers:
            server.close()
        self._arrived.set()
        self._full.set()
        if self._tasks:
            self._tasks[0].cancel()
            await asyncio.gather(*self._tasks[1:])
        for connection in list(self._connections):
            connection.transport.close()
        for _ in range(100):  # a second for the last answers to go out
            if not self._connections:
                break
            await asyncio.sleep(0.01)
        for connection in list(self._connections):
            connection.transport.abort()
        for server in self._servers:
            await server.wait_closed()

    async def __aenter__(self) -> Gateway:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    # ---- connections

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

    # ---- frames

    def _received(self, connection: Connection, frames: list[bytes]) -> None:
        connection.frames += len(frames)
        connection.waiting += len(frames)
        self.stats.frames += len(frames)
        self._frames += frames
        self._sources += [connection] * len(frames)
        self._octets += sum(map(len, frames))
        if self._many():
            self._full.set()
        if not self._paused and len(self._frames) + self._in_hand > self.limits.frames_in_flight:
            self.stats.pauses += 1
            for other in self._connections:
                self._pause(other)
        self._arrived.set()

    def _pause(self, connection: Connection) -> None:
        if connection.open:
            connection.transport.pause_reading()
            self._paused.add(connection)

    def _resume(self) -> None:
        if self._paused and len(self._frames) <= self.limits.frames_in_flight // 2:
            now = self._now()
            for connection in self._paused:
                connection.last_seen = now
                if connection.open:
                    connection.transport.resume_reading()
            self._paused.clear()

    async def _work(self) -> None:
        """Take batches from what has arrived until the gateway is closed and all is handed over."""
        while True:
            if not self._frames:
                if self._closing:
                    return
                self._arrived.clear()
                await self._arrived.wait()
                continue
            if not self._many() and not self._closing:
                await self._company()
                if not self._frames:  # the other worker has them
                    continue
            taken = self._of_one_batch()
            frames, self._frames = self._frames[:taken], self._frames[taken:]
            sources, self._sources = self._sources[:taken], self._sources[taken:]
            self._octets -= sum(map(len, frames))
            if not self._many() and not self._closing:
                self._full.clear()
            self._in_hand += len(frames)
            before, self._turn = self._turn, asyncio.Event()
            after = self._turn
            begun = self._now()
            self._rested = begun + self._pause_after
            try:
                await self._handle(frames, sources, before)
            except Exception:
                log.exception("HJ 212: a batch of %d frames was not handled", len(frames))
                await self._put_aside(frames, sources)
            self._pause_after = min(
                self.limits.rest * (self._now() - begun), self.limits.longest_rest
            )
            self._rested = max(self._rested, begun + self._pause_after)
            after.set()
            self._in_hand -= len(frames)
            for connection in sources:
                connection.waiting -= 1
                if connection.ended and not connection.waiting:
                    connection.transport.close()
            self._resume()

    def _many(self) -> bool:
        limits = self.limits
        return len(self._frames) >= limits.batch or self._octets >= limits.batch_bytes // 4

    async def _company(self) -> None:
        """Wait for more frames to go with the few that are there, but not long."""
        wait = max(self.limits.linger, self._rested - self._now())
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._full.wait(), wait)

    def _of_one_batch(self) -> int:
        """How many of the waiting frames are decoded together: by number and by bytes, at least one."""
        sums = accumulate(map(len, self._frames[: self.limits.batch]))
        within = sum(1 for octets in sums if octets <= self.limits.batch_bytes)
        return max(within, 1)

    async def _put_aside(self, frames: list[bytes], sources: list[Connection]) -> None:
        """A device sends again what was not acknowledged, but not what wanted no acknowledgement."""
        if self.unhandled is not None:
            try:
                await asyncio.to_thread(self.unhandled, frames, sources)
            except Exception:
                log.exception("HJ 212: they could not be put aside either")
            else:
                self.stats.frames_put_aside += len(frames)
                return
        self.stats.frames_dropped += len(frames)
        # Not what they say: a frame holds the device's password.
        peers = sorted({connection.address for connection in sources})
        log.error("HJ 212: %d frames dropped, from %s", len(frames), ", ".join(peers[:10]))

    async def _handle(
        self, frames: list[bytes], sources: list[Connection], before: asyncio.Event
    ) -> None:
        stats = self.stats
        batch = self._decoder(frames, key=self.key)
        stats.batches += 1
        stats.packets += len(batch)
        stats.faults += len(batch.faults)
        stats.values += len(batch.value)
        indices = batch.index.tolist()
        for connection in {sources[index] for index in indices}:
            connection.faults_in_a_row = 0
        for index, _ in batch.faults:
            connection = sources[index]
            connection.faults_in_a_row += 1 + len(frames[index]) // self.limits.fault_size
            if connection.faults_in_a_row > self.limits.faults:
                self._close_faulty(connection)
        for wait in (*self.limits.retries, None):
            try:
                said = await self.handler(batch, sources)
                stats.failing = False
                break
            except Exception:
                stats.handler_errors += 1
                stats.failing = True
                log.exception("HJ 212: the handler failed on %d packets", len(batch))
                if wait is None:
                    raise
                await asyncio.sleep(wait)
        verdict = said if isinstance(said, Verdict) else Verdict(said, said)
        believed = _rows(batch, verdict.believe)
        for connection in {sources[i] for i in batch.index[_rows(batch, verdict.know)].tolist()}:
            connection.known = True
        # Before the answers: who has one can be asked.
        self._learn_routes(batch, believed, sources)
        self._acknowledge(batch, _rows(batch, verdict.acknowledge), sources)
        if self._exchanges:
            await before.wait()  # what came first is shown first
            self._pass_on(batch, believed)

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

    def _acknowledge(self, batch: Batch, rows: NDArray[Any], sources: list[Connection]) -> None:
        wanted = rows[batch.ack[rows]]
        answers: dict[Connection, list[bytes]] = {}
        for index, answer in zip(
            batch.index[wanted].tolist(), acknowledgements(batch, wanted), strict=True
        ):
            if answer:
                answers.setdefault(sources[index], []).append(answer)
        for connection, parts in answers.items():
            self.stats.acknowledged += len(parts)
            self._write(connection, b"".join(parts))

    def _write(self, connection: Connection, data: bytes) -> None:
        transport = connection.transport
        if transport.is_closing():
            return
        self.stats.bytes_out += len(data)
        transport.write(data)
        if transport.get_write_buffer_size() > self.limits.unsent:
            self.stats.closed_not_reading += 1
            transport.abort()

    # ---- requests

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


def _rows(batch: Batch, chosen: Rows) -> NDArray[Any]:
    if chosen is None:
        return np.arange(len(batch))
    rows = chosen if isinstance(chosen, np.ndarray) else np.array(list(chosen), dtype=np.intp)
    return np.flatnonzero(rows) if rows.dtype == np.bool_ else rows


def acknowledgements(batch: Batch, rows: NDArray[Any]) -> list[bytes]:
    """Frames of the replies (9014, or 9013 for a notification) to packets of a batch, in order; empty
    for a packet that is itself a reply."""
    commands: dict[bytes, bytes | None] = {}
    flags = {2017: flag_of(2017), 2025: flag_of(2025)}
    segments: list[bytes] = []
    for row, edition, qn, cn, pw, mn in zip(
        rows.tolist(),
        batch.edition[rows].tolist(),
        batch.qn[rows].tolist(),
        batch.cn[rows].tolist(),
        batch.pw[rows].tolist(),
        batch.mn[rows].tolist(),
        strict=True,
    ):
        if cn not in commands:
            answer = reply_command(cn.decode())
            commands[cn] = answer.encode() if answer else None
        command = commands[cn]
        if command is None:
            segments.append(b"")
            continue
        if edition == 2005:
            inner = qn or batch.packet_at(row).answers.encode()
            content = b"QN=%b" % inner if inner else b""
            segment = b"ST=91;CN=%b;PW=%b;MN=%b;Flag=0;CP=&&%b&&" % (command, pw, mn, content)
        else:
            header = b"QN=%b;" % qn if qn else b""
            segment = b"%bST=91;CN=%b;PW=%b;MN=%b;Flag=%d;CP=&&&&" % (
                header,
                command,
                pw,
                mn,
                flags[edition],
            )
        segments.append(segment)
    frames = iter(framed_many([segment for segment in segments if segment]))
    return [next(frames) if segment else b"" for segment in segments]
