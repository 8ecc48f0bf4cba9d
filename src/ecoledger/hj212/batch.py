"""Many frames at once: what a server decodes and stores.

The careful codec reads a packet in some hundred microseconds; a server needs ten. Devices repeat the same
*layout* (everything but the values: names, separators, their order) day after day, so a layout is read
once by the careful codec, on a made-up packet, and remembered: which token is which statistic of which
factor, where its flag stands, which warnings the layout earns. Packets of known layouts are then read
together by NumPy: check codes, header, times, numbers, flags. Whatever is out of the ordinary goes to the
careful codec, so both ways give the same result (a property test holds them to it).
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .codec import Key, decode, format_time
from .codes import PROTOCOL, STATISTICS
from .crc import crc16_many, crc16_modbus
from .packet import WARNINGS, Packet, Value

WARNING_BITS: dict[str, int] = {name: 1 << bit for bit, name in enumerate(WARNINGS)}

Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Batch:
    """What a list of frames says, as columns.

    One row a packet that can be trusted (``ok``), in the order of the frames:

    ``index``
        which frame it came in.
    ``edition``, ``st``, ``cn``, ``pw``, ``mn``, ``qn``, ``flag``
        its header; texts as UTF-8 bytes (dtype ``S``), ``flag`` -1 when there was none.
    ``packet_count``, ``packet_no``
        0 when not numbered.
    ``resend``, ``data_time``, ``warnings``
        ``NaT`` when there was no time; warnings as bits (:data:`WARNING_BITS`).

    One row a value, packet by packet:

    ``packet``
        its packet's row.
    ``code``, ``field``
        indices into ``codes`` and ``fields`` (``codes[batch.code[i]]`` is ``"a34004"``).
    ``value``, ``decimals``
        the number and how many digits stood after its point; NaN and -1 when it was missing or no
        number (then also see ``careful``). Texts (``Info``, ``SN``) have no row.
    ``data_flag``, ``eflag``, ``sample_time``
        of its factor; empty and ``NaT`` when not given.

    ``careful`` holds, by row, the packets that the careful codec read: those with texts, other fields or
    anything unusual. :meth:`packet_at` gives any row as a :class:`Packet`. ``faults`` are the frames that
    cannot be trusted: (index, packet with its errors).
    """

    frames: Sequence[bytes]
    index: NDArray[np.int32]
    edition: NDArray[np.int16]
    st: NDArray[np.bytes_]
    cn: NDArray[np.bytes_]
    pw: NDArray[np.bytes_]
    mn: NDArray[np.bytes_]
    qn: NDArray[np.bytes_]
    flag: NDArray[np.int16]
    packet_count: NDArray[np.int32]
    packet_no: NDArray[np.int32]
    resend: Bools
    data_time: NDArray[np.datetime64]
    warnings: NDArray[np.uint32]
    packet: NDArray[np.int32]
    code: NDArray[np.int32]
    field: NDArray[np.int32]
    value: NDArray[np.float64]
    decimals: NDArray[np.int16]
    data_flag: NDArray[np.bytes_]
    eflag: NDArray[np.bytes_]
    sample_time: NDArray[np.datetime64]
    codes: Sequence[str]
    fields: Sequence[str]
    careful: dict[int, Packet]
    faults: tuple[tuple[int, Packet], ...]

    def __len__(self) -> int:
        return len(self.index)

    @property
    def ack(self) -> Bools:
        """Which packets want an answer."""
        wanted: Bools = (self.flag > 0) & (self.flag & 1 == 1)
        return wanted

    def packet_at(self, row: int) -> Packet:
        """The packet of a row, read in full."""
        known = self.careful.get(row)
        return known if known is not None else decode(self.frames[int(self.index[row])])

    def warning_names(self, row: int) -> tuple[str, ...]:
        """The warnings of a packet by name."""
        bits = int(self.warnings[row])
        return tuple(name for name, bit in WARNING_BITS.items() if bits & bit)


# ------------------------------------------------------------------------------------------------
# Layouts

_IGNORED, _NUMBER, _FLAG, _EFLAG, _SAMPLE_TIME, _EMPTY = range(6)
_KINDS = {"flag": _FLAG, "eflag": _EFLAG, "sample_time": _SAMPLE_TIME}
_HEADER = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF")
_SPECIAL = re.compile(rb"([=,;&])")
# Warnings that a layout earns by itself; all others depend on values and are found anew each time.
_OF_LAYOUT = frozenset(("header_order", "separator", "case", "space", "empty_item", "field"))
_DEPENDENT = frozenset(("qn", "mn"))
_FEW = 8  # frames that are read sooner one by one than together
_LIMIT = 20000  # layouts or codes remembered before starting afresh: hostile devices invent them


@dataclass(slots=True)
class _Layout:
    """Where the things of a packet stand among its tokens (a token is what follows one ``=``)."""

    header: list[int]  # token of each _HEADER field, -1 when absent
    data_time: int
    warnings: int
    kinds: list[int]
    codes: list[int]
    fields: list[int]
    flags: list[int]  # for a number: the tokens of its flag, vendor flag, sample time; -1 without
    eflags: list[int]
    sample_times: list[int]


class _Names:
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


def _learn(skeleton: bytes, code: _Names, field: _Names) -> _Layout | None:
    """Read a layout with the careful codec; None when its packets are to be read carefully."""
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
    kinds = [_IGNORED] * len(keys)
    empty = [-1] * len(keys)
    layout = _Layout(
        [-1] * len(_HEADER),
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
            kinds[position] = _EMPTY
            accounted += 1
        elif key in _HEADER and layout.header[_HEADER.index(key)] < 0:
            layout.header[_HEADER.index(key)] = position
            accounted += 1
        elif key == "DataTime" and layout.data_time < 0:
            layout.data_time = position
            accounted += 1
    attributes: set[int] = set()
    for value in packet.values:
        at = place_of.get(value.text)
        if at is None:
            return None
        kinds[at] = _NUMBER
        layout.codes[at] = code(value.code)
        layout.fields[at] = field(value.field)
        accounted += 1
        time = None if value.sample_time is None else format_time(value.sample_time)
        for content, places, kind in (
            (value.flag, layout.flags, _FLAG),
            (value.eflag, layout.eflags, _EFLAG),
            (time, layout.sample_times, _SAMPLE_TIME),
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


class _Layouts:
    """All layouts known, as one table: the tokens of layout ``i`` are rows ``start[i]:start[i]+count[i]``."""

    def __init__(self) -> None:
        self.code = _Names()
        self.field = _Names(name for name, entry in STATISTICS.items() if entry.kind == "number")
        self.known: dict[bytes, int] = {}  # skeleton -> number of the layout, -1: read carefully
        self._new: list[_Layout] = []
        self._count = 0
        nothing: Ints = np.zeros(0, dtype=np.intp)
        self.start, self.count, self.data_time = nothing, nothing, nothing
        self.header: Ints = nothing.reshape(0, len(_HEADER))
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
        self.header = headers.reshape(-1, len(_HEADER))
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


# ------------------------------------------------------------------------------------------------
# Reading tokens, many at a time. ``octets`` ends with 64 zero bytes so that no gather runs over.

_HEX_VALUE = np.full(256, 255, dtype=np.uint8)
for _digit in b"0123456789ABCDEFabcdef":
    _HEX_VALUE[_digit] = int(chr(_digit), 16)
_LOWER_HEX = np.zeros(256, dtype=np.bool_)
_LOWER_HEX[list(b"abcdef")] = True
_UPPER_HEX = np.zeros(256, dtype=np.bool_)
_UPPER_HEX[list(b"0123456789ABCDEF")] = True
_ALPHANUMERIC = np.zeros(256, dtype=np.bool_)
_ALPHANUMERIC[list(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")] = True
_TENS: NDArray[np.int64] = 10 ** np.arange(17, dtype=np.int64)
_SEGMENT_SIZE: int = PROTOCOL["sizes"]["segment"]
_CP_SIZE: int = PROTOCOL["sizes"]["parameters"]
_MISSING = [float(number) for number in PROTOCOL["missing"]["numbers"]]


def _texts(octets: NDArray[np.uint8], starts: Ints, lengths: Ints, width: int) -> NDArray[np.uint8]:
    """Tokens as rows of bytes, zero beyond their length (cut at ``width``)."""
    columns = np.arange(width)
    rows: NDArray[np.uint8] = octets[starts[:, None] + columns]
    rows[columns >= lengths[:, None]] = 0
    return rows


def _joined(rows: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    width = rows.shape[1]
    return np.ascontiguousarray(rows).view(f"S{width}").reshape(-1)


def _numbers(
    octets: NDArray[np.uint8], starts: Ints, lengths: Ints
) -> tuple[NDArray[np.float64], NDArray[np.int16], Bools]:
    """Value, digits after the point, and whether the token is ``-?digits(.digits)?`` of at most 15 digits.

    Mantissa and power of ten are exact, so their quotient is the nearest double, as ``float()`` gives.
    """
    negative = octets[starts] == 0x2D
    starts = starts + negative
    width = (np.minimum(lengths, 100) - negative).astype(np.int8)
    mantissa = np.zeros(len(starts), dtype=np.int64)
    good = (width > 0) & (width <= 16)
    point = np.full(len(starts), -1, dtype=np.int8)
    longest = min(int(width.max(initial=0)), 16)
    for place in range(longest):
        octet = octets[starts + place]
        digit = octet - np.uint8(0x30)
        inside = width > place
        is_digit = inside & (digit < 10)
        is_point = (inside & (octet == 0x2E)) & (point < 0)
        good &= (is_digit | is_point) | ~inside
        np.multiply(mantissa, 10, out=mantissa, where=is_digit)
        np.add(mantissa, digit, out=mantissa, where=is_digit)
        point[is_point] = place
    pointed = point >= 0
    decimals = np.where(pointed, width - 1 - point, 0).astype(np.int16)
    good &= (width - pointed <= 15) & (point != 0) & (~pointed | (decimals > 0))
    value = mantissa / _TENS[np.clip(decimals, 0, 16)]
    return np.where(negative, -value, value), decimals, good


def _times(
    octets: NDArray[np.uint8], starts: Ints, lengths: Ints
) -> tuple[NDArray[np.datetime64], Bools]:
    """``YYYYMMDDhhmmss`` tokens as datetime64[s], and whether they are valid."""
    rows = octets[starts[:, None] + np.arange(14)] - np.uint8(0x30)
    good = (lengths == 14) & (rows < 10).all(axis=1)
    number = rows.astype(np.int64)
    year = number[:, :4] @ np.array([1000, 100, 10, 1])
    month, day, hour, minute, second = (
        number[:, place] * 10 + number[:, place + 1] for place in (4, 6, 8, 10, 12)
    )
    good &= (year >= 1) & (month >= 1) & (month <= 12)
    year = np.where(good, year, 2000)
    month = np.where(good, month, 1)
    first = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = first.astype("datetime64[D]") + (day - 1)
    good &= (day >= 1) & (days.astype("datetime64[M]") == first)
    good &= (hour < 24) & (minute < 60) & (second < 60)
    result = days.astype("datetime64[s]") + (hour * 3600 + minute * 60 + second)
    return np.where(good, result, np.datetime64("NaT")), good


@dataclass(slots=True)
class _Columns:
    """Columns of packets and their values, as Batch has them."""

    packets: dict[str, NDArray[Any]]
    values: dict[str, NDArray[Any]]


_PACKET_TYPES: dict[str, Any] = {
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
_VALUE_TYPES: dict[str, Any] = {
    "packet": np.int32,
    "code": np.int32,
    "field": np.int32,
    "value": np.float64,
    "decimals": np.int16,
    "data_flag": "S4",
    "eflag": "S4",
    "sample_time": "datetime64[s]",
}


def _columns(packets: Sequence[tuple[int, Packet]], code: _Names, field: _Names) -> _Columns:
    """Packets read by the careful codec, as columns."""
    rows: dict[str, list[Any]] = {name: [] for name in _PACKET_TYPES}
    values: dict[str, list[Any]] = {name: [] for name in _VALUE_TYPES}
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
                for name, content in zip(
                    _VALUE_TYPES, _value(row, value, code, field), strict=True
                ):
                    values[name].append(content)
    return _Columns(
        {name: np.array(rows[name], dtype=kind) for name, kind in _PACKET_TYPES.items()},
        {name: np.array(values[name], dtype=kind) for name, kind in _VALUE_TYPES.items()},
    )


def _value(row: int, value: Value, code: _Names, field: _Names) -> tuple[Any, ...]:
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


class BatchDecoder:
    """Decodes batches of frames and remembers the layouts it has seen. Safe to share among threads."""

    def __init__(self) -> None:
        self._layouts = _Layouts()
        self._lock = threading.Lock()

    def __call__(self, frames: Sequence[bytes], *, key: Key = None) -> Batch:
        """Decode frames (without or with line end), tolerantly."""
        with self._lock:
            return self._decode(frames, key)

    def _decode(self, frames: Sequence[bytes], key: Key) -> Batch:
        if self._layouts.full:
            self._layouts = _Layouts()
        layouts = self._layouts
        fast: _Columns | None = None
        odd: list[int] = list(range(len(frames)))
        if len(frames) >= _FEW:
            fast, odd = self._together(frames)
        careful: list[tuple[int, Packet]] = []
        faults: list[tuple[int, Packet]] = []
        for index in odd:
            packet = decode(frames[index], key=key)
            (careful if packet.ok else faults).append((index, packet))
        slow = _columns(careful, layouts.code, layouts.field)
        packets, values, places = _merged(fast, slow)
        return Batch(
            frames=frames,
            **packets,
            **values,
            codes=layouts.code.names,
            fields=layouts.field.names,
            careful={place: packet for place, (_, packet) in zip(places, careful, strict=True)},
            faults=tuple(faults),
        )

    def _together(self, frames: Sequence[bytes]) -> tuple[_Columns | None, list[int]]:
        """The frames of known layouts read together, and the indices of the others."""
        sizes = np.fromiter(map(len, frames), dtype=np.intp, count=len(frames))
        chosen: Ints = np.flatnonzero((sizes >= 24) & (sizes <= 9000))
        if not len(chosen):
            return None, list(range(len(frames)))
        buffer = _Buffer.of([frames[i] for i in chosen.tolist()])
        good = _well_framed(buffer)
        buffer, chosen = buffer.only(good), chosen[good]
        bits, good = _checked(buffer)
        buffer, chosen, bits = buffer.only(good), chosen[good], bits[good]
        numbers = self._layouts_of(buffer)
        good = numbers >= 0
        buffer, chosen, bits, numbers = buffer.only(good), chosen[good], bits[good], numbers[good]
        columns: _Columns | None = None
        if len(chosen):
            columns, good = self._read(buffer, numbers, chosen, bits)
            chosen = chosen[good]
        left = np.ones(len(frames), dtype=np.bool_)
        left[chosen] = False
        return columns, np.flatnonzero(left).tolist()

    def _layouts_of(self, buffer: _Buffer) -> Ints:
        """The number of each frame's layout, learning those not seen before."""
        layouts = self._layouts
        if not len(buffer.starts):
            return np.zeros(0, dtype=np.intp)
        tokens = buffer.tokens()
        octets = buffer.octets
        bounds = np.zeros(2 * len(tokens.starts) + 2, dtype=np.intp)
        bounds[1:-1:2] = tokens.starts
        bounds[2:-1:2] = tokens.ends
        bounds[-1] = len(octets)
        named = np.ones(len(bounds) - 1, dtype=np.bool_)
        named[1::2] = False
        names = octets[np.repeat(named, np.diff(bounds))].tobytes()  # all but the values
        removed = np.concatenate(([0], np.cumsum(tokens.ends - tokens.starts)))
        begins = buffer.starts - removed[tokens.first] + 6
        stops = buffer.ends - removed[tokens.first + tokens.count] - 4
        skeletons = [
            names[begin:stop] for begin, stop in zip(begins.tolist(), stops.tolist(), strict=True)
        ]
        known = layouts.known
        numbers = [known.get(skeleton, -2) for skeleton in skeletons]
        if -2 in numbers:
            for position, number in enumerate(numbers):
                if number == -2:
                    found = known.get(skeletons[position])
                    if found is None:
                        found = layouts.add(skeletons[position])
                    numbers[position] = found
            layouts.freeze()
        return np.array(numbers, dtype=np.intp)

    def _read(
        self, buffer: _Buffer, numbers: Ints, chosen: Ints, bits: NDArray[np.uint32]
    ) -> tuple[_Columns, Bools]:
        layouts = self._layouts
        tokens = buffer.tokens()
        octets = buffer.octets
        packets, good = _headers(buffer, layouts, numbers)
        packets["index"] = chosen
        packets["warnings"] |= bits
        owner = np.repeat(np.arange(len(numbers)), tokens.count)
        slot = np.arange(len(owner)) + np.repeat(
            layouts.start[numbers] - tokens.first, tokens.count
        )
        kinds = layouts.kinds[slot]
        lengths = tokens.ends - tokens.starts
        opening = np.flatnonzero(kinds == _EMPTY)  # the token of CP, one a packet
        good &= lengths[opening] == 0
        content = buffer.ends - 6 - (tokens.starts[opening] + 2)
        too_long = (content > _CP_SIZE) | (buffer.ends - buffer.starts - 10 > _SEGMENT_SIZE)
        packets["warnings"][too_long] |= np.uint32(WARNING_BITS["size"])

        at = np.flatnonzero(kinds == _NUMBER)
        value, decimals, valid = _numbers(octets, tokens.starts[at], lengths[at])
        good[owner[at[~valid]]] = False
        missing = np.isin(value, _MISSING)
        if missing.any():
            value[missing] = np.nan
            decimals[missing] = -1
            rows = np.unique(owner[at[missing]])
            packets["warnings"][rows] |= np.uint32(WARNING_BITS["missing"])
        values: dict[str, NDArray[Any]] = {
            "packet": owner[at],
            "code": layouts.codes[slot[at]],
            "field": layouts.fields[slot[at]],
            "value": value,
            "decimals": decimals,
        }
        base = tokens.first[owner[at]]
        for name, kind, places in (
            ("data_flag", _FLAG, layouts.flags),
            ("eflag", _EFLAG, layouts.eflags),
        ):
            marks = np.zeros(len(owner), dtype=np.uint32)  # four letters each
            marked = np.flatnonzero(kinds == kind)
            rows_of = _texts(octets, tokens.starts[marked], lengths[marked], 4)
            fit = (lengths[marked] >= 1) & (lengths[marked] <= 4)
            fit &= (_ALPHANUMERIC[rows_of] | (rows_of == 0)).all(axis=1)
            good[owner[marked[~fit]]] = False
            marks[marked] = rows_of.view(np.uint32).reshape(-1)
            place = places[slot[at]]
            values[name] = np.where(place >= 0, marks[base + np.maximum(place, 0)], 0).view("S4")
        times = np.full(len(owner), np.datetime64("NaT"), dtype="datetime64[s]")
        timed = np.flatnonzero(kinds == _SAMPLE_TIME)
        if len(timed):
            times[timed], valid = _times(octets, tokens.starts[timed], lengths[timed])
            good[owner[timed[~valid]]] = False
        place = layouts.sample_times[slot[at]]
        values["sample_time"] = np.where(
            place >= 0, times[base + np.maximum(place, 0)], np.datetime64("NaT")
        )
        if not good.all():
            renumbered = np.cumsum(good) - 1
            keep = good[values["packet"]]
            values = {name: column[keep] for name, column in values.items()}
            values["packet"] = renumbered[values["packet"]]
            packets = {name: column[good] for name, column in packets.items()}
        return _Columns(packets, values), good


