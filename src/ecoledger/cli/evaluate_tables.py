"""Tables of measurements for ``ecoledger evaluate``: CSV in, CSV out.

Columns are known by key (``ph, do, codmn, nh3n, tp`` ...), by Chinese name or by HJ 212 code, with a unit
in brackets or without: "氨氮(mg/L)", "砷(μg/L)". Cells may say "0.02L", "未检出" or "--". Every other column
passes through. A row that cannot be read is named on stderr by its line, with what to do, and kept out.
Exit code: 0 every row was used; 1 some rows were kept out; 2 nothing could be done.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, BinaryIO

import click
import polars as pl

from ecoledger.cli import csv_stream
from ecoledger.cli.blocks import BadRows, Block, UnusableTableError
from ecoledger.cli.csv_stream import Progress, Writer
from ecoledger.listings.tables.headers import bare
from ecoledger.listings.tables.observed import DATES, HOURS, TIMES
from ecoledger.standards import written_dates
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.column_names import ColumnError, Names

_NO_YEAR = re.compile(r"\d{1,2}[-/.月]\d{1,2}(?![-/.\d])")


def shared(function: Any) -> Any:
    """Arguments and options of all commands."""
    for decorate in (
        click.option(
            "--on",
            type=click.DateTime(["%Y-%m-%d"]),
            help="The day the data are of, where the table does not say; chooses the standard.",
        ),
        click.argument("output", type=click.File("wb"), default="-"),
        click.argument("source", metavar="INPUT", type=click.File("rb"), default="-"),
    ):
        function = decorate(function)
    return function


@dataclass
class Table:
    """A table being read: its columns by key, and what its rows are dated by."""

    source: BinaryIO
    output: BinaryIO
    names: Mapping[str, Iterable[str]]
    units: Mapping[str, str]
    on: date | None
    added: tuple[str, ...]
    code_units: Mapping[str, str] = field(default_factory=dict)
    any_unit: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        self.bad, self._progress = BadRows(), Progress()
        self._writer = Writer(self.output)
        self.told: set[str] = set()
        self.lines: dict[tuple[Any, ...], int] = {}  # what was met -> its line
        known = dict(self.names)
        if "time" in known:
            known["time"] = (*known["time"], *TIMES, *DATES)
        names = Names(known, self.units, self.code_units, self.any_unit)
        self.header, self._blocks = csv_stream.read(self.source, self.bad, names, long=True)
        times = [name for name in self.header if names.key_of(name) == "time"]
        days = [name for name in times if bare(name) in DATES]
        # Of a day and its time in two columns the day, and beside it the time.
        day = next(iter(days or times), None)
        beside = [n for n in self.header if n != day and (n in times or bare(n) in HOURS)]
        self.hour = beside[0] if day and len(times) < 3 and beside else None
        try:
            self.columns = names.recognise([n for n in self.header if n != self.hour])
        except ColumnError as error:
            raise UnusableTableError(str(error)) from None
        self.day = self.on or datetime.now().date()
        self._renamed = {name: f"input_{name}" for name in self.added if name in self.header}
        if self._renamed:
            told = ", ".join(f"{old} → {new}" for old, new in self._renamed.items())
            print(f"renamed: {told}", file=sys.stderr)

    def blocks(self) -> Iterator[Block]:
        """The blocks of rows, telling progress; what was noted of a block is told after it."""
        if self.on is None and "time" not in self.columns:
            print(f"no dates and no --on: judged as data of {self.day}", file=sys.stderr)
        rows = 0
        for block in self._blocks:
            rows += block.table.height
            yield block
            self.bad.tell()
            self._progress.tell(rows)
        if not rows:
            names = (*self.header, *self.added)
            self._writer.write(pl.DataFrame(schema=dict.fromkeys(names, pl.String())))

    def texts(self, block: Block, key: str) -> pl.Series:
        """The cells of a column that is there."""
        return block.table[self.columns[key].header].str.strip_chars()

    def days(self, block: Block) -> pl.Series:
        """The day of every row; what is written and is no date is reported. ``self.day`` stands in for a day that is
        not written, and its year for a year that is not."""
        if "time" not in self.columns:
            return pl.Series("day", [self.day], dtype=pl.Date).new_from_index(0, block.table.height)
        texts = self.texts(block, "time").fill_null("")
        known = {text: self._day(text) for text in texts.unique()}
        days = texts.replace_strict(known, return_dtype=pl.Date)
        self.refuse(block, days.is_null(), lambda _: "is no date; write 2026-03-01", "time")
        return days.fill_null(self.day)

    def _day(self, text: str) -> date | None:
        """The day that a cell means; of a month its last. ``None``: it is no date."""
        try:
            return written_dates.read_moment(text)[0].date()
        except written_dates.UnreadableDateError as error:
            if error.why == "calendar":
                return None
        if not text:
            return self._assumed("rows without a date")
        if _NO_YEAR.match(text):
            text = f"{self._assumed('dates without a year').year}-{text}"
        try:
            return written_dates.read_day(text).day or self._assumed("rows without a date")
        except written_dates.UnreadableDateError:
            return None

    def _assumed(self, what: str) -> date:
        """The day to judge by where a row does not say it; told once of each kind."""
        if self.on is None and what not in self.told:
            self.told.add(what)
            print(f"{what} and no --on: judged as of {self.day}", file=sys.stderr)
        return self.day

    def write(self, block: Block, found: pl.DataFrame) -> None:
        """Write rows with what was found about them."""
        self._writer.write(block.table.rename(self._renamed).hstack(found.select(self.added)))

    def tell_mark(self, standard: str, mark: Mark) -> None:
        """Say once on stderr that a standard's figures are not checked against its text."""
        if standard not in self.told:
            self.told.add(standard)
            if mark not in (Mark.PRIMARY, Mark.TWO_PLACES):
                print(f"{standard}: {mark.label} [{mark}]", file=sys.stderr)

    def refuse(self, block: Block, wrong: pl.Series, what: Callable[[str], str], key: str) -> None:
        """Report the rows where ``wrong`` holds, with the cell they are wrong by."""
        cells = block.table[self.columns[key].header].filter(wrong)
        for line, cell in zip(block.lines.filter(wrong), cells, strict=True):
            self.bad.report(line, f"{self.columns[key].header} {cell or ''!r} {what(cell or '')}")

    def sound(self, block: Block) -> pl.Series:
        """Which rows of a block nothing was reported of."""
        return ~block.lines.is_in(list(self.bad.lines))


def nothing(names: Iterable[str]) -> pl.DataFrame:
    return pl.DataFrame(schema=dict.fromkeys(names, pl.String()))


def date_of(on: datetime | None) -> date | None:
    return on.date() if on else None
