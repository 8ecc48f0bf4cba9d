"""Tables written as HTML or as the XML of old Excel, which systems like to name .xls."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from xml.etree import ElementTree

from ecoledger.listings.tables.book import Book, Cell, Table, trimmed

_MOST_SPAN = 1000


class _Tables(HTMLParser):
    """Collects the outermost tables: rows of (text, columns, rows it covers)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[tuple[str, int, int]]]] = []
        self.hidden: list[set[int]] = []
        self._depth = 0
        self._cell: list[str] | None = None
        self._span = (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "table":
            self._depth += 1
            if self._depth == 1:
                self.tables.append([])
                self.hidden.append(set())
        elif self._depth == 1 and tag == "tr":
            self._close()
            self.tables[-1].append([])
            if re.search(r"display\s*:\s*none", said.get("style", "")):
                self.hidden[-1].add(len(self.tables[-1]))
        elif self._depth == 1 and tag in ("td", "th"):
            self._close()
            if not self.tables[-1]:
                self.tables[-1].append([])
            self._cell = []
            self._span = (_span(said.get("colspan")), _span(said.get("rowspan")))
        elif tag == "br" and self._cell is not None:
            self._cell.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in ("td", "th", "tr") and self._depth == 1:
            self._close()
        elif tag == "table":
            self._close()
            self._depth = max(0, self._depth - 1)

    def handle_data(self, data: str) -> None:
        if self._cell is not None:
            self._cell.append(data)

    def _close(self) -> None:
        if self._cell is not None:
            text = re.sub(r"[ \t\r\f\xa0]+", " ", "".join(self._cell)).strip()
            self.tables[-1][-1].append((text, *self._span))
            self._cell = None


def _span(text: str | None) -> int:
    return (
        min(int(text), _MOST_SPAN)
        if text and text.isascii() and text.isdigit() and text != "0"
        else 1
    )


def read_html(text: str) -> Book:
    """The tables of a page, each a table of the book."""
    parser = _Tables()
    parser.feed(text)
    parser.close()
    tables = [
        _laid_out(f"{n}" if len(parser.tables) > 1 else "", cells, hidden)
        for n, (cells, hidden) in enumerate(zip(parser.tables, parser.hidden, strict=True), 1)
    ]
    return Book("html", [table for table in tables if table.rows])


def _laid_out(name: str, cells: list[list[tuple[str, int, int]]], hidden: set[int]) -> Table:
    rows: list[list[Cell]] = []
    filled = set()
    from_above: dict[tuple[int, int], str] = {}
    for y, row in enumerate(cells):
        line: list[Cell] = []
        waiting = list(row)
        while waiting or (y, len(line)) in from_above:
            if (y, len(line)) in from_above:
                filled.add((y + 1, len(line)))
                line.append(from_above.pop((y, len(line))))
                continue
            text, columns, down = waiting.pop(0)
            for n in range(columns):
                for below in range(1, down):
                    from_above[y + below, len(line)] = text
                if n:
                    filled.add((y + 1, len(line)))
                line.append(text)
        cells_said = trimmed(line)
        padding: list[Cell] = [None] * (len(line) - len(cells_said))
        rows.append([*cells_said, *padding] if cells_said else [])
    numbers = [n for n, row in enumerate(rows, 1) if row]
    return Table(
        name, [row for row in rows if row], numbers,
        hidden_rows=frozenset(hidden & set(numbers)), filled=frozenset(filled),
    )  # fmt: skip


def read_xml(content: bytes) -> Book:
    """A workbook in the XML of Excel 2003. Raises ``ValueError`` for any other XML."""
    try:
        root = ElementTree.fromstring(content)  # noqa: S314 - read in a process with limits
    except ElementTree.ParseError as error:
        raise ValueError("not XML") from error
    if _name(root) != "Workbook":
        raise ValueError("not a workbook")
    tables = []
    for sheet in (e for e in root if _name(e) == "Worksheet"):
        name = next((v for k, v in sheet.attrib.items() if k.endswith("}Name")), "")
        rows: list[list[Cell]] = []
        numbers: list[int] = []
        number = 0
        for row in (e for e in sheet.iter() if _name(e) == "Row"):
            number = _index(row, number)
            cells = _cells(row)
            if cells:
                rows.append(cells)
                numbers.append(number)
        tables.append(Table(name, rows, numbers))
    return Book("xml", tables)


def _cells(row: ElementTree.Element) -> list[Cell]:
    line: list[Cell] = []
    for cell in (e for e in row if _name(e) == "Cell"):
        at = _index(cell, len(line))
        line.extend([None] * (min(at, 20_000) - 1 - len(line)))
        data = next((e for e in cell if _name(e) == "Data"), None)
        text = "".join(data.itertext()) if data is not None else ""
        kind = (
            next((v for k, v in data.attrib.items() if k.endswith("}Type")), "")
            if data is not None
            else ""
        )
        line.append(
            float(text) if kind == "Number" and re.fullmatch(r"-?\d+(\.\d*)?", text) else text
        )
    return trimmed(line)


def _index(element: ElementTree.Element, before: int) -> int:
    said = next((v for k, v in element.attrib.items() if k.endswith("}Index")), "")
    return int(said) if said.isascii() and said.isdigit() else before + 1


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]
