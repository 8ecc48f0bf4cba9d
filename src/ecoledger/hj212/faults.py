"""What is found wrong while a frame is read, and texts and times that are read although they are."""

from __future__ import annotations

from datetime import datetime

from .times import parse_time


class Faults:
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


def text_of(data: bytes, faults: Faults, where: str) -> str:
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


def stripped(data: bytes, faults: Faults) -> bytes:
    clean = data.strip()
    if len(clean) != len(data):
        faults.warn("space", "spaces around a name or value")
    return clean


def time_of(text: str, faults: Faults, where: str) -> datetime | None:
    """A time, forgiving more digits than 14 (the rest is dropped) and missing seconds."""
    time = parse_time(text)
    if time is None:
        if len(text) in (15, 16, 17) and text.isdigit():
            time = parse_time(text[:14])
        elif len(text) == 12:
            time = parse_time(text + "00")
        faults.warn("time", f"{where}={text!r} is not YYYYMMDDhhmmss")
    return time
