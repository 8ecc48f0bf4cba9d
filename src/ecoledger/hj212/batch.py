"""Many frames at once: what a server decodes and stores.

Careful decoding reads a packet in some hundred microseconds; a server needs ten. Devices repeat the same
*layout* (everything but the values: names, separators, their order) day after day, so a layout is read
once by careful decoding, on a made-up packet, and remembered: which token is which statistic of which
factor, where its flag stands, which warnings the layout earns. Packets of known layouts are then read
together by NumPy: check codes, header, times, numbers, flags. Whatever is out of the ordinary goes to the
careful decoding, so both ways give the same result (a property test holds them to it).
"""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .codes import PROTOCOL
from .columns import Columns, columns_of, merged
from .decoding import Key, decode
from .layouts import EFLAG, EMPTY, FLAG, HEADER, NUMBER, SAMPLE_TIME, Layouts
from .octets import (
    ALPHANUMERIC,
    UPPER_HEX,
    Bools,
    Buffer,
    Ints,
    checked,
    joined,
    numbers_of,
    texts,
    times_of,
    well_framed,
)
from .packet import Packet
from .warning_bits import WARNING_BITS

_FEW = 8  # frames that are read sooner one by one than together
_SEGMENT_SIZE: int = PROTOCOL["sizes"]["segment"]
_CP_SIZE: int = PROTOCOL["sizes"]["parameters"]
_MISSING = [float(number) for number in PROTOCOL["missing"]["numbers"]]


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

    ``careful`` holds, by row, the packets that careful decoding read: those with texts, other fields or
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


class BatchDecoder:
    """Decodes batches of frames and remembers the layouts it has seen. Safe to share among threads."""

    def __init__(self) -> None:
        self._layouts = Layouts()
        self._lock = threading.Lock()

    def __call__(self, frames: Sequence[bytes], *, key: Key = None) -> Batch:
        """Decode frames (without or with line end), tolerantly."""
        with self._lock:
            return self._decode(frames, key)

    def _decode(self, frames: Sequence[bytes], key: Key) -> Batch:
        if self._layouts.full:
            self._layouts = Layouts()
        layouts = self._layouts
        fast: Columns | None = None
        odd: list[int] = list(range(len(frames)))
        if len(frames) >= _FEW:
            fast, odd = self._together(frames)
        careful: list[tuple[int, Packet]] = []
        faults: list[tuple[int, Packet]] = []
        for index in odd:
            packet = decode(frames[index], key=key)
            (careful if packet.ok else faults).append((index, packet))
        slow = columns_of(careful, layouts.code, layouts.field)
        packets, values, places = merged(fast, slow)
        return Batch(
            frames=frames,
            **packets,
            **values,
            codes=layouts.code.names,
            fields=layouts.field.names,
            careful={place: packet for place, (_, packet) in zip(places, careful, strict=True)},
            faults=tuple(faults),
        )

    def _together(self, frames: Sequence[bytes]) -> tuple[Columns | None, list[int]]:
        """The frames of known layouts read together, and the indices of the others."""
        sizes = np.fromiter(map(len, frames), dtype=np.intp, count=len(frames))
        chosen: Ints = np.flatnonzero((sizes >= 24) & (sizes <= 9000))
        if not len(chosen):
            return None, list(range(len(frames)))
        buffer = Buffer.of([frames[i] for i in chosen.tolist()])
        good = well_framed(buffer)
        buffer, chosen = buffer.only(good), chosen[good]
        bits, good = checked(buffer)
        buffer, chosen, bits = buffer.only(good), chosen[good], bits[good]
        numbers = self._layouts_of(buffer)
        good = numbers >= 0
        buffer, chosen, bits, numbers = buffer.only(good), chosen[good], bits[good], numbers[good]
        columns: Columns | None = None
        if len(chosen):
            columns, good = self._read(buffer, numbers, chosen, bits)
            chosen = chosen[good]
        left = np.ones(len(frames), dtype=np.bool_)
        left[chosen] = False
        return columns, np.flatnonzero(left).tolist()

    def _layouts_of(self, buffer: Buffer) -> Ints:
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
        self, buffer: Buffer, numbers: Ints, chosen: Ints, bits: NDArray[np.uint32]
    ) -> tuple[Columns, Bools]:
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
        opening = np.flatnonzero(kinds == EMPTY)  # the token of CP, one a packet
        good &= lengths[opening] == 0
        content = buffer.ends - 6 - (tokens.starts[opening] + 2)
        too_long = (content > _CP_SIZE) | (buffer.ends - buffer.starts - 10 > _SEGMENT_SIZE)
        packets["warnings"][too_long] |= np.uint32(WARNING_BITS["size"])

        at = np.flatnonzero(kinds == NUMBER)
        value, decimals, valid = numbers_of(octets, tokens.starts[at], lengths[at])
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
            ("data_flag", FLAG, layouts.flags),
            ("eflag", EFLAG, layouts.eflags),
        ):
            marks = np.zeros(len(owner), dtype=np.uint32)  # four letters each
            marked = np.flatnonzero(kinds == kind)
            rows_of = texts(octets, tokens.starts[marked], lengths[marked], 4)
            fit = (lengths[marked] >= 1) & (lengths[marked] <= 4)
            fit &= (ALPHANUMERIC[rows_of] | (rows_of == 0)).all(axis=1)
            good[owner[marked[~fit]]] = False
            marks[marked] = rows_of.view(np.uint32).reshape(-1)
            place = places[slot[at]]
            values[name] = np.where(place >= 0, marks[base + np.maximum(place, 0)], 0).view("S4")
        times = np.full(len(owner), np.datetime64("NaT"), dtype="datetime64[s]")
        timed = np.flatnonzero(kinds == SAMPLE_TIME)
        if len(timed):
            times[timed], valid = times_of(octets, tokens.starts[timed], lengths[timed])
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
        return Columns(packets, values), good