@dataclass(slots=True)
class _Tokens:
    """What follows each ``=``, in all frames: where it starts and ends; each frame's first and count."""

    starts: Ints
    ends: Ints
    first: Ints
    count: Ints


class _Buffer:
    """Frames laid one after another."""

    __slots__ = ("_tokens", "ends", "octets", "starts")

    def __init__(self, octets: NDArray[np.uint8], starts: Ints, ends: Ints) -> None:
        self.octets = octets
        self.starts = starts
        self.ends = ends
        self._tokens: _Tokens | None = None

    def only(self, chosen: Bools) -> _Buffer:
        """The chosen frames alone."""
        if chosen.all():
            return self
        octets = self.octets
        pieces = zip(self.starts[chosen].tolist(), self.ends[chosen].tolist(), strict=True)
        return self.of([octets[start:end].tobytes() for start, end in pieces])

    @classmethod
    def of(cls, frames: Sequence[bytes]) -> _Buffer:
        sizes = np.fromiter(map(len, frames), dtype=np.intp, count=len(frames))
        ends = np.cumsum(sizes)
        return cls(np.frombuffer(b"".join([*frames, bytes(64)]), np.uint8), ends - sizes, ends)

    def tokens(self) -> _Tokens:
        """Only for well-framed frames: each ends in ``&&``, so no token reaches into the next."""
        if self._tokens is None:
            octets = self.octets
            special = (octets == 0x3D) | (octets == 0x2C) | (octets == 0x3B) | (octets == 0x26)
            places = np.flatnonzero(special)
            equals = np.flatnonzero(octets[places] == 0x3D)
            starts = places[equals] + 1
            first = np.searchsorted(starts, self.starts)
            count = np.diff(np.append(first, len(starts)))
            self._tokens = _Tokens(starts, places[equals + 1], first, count)
        return self._tokens


