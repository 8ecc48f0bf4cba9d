"""Tables in blocks of rows with their line numbers, so that a bad row is named and kept out.

Text is read in blocks of a few megabytes cut at line ends; memory stays the same however long the file is. Its
encoding, delimiter and quotation marks, where the header stands, units below it and rows that are no data are
understood as everywhere in the house (``listings.tables``), and so are spreadsheets, which are read whole. Cells stay
text: what passes through comes out as it went in. A unit that stands below the header or above the table comes out
behind its column's name.
"""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from typing import BinaryIO, cast

import polars as pl

from ecoledger.cli.blocks import BadRows, Block, UnusableTableError
from ecoledger.cli.long_tables import widened
from ecoledger.listings.tables import reading, text
from ecoledger.listings.tables.book import Cell, Table, column_letters, is_blank, trimmed
from ecoledger.listings.tables.headers import (
    Header,
    bare,
    find_header,
    fold,
    may_be_no_data,
    why_no_data,
)
from ecoledger.listings.tables.observed import FACTORS, MARKS, VALUES, denies, flag_of
from ecoledger.listings.tables.units import parts, says_units, with_units
from ecoledger.standards.column_names import Names, scaled
from ecoledger.standards.monitoring_marks import usable_flags
from ecoledger.standards.readings import read_column, stand_for_none
from ecoledger.standards.written_dates import read_moment

_BLOCK_BYTES = 8 << 20
_CELL_LINES = 100  # the longest cell in quotation marks, in lines


class Progress:
    """A line on stderr every two seconds of a long run."""

    def __init__(self) -> None:
        self._next = time.monotonic() + 2

    def tell(self, rows: int) -> None:
        """Say how many rows were read so far, if it is time to."""
        if time.monotonic() >= self._next:
            print(f"{rows:,} rows read", file=sys.stderr)
            self._next = time.monotonic() + 2


_SHEET = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"<html", b"<!DOCTYPE", b"<?xml", b"<table")


def _texts(first: bytes, stream: BinaryIO) -> Iterator[str]:
    """The stream's text in pieces that end with a line, or with the stream; lines end with LF."""
    try:
        encoding, mark = text.encoding_of(first)
    except text.NoTextError as error:
        raise UnusableTableError("the file is no text and no spreadsheet") from error
    rest, chunk = b"", first[mark:]
    if encoding.startswith(("utf-16", "utf-32")):
        whole = (chunk + stream.read()).decode(encoding, errors="replace").encode()
        yield _decoded(text.fed(whole, "utf-8"), "utf-8")
        return
    while chunk:
        whole = rest + text.fed(chunk, encoding)
        cut = _cut(whole)
        rest = whole[cut:]
        if cut:
            yield _decoded(whole[:cut], encoding)
        chunk = stream.read(_BLOCK_BYTES)
    if rest:
        yield _decoded(rest, encoding)


def _cut(whole: bytes) -> int:
    """Where a block ends: after a line, and not within a cell in quotation marks of some lines."""
    last = cut = whole.rfind(b"\n") + 1
    for _ in range(_CELL_LINES):
        if not cut or whole.count(b'"', 0, cut) % 2 == 0:
            return cut
        cut = whole.rfind(b"\n", 0, cut - 1) + 1
    return last  # a mark that nobody closed


def _decoded(piece: bytes, encoding: str) -> str:
    try:
        return piece.decode(encoding).replace("\r\n", "\n")
    except UnicodeDecodeError:
        pass
    # A GB 18030 file whose first block was plain ASCII, or lines with a broken byte: those are named later.
    try:
        return piece.decode("gb18030").replace("\r\n", "\n")
    except UnicodeDecodeError:
        return piece.decode(encoding, errors="replace").replace("\r\n", "\n")