def _headers(
    buffer: Buffer, layouts: Layouts, numbers: Ints
) -> tuple[dict[str, NDArray[Any]], Bools]:
    """Columns of the packets' headers, and which packets careful decoding would read the same way."""
    tokens, octets = buffer.tokens(), buffer.octets
    good = np.ones(len(numbers), dtype=np.bool_)
    warnings = layouts.warnings[numbers]
    # Of each field of HEADER: which packets have it, where its token starts and how long it is (0 without).
    places = layouts.header[numbers].T
    present = places >= 0
    at = tokens.first + np.maximum(places, 0)
    begins = tokens.starts[at]
    sizes = np.where(present, tokens.ends[at] - begins, 0)

    def token(name: str) -> tuple[Bools, Ints, Ints]:
        field = HEADER.index(name)
        return present[field], begins[field], sizes[field]

    def text(name: str, width: int) -> tuple[NDArray[np.uint8], Bools, Ints]:
        given, starts, lengths = token(name)
        if not given.any():
            return np.zeros((len(given), width), dtype=np.uint8), given, lengths
        rows = texts(octets, starts, lengths, width)
        good[(lengths > width) | ~(ALPHANUMERIC[rows] | (rows == 0)).all(axis=1)] = False
        return rows, given, lengths

    def integer(name: str, absent: int) -> tuple[NDArray[np.int64], Bools]:
        """At most four digits."""
        rows, given, lengths = text(name, 4)
        if not given.any():
            return np.full(len(given), absent), given
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
    _, valid = times_of(octets, starts, np.where(lengths == 17, 14, 0))
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
    fits &= (edition != 2017) | UPPER_HEX[mn[:, :24]].all(axis=1)
    warn("mn", ~fits)

    place = layouts.data_time[numbers]
    at = tokens.first + np.maximum(place, 0)
    time, valid = times_of(
        octets, tokens.starts[at], np.where(place >= 0, tokens.ends[at] - tokens.starts[at], 0)
    )
    good &= valid | (place < 0)
    return {
        "edition": edition,
        "st": joined(st),
        "cn": joined(cn),
        "pw": joined(pw),
        "mn": joined(mn),
        "qn": joined(qn),
        "flag": flag,
        "packet_count": count,
        "packet_no": number,
        "resend": resend == 1,
        "data_time": time,
        "warnings": warnings,
    }, good


decode_many = BatchDecoder()
"""The process's own decoder: ``decode_many(frames)`` gives a :class:`Batch`."""
