"""From the bytes of one frame to a :class:`Packet` and back.

``decode`` never raises on what a device sent: it returns what could be read with ``errors`` and
``warnings``. Tolerant reading (the default) forgives what devices in the field do and says so; strict
reading refuses every deviation from the standard. No value is ever guessed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation

import numpy as np

from . import sm4
from .codes import COMMANDS, FACTORS, FIELDS, FROM_2005, PROTOCOL, STATISTICS, SYSTEMS
from .crc import crc16, crc16_many, crc16_modbus
from .packet import WARNINGS, Packet, Value

Key = bytes | Callable[[str], bytes | None] | None
"""An SM4 key of 16 bytes, or a function giving the key of an MN (None when it has none)."""

# Bytes between segments whose check codes are computed together; crc16_many asks for seven.
_GAP = 8
_CHINA = timezone(timedelta(hours=8))
HEADER = ("QN", "ST", "CN", "PW", "MN", "Flag", "PNUM", "PNO", "RF")
_HEADER_2005 = ("QN", "PNUM", "PNO", "ST", "CN", "PW", "MN", "Flag", "RF")
_HEADER_NAMES = {name.lower(): name for name in HEADER}
_STATISTIC_NAMES = {name.lower(): name for name in STATISTICS}
_FIELD_NAMES = {name.lower(): name for name in FIELDS}
_KINDS = {name: entry.kind for name, entry in STATISTICS.items()}
_MISSING = frozenset(Decimal(number) for number in PROTOCOL["missing"]["numbers"])
_SEGMENT_SIZE: int = PROTOCOL["sizes"]["segment"]
_CP_SIZE: int = PROTOCOL["sizes"]["parameters"]

_FIRST_KEY = re.compile(rb"(?:QN|ST|CN|PW|MN|Flag|PNUM)\s*=", re.IGNORECASE)
_CP = re.compile(rb"CP\s*=\s*(&&)?", re.IGNORECASE)
_HEX = re.compile(rb"[0-9A-Fa-f]{4}")
_ITEM = re.compile(rb"([,;]?)((?:[^,;=]*=//.*?//[^,;]*)|[^,;]*)", re.DOTALL)
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")
_ODD_NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,2})?")
_MARK = re.compile(r"[0-9A-Za-z]{1,4}")
_CODE = re.compile(r"[a-z][0-9a-z]{1,2}[0-9]{3,9}|SB[0-9]+")
_UPPER_HEX = re.compile(r"[0-9A-F]{24}")
_ALPHANUMERIC = re.compile(r"[0-9A-Za-z]+")


class _Faults:
    """What was found while reading one frame, in the order found."""

    def __init__(self) -> None:
        self.errors: dict[str, None] = {}
        self.warnings: dict[str, None] = {}
        self.notes: list[str] = []

    def error(self, name: str, note: str) -> None:
        self.errors[name] = None
        self.notes.append(f"{name}: {note}")

    def warn(self, name: str, note: str) -> None:
        self.warnings[name] = None
        if len(self.notes) < 50:
            self.notes.append(f"{name}: {note}")


def china_now() -> datetime:
    """The time now as the protocol tells it: naive, China standard time (UTC+8, no summer time)."""
    return datetime.now(_CHINA).replace(tzinfo=None)


def parse_time(text: str) -> datetime | None:
    """``YYYYMMDDhhmmss`` as a naive time (China standard time); None when it is not one."""
    if len(text) != 14 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return datetime(
            int(text[:4]),
            int(text[4:6]),
            int(text[6:8]),
            int(text[8:10]),
            int(text[10:12]),
            int(text[12:14]),
        )
    except ValueError:
        return None


def format_time(time: datetime) -> str:
    """A time as ``YYYYMMDDhhmmss``."""
    return (
        f"{time.year:04}{time.month:02}{time.day:02}{time.hour:02}{time.minute:02}{time.second:02}"
    )


def format_qn(time: datetime) -> str:
    """A time as a QN: ``YYYYMMDDhhmmsszzz`` with milliseconds."""
    return f"{format_time(time)}{time.microsecond // 1000:03}"


def _text(data: bytes, faults: _Faults, where: str) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        pass
    try:
        text = data.decode("gb18030")
        faults.warn("encoding", f"{where} is GBK, not UTF-8")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "backslashreplace")
        faults.warn("encoding", f"{where} is neither UTF-8 nor GBK")
    return text


def _stripped(data: bytes, faults: _Faults) -> bytes:
    clean = data.strip()
    if len(clean) != len(data):
        faults.warn("space", "spaces around a name or value")
    return clean


def _time(text: str, faults: _Faults, where: str) -> datetime | None:
    """A time, forgiving more digits than 14 (the rest is dropped) and missing seconds."""
    time = parse_time(text)
    if time is None:
        if len(text) in (15, 16, 17) and text.isdigit():
            time = parse_time(text[:14])
        elif len(text) == 12:
            time = parse_time(text + "00")
        faults.warn("time", f"{where}={text!r} is not YYYYMMDDhhmmss")
    return time


def _unframed(frame: bytes, faults: _Faults) -> tuple[bytes, int | None, bytes]:
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


_MOST_FIELDS = 64


class _Header:
    __slots__ = ("extra", "found")

    def __init__(self, head: bytes, faults: _Faults) -> None:
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
            name, value = _stripped(name, faults), _stripped(value, faults)
            key = _text(name, faults, "a header field")
            content = _text(value, faults, key)
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


def _flag(header: _Header, faults: _Faults) -> int | None:
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


def _numbering(header: _Header, flag: int | None, faults: _Faults) -> tuple[int | None, int | None]:
    count, number = _integer(header.found.get("PNUM")), _integer(header.found.get("PNO"))
    given = "PNUM" in header.found or "PNO" in header.found
    if given and (count is None or number is None or not 1 <= number <= count):
        faults.warn("packet_number", "PNUM and PNO do not number a packet")
    elif flag is not None and bool(flag & 2) != given:
        faults.warn("packet_number", f"Flag={flag} and PNUM, PNO disagree")
    elif flag is None and given:
        faults.warn("packet_number", "PNUM, PNO without Flag")
    return count, number


def _resend(header: _Header, faults: _Faults) -> bool:
    text = header.found.get("RF")
    if text is not None and text != "1":
        faults.warn("resend", f"RF={text!r}: only RF=1 exists")
    return text == "1"


class _Group:
    """The keys of one factor that belong together: one sample, one set of flags."""

    __slots__ = ("code", "eflag", "flag", "numbers", "sample_time", "statistics")

    def __init__(self, code: str) -> None:
        self.code = code
        self.statistics: set[str] = set()
        self.numbers: list[int] = []
        self.flag: str | None = None
        self.eflag: str | None = None
        self.sample_time: datetime | None = None


_ATTRIBUTES = {"flag": "Flag", "eflag": "EFlag", "sample_time": "SampleTime"}


def _number(text: str, field: str, where: str, faults: _Faults) -> Decimal | str | None:
    """The value of a text. Numbers keep their digits; what is not one gives None (or, for a field the
    standard does not know, the text itself)."""
    if _NUMBER.fullmatch(text) and len(text) <= 40:
        number = Decimal(text)
        if number in _MISSING:
            faults.warn("missing", f"{where}={text} stands for a missing value")
            return None
        return number
    if _ODD_NUMBER.fullmatch(text) and len(text) <= 40:
        try:
            number = Decimal(text)
        except InvalidOperation:  # pragma: no cover - the pattern admits only numbers
            return None
        faults.warn("value", f"{where}={text} is written unusually")
        return number
    if field not in _KINDS and text:
        return text
    faults.warn("value", f"{where}={text!r} is not a number")
    return None


def _items(content: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Items of a CP area with the separator before each; a text between // and // stays whole."""
    if b"//" not in content:
        parts = re.split(rb"([,;])", content)
        yield b"", parts[0]
        yield from zip(parts[1::2], parts[2::2], strict=True)
        return
    position = 0
    while position <= len(content):
        found = _ITEM.match(content, position)
        if found is None:  # pragma: no cover - the pattern matches the empty string
            return
        yield found[1], found[2]
        if found.end() == len(content):
            return
        position = found.end()