@dataclass(frozen=True)
class _Head:
    """A header found: the columns' names as they are read, what is written in it, and which names mean something."""

    columns: list[str]
    header: Header
    written: list[list[str]]
    knows: Callable[[str], bool]

    def again(self, row: Sequence[Cell]) -> bool | None:
        """Whether a row is this header once more; ``False``: it is another one, ``None``: none."""
        if [fold(cell) for cell in trimmed(row)] in self.written:
            return True
        said = [str(cell) for cell in row if not is_blank(cell)]
        named = sum(self.knows(text) or text in self.header.names for text in said)
        return False if named >= 2 and named * 2 > len(said) else None


def _head(table: Table, names: Names | None, first: int, long: bool) -> _Head:
    """The header of a table: where most columns have a name that is known, else the row ``first``."""

    def knows(name: str) -> bool:
        of_long = long and bare(name) in FACTORS | VALUES
        return names is not None and (names.knows(name) or of_long)

    header = find_header(table, knows)
    if header is None:
        written = ["" if is_blank(cell) else str(cell) for cell in table.rows[first]]
        stacks = tuple((name,) for name in written)
        header = Header(tuple(written), first, first + 1, 0, stacks)
    measured = {n for n, name in enumerate(header.names) if names and names.measures(name)}
    units = with_units(table, header, measured.__contains__, words=False)
    titles = " ".join(str(c) for row in table.rows[: header.first] for c in row if c is not None)
    columns = []
    for n, (name, plain) in enumerate(zip(units.names, header.names, strict=True)):
        column = str(name).strip() or f"column {n + 1}"
        named, said_of_it = parts(column)
        if not knows(column) and knows(named):  # 总磷 mg/L
            column = f"{named}({','.join(said_of_it)})"
        if name == plain and names and (said := _UNIT_SAID.search(titles)):
            column = names.measured_in(column, said[1])
        columns.append(column)
    if twice := sorted({name for name in columns if columns.count(name) > 1}):
        raise UnusableTableError(
            f"the header names {', '.join(map(repr, twice))} twice; rename one"
        )
    heads = [
        [fold(cell) for cell in trimmed(row)] for row in table.rows[header.first : units.below]
    ]
    return _Head(columns, replace(header, below=units.below), heads, knows)


_UNIT_SAID = re.compile(r"单位\s*[:：]\s*([^\s()（）,，;；。]+)")
_NO_DATA = {
    "header": "the header again",
    "subtotal": "a subtotal",
    "total": "a total or mean",
    "note": "a note",
    "footer": "what stands below a table",
    "section": "a heading",
    "serial": "a number and nothing else",
}


def read(
    stream: BinaryIO, bad: BadRows, names: Names | None = None, *, long: bool = False
) -> tuple[list[str], Iterator[Block]]:
    """Header and blocks of rows; ``names`` tells the header from titles above it. Rows with too many or too few cells are
    reported, what is no data is told, and both are left out. ``long``: a table with one value a row is widened to a column
    a factor.

    Raises :class:`UnusableTableError` for an empty file, and for a header with a name twice.
    """
    first_bytes = stream.read(_BLOCK_BYTES)
    if first_bytes.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_SHEET):
        return _of_sheets(first_bytes + stream.read(), bad, names, long)
    pieces = _texts(first_bytes, stream)
    first = next(pieces, "")
    lines = first.split("\n", 200)[:200]
    separator = text.delimiter_of([line for line in lines if line.strip()]) or ","
    width = text.width_of(lines, separator)
    rows = [(n, cells) for n, cells, _fault in text.records(lines, separator, width)]
    if not rows:
        raise UnusableTableError("the table is empty; its first line must name the columns")
    top = Table("", [trimmed(cells) for _n, cells in rows], [n for n, _cells in rows])
    widest = (n for n, (_n, cells) in enumerate(rows[:20]) if len(cells) >= width)
    head = _head(top, names, next(widest, 0), long)
    below = head.header.below
    begin = rows[below][0] if below < len(rows) else rows[-1][0] + 1
    body = first.split("\n", begin - 1)[-1] if first.count("\n") >= begin - 1 else ""

    def blocks() -> Iterator[Block]:
        line = begin
        piece: str | None = body
        while piece is not None:
            if piece:
                block, line = _parse(piece, head, separator, line, bad)
                block, ended = _data_of(block, head, bad)
                yield block
                if ended:
                    return
            piece = next(pieces, None)

    return widened(head.columns, blocks(), names if long else None, bad)


