"""Rows of a table in blocks, with their lines in the file, and what is said of those that are kept out."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field

import click
import polars as pl

_REPORTED = 1000


class UnusableTableError(click.ClickException):
    """The table cannot be used at all: exit code 2."""

    exit_code = 2


@dataclass
class BadRows:
    """Rows kept out, told to stderr in the order of their lines (the first thousand in full)."""

    lines: set[int] = field(default_factory=set)
    _untold: dict[tuple[int, str], None] = field(default_factory=dict)
    _told: int = 0

    def report(self, line: int, what: str) -> None:
        """Note what is wrong in a line and how to mend it. A line counts once."""
        self.lines.add(line)
        self.note(line, what)

    def leave_out(self, line: int, what: str) -> None:
        """Note a line that is rightly no row."""
        self.note(line, f"{what}; left out")

    def note(self, line: int, what: str) -> None:
        """Note what is right, and is to be known."""
        self._untold[line, what] = None

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

    def without(self, rows: Mapping[int, str]) -> Block:
        """The rows for which nothing is said."""
        said = [at for at, why in rows.items() if why]
        return self.keep(~pl.int_range(self.table.height, eager=True).is_in(said)) if said else self
