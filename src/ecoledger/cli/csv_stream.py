"""Tables in blocks of rows with their line numbers, so that a bad row is named and kept out.

Text is read in blocks of a few megabytes cut at line ends; memory stays the same however long the file is. Its
encoding, delimiter and quotation marks are understood as everywhere in the house (``listings.tables``), and so are
spreadsheets, which are read whole. Cells stay text: what passes through comes out as it went in.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import BinaryIO

import click
import polars as pl

from ecoledger.listings.tables import reading, text
from ecoledger.listings.tables.book import Cell, Table
from ecoledger.standards.column_names import scaled
from ecoledger.standards.readings import read_column
from ecoledger.standards.written_dates import read_moment

_BLOCK_BYTES = 8 << 20
_REPORTED = 1000
_CELL_LINES = 100  # the longest cell in quotation marks, in lines


class UnusableTableError(click.ClickException):
    """The table cannot be used at all: exit code 2."""

    exit_code = 2


@dataclass
class BadRows:
    """Rows kept out, told to stderr in the order of their lines (the first thousand in full)."""

    lines: set[int] = field(default_factory=set)
    _untold: list[tuple[int, str]] = field(default_factory=list)
    _told: int = 0

    def report(self, line: int, what: str) -> None:
        """Note what is wrong in a line and how to mend it. A line counts once."""
        self.lines.add(line)
        self._untold.append((line, what))

    def tell(self) -> None:
        """Print what was noted since last time."""
        for line, what in sorted(self._untold)[: max(0, _REPORTED - self._told)]:
            print(f"line {line}: {what}", file=sys.stderr)
        self._told += len(self._untold)
        self._untold.clear()

    def finish(self) -> None:
        """Sum up, and leave with exit code 1 if any row was kept out."""
        self.tell()
        if self.lines:
            more = (
                f"; {self._told - _REPORTED:,} faults not listed" if self._told > _REPORTED else ""
            )
            print(f"rows kept out: {len(self.lines):,}{more}", file=sys.stderr)
            click.get_current_context().exit(1)


@dataclass(frozen=True)
class Block:
    """Some rows: text cells, and the line of the file that each row begins on."""

    table: pl.DataFrame
    lines: pl.Series

    def keep(self, good: pl.Series) -> Block:
        """The rows where ``good`` holds."""
        return Block(self.table.filter(good), self.lines.filter(good))


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
        lines = (chunk + stream.read()).decode(encoding, errors="replace")
        yield lines.replace("\r\n", "\n").replace("\r", "\n")
        return
    only_returns = b"\n" not in chunk and b"\r" in chunk
    while chunk:
        whole = rest + (chunk.replace(b"\r", b"\n") if only_returns else chunk)
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


def read(stream: BinaryIO, bad: BadRows) -> tuple[list[str], Iterator[Block]]:
    """Header and blocks of rows. Rows with too many or too few cells are reported and left out.

    Raises :class:`UnusableTableError` for an empty file, and for a header with a name twice.
    """
    first_bytes = stream.read(_BLOCK_BYTES)
    if first_bytes.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(_SHEET):
        return _of_sheets(first_bytes + stream.read(), bad)
    pieces = _texts(first_bytes, stream)
    first = next(pieces, "")
    lines = first.split("\n", 200)
    separator = text.delimiter_of([line for line in lines[:200] if line.strip()]) or ","
    skipped = _titles(lines, separator)
    head = lines[skipped] if skipped < len(lines) else ""
    if not head.strip():
        raise UnusableTableError("the table is empty; its first line must name the columns")
    body = first.split("\n", skipped + 1)[-1] if first.count("\n") > skipped else ""
    header = _named(name.strip() for name in text.split(head, separator)[0])
    _no_name_twice(header)

    def blocks() -> Iterator[Block]:
        line = skipped + 2
        piece: str | None = body
        while piece is not None:
            if piece:
                block, line = _parse(piece, header, separator, line, bad)
                yield block
            piece = next(pieces, None)

    return header, blocks()


def _titles(lines: Sequence[str], separator: str) -> int:
    """How many lines stand above the header: titles of fewer cells than most lines have."""
    width = text.width_of(lines, separator)
    for n, line in enumerate(lines[:20]):
        if line.count(separator) + 1 >= width and line.strip(f" {separator}"):
            return n
    return 0


def _named(names: Iterable[str]) -> list[str]:
    """The header's names; columns without one are told apart by their number."""
    return [name or f"column {n}" for n, name in enumerate(names, 1)]


def _no_name_twice(header: list[str]) -> None:
    if twice := sorted({name for name in header if name and header.count(name) > 1}):
        raise UnusableTableError(
            f"the header names {', '.join(map(repr, twice))} twice; rename one"
        )