def _well_framed(buffer: _Buffer) -> Bools:
    """``##``, a length that is right, ``&&`` and four hexadecimal digits at the end."""
    octets, starts, ends = buffer.octets, buffer.starts, buffer.ends
    digits = octets[starts[:, None] + np.arange(2, 6)] - np.uint8(0x30)
    stated = digits.astype(np.intp) @ np.array([1000, 100, 10, 1])
    good: Bools = (
        (octets[starts] == 0x23)
        & (octets[starts + 1] == 0x23)
        & (digits < 10).all(axis=1)
        & (stated == ends - starts - 10)
        & (octets[ends - 5] == 0x26)
        & (octets[ends - 6] == 0x26)
        & (_HEX_VALUE[octets[ends[:, None] + np.arange(-4, 0)]] < 16).all(axis=1)
    )
    return good


def _checked(buffer: _Buffer) -> tuple[NDArray[np.uint32], Bools]:
    """Warnings that the check code earns, and whether it is right by annex A or by Modbus."""
    octets, starts, ends = buffer.octets, buffer.starts + 6, buffer.ends - 4
    written = octets[ends[:, None] + np.arange(4)]
    given = _HEX_VALUE[written].astype(np.int64) @ np.array([4096, 256, 16, 1])
    good: Bools = crc16_many(octets, starts, ends) == given
    bits = np.zeros(len(starts), dtype=np.uint32)
    bits[_LOWER_HEX[written].any(axis=1)] |= np.uint32(WARNING_BITS["crc_case"])
    for row in np.flatnonzero(~good).tolist():
        if crc16_modbus(octets[starts[row] : ends[row]].tobytes()) == given[row]:
            good[row] = True
            bits[row] |= np.uint32(WARNING_BITS["crc_modbus"])
    return bits, good


