"""A file as text: the text in which the offsets of items count.

A table row is one line, its cells joined by `` | ``; lines that a PDF broke for layout are joined again.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ecoledger.indicators.plan.reading_html import BadPageError, page_text
from ecoledger.indicators.plan.reading_pdf import NoTextError, pdf_text
from ecoledger.listings.word.package import NotADocumentError
from ecoledger.listings.word.text import lines as word_lines


class UnreadableError(ValueError):
    """A file that holds no text we can read, and what would help."""


@dataclass(frozen=True)
class _File:
    name: str
    content: bytes


def read_text(path: Path) -> str:
    """The text of a .txt, .docx, .html or .pdf file."""
    return read(path.name, path.read_bytes())


def read(name: str, content: bytes) -> str:
    """The text of the file called ``name``. Raises :class:`UnreadableError`."""
    path = _File(name, content)
    match Path(name).suffix.lower():
        case ".docx":
            return "\n".join(_docx(path))
        case ".html" | ".htm":
            return _html(path)
        case ".pdf":
            return _pdf(path)
        case ".txt" | ".text" | ".md" | "":
            return _plain(path)
        case other:
            raise UnreadableError(
                f"{path.name}: 不能读 {other} 文件;请另存为 .txt、.docx、.html 或带文字的 .pdf"
            )


def _plain(path: _File) -> str:
    raw = path.content
    for encoding in ("utf-8", "gb18030"):
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        return text.replace("\r\n", "\n").replace("\r", "\n")
    raise UnreadableError(f"{path.name}: 文字编码既不是 UTF-8 也不是 GB 18030;请另存为 UTF-8 文本")


def _docx(path: _File) -> list[str]:
    try:
        return word_lines(path.content)
    except (NotADocumentError, KeyError, ValueError) as problem:
        raise UnreadableError(f"{path.name}: 不是 .docx 文件({problem})") from problem


def _html(path: _File) -> str:
    try:
        return page_text(path.content)
    except BadPageError as problem:
        raise UnreadableError(f"{path.name}: {problem}") from problem


def _pdf(path: _File) -> str:
    try:
        return pdf_text(path.content)
    except NoTextError as problem:
        raise UnreadableError(f"{path.name}: {problem}") from problem