def _of_sheets(content: bytes, bad: BadRows) -> tuple[list[str], Iterator[Block]]:
    """A spreadsheet's rows as text, of the sheets that have the header of the first one."""
    try:
        book = reading.book_of(content)
    except reading.NoTableError as error:
        raise UnusableTableError(f"the file cannot be read as a table ({error})") from error
    header: list[str] = []
    blocks = []
    for table in book.tables:
        # A title merged over the columns says one thing in all of them.
        start = next(
            (n for n, row in enumerate(table.rows) if len({c for c in row if c is not None}) > 1),
            None,
        )
        if start is None:
            continue
        names = _named("" if cell is None else _shown(cell).strip() for cell in table.rows[start])
        if header and names != header:
            print(f"sheet {table.name!r} has another header and is not read", file=sys.stderr)
            continue
        header = names
        _no_name_twice(header)
        if len(book.tables) > 1:
            print(f"sheet {table.name!r} is read", file=sys.stderr)
        blocks.append(_sheet_block(table, start, header, bad))
    if not header:
        raise UnusableTableError("the table is empty; its first line must name the columns")
    return header, iter(blocks)


def _sheet_block(table: Table, start: int, header: list[str], bad: BadRows) -> Block:
    rows, numbers = [], []
    for number, row in zip(table.numbers[start + 1 :], table.rows[start + 1 :], strict=True):
        if faults := table.faults.get(number):
            kinds = ", ".join(f"{f.kind} {f.text}".strip() for f in faults)
            bad.report(number, f"{kinds}; put a value in its place")
            continue
        padded = [*row, *[None] * (len(header) - len(row))][: len(header)]
        rows.append([None if cell is None else _shown(cell) for cell in padded])
        numbers.append(number)
    schema = dict.fromkeys(header, pl.String())
    return Block(
        pl.DataFrame(rows, schema=schema, orient="row"), pl.Series("line", numbers, dtype=pl.Int64)
    )


def _shown(cell: Cell) -> str:
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() and abs(cell) < 1e15 else repr(cell)
    if isinstance(cell, datetime):
        return read_moment(cell)[0].strftime("%Y-%m-%d %H:%M:%S")
    return str(cell)


def _parse(
    piece: str, header: list[str], separator: str, line: int, bad: BadRows
) -> tuple[Block, int]:
    """One block from a piece of text that begins on ``line``; and the line after it."""
    # The quick way knows one-byte separators alone.
    careful = separator == ";" or not separator.isascii()
    if '"' in piece or "\ufffd" in piece or careful:
        return _parse_carefully(piece, header, separator, line, bad)
    rows = pl.Series("", piece.removesuffix("\n").split("\n"), dtype=pl.String)
    numbers = pl.Series("line", range(line, line + rows.len()), dtype=pl.Int64)
    cells = rows.str.count_matches(separator, literal=True) + 1
    blank = rows.str.strip_chars(" \t,") == ""
    right = cells == len(header)
    for number, found in zip(
        numbers.filter(~right & ~blank), cells.filter(~right & ~blank), strict=True
    ):
        bad.report(number, _cells(found, len(header)))
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
    piece: str, header: list[str], separator: str, line: int, bad: BadRows
) -> tuple[Block, int]:
    lines = piece.removesuffix("\n").split("\n")
    rows: list[list[str | None]] = []
    numbers: list[int] = []
    for number, row, fault in text.records(lines, separator, len(header)):
        at = line + number - 1
        if not any(cell.strip() for cell in row):
            continue
        if fault:
            bad.report(at, "a quotation mark is never closed; delete it, or close it")
        elif any("\ufffd" in cell for cell in row):
            bad.report(at, "bytes of no known encoding; correct the text and save as UTF-8")
        elif len(row) != len(header):
            bad.report(at, _cells(len(row), len(header)))
        elif separator == ";" and any(text.THOUSANDS.fullmatch(cell.strip()) for cell in row):
            bad.report(at, "a comma that may be decimal or thousands; write the decimal point as .")
        else:
            decimal = separator == ";"
            rows.append([_point(cell) if decimal else cell or None for cell in row])
            numbers.append(at)
    table = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String()), orient="row")
    return Block(table, pl.Series("line", numbers, dtype=pl.Int64)), line + len(lines)


def _point(cell: str) -> str | None:
    """A decimal comma as a point."""
    return (cell.replace(",", ".") if text.DECIMAL.fullmatch(cell.strip()) else cell) or None


def _cells(found: int, wanted: int) -> str:
    return f"{found} cells, but the header has {wanted}; quote a cell that holds the separator"


def numbers(block: Block, column: str, power: int, bad: BadRows) -> pl.Series:
    """A column's numbers, in the unit wanted; rows that cannot be read are reported and become null."""
    read_cells = read_column(block.table[column])
    values = scaled(read_cells.values, power)
    refused = read_cells.unreadable | (values < 0).fill_null(value=False)
    if refused.any():
        texts = block.table[column].filter(refused)
        for line, text in zip(block.lines.filter(refused), texts, strict=True):
            problem = "cannot be negative" if text.strip().startswith("-") else "is not a number"
            bad.report(
                line, f"{column} {text!r} {problem}; correct it, or leave it empty if it is missing"
            )
    return values


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
