"""Packets and their values as columns, whichever way they were read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .layouts import Names
from .packet import Packet, Value
from .warning_bits import WARNING_BITS


@dataclass(slots=True)
class Columns:
    """Columns of packets and their values, as Batch has them."""

    packets: dict[str, NDArray[Any]]
    values: dict[str, NDArray[Any]]


PACKET_TYPES: dict[str, Any] = {
    "index": np.int32,
    "edition": np.int16,
    "st": "S2",
    "cn": "S4",
    "pw": "S32",
    "mn": "S32",
    "qn": "S20",
    "flag": np.int16,
    "packet_count": np.int32,
    "packet_no": np.int32,
    "resend": np.bool_,
    "data_time": "datetime64[s]",
    "warnings": np.uint32,
}
VALUE_TYPES: dict[str, Any] = {
    "packet": np.int32,
    "code": np.int32,
    "field": np.int32,
    "value": np.float64,
    "decimals": np.int16,
    "data_flag": "S4",
    "eflag": "S4",
    "sample_time": "datetime64[s]",
}


def columns_of(packets: Sequence[tuple[int, Packet]], code: Names, field: Names) -> Columns:
    """Packets read by careful decoding, as columns."""
    rows: dict[str, list[Any]] = {name: [] for name in PACKET_TYPES}
    values: dict[str, list[Any]] = {name: [] for name in VALUE_TYPES}
    for row, (index, packet) in enumerate(packets):
        for name, content in (
            ("index", index),
            ("edition", packet.edition),
            ("st", packet.st.encode()),
            ("cn", packet.cn.encode()),
            ("pw", packet.pw.encode()),
            ("mn", packet.mn.encode()),
            ("qn", packet.qn.encode()),
            ("flag", -1 if packet.flag is None else packet.flag),
            ("packet_count", packet.packet_count or 0),
            ("packet_no", packet.packet_no or 0),
            ("resend", packet.resend),
            ("data_time", packet.data_time),
            ("warnings", sum(WARNING_BITS[warning] for warning in packet.warnings)),
        ):
            rows[name].append(content)
        for value in packet.values:
            if not isinstance(value.value, str):
                for name, content in zip(VALUE_TYPES, _value(row, value, code, field), strict=True):
                    values[name].append(content)
    return Columns(
        {name: np.array(rows[name], dtype=kind) for name, kind in PACKET_TYPES.items()},
        {name: np.array(values[name], dtype=kind) for name, kind in VALUE_TYPES.items()},
    )


def _value(row: int, value: Value, code: Names, field: Names) -> tuple[Any, ...]:
    number, decimals = np.nan, -1
    if isinstance(value.value, Decimal):
        number = float(value.value)
        exponent = value.value.as_tuple().exponent
        decimals = max(0, -exponent) if isinstance(exponent, int) else -1
    return (
        row,
        code(value.code),
        field(value.field),
        number,
        decimals,
        (value.flag or "").encode(),
        (value.eflag or "").encode(),
        value.sample_time,
    )


def merged(
    fast: Columns | None, slow: Columns
) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]], list[int]]:
    """Columns of both ways in the order of the frames, and the rows that the slow ones came to."""
    slow_count = len(slow.packets["index"])
    if fast is None:
        return slow.packets, slow.values, list(range(slow_count))
    packets = {name: fast.packets[name].astype(kind) for name, kind in PACKET_TYPES.items()}
    values = {name: fast.values[name].astype(kind) for name, kind in VALUE_TYPES.items()}
    if not slow_count:
        return packets, values, []
    fast_count = len(fast.packets["index"])
    packets = {
        name: np.concatenate((column, slow.packets[name])) for name, column in packets.items()
    }
    values = {name: np.concatenate((column, slow.values[name])) for name, column in values.items()}
    values["packet"][len(fast.values["packet"]) :] += fast_count
    order = np.argsort(packets["index"], kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    packets = {name: column[order] for name, column in packets.items()}
    values["packet"] = rank[values["packet"]].astype(np.int32)
    by_packet = np.argsort(values["packet"], kind="stable")
    values = {name: column[by_packet] for name, column in values.items()}
    return packets, values, rank[fast_count:].tolist()
