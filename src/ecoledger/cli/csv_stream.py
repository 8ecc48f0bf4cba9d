"""CSV in blocks of rows with their line numbers, so that a bad row is named and kept out.

A stream is read as UTF-8 (with or without a mark) or GB 18030, comma or tab separated, in blocks of a few
megabytes cut at line ends; memory stays the same however long the file is. Cells stay text: what passes
through comes out as it went in.
"""

from __future__ import annotations

import csv
import io
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

import click
import polars as pl

from ecoledger.standards.column_names import scaled
from ecoledger.standards.readings import read_column

_BLOCK_BYTES = 8 << 20
_REPORTED = 1000


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


def _encoding(first: bytes) -> str:
    if first.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    try:
        first.decode("utf-8")
    except UnicodeDecodeError as error:
        # A character cut in two by the end of the block is no sign of another encoding.
        return "utf-8" if error.start >= len(first) - 3 else "gb18030"
    return "utf-8"


def _texts(stream: BinaryIO) -> Iterator[str]:
    """The stream's text in pieces that end with a line, or with the stream."""
    rest = b""
    encoding = ""
    while chunk := stream.read(_BLOCK_BYTES):
        if not encoding:
            encoding = _encoding(chunk)
            if encoding == "utf-16":
                yield (chunk + stream.read()).decode("utf-16")
                return
            chunk = chunk.removeprefix(b"\xef\xbb\xbf")
        whole = rest + chunk
        cut = whole.rfind(b"\n") + 1
        # A line break inside quotes does not end a row.
        while cut and whole.count(b'"', 0, cut) % 2:
            cut = whole.rfind(b"\n", 0, cut - 1) + 1
        rest = whole[cut:]
        if cut:
            yield _decoded(whole[:cut], encoding)
    if rest:
        yield _decoded(rest, encoding)


def _decoded(piece: bytes, encoding: str) -> str:
    try:
        return piece.decode(encoding)
    except UnicodeDecodeError:
        # A GB 18030 file whose first block was plain ASCII.
        try:
            return piece.decode("gb18030")
        except UnicodeDecodeError:
            raise UnusableTableError(
                "the file is neither UTF-8 nor GB 18030; save it as UTF-8"
            ) from None


def read(stream: BinaryIO, bad: BadRows) -> tuple[list[str], Iterator[Block]]:
    """Header and blocks of rows. Rows with too many or too few cells are reported and left out.

    Raises :class:`UnusableTableError` for an empty file, and for a header with a name twice.
    """
    pieces = _texts(stream)
    first = next(pieces, "")
    head, _, body = first.partition("\n")
    head = head.rstrip("\r")
    if not head.strip():
        raise UnusableTableError("the table is empty; its first line must name the columns")
    separator = "\t" if "\t" in head and "," not in head else ","
    header = [name.strip() for name in next(csv.reader([head], delimiter=separator))]
    if twice := sorted({name for name in header if header.count(name) > 1}):
        raise UnusableTableError(
            f"the header names {', '.join(map(repr, twice))} twice; rename one"
        )

    def blocks() -> Iterator[Block]:
        line = 2
        text = body
        while True:
            if text:
                block, line = _parse(text, header, separator, line, bad)
                yield block
            following = next(pieces, None)
            if following is None:
                return
            text = following

    return header, blocks()


def _parse(
    text: str, header: list[str], separator: str, line: int, bad: BadRows
) -> tuple[Block, int]:
    """One block from a piece of text that begins on ``line``; and the line after it."""
    text = text.replace("\r\n", "\n")
    if '"' in text:
        return _parse_quoted(text, header, separator, line, bad)
    rows = pl.Series("", text.removesuffix("\n").split("\n"), dtype=pl.String)
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


def _parse_quoted(
    text: str, header: list[str], separator: str, line: int, bad: BadRows
) -> tuple[Block, int]:
    reader = csv.reader(io.StringIO(text, newline="\n"), delimiter=separator)
    rows: list[list[str | None]] = []
    numbers: list[int] = []
    begins = line
    for row in reader:
        if any(cell.strip() for cell in row):
            if len(row) == len(header):
                rows.append([cell or None for cell in row])
                numbers.append(begins)
            else:
                bad.report(begins, _cells(len(row), len(header)))
        begins = line + reader.line_num
    table = pl.DataFrame(rows, schema=dict.fromkeys(header, pl.String()), orient="row")
    return Block(table, pl.Series("line", numbers, dtype=pl.Int64)), begins


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
