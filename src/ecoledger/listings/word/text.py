"""The text of a .docx as a reader sees it: a paragraph a line, a table row a line, list labels written out."""

from __future__ import annotations

from collections.abc import Iterator

from ecoledger.listings.word.numbering import Numbering
from ecoledger.listings.word.package import Element, Package, child, name, value

_INSIDE = {
    name(tag)
    for tag in ("w:ins", "w:hyperlink", "w:smartTag", "w:fldSimple", "w:sdt", "w:sdtContent")
}
_WRAPPERS = {name(tag) for tag in ("w:sdt", "w:sdtContent", "w:ins", "w:customXml")}
# A cell with more than this is a page laid out by a table, not a value.
LAYOUT_PARAGRAPHS, LAYOUT_LETTERS = 3, 200


def lines(content: bytes) -> list[str]:
    """The lines of a .docx. Raises :class:`~.package.NotADocumentError`."""
    package = Package(content)
    reader = _Reader(package)
    body = child(package.document, "w:body")
    return [] if body is None else list(reader.blocks(body))


def is_layout(cell: list[str]) -> bool:
    """Whether a cell, given its paragraphs, holds a text rather than a value."""
    return len(cell) >= LAYOUT_PARAGRAPHS and sum(map(len, cell)) > LAYOUT_LETTERS


class _Reader:
    def __init__(self, package: Package) -> None:
        self.numbering = Numbering(package)
        self.lists = _lists_of_styles(package.related("/styles"))

    def blocks(self, parent: Element) -> Iterator[str]:
        for element in parent:
            if element.tag == name("w:p"):
                yield from self.paragraph(element)
            elif element.tag == name("w:tbl"):
                yield from self.table(element)
            elif element.tag in _WRAPPERS:
                yield from self.blocks(element)

    def paragraph(self, element: Element) -> list[str]:
        text = "".join(_said(element))
        if text.strip():
            text = self._label(element) + text
        boxes = [
            line
            for box in element.iter(name("w:txbxContent"))
            if not _within(box, name("mc:Fallback"), element)
            for line in self.blocks(box)
        ]
        return [*text.split("\n"), *boxes]

    def _label(self, element: Element) -> str:
        """The label that Word writes before a paragraph of a list: 一、 or (二)."""
        own = child(element, "w:pPr", "w:numPr")
        style = value(child(element, "w:pPr", "w:pStyle")) or ""
        key, depth = self.lists.get(style, ("", 0))
        if own is not None:
            key = value(child(own, "w:numId")) or key
            depth = int(value(child(own, "w:ilvl")) or depth)
        level = self.numbering.level(key, depth) if key and key != "0" else None
        if level is None:
            return ""
        label = self.numbering.next(key, depth)
        return "" if level.kind in ("bullet", "none") else label

    def table(self, element: Element) -> Iterator[str]:
        above: dict[int, str] = {}  # of each column, the text that a vertical merge carries on
        for row in element.iter(name("w:tr")):
            if _nearest(row, name("w:tbl")) is not element:
                continue
            cells: list[list[str]] = []
            column = 0
            for cell in row.iter(name("w:tc")):
                if _nearest(cell, name("w:tr")) is not row:
                    continue
                rows = [line.strip() for line in self.blocks(cell)]
                rows = [" ".join(line.split()) for line in rows if line]
                merge = child(cell, "w:tcPr", "w:vMerge")
                if merge is not None and value(merge) != "restart":
                    rows = [above[column]] if above.get(column) else []
                above[column] = " ".join(rows)
                cells.append(rows)
                column += int(value(child(cell, "w:tcPr", "w:gridSpan")) or 1)
            if len(cells) == 1 or any(is_layout(cell) for cell in cells):
                for cell_lines in cells:
                    yield from cell_lines
            else:
                yield " | ".join(" ".join(cell_lines) for cell_lines in cells)


def _said(element: Element) -> Iterator[str]:
    """What the runs of a paragraph say, insertions with, deletions and text boxes without."""
    for part in element:
        if part.tag == name("w:r"):
            for piece in part:
                if piece.tag == name("w:t"):
                    yield piece.text or ""
                elif piece.tag in (name("w:tab"), name("w:ptab")):
                    yield " "
                elif piece.tag in (name("w:br"), name("w:cr")):
                    yield "\n" if value(piece, "w:type") not in ("page", "column") else ""
                elif piece.tag == name("w:noBreakHyphen"):
                    yield "-"
        elif part.tag in _INSIDE:
            yield from _said(part)


def _lists_of_styles(styles: Element | None) -> dict[str, tuple[str, int]]:
    """The list and level that a paragraph style brings with it, its ancestors' if it has none."""
    if styles is None:
        return {}
    rows = {value(style, "w:styleId") or "": style for style in styles.findall(name("w:style"))}
    result: dict[str, tuple[str, int]] = {}
    for key, style in rows.items():
        seen: set[str] = set()
        current: Element | None = style
        while current is not None:
            numbers = child(current, "w:pPr", "w:numPr")
            number = value(child(numbers, "w:numId")) if numbers is not None else None
            if number:
                result[key] = (number, int(value(child(numbers, "w:ilvl")) or 0))
                break
            base = value(child(current, "w:basedOn")) or ""
            if base in seen:
                break
            seen.add(base)
            current = rows.get(base)
    return result


def _nearest(element: Element, tag: str) -> Element | None:
    parent = element.getparent()
    while parent is not None and parent.tag != tag:
        parent = parent.getparent()
    return parent


def _within(element: Element, tag: str, top: Element) -> bool:
    parent = element.getparent()
    while parent is not None and parent is not top:
        if parent.tag == tag:
            return True
        parent = parent.getparent()
    return False
