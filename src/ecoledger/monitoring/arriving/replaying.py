"""Reading quarantined packets again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import polars as pl

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.hj212.batch import BatchDecoder
from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.monitoring.arriving.ingest import prepare
from ecoledger.monitoring.arriving.registry import current_registry, key_of
from ecoledger.monitoring.points import table as points


@dataclass(frozen=True, slots=True)
class Replayed:
    """What became of one quarantined frame: ``ok``, or why it stays (``reason``)."""

    frame_id: int
    ok: bool
    reason: str
    observations: int


def replay(frame_ids: Iterable[int], person: Person | None = None) -> list[Replayed]:
    """Read quarantined frames again, now that the cause may be gone.

    Factors stored at the first try are not stored twice. A frame that still cannot be used stays in
    quarantine with its present reason. Numbers that are unknown or not in quarantine are reported so.
    """
    store = runtime.store()
    decoder = BatchDecoder()
    points.forget()
    registry = current_registry()
    results = []
    for frame_id in frame_ids:
        try:
            frame = store.frame(frame_id)
        except KeyError:
            results.append(
                Replayed(frame_id, ok=False, reason="没有这个编号的报文", observations=0)
            )
            continue
        if frame.status != "quarantined":
            results.append(Replayed(frame_id, ok=False, reason="报文不在隔离区", observations=0))
            continue
        batch = decoder([frame.raw], key=key_of)
        if batch.faults:
            reason = ",".join(batch.faults[0][1].errors)
            results.append(_kept_in_quarantine(frame_id, frame.reason, reason))
            continue
        prepared = prepare(batch, registry, times.now())
        reason = str(prepared.reason[0])
        stored = _append_missing(prepared.observations, frame_id)
        if reason:
            results.append(_kept_in_quarantine(frame_id, frame.reason, reason, stored))
            continue
        store.mark_frame(frame_id, "replayed", frame.reason)
        results.append(Replayed(frame_id, ok=True, reason="", observations=stored))
    if results:
        audit.record(
            person,
            "frames replayed",
            details={
                "frames": [r.frame_id for r in results],
                "ok": [r.frame_id for r in results if r.ok],
            },
        )
    return results


def _kept_in_quarantine(
    frame_id: int, before: str | None, reason: str, observations: int = 0
) -> Replayed:
    # What gave values keeps saying so: such frames are never let go.
    if reason != before and not (before or "").startswith("code"):
        runtime.store().mark_frame(frame_id, "quarantined", reason)
    return Replayed(frame_id, ok=False, reason=reason, observations=observations)


def _append_missing(observations: pl.DataFrame, frame_id: int) -> int:
    """Store the rows of a frame that are not there yet."""
    if observations.is_empty():
        return 0
    store = runtime.store()
    begin, end = observations["start"].min(), observations["start"].max()
    there = store.read(
        observations["point"].unique().to_list(),
        observations["parameter"].unique().to_list(),
        observations["series"].unique().to_list(),
        begin,  # type: ignore[arg-type]
        end + timedelta(seconds=1),  # type: ignore[operator, arg-type]
        columns=("point", "parameter", "series", "start", "layer", "frame_id"),
        revisions=True,
    ).filter(pl.col("frame_id") == frame_id)
    new = observations.join(
        there, on=["point", "parameter", "series", "start", "layer"], how="anti"
    ).drop("row")
    if new.is_empty():
        return 0
    return store.append(
        observations=new.with_columns(pl.lit(frame_id, dtype=pl.Int64).alias("frame_id"))
    ).observations
