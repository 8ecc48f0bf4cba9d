"""Packets split with PNUM and PNO, and put together again (clause on sub-packets of each edition).

Each part carries whole factors under the same DataTime, so a part can be stored by itself; assembling is
for those who want the packet as it was before it was split.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from .codes import PROTOCOL
from .encoding import content_of, encode
from .packet import WARNINGS, Packet, Value

_CP_SIZE: int = PROTOCOL["sizes"]["parameters"]
_SEGMENT_SIZE: int = PROTOCOL["sizes"]["segment"]


def _fits(packet: Packet) -> bool:
    """Whether a packet keeps to both sizes of the standard, were it numbered with two digits."""
    content = len(content_of(packet).encode())
    bare = replace(packet, values=(), fields={}, data_time=None, packet_count=99, packet_no=99)
    return content <= _CP_SIZE and content + len(encode(bare)) - 12 <= _SEGMENT_SIZE


_Subject = tuple[str, str, str, datetime | None, int]


@dataclass(slots=True)
class _Waiting:
    since: float
    parts: dict[int, Packet]


def split(packet: Packet, next_qn: Callable[[], str]) -> list[Packet]:
    """A packet as parts that fit the standard's 950 and 1 024 bytes, each with whole factors.

    A packet that fits comes back alone and unchanged; else each part gets its own QN from ``next_qn``,
    Flag with the numbering bit, PNUM and PNO. A single factor too large to fit stays whole.
    """
    if _fits(packet):
        return [packet]
    factors: list[list[Value]] = []
    for value in packet.values:
        if factors and factors[-1][-1].code == value.code:
            factors[-1].append(value)
        else:
            factors.append([value])
    filled: list[Packet] = []
    current: list[Value] = []
    for factor in factors:
        longer = replace(packet, values=(*current, *factor))
        if current and not _fits(longer):
            filled.append(replace(packet, values=tuple(current)))
            current = []
        current += factor
    filled.append(replace(packet, values=tuple(current)))
    if len(filled) == 1:
        return [packet]
    flag = 6 if packet.flag is None else packet.flag | 2
    return [
        replace(part, qn=next_qn(), flag=flag, packet_count=len(filled), packet_no=number, raw=b"")
        for number, part in enumerate(filled, 1)
    ]


class Assembler:
    """Keeps the parts of split packets until they are complete.

    Parts belong together by MN, ST, CN, DataTime and PNUM: their QNs differ since 2017. A part sent again
    replaces the earlier one. Memory is bounded by ``limit`` (parts kept) and ``timeout`` (seconds since
    the first part).
    """

    def __init__(self, *, timeout: float = 120.0, limit: int = 10_000) -> None:
        self.timeout = timeout
        self.limit = limit
        self._waiting: dict[_Subject, _Waiting] = {}
        self._kept = 0

    def __len__(self) -> int:
        """Parts kept."""
        return self._kept

    def add(self, packet: Packet, now: float) -> Packet | None:
        """The whole packet when ``packet`` completes it (or was never split), else None.

        ``now`` is any clock in seconds that does not run backwards.
        """
        count, number = packet.packet_count, packet.packet_no
        if count is None or number is None or count < 2 or not 1 <= number <= count:
            return packet
        subject = (packet.mn, packet.st, packet.cn, packet.data_time, count)
        waiting = self._waiting.setdefault(subject, _Waiting(now, {}))
        self._kept += number not in waiting.parts
        waiting.parts[number] = packet
        if len(waiting.parts) < count:
            return None
        return self._whole(subject)

    def expire(self, now: float) -> list[Packet]:
        """Packets given up: those that waited too long, or the oldest when too many wait.

        Each comes with the warning ``incomplete`` and what its parts said.
        """
        given_up = []
        for subject, waiting in list(self._waiting.items()):
            if now - waiting.since < self.timeout and self._kept <= self.limit:
                break  # the dictionary is in order of arrival: the rest is younger
            given_up.append(self._whole(subject))
        return given_up

    def _whole(self, subject: _Subject) -> Packet:
        waiting = self._waiting.pop(subject)
        self._kept -= len(waiting.parts)
        parts = [waiting.parts[number] for number in sorted(waiting.parts)]
        first = parts[0]
        fields: dict[str, str] = {}
        for part in parts:
            for name, text in part.fields.items():
                fields.setdefault(name, text)
        found = {warning for part in parts for warning in part.warnings}
        notes = [note for part in parts for note in part.notes]
        if len(parts) < subject[-1]:
            found.add("incomplete")
            notes.append(f"incomplete: {len(parts)} of {subject[-1]} parts came")
        return replace(
            first,
            flag=None if first.flag is None else first.flag & ~2,
            packet_count=None,
            packet_no=None,
            values=tuple(value for part in parts for value in part.values),
            fields=fields,
            warnings=tuple(name for name in WARNINGS if name in found),
            notes=tuple(notes),
            raw=b"\r\n".join(part.raw for part in parts),
        )
