"""From decoded packets to stored observations: identify the point, flag, store durably; then acknowledge.

:class:`Ingest` is the handler of an :class:`ecoledger.hj212.server.Gateway`. A batch becomes one append to
the store: every frame with its bytes, and the observations of those that can be trusted. What cannot be
used is *quarantined*, not lost: the frame is stored with its bytes and a reason, shown on a page, and
replayed (:mod:`.replaying`) when the cause is gone. Reasons:

=============  =====================================================================================
``crc`` ...    the codec's own errors (:data:`ecoledger.hj212.packet.ERRORS`), e.g. ``encrypted``
``mn``         no point has this MN
``disabled``   the point is switched off
``password``   PW differs from the point's (checked where the point has one)
``command``    CN is not a command of any edition
``time``       a data packet without a usable DataTime, or an hour's or day's mean dated within its period
``future``     DataTime more than an hour ahead of now: the device's clock is wrong
``ancient``    DataTime before 2000
``code``       a factor nobody knows and the point does not declare; its known factors are stored
``value``      a value nobody can read, or two for one factor; the packet's other values are stored
``flag``       a data flag the edition does not know; the value is stored with it and counts nowhere
``rewrite``    another value for a period reported days ago (:mod:`.rewrites`): a person lets it in
=============  =====================================================================================

A packet is acknowledged when it is stored, also in quarantine, except with a wrong password or a fault
of the frame itself: those a device should send again. What nobody vouches for (unreadable, unknown MN, wrong
password, switched off) has a budget an hour (:mod:`.budget`); beyond it such frames are only counted and not acknowledged. A packet that came before is acknowledged again
and stored once. Heartbeats and replies leave no trace in the store.

Series by command: 2011, 2013, 2021, 2052, 2062 ``raw``; 2051, 2111 ``minute``; 2061 ``hour``; 2031, 2041 ``day``. Texts
(3019, 3020, 2081) are stored as ``raw`` observations with ``text``, those about an instrument with its code before them
(w01018-i12001-Info). States of equipment (SBxxx-RS, SBxxx-RT) keep the suffix in their parameter. The parts of a split packet carry whole factors under the same
DataTime and fall together by point, parameter and time.

Values outside the instrument's range or below zero get a second row on the layer of automatic checks, with
the flag ``range`` or ``negative`` and the rule's name; the value as sent stays below it.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from django.db import close_old_connections
from numpy.typing import NDArray

from ecoledger.hj212.batch import Batch
from ecoledger.hj212.verdicts import Verdict
from ecoledger.hj212.warning_bits import WARNING_BITS
from ecoledger.live import events, times
from ecoledger.monitoring import metrics, runtime
from ecoledger.monitoring.arriving import budget as budgets
from ecoledger.monitoring.arriving import rewrites
from ecoledger.monitoring.arriving.budget import over_budget
from ecoledger.monitoring.arriving.frame_rows import faults_table, frames_table
from ecoledger.monitoring.arriving.judging import REASONS, Why, judge
from ecoledger.monitoring.arriving.registry import Registry, current_registry
from ecoledger.monitoring.arriving.turn import InTurn
from ecoledger.monitoring.arriving.values import KEPT, observations_of, unknown_flags

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Prepared:
    """A batch ready for the store.

    ``kept``: rows of packets whose frame is stored; ``reason``: for each packet, why it is quarantined
    ("" for accepted); ``observations``: table with a column ``row`` naming the packet's row; ``believed``:
    packets whose sender has shown by PW or SM4 to be the device. A point that has neither is never believed but
    ``known``: its data are taken and it may stay, but it is sent no command.
    """

    kept: NDArray[np.intp]
    reason: NDArray[np.object_]
    observations: pl.DataFrame
    points: frozenset[int]
    known: NDArray[np.bool_]
    believed: NDArray[np.bool_]
    # Points whose packets are dated ahead of this machine's clock.
    ahead: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of a batch: which packets to acknowledge, which senders are known, which to believe, and counts."""

    acknowledge: NDArray[np.bool_]
    known: NDArray[np.bool_]
    believed: NDArray[np.bool_]
    stored: int
    duplicates: int
    quarantined: int
    observations: int


