"""From the bytes of one frame to a :class:`Packet`.

``decode`` never raises on what a device sent: it returns what could be read with ``errors`` and
``warnings``. Tolerant reading (the default) forgives what devices in the field do and says so; strict
reading refuses every deviation from the standard. No value is ever guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from . import sm4
from .codes import CODE, COMMANDS, FACTORS, FROM_2005, PROTOCOL, SYSTEMS
from .content import Content
from .crc import crc16, crc16_modbus
from .faults import Faults
from .header import Header, check_header, flag_in, numbering_in, resend_in
from .packet import WARNINGS, Packet

Key = bytes | Callable[[str], bytes | None] | None
"""An SM4 key of 16 bytes, or a function giving the key of an MN (None when it has none)."""

_SEGMENT_SIZE: int = PROTOCOL["sizes"]["segment"]
_CP_SIZE: int = PROTOCOL["sizes"]["parameters"]

_FIRST_KEY = re.compile(rb"(?:QN|ST|CN|PW|MN|Flag|PNUM)\s*=", re.IGNORECASE)
_CP = re.compile(rb"CP\s*=\s*(&&)?", re.IGNORECASE)
_HEX = re.compile(rb"[0-9A-Fa-f]{4}")


def _unframed(frame: bytes, faults: Faults) -> tuple[bytes, int | None, bytes]:
    """Segment, stated length and check code of a frame."""
    body = frame.lstrip(b"\r\n \t")
    if body.endswith(b"\r\n"):
        body = body[:-2]
    if (clean := body.rstrip()) != body:
        faults.warn("tail", "the line end is not CR LF")
        body = clean
    declared: int | None = None
    if not body.startswith(b"##"):
        faults.error("header", "the frame does not start with ##")
        start = 0
    elif body[2:6].isdigit() and not body[6:7].isdigit():
        start, declared = 6, int(body[2:6])
    else:
        first = _FIRST_KEY.search(body, 2, 24)
        start = first.start() if first else min(6, len(body))
        digits = body[2:start].strip()
        declared = int(digits) if digits.isdigit() and first else None
        faults.warn("length", "the length is not four digits")
    closing = body.rfind(b"&&", start)
    end = closing + 2 if closing >= start else -1
    code = body[end:].strip() if end >= 0 else b""
    if not _HEX.fullmatch(code):
        if _HEX.fullmatch(body[-4:]) and len(body) - 4 >= start:
            end, code = len(body) - 4, body[-4:]
        else:
            end = end if end >= 0 else len(body)
            code = b""
    elif len(code) != len(body) - end:
        faults.warn("space", "spaces before the check code")
    return body[start:end], declared, code


def _looks_encrypted(content: bytes) -> bool:
    """Whether a CP area is binary rather than text: cipher blocks are not UTF-8 and mostly not ASCII."""
    whole = content[: len(content) // 16 * 16]
    odd = sum(1 for byte in whole if not 0x20 <= byte < 0x7F)
    if odd * 4 < len(whole) or not whole:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            text = whole.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "=" in text and text.isprintable():
            return False
    return True


def _strict_only(packet: Packet, faults: Faults) -> None:
    """What only a strict reading refuses: codes that the edition does not have."""
    system = SYSTEMS.get(packet.st)
    extended = len(packet.st) == 2 and "A" <= packet.st[0] <= "Z"
    if (system is None or packet.edition not in system.editions) and not extended:
        faults.error("header", f"ST={packet.st} is not a system of {packet.edition}")
    command = COMMANDS.get(packet.cn)
    if command is None or packet.edition not in command.editions:
        faults.error("header", f"CN={packet.cn} is not a command of {packet.edition}")
    for value in packet.values:
        code = value.code
        if not (code in FACTORS or code in FROM_2005 or CODE.fullmatch(code)):
            faults.error("field", f"{code} is not a factor code")


def _key_of(key: Key, mn: str) -> bytes | None:
    return key(mn) if callable(key) else key


def decode(frame: bytes, *, strict: bool = False, key: Key = None) -> Packet:
    """Read one frame: ``##``, four digits of length, data segment, four digits of check code; the line
    end may be there or not. ``key`` opens the encrypted CP area of the edition of 2025."""
    faults = Faults()
    segment, declared, code = _unframed(frame, faults)
    cp = _CP.search(segment)
    head = segment[: cp.start()] if cp else segment
    content = b""
    if cp is None:
        faults.warn("cp", "no CP area")
    else:
        content = segment[cp.end() :]
        if content.endswith(b"&&"):
            content = content[:-2]
        else:
            faults.warn("cp", "the CP area is not closed by &&")
        if cp[0] != b"CP=&&":
            faults.warn("cp", "CP=&& is written otherwise")
    header = Header(head, faults)
    mn = header.found.get("MN", "")

    given = int(code, 16) if code else None
    trusted = given is not None and crc16(segment) == given
    encrypted = False
    if not trusted and given is not None and crc16_modbus(segment) == given:
        faults.warn("crc_modbus", "the check code is CRC-16/Modbus")
        trusted = True
    if cp is not None and content.startswith(b"{0x"):
        encrypted, trusted = True, False
    elif not trusted and cp is not None:
        encrypted = _looks_encrypted(content)
    if cp is not None and not trusted:
        secret = _key_of(key, mn)
        opened = sm4.open_content(content, secret) if secret else None
        whole = segment[: cp.end()] + (opened or b"") + b"&&"
        if opened is not None and given is not None and crc16(whole) == given:
            segment, content, encrypted, trusted = whole, opened, True, True
        elif encrypted:
            faults.error(
                "encrypted",
                "the key does not open the CP area" if secret else "no key for the CP area",
            )
            segment = segment[: cp.end()] + sm4.wire_content(content) + b"&&"
            content = b""
    if code and code != code.upper():
        faults.warn("crc_case", "the check code is in lower case")
    if not trusted and "encrypted" not in faults.errors:
        found = "missing" if given is None else f"{given:04X}, not {crc16(segment):04X}"
        faults.error("crc", f"the check code is {found}")
    if declared is not None and declared != len(segment):
        faults.warn("length", f"{declared} bytes stated, {len(segment)} found")
    if len(segment) > _SEGMENT_SIZE or len(content) > _CP_SIZE:
        faults.warn("size", f"segment {len(segment)} bytes, CP area {len(content)}")
    if "length" in faults.warnings and not trusted:
        faults.errors["length"] = None

    flag = flag_in(header, faults)
    count, number = numbering_in(header, flag, faults)
    body = Content(content, header.extra, faults)
    packet = Packet(
        st=header.found.get("ST", ""),
        cn=header.found.get("CN", ""),
        mn=mn,
        pw=header.found.get("PW", ""),
        qn=header.found.get("QN", ""),
        flag=flag,
        packet_count=count,
        packet_no=number,
        resend=resend_in(header, faults),
        data_time=body.data_time,
        values=body.values(),
        fields=body.fields,
        encrypted=encrypted,
        raw=frame,
    )
    check_header(packet, "QN" in header.found, faults)
    if strict:
        _strict_only(packet, faults)
        for warning in faults.warnings:
            if (refused := WARNINGS[warning]) is not None:
                faults.errors.setdefault(refused, None)
    for name, content_ in (
        ("errors", tuple(faults.errors)),
        ("warnings", tuple(name for name in WARNINGS if name in faults.warnings)),
        ("notes", tuple(faults.notes)),
    ):
        object.__setattr__(packet, name, content_)
    return packet
