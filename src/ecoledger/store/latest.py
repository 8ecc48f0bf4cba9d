"""The accepted row with the latest start of every series, in memory, in arrays sorted by series."""

from __future__ import annotations

import threading
from typing import Any, Final

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.store.columns import POINT_LIMIT

COLUMNS: Final[dict[str, pl.DataType]] = {
    "start": pl.Int64(),
    "layer": pl.Int8(),
    "observation_id": pl.Int64(),
    "seconds": pl.Int32(),
    "value": pl.Float64(),
    "decimals": pl.Int8(),
    "flag": pl.Int16(),
    "frame_id": pl.Int64(),
    "recorded_at": pl.Int64(),
    "text": pl.String(),
}
"""What is kept for each series; times in microseconds, flag by its number."""

_NULL: Final[dict[str, float]] = {"value": np.nan, "decimals": -1, "flag": -1, "frame_id": -1}
"""What stands for null in the arrays."""


def series_numbers(table: pl.DataFrame) -> NDArray[np.int64]:
    """One number for each (point, parameter, series), ordered by point.

    39 bits of point, 16 of parameter, 8 of series, the latter two by their term numbers.
    """
    point, parameter, series = (
        table[name].cast(pl.Int64).to_numpy() for name in ("point", "parameter", "series")
    )
    numbers: NDArray[np.int64] = (point << 24) | (parameter << 8) | series
    return numbers


def of_number(numbers: NDArray[np.int64]) -> pl.DataFrame:
    """Point, parameter and series (term numbers) of series numbers."""
    return pl.DataFrame(
        {"point": numbers >> 24, "parameter": (numbers >> 8) & 0xFFFF, "series": numbers & 0xFF}
    )


class LatestValues:
    """Latest rows by series; safe to read from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._numbers: NDArray[np.int64] = np.empty(0, np.int64)
        self._columns = _columns(pl.DataFrame(schema=COLUMNS))

    def __len__(self) -> int:
        return len(self._numbers)

    def apply(self, numbers: NDArray[np.int64], rows: pl.DataFrame) -> None:
        """Take in rows just stored, none of them withdrawn, with the columns :data:`COLUMNS`.

        A row replaces the one held when it starts later, or at the same time on no lower layer and
        recorded later.
        """
        numbers, rows = _newest(numbers, rows)
        given = _columns(rows)
        with self._lock:
            self._make_room(numbers)
            slot = np.searchsorted(self._numbers, numbers)
            held = self._columns
            rank = (given["start"], given["layer"], given["observation_id"])
            at = tuple(held[name][slot] for name in ("start", "layer", "observation_id"))
            newer = (rank[0] > at[0]) | (
                (rank[0] == at[0]) & ((rank[1] > at[1]) | ((rank[1] == at[1]) & (rank[2] > at[2])))
            )
            slot = slot[newer]
            for name, values in given.items():
                held[name][slot] = values[newer]

    def replace(self, number: int, row: pl.DataFrame) -> None:
        """Set one series to the row given, or drop it when there is none."""
        with self._lock:
            keep = self._numbers != number
            self._numbers = self._numbers[keep]
            self._columns = {name: values[keep] for name, values in self._columns.items()}
        if len(row):
            self.apply(np.array([number], np.int64), row)

    def rows(
        self, points: list[int] | None = None, series: list[int] | None = None
    ) -> tuple[NDArray[np.int64], pl.DataFrame]:
        """Series numbers and rows of some points or of all, of some series (by their term numbers) or of all."""
        with self._lock:
            if points is None:
                where: NDArray[np.int64] = np.arange(len(self._numbers))
            else:
                wanted = np.unique(np.array([p for p in points if 0 <= p < POINT_LIMIT], np.int64))
                begin = np.searchsorted(self._numbers, wanted << 24)
                end = np.searchsorted(self._numbers, (wanted << 24) | 0xFFFFFF, side="right")
                spans = [np.arange(b, e) for b, e in zip(begin, end, strict=True) if b < e]
                where = np.concatenate(spans) if spans else np.empty(0, np.int64)
            if series is not None:  # before anything is copied: a page asks for one of many
                where = where[np.isin(self._numbers[where] & 0xFF, series)]
            numbers = self._numbers[where]
            columns = {name: values[where] for name, values in self._columns.items()}
        table = pl.DataFrame(
            {
                name: pl.Series(
                    name, columns[name].tolist() if name == "text" else columns[name], dtype=kind
                )
                for name, kind in COLUMNS.items()
            }
        )
        return numbers, table.with_columns(
            pl.col("value").fill_nan(None), pl.col("decimals", "flag", "frame_id").replace(-1, None)
        )

    def _make_room(self, numbers: NDArray[np.int64]) -> None:
        slot = np.searchsorted(self._numbers, numbers)
        known = np.zeros(len(numbers), np.bool_)
        inside = slot < len(self._numbers)
        known[inside] = self._numbers[slot[inside]] == numbers[inside]
        if known.all():
            return
        fresh = np.unique(numbers[~known])
        at = np.searchsorted(self._numbers, fresh)
        self._numbers = np.insert(self._numbers, at, fresh)
        # A start before every real one, so that the first row wins.
        nothing: dict[str, Any] = {"start": np.iinfo(np.int64).min, "text": None}
        self._columns = {
            name: np.insert(values, at, nothing.get(name, 0))
            for name, values in self._columns.items()
        }


def _newest(
    numbers: NDArray[np.int64], rows: pl.DataFrame
) -> tuple[NDArray[np.int64], pl.DataFrame]:
    """Of each series the one row that could be its latest: most batches bring many minutes of the same points."""
    start = rows["start"].to_numpy()
    layer = rows["layer"].to_numpy() if "layer" in rows.columns else np.zeros(len(rows), np.int8)
    recorded = rows["observation_id"].to_numpy()
    if np.any(start[1:] < start[:-1]) or np.any(layer[1:] != layer[:1]):
        order = np.lexsort((recorded, layer, start))
    else:
        order = np.arange(len(rows))
    # From the end, so that the first found of a series is its newest.
    series, place = np.unique(numbers[order][::-1], return_index=True)
    return series, rows[order[len(order) - 1 - place]]


def _columns(rows: pl.DataFrame) -> dict[str, NDArray[Any]]:
    """Columns as arrays, with a value standing for null; the times as microseconds."""
    given = rows.select(
        pl.col(name).to_physical().cast(kind).fill_null(_NULL[name])
        if name in _NULL
        else pl.col(name).to_physical().cast(kind)
        for name, kind in COLUMNS.items()
        if name in rows.columns
    )
    arrays: dict[str, NDArray[Any]] = {}
    for name, kind in COLUMNS.items():
        if name not in given.columns:
            nothing = pl.Series(name, [_NULL.get(name)], dtype=kind)
            arrays[name] = np.repeat(nothing.to_numpy(), len(rows))
        elif name == "text":
            arrays[name] = np.array(given[name].to_list(), dtype=object)
        else:
            arrays[name] = given[name].to_numpy()
    return arrays
