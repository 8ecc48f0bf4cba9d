"""The text of a PDF: lines broken at the margin joined again, rows of ruled tables as one line each."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from ecoledger.indicators.plan import ruled_tables

# A line shorter than this share of the longest ends a paragraph.
_FULL = 0.8
_PAGE_NUMBER = re.compile(r"^[-—–\s]*\d{1,3}[-—–\s]*$")
_NEW = re.compile(
    r"^(?:[一二三四五六七八九十]{1,3}、|[((][一二三四五六七八九十\d]{1,3}[))]|\d{1,2}[.、.](?!\d)|附件|第[一二三四五六七八九十]+[章条])"
)


class NoTextError(ValueError):
    """A PDF that cannot be read or holds pictures only; the message says what would help."""


def pdf_text(content: bytes) -> str:
    """The text of a PDF. Raises :class:`NoTextError`."""
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        pages = [_page(page) for page in PdfReader(BytesIO(content)).pages]
    except (PyPdfError, ValueError, KeyError) as problem:
        raise NoTextError(f"不是可读的 PDF({problem})") from problem
    lines = [line.strip() for page in pages for line in page]
    lines = [line for line in lines if line and not _PAGE_NUMBER.match(line)]
    if not lines:
        raise NoTextError("这份 PDF 没有文字(可能是扫描件);请先识别文字或改用 .docx")
    return "\n".join(_joined(lines))


def _page(page: Any) -> list[str]:
    rows = ruled_tables.lines(page)
    return rows if rows is not None else (page.extract_text() or "").split("\n")


def _width(line: str) -> int:
    """How wide a line is set: a Chinese character takes the room of two Latin ones."""
    return sum(1 if char.isascii() else 2 for char in line)


def _joined(lines: list[str]) -> Iterator[str]:
    """Paragraphs of lines that were broken at the margin."""
    longest = max((_width(line) for line in lines if "|" not in line), default=1)
    paragraph = before = ""
    for line in lines:
        broken = (
            before
            and _width(before) >= _FULL * longest
            and before[-1] not in "。;;::!!"
            and not _NEW.match(line)
            and "|" not in line
            and "|" not in before
        )
        if paragraph and not broken:
            yield paragraph
            paragraph = ""
        paragraph += line
        before = line
    if paragraph:
        yield paragraph