def _data_of(
    block: Block, head: _Head, bad: BadRows, filled: Mapping[int, frozenset[int]] | None = None
) -> tuple[Block, bool]:
    """The rows that are data, and whether another header ends them. Only rows that may be none are looked at."""
    said = block.table.select(pl.all().str.strip_chars().replace("", None))
    first = said.select(pl.coalesce(pl.all())).to_series()
    begins = [text for text in first.drop_nulls().unique() if may_be_no_data(text)]
    odd = (
        first.is_in(begins).fill_null(value=True)
        | said.select(
            (pl.sum_horizontal(pl.all().is_not_null()) < 2)
            | pl.any_horizontal(
                pl.all().is_in([n for n in head.header.names if n]).fill_null(False)
            )
        ).to_series()
    )
    why: dict[int, str] = {}
    for at in odd.arg_true():
        row, line = block.table.row(at), block.lines[at]
        again = head.again(row)
        units = block.table.row(at + 1) if again and at + 1 < block.table.height else ()
        if says_units(units):  # below a header that comes once more
            again = head.again(units) or False
            why[at + 1] = "header"
        if again is False:
            bad.report(line, "another header; give the table below it a file of its own")
            return Block(block.table.head(at), block.lines.head(at)).without(why), True
        no_cells = frozenset[int]()
        of_row = (filled or {}).get(line, no_cells)
        why[at] = "header" if again else why_no_data(row, head.header, of_row, why.get(at - 1, ""))
        if why[at] in _NO_DATA:
            bad.leave_out(line, _NO_DATA[why[at]])
    return block.without(why), False


def _of_sheets(
    content: bytes, bad: BadRows, names: Names | None, long: bool
) -> tuple[list[str], Iterator[Block]]:
    """A spreadsheet's rows as text, of the sheets that have the header of the first one."""
    try:
        book = reading.book_of(content)
    except reading.NoTableError as error:
        raise UnusableTableError(f"the file cannot be read as a table ({error})") from error
    tables = [_as_text(table) for table in book.tables if table.rows]
    if names and any(find_header(table, names.knows) for table in tables):  # no cover sheets
        tables = [table for table in tables if find_header(table, names.knows)]
    columns: list[str] = []
    blocks = []
    for table in tables:
        # A title merged over the columns says one thing in all of them.
        said = (len({cell for cell in row if cell is not None}) for row in table.rows)
        if (first := next((n for n, count in enumerate(said) if count > 1), None)) is None:
            continue
        head = _head(table, names, first, long)
        if columns and head.columns != columns:
            print(f"sheet {table.name!r} has another header and is not read", file=sys.stderr)
            continue
        columns = head.columns
        if len(book.tables) > 1:
            print(f"sheet {table.name!r} is read", file=sys.stderr)
        _tell_hidden(table)
        blocks.append(_sheet_block(table, head, bad))
    if not columns:
        raise UnusableTableError("the table is empty; its first line must name the columns")
    return widened(columns, iter(blocks), names if long else None, bad)


def _as_text(table: Table) -> Table:
    rows: list[list[Cell]] = [
        [None if cell is None else _shown(cell) for cell in row] for row in table.rows
    ]
    return replace(table, rows=rows)


def _tell_hidden(table: Table) -> None:
    letters = [column_letters(column) for column in sorted(table.hidden_columns)]
    for what, which in (("rows", sorted(table.hidden_rows)), ("columns", letters)):
        if which:
            shown = ", ".join(map(str, which[:20]))
            print(f"hidden {what} are read like others: {shown}", file=sys.stderr)