class _Content:
    """The CP area, read."""

    def __init__(self, content: bytes, fields: dict[str, str], faults: _Faults) -> None:
        self.fields = fields
        self.data_time: datetime | None = None
        self.faults = faults
        self._values: list[tuple[_Group, str, Decimal | str | None, str]] = []
        self._groups: list[_Group] = []
        self._current: dict[str, _Group] = {}
        self._last_code = ""
        if content:
            for separator, item in _items(content):
                self._read(separator, item)
        self._settle_flags()

    def _read(self, separator: bytes, item: bytes) -> None:
        faults = self.faults
        if not item.strip():
            faults.warn("empty_item", "an empty item")
            return
        name, equals, data = item.partition(b"=")
        key = _text(_stripped(name, faults), faults, "a field name")
        text = _text(_stripped(data, faults), faults, key)
        if not equals:
            faults.warn("field", f"{key!r} has no value")
            return
        code, hyphen, suffix = key.rpartition("-")
        if not hyphen or not code:
            self._field(key, text)
            self._last_code = ""
            return
        field = _STATISTIC_NAMES.get(suffix.lower(), suffix)
        if field not in _KINDS:
            faults.warn("field", f"{suffix} is not a field of a factor")
        elif field != suffix:
            faults.warn("case", f"{suffix} for {field}")
        code = self._mended(code, separator)
        first = separator != b","
        if first and code == self._last_code and not self._repeats(code, field):
            faults.warn("separator", f"; between the fields of {code}")
        elif not first and self._last_code and code != self._last_code:
            faults.warn("separator", f", between {self._last_code} and {code}")
        self._last_code = code
        kind = _KINDS.get(field, "number")
        if kind in _ATTRIBUTES:
            self._attribute(code, kind, text, key, first)
        else:
            self._value(code, field, kind, text)

    def _mended(self, code: str, separator: bytes) -> str:
        """``01018`` within an item of ``w01018`` is w01018 (a slip in the standard's own annex C)."""
        last = self._last_code
        if separator == b"," and len(code) == 5 and code.isdigit() and last[1:] == code:
            self.faults.warn("code", f"{code} read as {last}")
            return last
        return code

    def _repeats(self, code: str, field: str) -> bool:
        group = self._current.get(code)
        return group is not None and (
            field in group.statistics or (field == "SampleTime" and bool(group.statistics))
        )

    def _start(self, code: str) -> _Group:
        group = self._current[code] = _Group(code)
        self._groups.append(group)
        return group

    def _field(self, key: str, text: str) -> None:
        name = _FIELD_NAMES.get(key.lower(), key)
        if name != key and name != "Ctime":  # the standard itself writes both Ctime and CTime
            self.faults.warn("case", f"{key} for {name}")
        if name == "DataTime" and self.data_time is None:
            self.data_time = _time(text, self.faults, "DataTime")
            if self.data_time is not None:
                return
        if name == "Flag":
            self.faults.warn("common_flag", f"one Flag={text} for all factors")
        elif name not in FIELDS:
            self.faults.warn("field", f"{name} is not a field of the standard")
        if name in self.fields or (name == "DataTime" and self.data_time is not None):
            self.faults.warn("duplicate", f"{name} twice")
        self.fields.setdefault(name, text)

    def _attribute(self, code: str, kind: str, text: str, key: str, first: bool) -> None:
        content: str | datetime | None
        if kind == "sample_time":
            content = _time(text, self.faults, key)
        else:
            content = text if _MARK.fullmatch(text) else None
            if content is None:
                self.faults.warn("value", f"{key}={text!r} is not a flag")
        if content is None:
            self.fields.setdefault(f"{code}-{_ATTRIBUTES[kind]}", text)
            return
        group = self._current.get(code)
        if group is not None and getattr(group, kind) == content and not first:
            return  # said again for a further value of the same sample
        if (
            group is None
            or getattr(group, kind) is not None
            or (kind == "sample_time" and first and group.statistics)
        ):
            group = self._start(code)
        setattr(group, kind, content)

    def _value(self, code: str, field: str, kind: str, text: str) -> None:
        group = self._current.get(code)
        if group is None:
            group = self._start(code)
        elif field in group.statistics:
            if group.sample_time is None:
                self.faults.warn("duplicate", f"{code}-{field} twice")
            group = self._start(code)
        group.statistics.add(field)
        value = text if kind == "text" else _number(text, field, f"{code}-{field}", self.faults)
        group.numbers.append(len(self._values))
        self._values.append((group, field, value, text))

    def _settle_flags(self) -> None:
        """Give flags that came apart from their values to the factor's earlier values."""
        latest: dict[str, _Group] = {}
        common = self.fields.get("Flag")
        for group in self._groups:
            if group.numbers:
                latest[group.code] = group
                continue
            owner = latest.get(group.code)
            for kind, name in _ATTRIBUTES.items():
                content = getattr(group, kind)
                if content is None:
                    continue
                if owner is not None and getattr(owner, kind) in (None, content):
                    setattr(owner, kind, content)
                else:
                    text = format_time(content) if isinstance(content, datetime) else content
                    self.fields.setdefault(f"{group.code}-{name}", text)
        if common and _MARK.fullmatch(common):
            for group in self._groups:
                group.flag = group.flag or common

    def values(self) -> tuple[Value, ...]:
        return tuple(
            Value(group.code, field, value, group.flag, group.eflag, group.sample_time, text)
            for group, field, value, text in self._values
        )


