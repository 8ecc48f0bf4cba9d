"""From a :class:`Packet` to the bytes of its frame."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import numpy as np

from . import sm4
from .crc import crc16, crc16_many
from .packet import Packet, Value
from .times import format_time

# Bytes between segments whose check codes are computed together; crc16_many asks for seven.
_GAP = 8
_FORBIDDEN = re.compile(r"[,;=&\x00-\x1f\x7f]")
_LOG = re.compile(r"//[^\x00-\x1f\x7f]*//")


def _checked(text: str, where: str, *, log: bool = False) -> str:
    if log and _LOG.fullmatch(text) and "//" not in text[2:-2] and "&&" not in text:
        return text
    if _FORBIDDEN.search(text) or text != text.strip():
        raise ValueError(f"{where}={text!r} cannot be sent: it holds , ; = & or control characters")
    return text


def _value_items(values: tuple[Value, ...]) -> Iterator[str]:
    """Items of a CP area: one for each run of values of one factor, sample and flag."""
    position = 0
    while position < len(values):
        first = values[position]
        belongs = (first.code, first.flag, first.eflag, first.sample_time)
        parts: list[str] = []
        seen: set[str] = set()
        code = _checked(first.code, "code")
        if first.sample_time is not None:
            parts.append(f"{code}-SampleTime={format_time(first.sample_time)}")
        while position < len(values):
            value = values[position]
            same = (value.code, value.flag, value.eflag, value.sample_time) == belongs
            if not same or value.field in seen:
                break
            seen.add(value.field)
            where = f"{code}-{_checked(value.field, 'field')}"
            parts.append(f"{where}={_checked(value.text, where, log=value.field == 'Info')}")
            position += 1
        if first.flag is not None:
            parts.append(f"{code}-Flag={_checked(first.flag, 'Flag')}")
        if first.eflag is not None:
            parts.append(f"{code}-EFlag={_checked(first.eflag, 'EFlag')}")
        yield ",".join(parts)


def content_of(packet: Packet) -> str:
    """The CP area of a packet, without the && around it."""
    items: list[str] = []
    if packet.data_time is not None:
        items.append(f"DataTime={format_time(packet.data_time)}")
    items += [
        f"{_checked(name, 'field')}={_checked(text, name)}" for name, text in packet.fields.items()
    ]
    items += _value_items(packet.values)
    return ";".join(items)


def framed(segment: bytes) -> bytes:
    """A data segment with ``##``, length, check code and line end around it."""
    if len(segment) > 9999:
        raise ValueError(
            f"a data segment of {len(segment)} bytes has no four-digit length: split it"
        )
    return b"##%04d%b%04X\r\n" % (len(segment), segment, crc16(segment))


def framed_many(segments: Sequence[bytes]) -> list[bytes]:
    """:func:`framed` for many segments at once, none of them empty."""
    gap = bytes(_GAP)
    lengths = np.fromiter(map(len, segments), dtype=np.intp, count=len(segments))
    if lengths.max(initial=0) > 9999:
        return [framed(segment) for segment in segments]
    ends = np.cumsum(lengths + _GAP) - _GAP
    joined = np.frombuffer(gap.join(segments), dtype=np.uint8)
    codes = crc16_many(joined, ends - lengths, ends).tolist()
    return [
        b"##%04d%b%04X\r\n" % (len(segment), segment, code)
        for segment, code in zip(segments, codes, strict=True)
    ]


def encode(packet: Packet, *, key: bytes | None = None, form: sm4.Form = "raw") -> bytes:
    """The frame of a packet, line end included; ``decode(encode(p)) == p``.

    With ``key`` the CP area is encrypted as the edition of 2025 asks, written as ``form`` says. Raises
    ``ValueError`` for content that the protocol cannot carry.
    """
    header = [f"QN={_checked(packet.qn, 'QN')}"] if packet.qn else []
    for name, text in (("ST", packet.st), ("CN", packet.cn), ("PW", packet.pw), ("MN", packet.mn)):
        header.append(f"{name}={_checked(text, name)}")
    if packet.flag is not None:
        header.append(f"Flag={packet.flag}")
    if packet.packet_count is not None:
        header.append(f"PNUM={packet.packet_count}")
    if packet.packet_no is not None:
        header.append(f"PNO={packet.packet_no}")
    if packet.resend:
        header.append("RF=1")
    head = (";".join(header) + ";CP=&&").encode()
    content = content_of(packet).encode()
    frame = framed(head + content + b"&&")
    if key is None:
        return frame
    return frame[:6] + head + sm4.seal_content(content, key, form) + b"&&" + frame[-6:]