def prepare(batch: Batch, registry: Registry, now: datetime) -> Prepared:
    """Identify, check and flag every packet of a batch, without touching the store."""
    judged = judge(batch, registry, now)
    point, reason, is_data = judged.point, judged.reason, judged.is_data
    trusted = (reason == 0) & is_data
    observations, unknown = observations_of(
        batch, registry, point, trusted, judged.commands, judged.command_of
    )
    for row in unknown:
        reason[row] = Why.CODE
    flags = unknown_flags(batch, observations)
    for row in flags:
        if not reason[row]:
            reason[row] = Why.FLAG
    # A value nobody can read ("38ug/m3"): the packet's other values are stored, the frame is put aside.
    unreadable = is_data & (batch.warnings & WARNING_BITS["value"] != 0)
    if unreadable.any():
        reason[((reason == 0) | (reason == Why.FLAG)) & unreadable] = Why.VALUE
        # Nothing must not hide the number that the device reported before.
        there = pl.Series(~unreadable[observations["row"].to_numpy()])
        said = [name for name in (*KEPT, "text") if name in observations.columns]
        observations = observations.filter(there | pl.any_horizontal(pl.col(*said).is_not_null()))
    texts = REASONS[reason]
    for row, names in unknown.items():
        texts[row] = f"code: {', '.join(sorted(names))}"
    for row in np.flatnonzero(reason == Why.FLAG).tolist():
        texts[row] = f"flag: {', '.join(sorted(flags[row]))}"
    kept = np.flatnonzero(~judged.silent | (reason != 0))
    ahead = frozenset(point[reason == Why.FUTURE].tolist())
    return Prepared(
        kept,
        texts,
        observations,
        frozenset(point[trusted].tolist()),
        judged.known,
        judged.believed,
        ahead,
    )


@dataclass(frozen=True)
class Admitted:
    """What a gateway makes of a batch that somebody else will store: the frames (by index) to hand on, the packets
    to acknowledge once they are handed on durably, and those whose sender is known, and believed."""

    frames: list[int]
    acknowledge: NDArray[np.bool_]
    known: NDArray[np.bool_]
    believed: NDArray[np.bool_]


def admit(batch: Batch, sources: Sequence[str], now: datetime) -> Admitted:
    """Judge a batch by the points alone, without reading its values. Spends the budget of what nobody vouches for."""
    judged = judge(batch, current_registry(), now)
    beyond = over_budget(batch, REASONS[judged.reason], sources, now)
    kept = (~judged.silent | (judged.reason != 0)) & ~beyond
    frames = batch.index[kept].tolist()
    for index, _ in batch.faults:
        if budgets.budget.grants(sources[index], len(batch.frames[index]), now):
            frames.append(index)
        else:
            metrics.PACKETS.labels("dropped").inc()
    acknowledge = (judged.reason != Why.PASSWORD) & ~beyond
    return Admitted(sorted(frames), acknowledge, judged.known, judged.believed)


last_seen: dict[int, datetime] = {}
"""Point -> when it last sent anything that was accepted, as far as this process knows."""


last_ahead: dict[int, datetime] = {}
"""Point -> when it last sent something dated ahead of this machine's clock."""


def note(topic: str, payload: dict[str, Any]) -> None:
    """A live event of another process: what it stored is work for this one, and a sign of life of its points."""
    if topic == "observation":
        runtime.arrived.set()
        now = times.now()
        for point in payload.get("points", ()):
            last_seen[int(point)] = now


