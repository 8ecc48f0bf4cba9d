"""Arriving where gateways and writers are processes of their own (:mod:`ecoledger.bus`).

:class:`Forwarding` is the handler of a gateway: it judges packets by the points alone, hands on what is kept, and
has them acknowledged when the stream has persisted them. :class:`Writing` takes bundles from the stream and does
with them what :mod:`.ingest` does with a batch.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

import polars as pl
from django.db import close_old_connections

from ecoledger.bus import bundles
from ecoledger.bus.bundles import Bundle
from ecoledger.bus.connection import UNFINISHED, Bus, BusError, Pull
from ecoledger.bus.ending import ended
from ecoledger.bus.leases import RENEWED, Leases
from ecoledger.hj212.batch import Batch, BatchDecoder
from ecoledger.hj212.verdicts import Verdict
from ecoledger.live import times
from ecoledger.monitoring.arriving import frame_rows, ingest, registry

log = logging.getLogger(__name__)

BATCH: Final = 5_000
"""Packets that a writer gives the store at once, more or less."""
TOGETHER: Final = timedelta(seconds=60)
"""Bundles whose packets came within this time may be stored at once: one time of receipt stands for all."""
RESTS: Final = (0.5, 1.0, 2.0, 5.0)
"""Seconds between two tries while the stream, or the store, takes nothing."""


class Forwarding:
    """Handler of a gateway without a store.

    While the stream takes nothing, because it cannot be reached or has its greatest size, a batch is tried again
    and again; the gateway then reads no further, and devices wait without an answer.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="forward")
        self._through = asyncio.Event()
        self._through.set()
        # Wait for no stream any longer: what is not persisted is not acknowledged, and comes again.
        self.closing = False
        self.last_batch: datetime | None = None
        self.held_up = 0

    async def __call__(self, batch: Batch, connections: Sequence[Any]) -> Verdict:
        sources = [f"tcp {connection.peer}" for connection in connections]
        loop = asyncio.get_running_loop()
        # Of two batches the one that came first is persisted first.
        before, self._through = self._through, asyncio.Event()
        through = self._through
        try:
            messages, admitted = await loop.run_in_executor(
                self._threads, self._messages, batch, sources
            )
            await before.wait()
            await asyncio.gather(*(self._persist(*message) for message in messages))
        finally:
            await before.wait()
            through.set()
        self.last_batch = times.now()
        return Verdict(admitted.acknowledge, admitted.believed, admitted.known)

    def _messages(
        self, batch: Batch, sources: Sequence[str]
    ) -> tuple[list[tuple[int, bytes, str]], ingest.Admitted]:
        """Of each bundle its partition, its bytes and its number."""
        at = times.now()
        try:
            admitted = ingest.admit(batch, sources, at)
        finally:
            close_old_connections()
        partitions = self._bus.settings.partitions
        mn_of = dict(zip(batch.index.tolist(), batch.mn.tolist(), strict=True))
        shares: dict[int, list[int]] = {}
        for index in admitted.frames:
            partition = bundles.partition_of(mn_of.get(index, b""), partitions)
            shares.setdefault(partition, []).append(index)
        messages = []
        for partition, indexes in shares.items():
            whole = Bundle(at, [batch.frames[i] for i in indexes], [sources[i] for i in indexes])
            for bundle in bundles.cut(whole):
                digests = [frame_rows.digest(frame) for frame in bundle.frames]
                messages.append((partition, bundles.written(bundle), bundles.identity(digests)))
        return messages, admitted

    async def _persist(self, partition: int, data: bytes, number: str) -> None:
        tries = 0
        while True:
            try:
                await self._bus.persist(partition, data, number)
            except BusError as error:
                if self.closing:
                    raise
                self.held_up += tries == 0
                if tries % 10 == 0:
                    log.warning("packets wait at the gateway: %s", error)
                await asyncio.sleep(RESTS[min(tries, len(RESTS) - 1)])
                tries += 1
            else:
                return

    def close(self) -> None:
        """Wait for the batches in hand."""
        self._threads.shutdown(wait=True)


@dataclass(slots=True)
class _Share:
    """A partition that this writer reads: its subscription, and its bundles not yet stored."""

    pull: Pull
    in_hand: int = 0
    leaving: bool = False