def _headers(
    buffer: _Buffer, layouts: _Layouts, numbers: Ints
) -> tuple[dict[str, NDArray[Any]], Bools]:
    """Columns of the packets' headers, and which packets the careful codec would read the same way."""
    tokens, octets = buffer.tokens(), buffer.octets
    places = layouts.header[numbers]
    good = np.ones(len(numbers), dtype=np.bool_)
    warnings = layouts.warnings[numbers]

    def token(name: str) -> tuple[Bools, Ints, Ints]:
        """Whether the packet has this field, and its token's start and length (0 without)."""
        place = places[:, _HEADER.index(name)]
        given = place >= 0
        at = tokens.first + np.maximum(place, 0)
        return given, tokens.starts[at], np.where(given, tokens.ends[at] - tokens.starts[at], 0)

    def text(name: str, width: int) -> tuple[NDArray[np.uint8], Bools, Ints]:
        given, starts, lengths = token(name)
        rows = _texts(octets, starts, lengths, width)
        good[(lengths > width) | ~(_ALPHANUMERIC[rows] | (rows == 0)).all(axis=1)] = False
        return rows, given, lengths

    def integer(name: str, absent: int) -> tuple[NDArray[np.int64], Bools]:
        """At most four digits."""
        rows, given, lengths = text(name, 4)
        digits = rows - np.uint8(0x30)
        inside = np.arange(4) < lengths[:, None]
        good[given & ((lengths == 0) | (inside & (digits > 9)).any(axis=1))] = False
        number = np.zeros(len(rows), dtype=np.int64)
        for column in range(4):
            number = np.where(inside[:, column], number * 10 + digits[:, column], number)
        return np.where(given, number, absent), given

    def warn(name: str, where: Bools) -> None:
        warnings[where] |= np.uint32(WARNING_BITS[name])

    qn, qn_given, _ = text("QN", 20)
    given, starts, lengths = token("QN")
    _, valid = _times(octets, starts, np.where(lengths == 17, 14, 0))
    good &= ~given | (valid & (qn[:, 14:17] - np.uint8(0x30) < 10).all(axis=1))
    st, _, st_lengths = text("ST", 2)
    cn, _, cn_lengths = text("CN", 4)
    good &= (st_lengths == 2) & (cn_lengths == 4) & (cn - np.uint8(0x30) < 10).all(axis=1)
    pw, _, pw_lengths = text("PW", 32)
    mn, _, mn_lengths = text("MN", 32)
    flag, flag_given = integer("Flag", -1)
    good &= flag < 12
    version = np.maximum(flag, 0) >> 2
    edition = np.array([2005, 2017, 2025, 2025])[np.minimum(version, 3)]
    count, count_given = integer("PNUM", 0)
    number, number_given = integer("PNO", 0)
    numbered = count_given | number_given
    good &= (count_given == number_given) & (~numbered | ((number >= 1) & (number <= count)))
    good &= numbered == (flag_given & (flag & 2 == 2))
    resend, resend_given = integer("RF", 0)
    good &= ~resend_given | ((resend == 1) & (token("RF")[2] == 1))

    warn("pw", pw_lengths != 6)
    warn("qn", ~qn_given & (edition != 2005))
    fits = np.where(edition == 2005, mn_lengths == 14, mn_lengths == 24)
    fits &= (edition != 2017) | _UPPER_HEX[mn[:, :24]].all(axis=1)
    warn("mn", ~fits)

    place = layouts.data_time[numbers]
    at = tokens.first + np.maximum(place, 0)
    time, valid = _times(
        octets, tokens.starts[at], np.where(place >= 0, tokens.ends[at] - tokens.starts[at], 0)
    )
    good &= valid | (place < 0)
    return {
        "edition": edition,
        "st": _joined(st),
        "cn": _joined(cn),
        "pw": _joined(pw),
        "mn": _joined(mn),
        "qn": _joined(qn),
        "flag": flag,
        "packet_count": count,
        "packet_no": number,
        "resend": resend == 1,
        "data_time": time,
        "warnings": warnings,
    }, good


