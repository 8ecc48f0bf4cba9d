"""What a file of observations says: the values, what is wrong with which row, and what was left out."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import polars as pl

SECONDS = {"raw": 0, "minute": 600, "hour": 3600, "day": 86400, "month": 0, "year": 0}
ERRORS_KEPT = 2000
# Rows of one file are told apart over its sheets by sheet × this + row.
SHEET_STEP = 1 << 24


class FileError(ValueError):
    """The file as a whole cannot be read; the text says why and what would help."""


@dataclass(frozen=True, slots=True)
class RowError:
    """What is wrong in one row: its number in the sheet (from 1), the field, the problem and the remedy."""

    row: int
    field: str
    problem: str
    remedy: str
    sheet: str = ""

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        said = {
            "row": self.row,
            "field": self.field,
            "problem": self.problem,
            "remedy": self.remedy,
        }
        return {"sheet": self.sheet, **said} if self.sheet else said


@dataclass
class Parsed:
    """A file read and understood: what would be stored, and what would not.

    ``observations`` has a column ``row`` (see :data:`SHEET_STEP`); ``lines`` the text of each row that gave any.
    """

    name: str
    digest: str
    layout: str
    series: str
    rows_total: int = 0
    errors: list[RowError] = field(default_factory=list)
    # Kept all the same, and worth a look.
    warnings: list[RowError] = field(default_factory=list)
    # Rows that are no data: (sheet, row, why).
    left_out: list[tuple[str, int, str]] = field(default_factory=list)
    # What was done with the file, in sentences: sheets read, hidden rows, columns of its own meaning.
    notes: list[str] = field(default_factory=list)
    # Why it is not stored until somebody has looked: implausible magnitudes.
    stops: list[str] = field(default_factory=list)
    observations: pl.DataFrame = field(default_factory=pl.DataFrame)
    lines: dict[int, str] = field(default_factory=dict)
    ignored_columns: list[str] = field(default_factory=list)
    _bad: set[tuple[str, int]] = field(default_factory=set)

    def wrong(self, error: RowError) -> None:
        """Note an error; of very many the first are kept in words and all are counted."""
        self._bad.add((error.sheet, error.row))
        if len(self.errors) < ERRORS_KEPT:
            self.errors.append(error)

    @property
    def good_rows(self) -> int:
        """Rows that give at least one observation."""
        return len(self.lines)

    @property
    def bad_rows(self) -> int:
        """Rows with at least one error."""
        return len(self._bad)

    def summary(self) -> dict[str, Any]:
        """Counts and scope, as the command prints and the page shows them."""
        table = self.observations
        return {
            "file": self.name,
            "layout": self.layout,
            "series": self.series,
            "rows": self.rows_total,
            "good_rows": self.good_rows,
            "bad_rows": self.bad_rows,
            "left_out": len(self.left_out),
            "observations": table.height,
            "points": table["point"].n_unique() if table.height else 0,
            "parameters": sorted(table["parameter"].unique().to_list()) if table.height else [],
            "begin": table["start"].min().isoformat() if table.height else None,  # type: ignore[union-attr]
            "end": table["start"].max().isoformat() if table.height else None,  # type: ignore[union-attr]
            "ignored_columns": self.ignored_columns,
            "notes": self.notes,
            "stops": self.stops,
        }
