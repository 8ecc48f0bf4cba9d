"""Segments: the tables observations lie in, a month of fine series or a year of coarse ones each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

import polars as pl

from ecoledger.store.interface import KEY

FINE_SERIES: Final = frozenset({"raw", "minute", "computed-minute"})

COLUMNS: Final[dict[str, str]] = {
    "observation_id": "BIGINT",
    "point": "BIGINT",
    "parameter": "INTEGER",
    "series": "TINYINT",
    "start": "TIMESTAMP",
    "seconds": "INTEGER",
    "layer": "TINYINT",
    "value": "DOUBLE",
    "minimum": "DOUBLE",
    "maximum": "DOUBLE",
    "total": "DOUBLE",
    "converted": "DOUBLE",
    "converted_minimum": "DOUBLE",
    "converted_maximum": "DOUBLE",
    "decimals": "TINYINT",
    "text": "VARCHAR",
    "flag": "SMALLINT",
    "frame_id": "BIGINT",
    "recorded_at": "TIMESTAMP",
    "author": "INTEGER",
    "rule": "INTEGER",
    "reason": "VARCHAR",
    "withdrawn": "BOOLEAN",
    "valid": "BOOLEAN",
    "count": "INTEGER",
    "expected": "INTEGER",
    "standard": "INTEGER",
}
SAID: Final = tuple(
    name
    for name in COLUMNS
    if name not in {*KEY, "observation_id", "layer", "recorded_at", "frame_id"}
)
"""What a row says; equal in all of them, a computed or layered row is not stored again."""


@dataclass(frozen=True)
class Segment:
    """One table of observations: a month of fine series or a year of coarse ones."""

    name: str
    fine: bool
    begin: date

    @property
    def end(self) -> date:
        year, month = self.begin.year, self.begin.month
        return date(year + (month == 12), month % 12 + 1, 1) if self.fine else date(year + 1, 1, 1)

    def meets(self, begin: datetime | None, end: datetime | None) -> bool:
        first = datetime.combine(self.begin, datetime.min.time())
        after = datetime.combine(self.end, datetime.min.time())
        return (end is None or first < end) and (begin is None or begin < after)


def polars_type(column: str) -> pl.DataType:
    """Type of a segment's column in polars."""
    kinds: dict[str, pl.DataType] = {
        "BIGINT": pl.Int64(),
        "INTEGER": pl.Int32(),
        "SMALLINT": pl.Int16(),
        "TINYINT": pl.Int8(),
        "DOUBLE": pl.Float64(),
        "BOOLEAN": pl.Boolean(),
        "VARCHAR": pl.String(),
        "TIMESTAMP": pl.Datetime("us"),
    }
    return kinds[COLUMNS[column]]


def empty(columns: Sequence[str] | dict[str, pl.DataType]) -> pl.DataFrame:
    if isinstance(columns, dict):
        return pl.DataFrame(schema=columns)
    return pl.DataFrame(schema={name: polars_type(name) for name in columns})


def segment_name(fine: bool, begin: date, generation: int) -> str:
    period = f"{begin:%Y_%m}" if fine else f"{begin:%Y}"
    return f"{'fine' if fine else 'coarse'}_{period}_{generation}"


def sorted_segments(segments: Sequence[Segment]) -> tuple[Segment, ...]:
    return tuple(sorted(segments, key=lambda segment: (segment.begin, segment.fine)))
