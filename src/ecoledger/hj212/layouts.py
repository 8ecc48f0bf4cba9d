"""Layouts of packets: everything but the values, read once by careful decoding and remembered."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .codes import STATISTICS
from .crc import crc16_modbus
from .decoding import decode
from .octets import (
    Ints,
)
from .times import format_time
from .warning_bits import WARNING_BITS

IGNORED, NUMBER, FLAG, EFLAG, SAMPLE_TIME, EMPTY = range(6)
_KINDS = {"flag": FLAG, "eflag": EFLAG, "sample_time": SAMPLE_TIME}
HEADER = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF")
_SPECIAL = re.compile(rb"([=,;&])")
# Warnings that a layout earns by itself; all others depend on values and are found anew each time.
_OF_LAYOUT = frozenset(("header_order", "separator", "case", "space", "empty_item", "field"))
_DEPENDENT = frozenset(("qn", "mn"))
_LIMIT = 20000  # layouts or codes remembered before starting afresh: hostile devices invent them


@dataclass(slots=True)
class _Layout:
    """Where the things of a packet stand among its tokens (a token is what follows one ``=``)."""

    header: list[int]  # token of each HEADER field, -1 when absent
    data_time: int
    warnings: int
    kinds: list[int]
    codes: list[int]
    fields: list[int]
    flags: list[int]  # for a number: the tokens of its flag, vendor flag, sample time; -1 without
    eflags: list[int]
    sample_times: list[int]


class Names:
    """A growing list of names with their indices."""

    def __init__(self, names: Iterable[str] = ()) -> None:
        self.names = list(names)
        self._index = {name: number for number, name in enumerate(self.names)}

    def __call__(self, name: str) -> int:
        number = self._index.get(name)
        if number is None:
            number = self._index[name] = len(self.names)
            self.names.append(name)
        return number


def _made_up(keys: Sequence[str]) -> list[str]:
    """A distinct, well-formed value for each token of a layout, by which to recognise it again."""
    numbered = "PNUM" in keys or "PNO" in keys
    fixed = {
        "QN": "20200101000000000",
        "ST": "22",
        "CN": "2011",
        "PW": "123456",
        "MN": "0" * 24,
        "FLAG": "6" if numbered else "4",
        "PNUM": "1",
        "PNO": "1",
        "RF": "1",
        "CP": "",
        "DATATIME": "20200101000000",
    }
    values = []
    for position, key in enumerate(keys):
        suffix = key.rpartition("-")[2].lower() if "-" in key else ""
        if key.upper() in fixed and "-" not in key:
            values.append(fixed[key.upper()])
        elif suffix in ("flag", "eflag"):
            values.append(f"{position:04}")
        elif suffix == "sampletime":
            time = datetime(2001, 1, 1) + timedelta(seconds=position)
            values.append(time.strftime("%Y%m%d%H%M%S"))
        else:
            values.append(f"{position}.5")
    return values


def _learn(skeleton: bytes, code: Names, field: Names) -> _Layout | None:
    """Read a layout with careful decoding; None when its packets are to be read carefully."""
    parts = _SPECIAL.split(skeleton)  # text, special, text, special, ..., text
    keys = []
    for position in range(1, len(parts), 2):
        if parts[position] == b"=":
            try:
                keys.append(parts[position - 1].strip().decode("ascii"))
            except UnicodeDecodeError:
                return None
    if len({key.lower() for key in keys}) < len(keys):
        return None  # repeated keys mean what their values make of them
    filled = []
    made_up = _made_up(keys)
    place_of = {text: position for position, text in enumerate(made_up)}
    values = iter(made_up)
    for position, part in enumerate(parts):
        filled.append(part)
        if position % 2 and part == b"=":
            filled.append(next(values).encode())
    segment = b"".join(filled)
    # The CRC-16/Modbus and length of the made-up packet are right; what else it earns, the layout does.
    packet = decode(b"##%04d%b%04X" % (len(segment) % 10000, segment, crc16_modbus(segment)))
    odd = set(packet.warnings) - _OF_LAYOUT - _DEPENDENT - {"crc_modbus", "size", "packet_number"}
    texts = [value for value in packet.values if not isinstance(value.value, Decimal)]
    if odd or packet.fields or texts or len(segment) > 9000:
        return None
    if set(packet.errors) - {"crc", "length"}:
        return None
    kinds = [IGNORED] * len(keys)
    empty = [-1] * len(keys)
    layout = _Layout(
        [-1] * len(HEADER),
        -1,
        0,
        kinds,
        [0] * len(keys),
        [0] * len(keys),
        *(list(empty) for _ in range(3)),
    )
    accounted = 0
    for position, key in enumerate(keys):
        if key == "CP":
            kinds[position] = EMPTY
            accounted += 1
        elif key in HEADER and layout.header[HEADER.index(key)] < 0:
            layout.header[HEADER.index(key)] = position
            accounted += 1
        elif key == "DataTime" and layout.data_time < 0:
            layout.data_time = position
            accounted += 1
    attributes: set[int] = set()
    for value in packet.values:
        at = place_of.get(value.text)
        if at is None:
            return None
        kinds[at] = NUMBER
        layout.codes[at] = code(value.code)
        layout.fields[at] = field(value.field)
        accounted += 1
        time = None if value.sample_time is None else format_time(value.sample_time)
        for content, places, kind in (
            (value.flag, layout.flags, FLAG),
            (value.eflag, layout.eflags, EFLAG),
            (time, layout.sample_times, SAMPLE_TIME),
        ):
            if content is None:
                continue
            owner = place_of.get(content)
            if owner is None:
                return None
            places[at] = owner
            kinds[owner] = kind
            attributes.add(owner)
    if accounted + len(attributes) != len(keys) or keys.count("CP") != 1:
        return None
    layout.warnings = sum(WARNING_BITS[name] for name in packet.warnings if name in _OF_LAYOUT)
    return layout


class Layouts:
    """All layouts known, as one table: the tokens of layout ``i`` are rows ``start[i]:start[i]+count[i]``."""

    def __init__(self) -> None:
        self.code = Names()
        self.field = Names(name for name, entry in STATISTICS.items() if entry.kind == "number")
        self.known: dict[bytes, int] = {}  # skeleton -> number of the layout, -1: read carefully
        self._new: list[_Layout] = []
        self._count = 0
        nothing: Ints = np.zeros(0, dtype=np.intp)
        self.start, self.count, self.data_time = nothing, nothing, nothing
        self.header: Ints = nothing.reshape(0, len(HEADER))
        self.warnings = nothing.astype(np.uint32)
        self.kinds = nothing.astype(np.int8)
        self.codes, self.fields = nothing.astype(np.int32), nothing.astype(np.int32)
        self.flags, self.eflags, self.sample_times = nothing, nothing, nothing

    def add(self, skeleton: bytes) -> int:
        layout = _learn(skeleton, self.code, self.field)
        number = -1
        if layout is not None:
            number = self._count
            self._count += 1
            self._new.append(layout)
        self.known[skeleton] = number
        return number

    @property
    def full(self) -> bool:
        return len(self.known) > _LIMIT or len(self.code.names) > _LIMIT

    def freeze(self) -> None:
        """Bring the table up to date with the layouts added."""
        new, self._new = self._new, []

        def more(before: NDArray[Any], of: Callable[[_Layout], list[int]]) -> NDArray[Any]:
            added = np.array([item for row in new for item in of(row)], dtype=before.dtype)
            return np.concatenate((before, added))

        headers = more(self.header.reshape(-1), lambda row: row.header)
        self.header = headers.reshape(-1, len(HEADER))
        self.count = more(self.count, lambda row: [len(row.kinds)])
        self.start = np.cumsum(self.count) - self.count
        self.data_time = more(self.data_time, lambda row: [row.data_time])
        self.warnings = more(self.warnings, lambda row: [row.warnings])
        self.kinds = more(self.kinds, lambda row: row.kinds)
        self.codes = more(self.codes, lambda row: row.codes)
        self.fields = more(self.fields, lambda row: row.fields)
        self.flags = more(self.flags, lambda row: row.flags)
        self.eflags = more(self.eflags, lambda row: row.eflags)
        self.sample_times = more(self.sample_times, lambda row: row.sample_times)