@dataclass
class Writing:
    """A writer: takes bundles of the partitions it holds and stores them.

    ``rewritten`` as for :func:`.ingest.take`. Run :meth:`run` as a task and cancel it.
    """

    bus: Bus
    leases: Leases
    rewritten: Callable[[pl.DataFrame], None] | None = None
    stored: int = 0
    failing: bool = False
    _shares: dict[int, _Share] = field(default_factory=dict)
    _waiting: asyncio.Queue[tuple[int, Any]] = field(default_factory=asyncio.Queue)

    async def run(self) -> None:
        """Until cancelled; what is in hand is finished or left to another."""
        sharing = asyncio.create_task(self._keep_shares())
        try:
            await self._store()
        finally:
            await ended(sharing, again=1.0)
            for share in self._shares.values():
                with contextlib.suppress(Exception):
                    await share.pull.close()

    async def drain(self, seconds: float) -> None:
        """Wait until the stream is empty, but not for long: others go on where this writer ends."""
        with contextlib.suppress(TimeoutError, BusError):
            async with asyncio.timeout(seconds):
                while (await self.bus.waiting())[0]:
                    await asyncio.sleep(0.05)

    # -- which partitions ------------------------------------------------------------------------

    async def _keep_shares(self) -> None:
        while True:
            try:
                await self._share()
            except Exception:
                log.exception("a writer's partitions could not be settled")
            await asyncio.sleep(RENEWED)

    async def _share(self) -> None:
        members = await self.leases.members()
        for partition in range(self.bus.settings.partitions):
            key = f"partition.{partition}"
            mine = members[partition % len(members)] == self.bus.name
            share = self._shares.get(partition)
            if share is None:
                if mine and await self.leases.take(key):
                    await self._begin(partition)
            elif not await self.leases.take(key):
                # Stopped for so long that another has it: what is still here does no harm twice.
                await self._end(partition, share)
            elif not mine:
                share.leaving = True
                if not share.in_hand:
                    await self._end(partition, share)
                    await self.leases.let_go(key)

    async def _begin(self, partition: int) -> None:
        def heard(message: Any) -> None:
            share.in_hand += 1
            self._waiting.put_nowait((partition, message))

        share = _Share(await self.bus.pull(partition, heard))
        self._shares[partition] = share
        await share.pull.ask(UNFINISHED)

    async def _end(self, partition: int, share: _Share) -> None:
        del self._shares[partition]
        await share.pull.close()

    # -- storing ---------------------------------------------------------------------------------

    async def _store(self) -> None:
        loop = asyncio.get_running_loop()
        decoder = BatchDecoder()
        kept: tuple[int, Any, Bundle] | None = None
        while True:
            taken: list[tuple[int, Any, Bundle]] = [] if kept is None else [kept]
            kept = None
            while not taken or (
                sum(len(b) for _, _, b in taken) < BATCH and not self._waiting.empty()
            ):
                try:
                    partition, message = await asyncio.wait_for(self._waiting.get(), 1.0)
                except TimeoutError:
                    await self._ask_for_more()
                    continue
                try:
                    bundle = bundles.read(message.data)
                except ValueError:
                    log.exception("a bundle cannot be read and stays in the stream")
                    self._done(partition)
                    continue
                if taken and abs(bundle.at - taken[0][2].at) > TOGETHER:
                    kept = partition, message, bundle
                    break
                taken.append((partition, message, bundle))
            await self._take(loop, decoder, [bundle for _, _, bundle in taken])
            for partition, message, _ in taken:
                with contextlib.suppress(Exception):  # it comes again, and the store knows it
                    await message.ack()
                self._done(partition)
            await self._ask_for_more()

    async def _take(
        self, loop: asyncio.AbstractEventLoop, decoder: BatchDecoder, taken: list[Bundle]
    ) -> None:
        tries = 0
        while True:
            try:
                self.stored += await loop.run_in_executor(None, self._append, decoder, taken)
            except Exception:
                self.failing = True
                log.exception("the store did not take %d packets", sum(map(len, taken)))
                await asyncio.sleep(RESTS[min(tries, len(RESTS) - 1)])
                tries += 1
            else:
                self.failing = False
                return

    def _append(self, decoder: BatchDecoder, taken: list[Bundle]) -> int:
        frames = [frame for bundle in taken for frame in bundle.frames]
        sources = [source for bundle in taken for source in bundle.sources]
        try:
            batch = decoder(frames, key=registry.key_of)
            at = max(bundle.at for bundle in taken)
            return ingest.take(batch, sources, at, rewritten=self.rewritten, budgeted=False).stored
        finally:
            close_old_connections()

    def _done(self, partition: int) -> None:
        if (share := self._shares.get(partition)) is not None:
            share.in_hand -= 1

    async def _ask_for_more(self) -> None:
        for share in self._shares.values():
            if not share.leaving and share.in_hand < UNFINISHED // 2:
                await share.pull.ask(UNFINISHED // 2)
