"""Packets as rows of the store, with what makes two of them the same."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.hj212.batch import Batch
from ecoledger.hj212.octets import times_of
from ecoledger.monitoring import metrics
from ecoledger.monitoring.arriving import budget as budgets


def digest(frame: bytes) -> bytes:
    """What makes two frames the same packet: the data segment without its resend mark."""
    segment = frame.rstrip(b"\r\n")[6:-4]
    if segment.find(b"RF=1;", 0, segment.find(b"CP=")) >= 0:
        segment = segment.replace(b"RF=1;", b"", 1)
    # The processors of today have instructions for SHA-256.
    return hashlib.sha256(segment).digest()[:16]


def frames_table(
    batch: Batch,
    kept: NDArray[np.intp],
    reasons: NDArray[np.object_],
    sources: Sequence[str],
    now: datetime,
) -> pl.DataFrame:
    """The packets at ``kept``; ``reasons``: why each packet of the batch is put aside, "" for accepted."""
    index = batch.index[kept].tolist()
    frames = [batch.frames[i] for i in index]
    reason = reasons[kept].tolist()
    sent, known = _moments(batch.qn[kept])
    # A device of 2005 may have no QN; its DataTime is the same in every copy.
    dated = np.where(known, sent, batch.data_time[kept].astype("datetime64[us]"))
    columns: dict[str, Any] = {
        "received_at": np.full(len(index), now, dtype="datetime64[us]"),
        "digest": [digest(frame) for frame in frames],
        "raw": frames,
        "dated": dated,
        **{name: _texts(getattr(batch, name)[kept]) for name in ("mn", "qn", "cn", "st")},
        "status": ["quarantined" if r else "accepted" for r in reason],
        "reason": [r or None for r in reason],
        "connection": [sources[i] for i in index],
    }
    return pl.DataFrame(
        [pl.Series(name, columns[name], dtype=kind) for name, kind in _FRAME_SCHEMA.items()]
    )


def _texts(column: NDArray[np.bytes_]) -> pl.Series:
    """A field of the header; null where there is none."""
    return pl.Series([text or None for text in column.tolist()], dtype=pl.Binary).cast(pl.String)


def _moments(qn: NDArray[np.bytes_]) -> tuple[NDArray[np.datetime64], NDArray[np.bool_]]:
    """The time that each QN says, and whether it is ``YYYYMMDDhhmmsszzz``."""
    width = qn.itemsize
    octets = np.ascontiguousarray(qn).view(np.uint8)
    starts = np.arange(len(qn)) * width
    seconds, valid = times_of(octets, starts, np.full(len(qn), 14))
    rows = octets.reshape(-1, width)
    digits = rows[:, 14:17] - np.uint8(0x30)
    whole = valid & (digits < 10).all(axis=1) & (rows[:, 17:] == 0).all(axis=1)
    thousandths = (digits @ np.array([100, 10, 1])).astype("timedelta64[ms]")
    return seconds.astype("datetime64[us]") + thousandths, whole


def faults_table(
    batch: Batch, sources: Sequence[str], now: datetime, budgeted: bool
) -> pl.DataFrame:
    rows = []
    for index, packet in batch.faults:
        frame = bytes(batch.frames[index])
        if budgeted and not budgets.budget.grants(sources[index], len(frame), now):
            metrics.PACKETS.labels("dropped").inc()
            continue
        rows.append(
            {
                "received_at": now,
                "digest": hashlib.blake2b(frame, digest_size=16).digest(),
                "raw": frame,
                "dated": None,
                "mn": packet.mn[:32] or None,
                "qn": packet.qn[:20] or None,
                "cn": packet.cn[:4] or None,
                "st": packet.st[:2] or None,
                "status": "quarantined",
                "reason": ",".join(packet.errors),
                "connection": sources[index],
            }
        )
    return pl.DataFrame(rows, schema=_FRAME_SCHEMA, orient="row")


_FRAME_SCHEMA: dict[str, Any] = {
    "received_at": pl.Datetime("us"),
    "digest": pl.Binary,
    "raw": pl.Binary,
    "dated": pl.Datetime("us"),
    **dict.fromkeys(("mn", "qn", "cn", "st", "status", "reason", "connection"), pl.String),
}
