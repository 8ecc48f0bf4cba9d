"""The header of a data segment: its fields, whatever their order, and what each has to be like."""

from __future__ import annotations

import re

from .faults import Faults, stripped, text_of
from .packet import Packet
from .times import parse_time

HEADER = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF")
_HEADER_2005 = ("QN", "PNUM", "PNO", "ST", "CN", "PW", "MN", "Flag", "RF")
_HEADER_NAMES = {name.lower(): name for name in HEADER}

_UPPER_HEX = re.compile(r"[0-9A-F]{24}")
_ALPHANUMERIC = re.compile(r"[0-9A-Za-z]+")
_MOST_FIELDS = 64


class Header:
    __slots__ = ("extra", "found")

    def __init__(self, head: bytes, faults: Faults) -> None:
        self.found: dict[str, str] = {}
        self.extra: dict[str, str] = {}
        if head and not head.rstrip().endswith(b";"):
            faults.warn("separator", "no ; before CP")
        order: list[str] = []
        # No header has so many fields: what lies beyond is not looked at, or noise would cost more than packets.
        tokens = re.split(rb"([;,])", head, maxsplit=2 * _MOST_FIELDS)[: 2 * _MOST_FIELDS]
        if tokens and not tokens[-1].strip():
            tokens = tokens[:-1]
        for position, token in enumerate(tokens):
            if position % 2:
                if token == b",":
                    faults.warn("separator", "a comma between header fields")
                continue
            if not token.strip():
                faults.warn("empty_item", "an empty header field")
                continue
            name, equals, value = token.partition(b"=")
            name, value = stripped(name, faults), stripped(value, faults)
            key = text_of(name, faults, "a header field")
            content = text_of(value, faults, key)
            known = _HEADER_NAMES.get(key.lower())
            if not equals:
                faults.warn("header", f"{key!r} has no value")
            elif known is None:
                faults.warn("header", f"{key} does not belong to the header")
                self.extra.setdefault(key, content)
            elif known in self.found:
                faults.warn("duplicate", f"{known} twice in the header")
            else:
                if known != key:
                    faults.warn("case", f"{key} for {known}")
                self.found[known] = content
                order.append(known)
        if order != [name for name in HEADER if name in self.found] and order != [
            name for name in _HEADER_2005 if name in self.found
        ]:
            faults.warn("header_order", " ".join(order))


def _integer(text: str | None) -> int | None:
    return int(text) if text and len(text) <= 6 and text.isascii() and text.isdigit() else None


def flag_in(header: Header, faults: Faults) -> int | None:
    text = header.found.get("Flag")
    if text is None:
        return None
    flag = _integer(text)
    if flag is None or flag > 255:
        faults.warn("flag", f"Flag={text!r} is not a number of 0..255")
        return None
    if flag >> 2 > 2:
        faults.warn("flag", f"Flag={flag} names an unknown edition, read as 2025")
    return flag


def mn_fits(mn: str, edition: int) -> bool:
    """Whether an MN has the form of the edition: 24 hexadecimal digits in capitals (2017), 24 letters
    and digits (2025, the network code), 14 of them (2005, mark M)."""
    if edition == 2017:
        return _UPPER_HEX.fullmatch(mn) is not None
    return len(mn) == (14 if edition == 2005 else 24) and _ALPHANUMERIC.fullmatch(mn) is not None


def numbering_in(header: Header, flag: int | None, faults: Faults) -> tuple[int | None, int | None]:
    count, number = _integer(header.found.get("PNUM")), _integer(header.found.get("PNO"))
    given = "PNUM" in header.found or "PNO" in header.found
    if given and (count is None or number is None or not 1 <= number <= count):
        faults.warn("packet_number", "PNUM and PNO do not number a packet")
    elif flag is not None and bool(flag & 2) != given:
        faults.warn("packet_number", f"Flag={flag} and PNUM, PNO disagree")
    elif flag is None and given:
        faults.warn("packet_number", "PNUM, PNO without Flag")
    return count, number


def resend_in(header: Header, faults: Faults) -> bool:
    text = header.found.get("RF")
    if text is not None and text != "1":
        faults.warn("resend", f"RF={text!r}: only RF=1 exists")
    return text == "1"


def check_header(packet: Packet, qn_given: bool, faults: Faults) -> None:
    edition = packet.edition
    if qn_given or edition != 2005:
        fits = len(packet.qn) == 17 and packet.qn[14:].isdigit()
        if not fits or parse_time(packet.qn[:14]) is None:
            faults.warn("qn", f"QN={packet.qn!r} is not YYYYMMDDhhmmsszzz")
    if not (len(packet.st) == 2 and _ALPHANUMERIC.fullmatch(packet.st)):
        faults.warn("st", f"ST={packet.st!r} is not two digits")
    if not (len(packet.cn) == 4 and packet.cn.isascii() and packet.cn.isdigit()):
        faults.error("header", f"CN={packet.cn!r} is not four digits")
    for name, text, most in (
        ("QN", packet.qn, 20),
        ("ST", packet.st, 2),
        ("PW", packet.pw, 32),
        ("MN", packet.mn, 32),
    ):
        if len(text.encode()) > most or not text.isprintable():
            faults.error("header", f"{name}={text!r} cannot be one")
    if len(packet.pw.encode()) != 6:
        faults.warn("pw", f"PW has {len(packet.pw)} characters")
    if not mn_fits(packet.mn, edition):
        faults.warn("mn", f"MN={packet.mn!r} does not have the form of {edition}")