def _sheet_block(table: Table, head: _Head, bad: BadRows) -> Block:
    rows, numbers = [], []
    width = len(head.columns)
    for number, row in list(table.lines())[head.header.below :]:
        if faults := table.faults.get(number):
            kinds = ", ".join(f"{f.kind} {f.text}".strip() for f in faults)
            bad.report(number, f"{kinds}; put a value in its place")
            continue
        rows.append([*row, *[None] * (width - len(row))][:width])
        numbers.append(number)
    filled: dict[int, frozenset[int]] = {}
    for line, column in table.filled:
        filled[line] = filled.get(line, frozenset()) | {column}
    schema = dict.fromkeys(head.columns, pl.String())
    block = Block(
        pl.DataFrame(rows, schema=schema, orient="row"), pl.Series("line", numbers, dtype=pl.Int64)
    )
    return _data_of(block, head, bad, filled)[0]


def _shown(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return read_moment(cell)[0].strftime("%Y-%m-%d %H:%M:%S")
    return str(cell)


# Cells in quotation marks that need none.
_PLAIN_QUOTES = {
    s: re.compile(rf'(?<![^{re.escape(s)}\n])"([^"{re.escape(s)}\n]*)"(?![^{re.escape(s)}\n])')
    for s in text.DELIMITERS
}


def _parse(piece: str, head: _Head, separator: str, line: int, bad: BadRows) -> tuple[Block, int]:
    """One block from a piece of text that begins on ``line``; and the line after it."""
    header = head.columns
    # The quick way knows one-byte separators alone.
    careful = separator == ";" or not separator.isascii()
    if '"' in piece and not careful:
        piece = _PLAIN_QUOTES[separator].sub(r"\1", piece)
    if '"' in piece or "\ufffd" in piece or careful:
        return _parse_carefully(piece, head, separator, line, bad)
    rows = pl.Series("", piece.removesuffix("\n").split("\n"), dtype=pl.String)
    numbers = pl.Series("line", range(line, line + rows.len()), dtype=pl.Int64)
    cells = rows.str.count_matches(separator, literal=True) + 1
    blank = rows.str.strip_chars(" \t,") == ""
    right = cells == len(header)
    wrong = ~right & ~blank
    for number, row in zip(numbers.filter(wrong), rows.filter(wrong), strict=True):
        _report_cells(number, row.split(separator), head, bad)
    good = right & ~blank
    kept = rows.filter(good)
    table = pl.DataFrame(schema=dict.fromkeys(header, pl.String()))
    if kept.len():
        table = pl.read_csv(
            "\n".join(kept.to_list()).encode(),
            has_header=False,
            new_columns=header,
            infer_schema=False,
            separator=separator,
            quote_char=None,
        )
    return Block(table, numbers.filter(good)), line + rows.len()


def _parse_carefully(
    piece: str, head: _Head, separator: str, line: int, bad: BadRows
) -> tuple[Block, int]:
    header = head.columns
    lines = piece.removesuffix("\n").split("\n")
    records = [
        (number, row, fault)
        for number, row, fault in text.records(lines, separator, len(header))
        if any(cell.strip() for cell in row)
    ]
    # As `text` has it: between semicolons a comma is the decimal sign, if one cell at least can be nothing else.
    commas = {
        cell for _n, row, _f in records for cell in row if text.DECIMAL.fullmatch(cell.strip())
    }
    commas = commas if separator == ";" else set()
    decimal = any(not text.THOUSANDS.fullmatch(cell.strip()) for cell in commas)
    rows: list[list[str | None]] = []
    numbers: list[int] = []
    for number, row, fault in records:
        at = line + number - 1
        if fault:
            bad.report(at, "a quotation mark is never closed; delete it, or close it")
        elif any("\ufffd" in cell for cell in row):
            bad.report(at, "bytes of no known encoding; correct the text and save as UTF-8")
        elif len(row) != len(header):
            _report_cells(at, row, head, bad)
        elif not decimal and commas.intersection(row):
            bad.report(at, "a comma that may be decimal or thousands; write the decimal point as .")
        else:
            rows.append(
                [(cell.replace(",", ".") if cell in commas else cell) or None for cell in row]
            )
            numbers.append(at)
    table = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String()), orient="row")
    return Block(table, pl.Series("line", numbers, dtype=pl.Int64)), line + len(lines)


