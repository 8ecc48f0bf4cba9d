r"""A packet as one JSON object, and back.

Numbers keep the digits they were sent with (``3.20`` stays ``3.20``); a value that is no number is
``null`` beside its ``text``. ``raw`` is the frame without its line end, as text: each byte that is not
part of valid UTF-8 is written ``\xNN`` and a backslash ``\\``, so that :func:`raw_bytes` gives back the
very bytes.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from .codes import STATISTICS
from .packet import Packet, Value, plain

_ESCAPE = re.compile(r"\\(?:\\|x([0-9a-f]{2}))")


def raw_text(data: bytes) -> str:
    """Bytes as text, reversibly: see the module's description."""
    return data.replace(b"\\", b"\\\\").decode("utf-8", "backslashreplace")


def raw_bytes(text: str) -> bytes:
    """The inverse of :func:`raw_text`."""
    result = bytearray()
    position = 0
    for match in _ESCAPE.finditer(text):
        result += text[position : match.start()].encode()
        result.append(int(match[1], 16) if match[1] else 0x5C)
        position = match.end()
    return bytes(result + text[position:].encode())


def _dumped(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False)


def _value(value: Value) -> str:
    number = isinstance(value.value, Decimal)
    written = plain(value.value) if isinstance(value.value, Decimal) else _dumped(value.value)
    parts = [
        f'"code": {_dumped(value.code)}',
        f'"name": {_dumped(value.name)}',
        f'"field": {_dumped(value.field)}',
        f'"value": {written}',
        f'"unit": {_dumped(value.unit)}',
        f'"flag": {_dumped(value.flag)}',
        f'"sample_time": {_dumped(_iso(value.sample_time))}',
    ]
    if value.eflag is not None:
        parts.append(f'"eflag": {_dumped(value.eflag)}')
    if value.value is None or (number and written != value.text):
        parts.append(f'"text": {_dumped(value.text)}')
    return "{" + ", ".join(parts) + "}"


def _iso(time: datetime | None) -> str | None:
    return time.isoformat() if time is not None else None


def to_json(packet: Packet) -> str:
    """The packet as a JSON object on one line."""
    entries = {
        "ok": packet.ok,
        "errors": packet.errors,
        "warnings": packet.warnings,
        "edition": packet.edition,
        "qn": packet.qn or None,
        "st": packet.st,
        "cn": packet.cn,
        "pw": packet.pw,
        "mn": packet.mn,
        "flag": packet.flag,
        "ack": packet.ack,
        "packet_count": packet.packet_count,
        "packet_no": packet.packet_no,
        "resend": packet.resend,
        "data_time": _iso(packet.data_time),
        "fields": dict(packet.fields),
    }
    parts = [f'"{name}": {_dumped(content)}' for name, content in entries.items()]
    parts.append('"values": [' + ", ".join(map(_value, packet.values)) + "]")
    parts.append(f'"encrypted": {_dumped(packet.encrypted)}')
    parts.append(f'"notes": {_dumped(packet.notes)}')
    parts.append(f'"raw": {_dumped(raw_text(packet.raw))}')
    return "{" + ", ".join(parts) + "}"


def _content(entry: Mapping[str, Any], name: str) -> Any:
    if entry.get(name) is None:
        raise ValueError(f"the entry {name!r} is missing")
    return entry[name]


def _parsed_time(text: str | None) -> datetime | None:
    if text is None:
        return None
    time = datetime.fromisoformat(text)
    return time.replace(tzinfo=None)


def _parsed_value(entry: Mapping[str, Any]) -> Value:
    field = str(_content(entry, "field"))
    content = entry.get("value")
    statistic = STATISTICS.get(field)
    value: Decimal | str | None
    if content is None or (isinstance(content, str) and statistic and statistic.kind == "text"):
        value = content
    elif isinstance(content, str):
        try:
            value = Decimal(content)
        except InvalidOperation:
            value = content
    else:
        value = Decimal(content)
    return Value(
        code=str(_content(entry, "code")),
        field=field,
        value=value,
        flag=entry.get("flag"),
        eflag=entry.get("eflag"),
        sample_time=_parsed_time(entry.get("sample_time")),
        text=entry.get("text") or "",
    )


def _flag(entry: Mapping[str, Any]) -> int | None:
    """Flag as given (null: none), else put together from edition, ack and packet_count."""
    if "flag" in entry:
        flag = entry["flag"]
        return None if flag is None else int(flag)
    low = (2 if entry.get("packet_count") is not None else 0) | bool(entry.get("ack"))
    version = {2005: 0, 2017: 1, 2025: 2}.get(int(entry.get("edition") or 2005))
    if version is None:
        raise ValueError(f"edition {entry['edition']} is not one of 2005, 2017, 2025")
    return version << 2 | low if version or low else None


def from_json(text: str) -> Packet:
    """A packet from its JSON object; names, units, errors and ``raw`` are not needed and not used.

    Raises ``ValueError`` saying what is wrong.
    """
    entry = json.loads(text, parse_float=Decimal)
    if not isinstance(entry, dict):
        raise ValueError("not a JSON object")
    count, number = entry.get("packet_count"), entry.get("packet_no")
    try:
        return Packet(
            st=str(_content(entry, "st")),
            cn=str(_content(entry, "cn")),
            mn=str(entry.get("mn") or ""),
            pw=str(entry.get("pw", "123456")),
            qn=entry.get("qn") or "",
            flag=_flag(entry),
            packet_count=None if count is None else int(count),
            packet_no=None if number is None else int(number),
            resend=bool(entry.get("resend")),
            data_time=_parsed_time(entry.get("data_time")),
            values=tuple(_parsed_value(value) for value in entry.get("values") or ()),
            fields={str(name): str(item) for name, item in (entry.get("fields") or {}).items()},
        )
    except (TypeError, AttributeError) as error:
        raise ValueError(f"an entry has the wrong type: {error}") from error
