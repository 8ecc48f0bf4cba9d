"""A file as text: the text in which the offsets of items count.

A table row is one line, its cells joined by `` | ``; lines that a PDF broke for layout are joined again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from zipfile import BadZipFile

# A line shorter than this share of the longest ends a paragraph.
_FULL = 0.8
_PAGE_NUMBER = re.compile(r"^[-—–\s]*\d{1,3}[-—–\s]*$")
_NEW = re.compile(
    r"^(?:[一二三四五六七八九十]{1,3}、|[((][一二三四五六七八九十\d]{1,3}[))]|\d{1,2}[.、.](?!\d)|附件|第[一二三四五六七八九十]+[章条])"
)
_BLOCKS = {
    "p",
    "div",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "br",
    "title",
    "tr",
    "table",
    "section",
    "article",
    "dt",
    "dd",
}
_SILENT = {"script", "style", "head", "noscript", "nav", "template"}


class UnreadableError(ValueError):
    """A file that holds no text we can read, and what would help."""


@dataclass(frozen=True)
class _File:
    name: str
    content: bytes


def read_text(path: Path) -> str:
    """The text of a .txt, .docx, .html or .pdf file."""
    return read(path.name, path.read_bytes())


def read_upload(content: bytes) -> dict[str, str]:
    """The text of an uploaded file that carries its name in its first line, or the ``problem`` with it.

    For a process with limits (``listings.tables.confined``), which takes bytes and gives plain values.
    """
    name, _, rest = content.partition(b"\n")
    try:
        return {"text": read(name.decode(), rest)}
    except UnreadableError as problem:
        return {"problem": str(problem)}


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


def _docx(path: _File) -> Iterator[str]:
    from docx import Document
    from docx.opc.exceptions import PackageNotFoundError
    from docx.table import Table

    try:
        document = Document(BytesIO(path.content))
    except (PackageNotFoundError, BadZipFile, KeyError, ValueError) as problem:
        raise UnreadableError(f"{path.name}: 不是 .docx 文件({problem})") from problem
    for block in document.iter_inner_content():
        if isinstance(block, Table):
            for row in block.rows:
                cells: list[str] = []
                seen: list[object] = []
                for cell in row.cells:
                    if any(cell._tc is other for other in seen):
                        continue
                    seen.append(cell._tc)
                    cells.append(" ".join(cell.text.split()))
                yield " | ".join(cells)
        else:
            yield from block.text.split("\n")


def _html(path: _File) -> str:
    from lxml import etree, html

    raw = path.content
    if not raw.strip():
        raise UnreadableError(f"{path.name}: 文件是空的")
    named = re.search(rb"charset=[\"']?([\w-]+)", raw[:2000])
    encodings = [named[1].decode("ascii", "replace")] if named else []
    for encoding in [*encodings, "utf-8", "gb18030"]:
        try:
            text = raw.decode(encoding)
            break
        except (UnicodeDecodeError, LookupError):
            continue
    else:
        raise UnreadableError(f"{path.name}: 文字编码不能识别")
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    try:
        tree = html.document_fromstring(text)  # type: ignore[no-untyped-call]
    except etree.ParserError as problem:
        raise UnreadableError(f"{path.name}: {problem}") from problem
    pieces: list[str] = []
    _walk(tree, pieces)
    lines = (" ".join(line.split()) for line in "".join(pieces).split("\n"))
    return "\n".join(line for line in lines if line)


def _walk(node: object, pieces: list[str]) -> None:
    tag = getattr(node, "tag", None)
    if not isinstance(tag, str):
        pieces.append(getattr(node, "tail", "") or "")
        return
    if tag not in _SILENT:
        if tag == "tr":
            cells = [
                " ".join("".join(cell.itertext()).split())
                for cell in node.iterchildren("td", "th")  # type: ignore[attr-defined]
            ]
            pieces.append("\n" + " | ".join(cells) + "\n")
        else:
            block = tag in _BLOCKS
            pieces.append("\n" if block else "")
            pieces.append(re.sub(r"\s+", " ", getattr(node, "text", "") or ""))
            for child in node:  # type: ignore[attr-defined]
                _walk(child, pieces)
            pieces.append("\n" if block else "")
    pieces.append(re.sub(r"\s+", " ", getattr(node, "tail", "") or ""))


def _pdf(path: _File) -> str:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        pages = [page.extract_text() or "" for page in PdfReader(BytesIO(path.content)).pages]
    except (PyPdfError, ValueError, KeyError) as problem:
        raise UnreadableError(f"{path.name}: 不是可读的 PDF({problem})") from problem
    lines = [line.strip() for page in pages for line in page.split("\n")]
    lines = [line for line in lines if line and not _PAGE_NUMBER.match(line)]
    if not lines:
        raise UnreadableError(
            f"{path.name}: 这份 PDF 没有文字(可能是扫描件);请先识别文字或改用 .docx"
        )
    return "\n".join(_joined(lines))


def _joined(lines: list[str]) -> Iterator[str]:
    """Paragraphs of lines that were broken at the margin."""
    longest = max(len(line) for line in lines)
    paragraph = ""
    before = ""
    for line in lines:
        broken = (
            before
            and len(before) >= _FULL * longest
            and before[-1] not in "。;;::!!"
            and not _NEW.match(line)
            and "|" not in line
        )
        if paragraph and not broken:
            yield paragraph
            paragraph = ""
        paragraph += line
        before = line
    if paragraph:
        yield paragraph