def _report_cells(line: int, row: Sequence[Cell], head: _Head, bad: BadRows) -> None:
    """A row with more or fewer cells than the header has; it may be none."""
    said = trimmed(row)
    if why := why_no_data(said, head.header, frozenset(), ""):
        bad.leave_out(line, _NO_DATA[why])
    else:
        bad.report(
            line,
            f"{len(row)} cells, but the header has {len(head.columns)}; "
            "quote a cell that holds the separator",
        )


def numbers(block: Block, column: str, factor: Fraction, bad: BadRows) -> pl.Series:
    """A column's numbers, in the unit wanted; rows that cannot be read are reported and become null."""
    read_cells = read_column(block.table[column])
    none = stand_for_none(read_cells.values)
    values = scaled(read_cells.values.set(none, None), factor)
    refused = read_cells.unreadable | none | (values < 0).fill_null(value=False)
    for at in refused.arg_true():
        text = block.table[column][at]
        if none[at]:
            problem = "stands for no value"
        else:
            negative = text.strip().startswith("-")
            problem = "cannot be negative" if negative else "is not a number"
        bad.report(
            block.lines[at],
            f"{column} {text!r} {problem}; correct it, or leave it empty if it is missing",
        )
    return values


def marks_of(columns: Sequence[str], column: str) -> list[str]:
    """The columns of marks of the values of ``column``."""
    own = {f"{bare(column)}{sign}{mark}" for sign in ("", "-", "_") for mark in MARKS}
    return [name for name in columns if bare(name) in MARKS | own]


def marked(block: Block, column: str, bad: BadRows) -> pl.Series:
    """The mark, as it is written, of each value of ``column`` that is no valid measurement; null for good ones. 标识 is of
    whole rows, behind a column's name it is of that column; what is no mark is reported.
    """
    said = pl.Series("mark", [None], dtype=pl.String).new_from_index(0, block.table.height)
    for marks in marks_of(block.table.columns, column):
        cells = block.table[marks].fill_null("")
        letters = {text: flag_of(text, denies=denies(bare(marks))) for text in cells.unique()}
        flags = cells.replace_strict(letters, return_dtype=pl.String)
        for at in flags.is_null().arg_true():
            remedy = "is no mark; write N, D and its like, or leave it empty"
            bad.report(block.lines[at], f"{marks} {cells[at]!r} {remedy}")
        said = cells.zip_with(~flags.is_in(list(usable_flags())).fill_null(value=False), said)
    return said


def measured(block: Block, column: str, factor: Fraction, bad: BadRows) -> pl.Series:
    """As :func:`numbers`; what is marked as no valid measurement is missing, which is told."""
    values, mark = numbers(block, column, factor, bad), marked(block, column, bad)
    for at in mark.is_not_null().arg_true():
        bad.note(block.lines[at], f"{mark[at]!r}: what it marks counts as missing")
    return values.set(mark.is_not_null(), None)


# Of which unit a number may be that is too large to be of another.
_SMALLER = {"mg/m3": "μg/m3", "mg/L": "μg/L"}


def question(values: pl.Series, name: str, most: float, unit: str, told: set[str]) -> None:
    """Say once of a column that it holds more than instruments measure: mostly it is in another unit."""
    highest = cast("float | None", values.max())
    if highest is not None and highest > most and name not in told:
        told.add(name)
        shown = f"{name} reaches {highest:g} {unit.replace('m3', 'm³')}"
        smaller = _SMALLER.get(unit)
        remedy = (
            f"if it is {smaller.replace('m3', 'm³')}, name the column {name.upper()}({smaller})"
            if smaller
            else "check its unit"
        )
        print(f"{shown}, and {most:g} is the most that is measured; {remedy}", file=sys.stderr)


class Writer:
    """CSV to a stream, the header before the first rows."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        self._begun = False

    def write(self, table: pl.DataFrame) -> None:
        """Append rows."""
        text = table.with_columns(pl.col(pl.String).replace("", None)).write_csv(
            include_header=not self._begun, datetime_format="%Y-%m-%dT%H:%M"
        )
        self._stream.write(text.encode())
        self._begun = True