def _strict_only(packet: Packet, faults: _Faults) -> None:
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
        if not (code in FACTORS or code in FROM_2005 or _CODE.fullmatch(code)):
            faults.error("field", f"{code} is not a factor code")


def _key_of(key: Key, mn: str) -> bytes | None:
    return key(mn) if callable(key) else key


def decode(frame: bytes, *, strict: bool = False, key: Key = None) -> Packet:
    """Read one frame: ``##``, four digits of length, data segment, four digits of check code; the line
    end may be there or not. ``key`` opens the encrypted CP area of the edition of 2025."""
    faults = _Faults()
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
    header = _Header(head, faults)
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

    flag = _flag(header, faults)
    count, number = _numbering(header, flag, faults)
    body = _Content(content, header.extra, faults)
    packet = Packet(
        st=header.found.get("ST", ""),
        cn=header.found.get("CN", ""),
        mn=mn,
        pw=header.found.get("PW", ""),
        qn=header.found.get("QN", ""),
        flag=flag,
        packet_count=count,
        packet_no=number,
        resend=_resend(header, faults),
        data_time=body.data_time,
        values=body.values(),
        fields=body.fields,
        encrypted=encrypted,
        raw=frame,
    )
    _check_header(packet, "QN" in header.found, faults)
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


def _check_header(packet: Packet, qn_given: bool, faults: _Faults) -> None:
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