def _merged(
    fast: _Columns | None, slow: _Columns
) -> tuple[dict[str, NDArray[Any]], dict[str, NDArray[Any]], list[int]]:
    """Columns of both ways in the order of the frames, and the rows that the slow ones came to."""
    slow_count = len(slow.packets["index"])
    if fast is None:
        return slow.packets, slow.values, list(range(slow_count))
    fast_count = len(fast.packets["index"])
    packets = {
        name: np.concatenate((fast.packets[name].astype(kind), slow.packets[name]))
        for name, kind in _PACKET_TYPES.items()
    }
    values = {
        name: np.concatenate((fast.values[name].astype(kind), slow.values[name]))
        for name, kind in _VALUE_TYPES.items()
    }
    if not slow_count:
        return packets, values, []
    values["packet"][len(fast.values["packet"]) :] += fast_count
    order = np.argsort(packets["index"], kind="stable")
    rank = np.empty_like(order)
    rank[order] = np.arange(len(order))
    packets = {name: column[order] for name, column in packets.items()}
    values["packet"] = rank[values["packet"]].astype(np.int32)
    by_packet = np.argsort(values["packet"], kind="stable")
    values = {name: column[by_packet] for name, column in values.items()}
    return packets, values, rank[fast_count:].tolist()


decode_many = BatchDecoder()
"""The process's own decoder: ``decode_many(frames)`` gives a :class:`Batch`."""
