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
from ecoledger.monitoring import metrics
from ecoledger.monitoring.arriving import budget as budgets


def digest(frame: bytes) -> bytes:
    """What makes two frames the same packet: the data segment without its resend mark."""
    segment = frame.rstrip(b"\r\n")[6:-4].replace(b"RF=1;", b"", 1)
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
    reason = reasons[kept].tolist()
    qn = pl.Series(batch.qn[kept].astype("U"))
    moment = qn.str.slice(0, 14).str.to_datetime("%Y%m%d%H%M%S", strict=False, time_unit="us")
    thousandths = qn.str.slice(14).cast(pl.Int64, strict=False)
    table = pl.DataFrame(
        {
            "digest": pl.Series([digest(batch.frames[i]) for i in index], dtype=pl.Binary),
            "raw": pl.Series([batch.frames[i] for i in index], dtype=pl.Binary),
            "mn": batch.mn[kept].astype("U"),
            "qn": qn,
            "cn": batch.cn[kept].astype("U"),
            "st": batch.st[kept].astype("U"),
            "status": pl.Series(
                ["quarantined" if r else "accepted" for r in reason], dtype=pl.String
            ),
            "reason": pl.Series([r or None for r in reason], dtype=pl.String),
            "connection": pl.Series([sources[i] for i in index], dtype=pl.String),
            "moment": moment,
            "thousandths": thousandths,
            "data_time": batch.data_time[kept].astype("datetime64[us]"),
        }
    )
    return table.select(
        pl.lit(now).dt.cast_time_unit("us").alias("received_at"),
        "digest",
        "raw",
        pl.coalesce(
            pl.when(pl.col("qn").str.len_bytes() == 17).then(
                pl.col("moment") + pl.duration(milliseconds="thousandths")
            ),
            # A device of 2005 may have no QN; its DataTime is the same in every copy.
            "data_time",
        ).alias("dated"),
        *(pl.when(pl.col(name) != "").then(name).alias(name) for name in ("mn", "qn", "cn", "st")),
        "status",
        "reason",
        "connection",
    )


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
