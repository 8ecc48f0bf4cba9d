"""Spreadsheets: cells by calamine, and from the file itself what calamine does not say.

Formulas without a stored result, error cells and hidden rows are empty cells to calamine. Of an .xls xlrd says
them; of an .xlsx and an .ods they stand in the XML, which is looked through once. Of an .xlsx the same look finds the far blank cell that would make a table
of a million rows out of two: such cells are taken out before calamine lays the table out.
"""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any
from xml.etree import ElementTree

import python_calamine
import xlrd
from xlrd.biffh import XL_CELL_ERROR, error_text_from_code
from xlrd.formula import FMLA_TYPE_CELL, decompile_formula

from ecoledger.listings.tables.book import Book, Cell, Fault, Table, trimmed

# Cells of a laid out sheet that memory allows, blank ones included.
MOST_CELLS = 4_000_000

_CELL = re.compile(
    rb"<(?:\w+:)?row\b(?P<row>[^>]*)>|<(?:\w+:)?c\b(?P<cell>[^>]*?)(?:/>|>(?P<body>.*?)</(?:\w+:)?c>)",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(rb'(\w+)\s*=\s*"([^"]*)"')
_VALUE = re.compile(rb"<(?:\w+:)?v\b[^>]*>([^<]+)</")
_FORMULA = re.compile(rb"<(?:\w+:)?f\b")
_INLINE = re.compile(rb"<(?:\w+:)?t\b[^>]*>[^<]*[^\s<][^<]*</")
_PLACE = re.compile(rb"([A-Z]{1,3})(\d+)")
_COLUMN = re.compile(rb"<(?:\w+:)?col\b([^>]*)/?>")
_STRING = re.compile(rb"<(?:\w+:)?si\b[^>]*?(?:/>|>(.*?)</(?:\w+:)?si>)", re.DOTALL)
_LETTERS = re.compile(rb"<(?:\w+:)?t\b[^>]*>[^<]*[^\s<][^<]*</")


class UnreadableError(ValueError):
    """The file is damaged or locked by a password."""


@dataclass
class _Look:
    """What the XML of a sheet says beside its values."""

    faults: dict[int, list[Fault]] = field(default_factory=dict)
    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    # Last row and column (from 1) of any cell, and of one that says something.
    last: tuple[int, int] = (0, 0)
    said: tuple[int, int] = (0, 0)


def read(content: bytes) -> Book:
    """A spreadsheet as a book. Raises :class:`UnreadableError`."""
    kind = "xlsx" if content.startswith(b"PK") else "xls"
    looks: dict[str, _Look] = {}
    try:
        if kind == "xlsx":
            looks, content = _looked_at(content)
            if not looks:
                kind, looks = "ods", _looked_at_ods(content)
        else:
            looks = _looked_at_xls(content)
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        tables = [_table(book, sheet, looks.get(sheet.name)) for sheet in book.sheets_metadata]
    except (MemoryError, UnreadableError):
        raise
    except Exception as error:  # whatever a damaged archive makes its readers raise
        raise UnreadableError(str(error)) from error
    except BaseException as panic:
        if type(panic).__name__ != "PanicException":  # calamine's, outside Exception
            raise
        raise UnreadableError(str(panic)) from panic
    return Book(kind, [table for table in tables if table is not None])


def _table(
    book: python_calamine.CalamineWorkbook,
    about: python_calamine.SheetMetadata,
    look: _Look | None,
) -> Table | None:
    if about.typ != python_calamine.SheetTypeEnum.WorkSheet:
        return None  # a chart
    look = look or _Look()
    sheet = book.get_sheet_by_name(about.name)
    laid_out: list[list[Cell]] = [list(row) for row in sheet.to_python(skip_empty_area=False)]
    _keep_midnights(laid_out)
    filled = _fill(laid_out, sheet)
    rows: list[list[Cell]] = []
    numbers: list[int] = []
    for number, row in enumerate(laid_out, 1):
        cells = trimmed(row)
        if cells or number in look.faults:
            rows.append(cells)
            numbers.append(number)
    return Table(
        about.name,
        rows,
        numbers,
        look.faults,
        frozenset(look.hidden_rows & set(numbers)),
        frozenset(look.hidden_columns),
        frozenset(filled),
        about.visible != python_calamine.SheetVisibleEnum.Visible,
    )


def _keep_midnights(rows: list[list[Cell]]) -> None:
    """In a column of times a day without an hour is a midnight: calamine makes a date of each."""
    timed = {x for row in rows for x, cell in enumerate(row) if isinstance(cell, datetime)}
    for row in rows if timed else ():
        for x in timed:
            cell = row[x] if x < len(row) else None
            if isinstance(cell, date) and not isinstance(cell, datetime):
                row[x] = datetime(cell.year, cell.month, cell.day)


def _fill(rows: list[list[Cell]], sheet: python_calamine.CalamineSheet) -> set[tuple[int, int]]:
    """Write what a merged cell says into all the cells it covers; which those are."""
    filled = set()
    for (top, left), (bottom, right) in sheet.merged_cell_ranges or ():
        if top >= len(rows) or left >= len(rows[top]):
            continue
        value = rows[top][left]
        for y in range(top, min(bottom, len(rows) - 1) + 1):
            for x in range(left, min(right, len(rows[y]) - 1) + 1):
                if (y, x) != (top, left):
                    rows[y][x] = value
                    filled.add((y + 1, x))
    return filled


# -- the records of an .xls ----------------------------------------------------------------------------


def _looked_at_xls(content: bytes) -> dict[str, _Look]:
    """What xlrd says of each sheet; nothing of a file that it cannot read and calamine can."""
    try:
        with xlrd.open_workbook(
            file_contents=content, formatting_info=True, on_demand=True, logfile=io.StringIO()
        ) as book:
            looks = {sheet.name: _look_xls(sheet) for sheet in book.sheets()}
            for name, y, x in _without_result(book):
                looks[name].faults.setdefault(y, []).append(Fault("formula", x))
            return looks
    except Exception:  # whatever a file of thirty years makes it raise; calamine reads the cells
        return {}


def _look_xls(sheet: Any) -> _Look:
    look = _Look()
    look.hidden_rows = {n + 1 for n, row in sheet.rowinfo_map.items() if row.hidden}
    look.hidden_columns = {n for n, column in sheet.colinfo_map.items() if column.hidden}
    for y in range(sheet.nrows):
        for x, kind in enumerate(sheet.row_types(y)):
            if kind == XL_CELL_ERROR:
                text = error_text_from_code.get(sheet.cell_value(y, x), "#?")
                look.faults.setdefault(y + 1, []).append(Fault("error", x, text))
    return look


_FORMULA_RECORD, _BEGIN, _END = 0x06, 0x809, 0x0A
_EMPTY_RESULT = re.compile(rb"\x03.{5}\xff\xff", re.DOTALL)


def _without_result(book: Any) -> list[tuple[str, int, int]]:
    """(sheet, row from 1, column) of the formulas of an .xls that nobody computed.

    Their result is the empty text, which a formula may come to as well: a program that computes has left some other
    result in the file, or the formula names the empty text.
    """
    open_ones = []
    for n, name in enumerate(book.sheet_names()):
        at, depth = book._sh_abs_posn[n], 0
        while True:
            code, length = struct.unpack_from("<HH", book.mem, at)
            if code == _FORMULA_RECORD:
                record = bytes(book.mem[at + 4 : at + 4 + length])
                if not _EMPTY_RESULT.fullmatch(record, 6, 14):
                    return []
                y, x = struct.unpack_from("<HH", record)
                size = struct.unpack_from("<H", record, 20)[0]
                said = decompile_formula(book, record[22:], size, FMLA_TYPE_CELL, y, x, r1c1=0)
                if '""' not in str(said):
                    open_ones.append((name, y + 1, x))
            depth += (code == _BEGIN) - (code == _END)
            at += 4 + length
            if not depth:
                break
    return open_ones


# -- the XML of an .ods ------------------------------------------------------------------------------

_ERROR = re.compile(r"#(?:DIV/0!|N/A|NAME\?|REF!|VALUE!|NUM!|NULL!)|Err:\d{3}")
_RESULTS = {"value", "string-value", "date-value", "time-value", "boolean-value"}
_MOST_REPEATED = 100_000


def _looked_at_ods(content: bytes) -> dict[str, _Look]:
    """What the XML says of each sheet beside its values."""
    looks: dict[str, _Look] = {}
    look, y, x = _Look(), 0, 0
    with zipfile.ZipFile(io.BytesIO(content)) as archive, archive.open("content.xml") as xml:
        for event, element in ElementTree.iterparse(xml, ("start", "end")):  # noqa: S314
            said = {key.rpartition("}")[2]: value for key, value in element.attrib.items()}
            match event, element.tag.rpartition("}")[2]:
                case "start", "table":
                    look, y, x = looks.setdefault(said.get("name", ""), _Look()), 0, 0
                case "end", "table-column":
                    times = min(int(said.get("number-columns-repeated", 1)), 500)
                    if said.get("visibility", "visible") != "visible":
                        look.hidden_columns.update(range(x, x + times))
                    x += times
                case "start", "table-row":
                    x = 0
                case "end", "table-cell" | "covered-table-cell":
                    times = int(said.get("number-columns-repeated", 1))
                    if fault := _fault_ods(said, "".join(_paragraphs(element))):
                        look.faults.setdefault(y + 1, []).extend(
                            Fault(fault[0], column, fault[1])
                            for column in range(x, x + min(times, 500))
                        )
                    x += times
                case "end", "table-row":
                    times = min(int(said.get("number-rows-repeated", 1)), _MOST_REPEATED)
                    if said.get("visibility", "visible") != "visible":
                        look.hidden_rows.update(range(y + 1, y + times + 1))
                    y += times
                    element.clear()
    return looks


def _paragraphs(cell: ElementTree.Element) -> Iterator[str]:
    """What a cell shows, its remark left out."""
    for part in cell:
        if part.tag.rpartition("}")[2] == "p":
            yield from part.itertext()


def _fault_ods(said: dict[str, str], shown: str) -> tuple[str, str] | None:
    """(kind of fault, text) of a cell of an .ods that has no value."""
    if "formula" not in said:
        return None
    if match := _ERROR.fullmatch(shown.strip()):
        return "error", match[0]
    if not shown and not _RESULTS.intersection(said) and said.get("value-type") != "string":
        return "formula", ""
    return None


# -- the XML of an .xlsx -----------------------------------------------------------------------------


def _looked_at(content: bytes) -> tuple[dict[str, _Look], bytes]:
    """(what each sheet's XML says by sheet name, the file without far blank cells)."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        paths = _sheet_paths(archive)
        blank = _blank_strings(archive)
        looks: dict[str, _Look] = {}
        cut: dict[str, bytes] = {}
        for name, path in paths.items():
            xml = archive.read(path)
            looks[name] = look = _look(xml, blank)
            rows, columns = look.last
            if rows * columns > MOST_CELLS:
                rows, columns = look.said
                if rows * columns > MOST_CELLS:
                    raise UnreadableError("too many cells")
                cut[path] = _without_far_cells(xml, rows, columns)
        if cut:
            content = _rewritten(archive, cut)
    return looks, content


def _sheet_paths(archive: zipfile.ZipFile) -> dict[str, str]:
    """Sheet name -> its part of the archive; none for what is no .xlsx."""
    names = set(archive.namelist())
    if "xl/workbook.xml" not in names or "xl/_rels/workbook.xml.rels" not in names:
        return {}
    targets = {
        relation.get("Id"): str(relation.get("Target"))
        for relation in ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314
    }
    paths = {}
    for element in ElementTree.fromstring(archive.read("xl/workbook.xml")).iter():  # noqa: S314
        if element.tag.rpartition("}")[2] != "sheet":
            continue
        key = next((v for k, v in element.attrib.items() if k.rpartition("}")[2] == "id"), None)
        target = targets.get(key, "")
        path = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
        if path in names:
            paths[str(element.get("name"))] = path
    return paths


def _blank_strings(archive: zipfile.ZipFile) -> frozenset[bytes]:
    """Numbers, as written, of the shared texts that say nothing."""
    try:
        xml = archive.read("xl/sharedStrings.xml")
    except KeyError:
        return frozenset()
    return frozenset(
        str(n).encode()
        for n, text in enumerate(_STRING.finditer(xml))
        if not _LETTERS.search(text[1] or b"")
    )


def _look(xml: bytes, blank: frozenset[bytes]) -> _Look:
    look = _Look()
    for column in _COLUMN.finditer(xml, 0, xml.find(b"<sheetData") if b"<sheetData" in xml else -1):
        said = dict(_ATTRIBUTE.findall(column[1]))
        if said.get(b"hidden") in (b"1", b"true"):
            first, last = int(said.get(b"min", b"1")), int(said.get(b"max", b"1"))
            look.hidden_columns.update(range(first - 1, min(last, first + 500)))
    y = x = 0
    for match in _CELL.finditer(xml):
        if match["row"] is not None:
            said = dict(_ATTRIBUTE.findall(match["row"]))
            y, x = int(said.get(b"r", y + 1)), 0
            if said.get(b"hidden") in (b"1", b"true"):
                look.hidden_rows.add(y)
            continue
        attributes = dict(_ATTRIBUTE.findall(match["cell"]))
        x += 1
        if place := _PLACE.fullmatch(attributes.get(b"r", b"")):
            y, x = int(place[2]), _number(place[1])
        look.last = (max(look.last[0], y), max(look.last[1], x))
        body, kind = match["body"] or b"", attributes.get(b"t", b"n")
        value = _VALUE.search(body)
        if _FORMULA.search(body) and not value and not (kind == b"str" and b"<v" in body):
            look.faults.setdefault(y, []).append(Fault("formula", x - 1))
        elif kind == b"e" and value:
            look.faults.setdefault(y, []).append(Fault("error", x - 1, value[1].decode()))
        if (value and not (kind == b"s" and value[1].strip() in blank)) or _INLINE.search(body):
            look.said = (max(look.said[0], y), max(look.said[1], x))
    return look


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _without_far_cells(xml: bytes, rows: int, columns: int) -> bytes:
    def kept(match: re.Match[bytes]) -> bytes:
        if match["row"] is not None:
            return match[0]
        place = _PLACE.search(match["cell"])
        far = place and (int(place[2]) > rows or _number(place[1]) > columns)
        return b"" if far else match[0]

    # The declared size would have the table laid out to its full extent all the same.
    xml = re.sub(rb"<(?:\w+:)?dimension\b[^>]*/>", b"", xml)
    return _CELL.sub(kept, xml)


def _rewritten(archive: zipfile.ZipFile, parts: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as written:
        for item in archive.infolist():
            written.writestr(item.filename, parts.get(item.filename) or archive.read(item))
    return buffer.getvalue()