def take(
    batch: Batch,
    sources: Sequence[str],
    now: datetime | None = None,
    *,
    before_commit: Callable[[], None] | None = None,
    rewritten: Callable[[pl.DataFrame], None] | None = None,
    budgeted: bool = True,
) -> Taken:
    """Store a batch durably. ``sources``: where each *frame* came from. Raises what the store raises.

    ``before_commit`` is called when all is prepared, just before the store is asked to append. ``rewritten`` is
    told of past values that a device reported anew (:func:`.rewrites.find`), when they are stored. ``budgeted``:
    false where the gateway has looked at the budget already (:func:`admit`).
    """
    begun = time.perf_counter()
    at = now or times.now()
    prepared = prepare(batch, current_registry(), at)
    beyond = (
        over_budget(batch, prepared.reason, sources, at)
        if budgeted
        else np.zeros(len(batch), dtype=np.bool_)
    )
    if beyond.any():
        prepared = replace(prepared, kept=prepared.kept[~beyond[prepared.kept]])
    if before_commit is not None:
        before_commit()
    store = runtime.store()
    changed = rewrites.find(store, prepared.observations, at)
    if not changed.is_empty():
        prepared = _put_aside(prepared, changed)
    frames = frames_table(batch, prepared.kept, prepared.reason, sources, at)
    if batch.faults:
        frames = pl.concat([frames, faults_table(batch, sources, at, budgeted)])
    acknowledge = (prepared.reason != "password") & ~beyond
    if frames.is_empty():
        return Taken(acknowledge, prepared.known, prepared.believed, 0, 0, 0, 0)
    frame_of_row = np.full(len(batch), 0, dtype=np.uint32)
    frame_of_row[prepared.kept] = np.arange(prepared.kept.size, dtype=np.uint32)
    observations = None
    if not prepared.observations.is_empty():
        observations = prepared.observations.select(
            pl.exclude("row"),
            pl.Series("frame", frame_of_row[prepared.observations["row"].to_numpy()]),
        )
    receipt = store.append(frames, observations)
    runtime.arrived.set()
    if not changed.is_empty():
        # What came before as the same packet was told then.
        new_rows = frame_of_row[changed["row"].to_numpy()]
        fresh = changed.filter(pl.Series(receipt.new[new_rows]))
        if not fresh.is_empty() and rewritten is not None:
            rewritten(fresh)
    for point in prepared.points:
        last_seen[point] = at
    for point in prepared.ahead:
        last_ahead[point] = at
    new = receipt.new
    reasons = frames["reason"].filter(pl.Series(new)).drop_nulls().to_list()
    quarantined = len(reasons)
    for reason in reasons:
        metrics.QUARANTINED.labels(reason.split(":")[0].split(",")[0]).inc()
    stored, duplicates = int(new.sum()), int((~new).sum())
    metrics.PACKETS.labels("accepted").inc(stored - quarantined)
    metrics.PACKETS.labels("quarantined").inc(quarantined)
    metrics.DUPLICATES.inc(duplicates)
    metrics.OBSERVATIONS.inc(receipt.observations)
    metrics.STORE_SECONDS.observe(time.perf_counter() - begun)
    if stored > quarantined and prepared.points:
        events.publish("observation", {"points": sorted(prepared.points)})
    if quarantined:
        events.publish("arrival", {"quarantined": quarantined})
    return Taken(
        acknowledge,
        prepared.known,
        prepared.believed,
        stored,
        duplicates,
        quarantined,
        receipt.observations,
    )


def _put_aside(prepared: Prepared, changed: pl.DataFrame) -> Prepared:
    """Quarantine the packets that report days-old values anew, with all their values."""
    late = changed.filter("late")["row"].unique()
    if late.is_empty():
        return prepared
    reason = prepared.reason.copy()
    reason[late.to_numpy()] = REASONS[Why.REWRITE]
    return replace(
        prepared,
        reason=reason,
        observations=prepared.observations.filter(~pl.col("row").is_in(late.implode())),
    )


class Ingest:
    """Handler of a gateway: prepares a batch in a thread while the one before it is being committed.

    Batches are committed in the order they came in: of two values for one period the later must speak.
    """

    def __init__(self, rewritten: Callable[[pl.DataFrame], None] | None = None) -> None:
        self._rewritten = rewritten
        self._threads = ThreadPoolExecutor(max_workers=2, thread_name_prefix="ingest")
        self._turn = InTurn()
        self.last_batch: datetime | None = None

    async def __call__(self, batch: Batch, connections: Sequence[Any]) -> Verdict:
        names = {connection: f"tcp {connection.peer}" for connection in set(connections)}
        sources = [names[connection] for connection in connections]
        loop = asyncio.get_running_loop()
        number = self._turn.number()
        taken = await loop.run_in_executor(self._threads, self._take, batch, sources, number)
        self.last_batch = times.now()
        return Verdict(taken.acknowledge, taken.believed, taken.known)

    def _take(self, batch: Batch, sources: Sequence[str], number: int) -> Taken:
        try:
            return take(
                batch,
                sources,
                before_commit=lambda: self._turn.wait(number),
                rewritten=self._rewritten,
            )
        finally:
            self._turn.pass_on(number)
            close_old_connections()

    def close(self) -> None:
        """Wait for the batches in hand."""
        self._threads.shutdown(wait=True)
