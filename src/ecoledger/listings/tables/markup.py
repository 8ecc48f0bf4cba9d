"""Tables written as HTML or as the XML of old Excel, which systems like to name .xls."""

from __future__ import annotations

import re
from collections import deque
from html.parser import HTMLParser
from xml.etree import ElementTree

from ecoledger.listings.tables.book import Book, Cell, Fault, Table, trimmed

_MOST_SPAN = 1000


_COMMENT_ENDS = re.compile(r"--\s*>")


class _Tables(HTMLParser):
    """Collects the outermost tables: rows of (text, columns, rows it covers)."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tables: list[list[list[tuple[str, int, int]]]] = []
        self.hidden: list[set[int]] = []
        self._depth = 0
        self._cell: list[str] | None = None
        self._span = (1, 1)
        self._no_comment_ends = False

    def parse_html_declaration(self, i: int) -> int:
        """Past a comment or a declaration, as a browser goes; where no comment ends any more, that is looked for once."""
        if not self.rawdata.startswith("<!--", i):
            return self.rawdata.find(">", i) + 1 or -1
        end = None if self._no_comment_ends else _COMMENT_ENDS.search(self.rawdata, i + 4)
        self._no_comment_ends = end is None
        return end.end() if end else -1

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

    def close(self) -> None:
        super().close()
        self._close()

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
    # Behind the last > no tag ends: the parser would look for its end anew at each < there.
    end = text.rfind(">") + 1
    parser.feed(text[:end] + text[end:].replace("<", "&lt;"))
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
        waiting = deque(row)
        while waiting or (y, len(line)) in from_above:
            if (y, len(line)) in from_above:
                filled.add((y + 1, len(line)))
                line.append(from_above.pop((y, len(line))))
                continue
            text, columns, down = waiting.popleft()
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
        name = _said(sheet, "Name")
        tables.append(_sheet(name, sheet))
    return Book("xml", tables)


def _sheet(name: str, sheet: ElementTree.Element) -> Table:
    lines: dict[int, dict[int, Cell]] = {}
    faults: dict[int, list[Fault]] = {}
    filled = set()
    number = x = 0
    hidden_rows: set[int] = set()
    hidden_columns: set[int] = set()
    for element in sheet.iter():
        if _name(element) == "Column":
            x = _index(element, x)
            last = x + _count(element, "Span")
            if _said(element, "Hidden") == "1":
                hidden_columns.update(range(x - 1, last))
            x = last
        if _name(element) != "Row":
            continue
        number = _index(element, number)
        if _said(element, "Hidden") == "1":
            hidden_rows.add(number)
        at = 0
        for cell in (e for e in element if _name(e) == "Cell"):
            at = min(_index(cell, at), 20_000)
            value, fault = _value(cell, at - 1)
            if fault:
                faults.setdefault(number, []).append(fault)
            across = _count(cell, "MergeAcross")
            for y in range(number, number + _count(cell, "MergeDown") + 1):
                for column in range(at - 1, at + across):
                    if (y, column) != (number, at - 1):
                        filled.add((y, column))
                    lines.setdefault(y, {})[column] = value
            at += across
        number += _count(element, "Span")
    rows = {
        y: trimmed([line.get(n) for n in range(max(line, default=-1) + 1)])
        for y, line in sorted(lines.items())
    }
    rows = {y: row for y, row in rows.items() if row or y in faults}
    return Table(
        name, list(rows.values()), list(rows), faults,
        frozenset(hidden_rows & set(rows)), frozenset(hidden_columns), frozenset(filled),
    )  # fmt: skip


def _value(cell: ElementTree.Element, column: int) -> tuple[Cell, Fault | None]:
    data = next((e for e in cell if _name(e) == "Data"), None)
    text = "".join(data.itertext()) if data is not None else ""
    kind = _said(data, "Type") if data is not None else ""
    if kind == "Error":
        return None, Fault("error", column, text)
    if data is None and _said(cell, "Formula"):
        return None, Fault("formula", column)
    if kind == "Boolean":
        return text == "1", None
    if kind == "Number" and re.fullmatch(r"-?\d+(\.\d*)?", text):
        return float(text), None
    return text, None


def _said(element: ElementTree.Element, attribute: str) -> str:
    return next((v for k, v in element.attrib.items() if k.endswith(f"}}{attribute}")), "")


def _count(element: ElementTree.Element, attribute: str) -> int:
    said = _said(element, attribute)
    return min(int(said), _MOST_SPAN) if said.isascii() and said.isdigit() else 0


def _index(element: ElementTree.Element, before: int) -> int:
    said = _said(element, "Index")
    return int(said) if said.isascii() and said.isdigit() else before + 1


def _name(element: ElementTree.Element) -> str:
    return str(element.tag).rpartition("}")[2]
