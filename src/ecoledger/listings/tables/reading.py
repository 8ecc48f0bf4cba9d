"""Bytes to a :class:`~.book.Book`, by what they are and not by what the file is called."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ecoledger.listings.tables import geojson, markup, sheets, text
from ecoledger.listings.tables.book import Book, packed, unpacked
from ecoledger.listings.tables.confined import (
    Busy,
    Limits,
    Refusal,
    Stopped,
    TooLarge,
    read_confined,
)

# What a file is that is no table, by its first bytes.
_NO_TABLE = (
    (b"%PDF", "pdf"),
    (b"\x89PNG", "image"),
    (b"\xff\xd8\xff", "image"),
    (b"GIF8", "image"),
    (b"Rar!", "rar"),
    (b"7z\xbc\xaf", "7z"),
    (b"\x1f\x8b", "gzip"),
    (b"{\\rtf", "rtf"),
)
_OLE = b"\xd0\xcf\x11\xe0"
_ZIP = b"PK\x03\x04"
# The far blank cells of a sheet are dealt with here, not refused by the size it declares.
_LIMITS = Limits(cells=1 << 40)
# A page has few threads for everybody: it waits for no place, and if a job can do it, not long for one file.
_AT_ONCE = replace(_LIMITS, wait=0.0)
_IN_A_MOMENT = replace(_AT_ONCE, processor=10, patience=15.0)


class NoTableError(ValueError):
    """The file holds no table. ``why``: empty, other (``about`` says what it is), damaged, binary, too_large, busy (others' files
    are being read), slow (it was stopped)."""

    def __init__(self, why: str, about: str = "") -> None:
        super().__init__(f"{why} {about}".strip())
        self.why, self.about = why, about


def book_of(content: bytes) -> Book:
    """What the bytes hold. Raises :class:`NoTableError`."""
    if not content.strip(b" \r\n\t\0"):
        raise NoTableError("empty")
    for start, what in _NO_TABLE:
        if content.startswith(start):
            raise NoTableError("other", what)
    if content.startswith((_ZIP, _OLE)):
        try:
            return sheets.read(content)
        except sheets.UnreadableError as error:
            raise NoTableError("damaged") from error
    start = content[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if start.startswith(b"<?xml") and b"schemas-microsoft-com:office:spreadsheet" in start:
        try:
            return markup.read_xml(content)
        except ValueError as error:
            raise NoTableError("damaged") from error
    if start.startswith(b"{") and b'"' in start:
        try:
            return geojson.read(content)
        except geojson.NoFeaturesError as error:
            raise NoTableError("other", "json") from error
    if b"mime-version:" in start and b"multipart/" in start:
        raise NoTableError("other", "mhtml")
    if re.match(rb"<(!doctype html|html|head|table|meta|\?xml)", start):
        return markup.read_html(_page_text(content))
    try:
        return text.read(content)
    except text.NoTextError as error:
        raise NoTableError("binary") from error


def _page_text(content: bytes) -> str:
    said = re.search(rb"charset\s*=\s*[\"']?([\w-]+)", content[:4096], re.IGNORECASE)
    encoding, mark = text.encoding_of(content)
    if said and not mark and said[1].lower() in (b"gb2312", b"gbk", b"gb18030"):
        try:
            return content.decode("gb18030")
        except UnicodeDecodeError:
            pass
    return content[mark:].decode(encoding, errors="replace")


def packed_book(content: bytes) -> dict[str, Any]:
    """What the child process answers: the book, or why there is none."""
    try:
        return {"book": packed(book_of(content))}
    except NoTableError as error:
        return {"why": error.why, "about": error.about}


def read(content: bytes, limits: Limits = _LIMITS) -> Book:
    """What an uploaded file holds, read by a process with limits. Raises :class:`NoTableError`."""
    try:
        answer = read_confined("ecoledger.listings.tables.reading:packed_book", content, limits)
    except Busy as refusal:
        raise NoTableError("busy") from refusal
    except TooLarge as refusal:
        raise NoTableError("slow" if isinstance(refusal, Stopped) else "too_large") from refusal
    except Refusal as refusal:
        raise NoTableError("damaged") from refusal
    if "why" in answer:
        raise NoTableError(answer["why"], answer["about"])
    return unpacked(answer["book"])


def read_at_once(content: bytes) -> Book:
    """:func:`read` where somebody waits for a page."""
    return read(content, _AT_ONCE)


def read_in_a_moment(content: bytes) -> Book | None:
    """:func:`read` where somebody waits for a page and a job can read what takes longer: ``None`` then."""
    try:
        return read(content, _IN_A_MOMENT)
    except NoTableError as error:
        if error.why in ("busy", "slow"):
            return None
        raise
