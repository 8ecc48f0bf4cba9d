"""What a file of tables holds: sheets, rows with their numbers in the file, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

# Numbers come as float from spreadsheets and as text from text files; an empty cell is None.
Cell = str | float | bool | date | datetime | time | timedelta | None


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong with a row or, with ``column`` (from 0), with one cell.

    ``kind``: bytes (in no known encoding), quote (a quotation mark that nobody closed), cells (more or
    fewer than the header has), formula (no stored result), error (#N/A and its like), comma (decimal or
    thousands). ``text`` is what stands there.
    """

    kind: str
    column: int | None = None
    text: str = ""


@dataclass
class Table:
    """A sheet. ``numbers[i]`` is the number in the file of ``rows[i]``; blank rows are left away."""

    name: str
    rows: list[list[Cell]]
    numbers: list[int]
    faults: dict[int, list[Fault]] = field(default_factory=dict)
    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    # Cells filled from the merged cell they belong to: (row number, column).
    filled: frozenset[tuple[int, int]] = frozenset()
    hidden: bool = False
    # Whether another table stands above this one in the sheet.
    below_another: bool = False

    def lines(self) -> Iterator[tuple[int, list[Cell]]]:
        """Rows with their numbers."""
        return zip(self.numbers, self.rows, strict=True)


@dataclass
class Book:
    """A file read. ``kind``: xlsx, xls, ods, html, xml, text."""

    kind: str
    tables: list[Table]
    encoding: str = ""
    delimiter: str = ""


def column_letters(column: int) -> str:
    """A column from 0 as a spreadsheet names it.

    >>> column_letters(0), column_letters(26), column_letters(16383)
    ('A', 'AA', 'XFD')
    """
    letters = ""
    column += 1
    while column:
        column, rest = divmod(column - 1, 26)
        letters = chr(65 + rest) + letters
    return letters


def is_blank(cell: Cell) -> bool:
    """Whether a cell says nothing: empty, or white space that nobody sees."""
    if cell is None:
        return True
    return isinstance(cell, str) and not cell.strip(" \t\r\n\u3000\u00a0\u200b\ufeff")


def trimmed(row: Sequence[Cell]) -> list[Cell]:
    """The row without the blank cells at its end; blank cells are ``None``."""
    cells = [None if is_blank(cell) else cell for cell in row]
    while cells and cells[-1] is None:
        cells.pop()
    return cells


# As JSON, between the process that reads and the one that asked.


def packed(book: Book) -> dict[str, Any]:
    """The book as JSON values."""
    return {
        "kind": book.kind,
        "encoding": book.encoding,
        "delimiter": book.delimiter,
        "tables": [
            {
                "name": t.name,
                "rows": [[packed_cell(cell) for cell in row] for row in t.rows],
                "numbers": t.numbers,
                "faults": [[n, f.kind, f.column, f.text] for n, fs in t.faults.items() for f in fs],
                "hidden_rows": sorted(t.hidden_rows),
                "hidden_columns": sorted(t.hidden_columns),
                "filled": sorted(t.filled),
                "hidden": t.hidden,
            }
            for t in book.tables
        ],
    }


def unpacked(said: dict[str, Any]) -> Book:
    """The book that :func:`packed` made JSON of."""
    tables = []
    for t in said["tables"]:
        faults: dict[int, list[Fault]] = {}
        for number, kind, column, text in t["faults"]:
            faults.setdefault(number, []).append(Fault(kind, column, text))
        tables.append(
            Table(
                t["name"],
                [[unpacked_cell(cell) for cell in row] for row in t["rows"]],
                t["numbers"],
                faults,
                frozenset(t["hidden_rows"]),
                frozenset(t["hidden_columns"]),
                frozenset((row, column) for row, column in t["filled"]),
                t["hidden"],
            )
        )
    return Book(said["kind"], tables, said["encoding"], said["delimiter"])


def packed_cell(cell: Cell) -> Any:
    """A cell as a JSON value."""
    if type(cell) is str:  # most are
        return cell
    match cell:
        case datetime():
            return ["datetime", cell.isoformat()]
        case date():
            return ["date", cell.isoformat()]
        case time():
            return ["time", cell.isoformat()]
        case timedelta():
            return ["duration", cell.total_seconds()]
    return cell


def unpacked_cell(said: Any) -> Cell:
    """The cell that :func:`packed_cell` made JSON of."""
    if not isinstance(said, list):
        return said  # type: ignore[no-any-return]
    match said[0]:
        case "datetime":
            return datetime.fromisoformat(said[1])
        case "date":
            return date.fromisoformat(said[1])
        case "time":
            return time.fromisoformat(said[1])
    return timedelta(seconds=said[1])
