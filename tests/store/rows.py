"""Rows for the tests: packets as a device sends them and the observations in them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import polars as pl

NOON = datetime(2026, 3, 5, 12)
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


def packet(
    moment: datetime = NOON, device: int = 1, text: str = "", **fields: Any
) -> dict[str, Any]:
    """One frame; the same moment, device and text make the same packet."""
    raw = f"QN={moment:%Y%m%d%H%M%S}000;CN=2011;MN=DEV{device};CP=&&{text}&&".encode()
    return {
        "received_at": moment + timedelta(seconds=1),
        "digest": hashlib.blake2b(raw, digest_size=16).digest(),
        "raw": raw,
        "mn": f"DEV{device}",
        "qn": f"{moment:%Y%m%d%H%M%S}000",
        "cn": "2011",
        "st": "31",
        **fields,
    }


def value(
    number: float | None, start: datetime = NOON, point: int = 1, **fields: Any
) -> dict[str, Any]:
    """One observation: SO2 as a minute mean unless told otherwise."""
    return {
        "point": point,
        "parameter": "a21026",
        "start": start,
        "seconds": 60,
        "series": "minute",
        "value": number,
        "flag": "N",
        **fields,
    }


def table(*rows: dict[str, Any]) -> pl.DataFrame:
    """Rows of differing fields as a table."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return pl.DataFrame({name: [row.get(name) for row in rows] for name in names})


def values_of(rows: pl.DataFrame) -> Sequence[float | None]:
    return rows["value"].to_list()
