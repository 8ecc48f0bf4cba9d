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
from itertools import accumulate
from typing import Any, cast

from numpy.typing import NDArray

from .acknowledging import acknowledgements
from .asking import Asking
from .batch import Batch, BatchDecoder
from .connections import Connection
from .decoding import Key
from .frames import FrameReader
from .granting import Limits
from .verdicts import Handler, SecondAddress, Unhandled, Verdict, rows_of

log = logging.getLogger(__name__)


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


class Gateway(Asking):
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
        super().__init__(limits or Limits(), second_address)
        self.handler = handler
        self.unhandled = unhandled
        self.key = key
        self._decoder = BatchDecoder()
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
        self._turn = asyncio.Event()  # set when the batch before has been dealt with
        self._turn.set()

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
            self._tasks = [loop.create_task(work) for work in (self._sweep(), *workers)]
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
        believed = rows_of(batch, verdict.believe)
        for connection in {sources[i] for i in batch.index[rows_of(batch, verdict.know)].tolist()}:
            connection.known = True
        # Before the answers: who has one can be asked.
        self._learn_routes(batch, believed, sources)
        self._acknowledge(batch, rows_of(batch, verdict.acknowledge), sources)
        if self._exchanges:
            await before.wait()  # what came first is shown first
            self._pass_on(batch, believed)

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
