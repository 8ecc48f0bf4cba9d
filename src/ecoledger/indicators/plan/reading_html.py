"""A web page as text: a block a line, a table row a line; a table that only lays a page out is none."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ecoledger.listings.word.text import is_layout

Node = Any
_BLOCKS = {
    *("p", "div", "li", "h1", "h2", "h3", "h4", "h5", "h6", "br", "title"),
    *("tr", "table", "section", "article", "dt", "dd"),
}
_SILENT = {"script", "style", "head", "noscript", "nav", "template"}


class BadPageError(ValueError):
    """A page whose bytes are no text or no HTML; the message says which."""


def page_text(raw: bytes) -> str:
    """The text of a page. Raises :class:`BadPageError`."""
    from lxml import etree, html

    if not raw.strip():
        raise BadPageError("文件是空的")
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", _decoded(raw))
    try:
        tree = html.document_fromstring(text)  # type: ignore[no-untyped-call]
    except etree.ParserError as problem:
        raise BadPageError(str(problem)) from problem
    lines = (" ".join(line.split()) for line in "".join(_said(tree)).split("\n"))
    return "\n".join(line for line in lines if line)


def _decoded(raw: bytes) -> str:
    named = re.search(rb"charset=[\"']?([\w-]+)", raw[:2000])
    encodings = [named[1].decode("ascii", "replace")] if named else []
    for encoding in [*encodings, "utf-8", "gb18030"]:
        try:
            return raw.decode(encoding)
        except (UnicodeDecodeError, LookupError):
            continue
    raise BadPageError("文字编码不能识别")


def _said(node: Node) -> Iterator[str]:
    tag = node.tag
    if isinstance(tag, str) and tag not in _SILENT:
        if tag == "table":
            yield "\n"
            yield from _table(node)
        else:
            block = "\n" if tag in _BLOCKS else ""
            yield block + re.sub(r"\s+", " ", node.text or "")
            for child in node:
                yield from _said(child)
            yield block
    yield re.sub(r"\s+", " ", node.tail or "")


def _lines(cell: Node) -> list[str]:
    said = re.sub(r"\s+", " ", cell.text or "") + "".join(
        piece for child in cell for piece in _said(child)
    )
    rows = (" ".join(line.split()) for line in said.split("\n"))
    return [line for line in rows if line]


def _table(table: Node) -> Iterator[str]:
    """Rows as lines; a cell that spans rows stands in each of them."""
    carried: dict[int, tuple[int, list[str]]] = {}
    for row in table.iter("tr"):
        if next(row.iterancestors("table")) is not table:
            continue
        cells: list[list[str]] = []
        column = 0
        for cell in row.iterchildren("td", "th"):
            column = _carry(carried, column, cells)
            rows = _lines(cell)
            cells.append(rows)
            down = _span(cell, "rowspan")
            if down > 1:
                carried[column] = (down - 1, rows)
            column += _span(cell, "colspan")
        _carry(carried, column, cells)
        nested = row.find(".//table") is not None
        if len(cells) == 1 or nested or any(is_layout(cell) for cell in cells):
            for cell_lines in cells:
                yield from (f"\n{line}\n" for line in cell_lines)
        elif cells:
            yield "\n" + " | ".join(" ".join(cell_lines) for cell_lines in cells) + "\n"


def _carry(carried: dict[int, tuple[int, list[str]]], column: int, cells: list[list[str]]) -> int:
    while column in carried:
        left, rows = carried.pop(column)
        cells.append(rows)
        if left > 1:
            carried[column] = (left - 1, rows)
            column += 1
            continue
        column += 1
    return column


def _span(cell: Node, attribute: str) -> int:
    """How many rows or columns a cell covers; browsers read ``2``, ``2;`` and nonsense alike."""
    number = re.match(r"\s*(\d{1,3})", cell.get(attribute, ""))
    return max(1, int(number[1])) if number else 1
