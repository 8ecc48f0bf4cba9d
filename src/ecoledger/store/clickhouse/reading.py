"""What may be asked of a ClickHouse store.

Rows written twice by an attempt that was cut short are equal in all that is read, so which row speaks can be
found without merging them first; only where every row is given or counted does the question say ``FINAL``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import numpy as np
import polars as pl

from ecoledger.store.clickhouse.link import Link
from ecoledger.store.clickhouse.tables import LAST_ROW, NO_TIME, names
from ecoledger.store.columns import need_columns, series_names, windows_table
from ecoledger.store.interface import (
    DEFAULT_COLUMNS,
    FRAME_COLUMNS,
    READ_COLUMNS,
    STATUSES,
    Frame,
    Layer,
    Table,
)
from ecoledger.store.speaking import speaking
from ecoledger.store.windows import by_slot

_DAY: Final = 86_400_000_000
_EARLIEST_DAY: Final = -7305  # 1950-01-01, before every row
_OBSERVATION: Final = "point, parameter, series, start"
_LATEST: Final = (*DEFAULT_COLUMNS, "observation_id", "frame_id", "recorded_at")
_LISTED: Final[Mapping[str, pl.DataType]] = {
    "frame_id": pl.Int64(),
    **{name: kind for name, kind in FRAME_COLUMNS.items() if name not in {"digest", "raw"}},
    "size": pl.Int32(),
}
_FRAME_LIST: Final = tuple(_LISTED)


class Reader:
    """The questions; any thread may ask."""

    def __init__(self, link: Link) -> None:
        self._link = link

    def read(
        self,
        points: Sequence[int] | None = None,
        parameters: Sequence[str] | None = None,
        series: str | Sequence[str] | None = None,
        begin: datetime | None = None,
        end: datetime | None = None,
        *,
        columns: Sequence[str] = DEFAULT_COLUMNS,
        up_to: int = Layer.REVIEW,
        revisions: bool = False,
        as_of: datetime | None = None,
    ) -> pl.DataFrame:
        need_columns(columns)
        conditions = [] if up_to >= Layer.REVIEW else [f"layer <= {int(up_to)}"]
        if points is not None:
            conditions.append(among("point", map(int, points)))
        if parameters is not None:
            conditions.append(among("parameter", map(quoted, parameters)))
        wanted = series_names(series)
        if wanted is not None:
            conditions.append(among("series", map(quoted, wanted)))
        if begin is not None:
            conditions.append(f"start >= {micros(begin)}")
        if end is not None:
            conditions.append(f"start < {micros(end)}")
        if as_of is not None:
            conditions.append(f"recorded_at <= {micros(as_of)}")
        where = " AND ".join(conditions) or "1"
        if revisions:
            return shaped(
                self._link.ask(
                    f"SELECT {names(columns)} FROM observation FINAL WHERE {where}"
                    f" ORDER BY {_OBSERVATION}, observation_id"
                ),
                columns,
            )
        return shaped(self._link.ask(spoken(columns, "observation", where)), columns)

    def read_windows(
        self,
        windows: Table,
        series: str | Sequence[str],
        *,
        seconds: int = 3600,
        columns: Sequence[str] = DEFAULT_COLUMNS,
        up_to: int = Layer.REVIEW,
    ) -> pl.DataFrame:
        need_columns(columns)
        wanted_series = series_names(series) or []
        wanted = windows_table(windows).unique().rename({"hour": "begin"})
        if wanted.is_empty() or seconds <= 0:
            return shaped(pl.DataFrame(), columns)
        first, last = span(wanted["begin"])
        points = wanted["point"].unique().sort().to_list()
        where = (
            f"{among('series', map(quoted, wanted_series))} AND layer <= {int(up_to)}"
            f" AND start >= {first}"
            f" AND start < {last + seconds * 1_000_000}"
            f" AND {among('point', points)}"
        )
        slots = by_slot(wanted, seconds)
        if slots.grid:
            inside = (
                f"(point, toString(parameter), intDiv(start - ({slots.origin}), {slots.grid}))"
                " IN (SELECT point, parameter, slot FROM {wanted})"
            )
            question = spoken(columns, "observation", f"{where} AND {inside}")
        else:
            joined = (
                f"(SELECT o.* FROM (SELECT * FROM observation WHERE {where}) AS o"
                " INNER JOIN {wanted} AS w"
                " ON o.point = w.point AND toString(o.parameter) = w.parameter"
                " WHERE o.start >= w.begin AND o.start < w.finish)"
            )
            question = spoken(columns, joined, "1")
        return shaped(
            self._link.ask(question, slots.rows.with_columns(pl.col(pl.Datetime).to_physical())),
            columns,
        )

    def latest(
        self, points: Sequence[int] | None = None, series: str | None = None
    ) -> pl.DataFrame:
        conditions = []
        if points is not None:
            conditions.append(among("point", map(int, points)))
        wanted = series_names(series)
        if wanted is not None:
            conditions.append(among("series", map(quoted, wanted)))
        fields = ", ".join(
            f"tupleElement(row, {place}) AS {name}" for place, name in enumerate(LAST_ROW, 1)
        )
        tops = shaped(
            self._link.ask(
                f"SELECT point, parameter, series, layer, {fields} FROM"
                " (SELECT point, parameter, series, layer, argMaxMerge(last) AS row FROM latest"
                f" WHERE {' AND '.join(conditions) or '1'}"
                " GROUP BY point, parameter, series, layer)"
            ),
            ("point", "parameter", "series", "layer", *LAST_ROW),
        ).sort("point", "parameter", "series", "start", "layer")
        identity = ["point", "parameter", "series"]
        standing = tops.filter(~pl.col("withdrawn")).unique(
            identity, keep="last", maintain_order=True
        )
        lifted = tops.filter("withdrawn")
        if not lifted.is_empty():
            # What was taken back starts later than all that stands: which row speaks is not among the tops.
            doubtful = (
                lifted.join(standing, on=identity, how="left", suffix="_standing")
                .filter(
                    pl.col("start_standing").is_null()
                    | (pl.col("start") > pl.col("start_standing"))
                )
                .select(identity)
                .unique()
            )
            found = [
                self.read([point], [parameter], of, columns=(*_LATEST, "withdrawn")).tail(1)
                for point, parameter, of in doubtful.iter_rows()
            ]
            if found:
                kept = standing.join(doubtful, on=identity, how="anti")
                standing = pl.concat([kept, *(row.select(kept.columns) for row in found)])
                standing = standing.sort(identity)
        return standing.select(_LATEST)

    def history(self, point: int, parameter: str, series: str, start: datetime) -> pl.DataFrame:
        after = start + timedelta(microseconds=1)
        rows = self.read(
            [point],
            [parameter],
            series,
            start,
            after,
            columns=list(READ_COLUMNS),
            revisions=True,
        )
        speakers = speaking(rows, np.zeros(len(rows), np.int64))
        rows = rows.with_columns(
            pl.Series("accepted", np.isin(np.arange(len(rows)), speakers), dtype=pl.Boolean)
        )
        frames = self.frames_by_number(rows["frame_id"].drop_nulls().unique().to_list())
        return rows.join(
            frames.select("frame_id", "received_at", "mn", "qn", "status", "connection", "raw"),
            on="frame_id",
            how="left",
            maintain_order="left",
        )

    def frames(
        self,
        *,
        status: str | None = None,
        mn: str | None = None,
        mns: Sequence[str] | None = None,
        but_mns: Sequence[str] | None = None,
        begin: datetime | None = None,
        end: datetime | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> pl.DataFrame:
        changed = self.changed()
        conditions = [outside("frame_id", changed.filter("gone")["frame_id"])]
        if status is not None:
            now = changed.filter((pl.col("status") == status) & ~pl.col("gone"))["frame_id"]
            conditions.append(
                f"(({outside('frame_id', changed['frame_id'])} AND status = {quoted(status)})"
                f" OR {among('frame_id', now)})"
            )
        if mn is not None:
            conditions.append(f"mn = {quoted(mn)}")
        if mns is not None:
            conditions.append(among("mn", map(quoted, mns)))
        if but_mns is not None:
            conditions.append(f"(isNull(mn) OR NOT {among('mn', map(quoted, but_mns))})")
        if begin is not None:
            conditions.append(f"received_at >= {micros(begin)}")
        if end is not None:
            conditions.append(f"received_at < {micros(end)}")
        if before is not None:
            conditions.append(f"frame_id < {int(before)}")
        rows = self._link.ask(
            f"SELECT {names(_FRAME_LIST)} FROM frame_list WHERE {' AND '.join(conditions)}"
            f" ORDER BY frame_id DESC LIMIT 1 BY frame_id LIMIT {int(limit)}"
        )
        return _with_changes(_listed(rows, _LISTED), changed)

    def frame(self, frame_id: int) -> Frame:
        rows = self.frames_by_number([int(frame_id)])
        if rows.is_empty():
            raise KeyError(frame_id)
        return Frame(**rows.row(0, named=True))

    def frames_by_number(self, numbers: Sequence[int]) -> pl.DataFrame:
        """Frames with their bytes, of some numbers; unknown ones are left out."""
        kinds = {"frame_id": pl.Int64(), **FRAME_COLUMNS}
        places = self._link.ask(
            "SELECT DISTINCT dated, digest FROM frame_list"
            f" WHERE {among('frame_id', map(int, numbers))}"
        )
        if places.is_empty():
            return pl.DataFrame(schema=kinds)
        rows = self._link.ask(
            f"SELECT {names(tuple(kinds))} FROM frame WHERE {among('frame_id', numbers)}"
            " AND dated IN (SELECT dated FROM {wanted})"
            " AND digest IN (SELECT toFixedString(digest, 16) FROM {wanted})"
            " ORDER BY frame_id LIMIT 1 BY frame_id",
            places.with_columns(pl.col("digest").cast(pl.Binary)),
        )
        changed = self.changed()
        gone = changed.filter("gone")["frame_id"].implode()
        return _with_changes(_listed(rows, kinds).filter(~pl.col("frame_id").is_in(gone)), changed)

    def frames_after(self, number: int, limit: int) -> pl.DataFrame:
        kinds = {"frame_id": pl.Int64(), **FRAME_COLUMNS}
        last = self._number_at("frame_id", "frame_list", number, limit)
        changed = self.changed()
        rows = self._link.ask(
            f"SELECT {names(tuple(kinds))} FROM frame FINAL"
            f" WHERE frame_id > {int(number)} AND frame_id <= {last}"
            f" AND {outside('frame_id', changed.filter('gone')['frame_id'])} ORDER BY frame_id"
        )
        return _with_changes(_listed(rows, kinds), changed)

    def rows_after(self, number: int, limit: int) -> pl.DataFrame:
        columns = tuple(READ_COLUMNS)
        last = self._number_at("observation_id", "observation", number, limit)
        rows = self._link.ask(
            f"SELECT {names(columns)} FROM observation FINAL"
            f" WHERE observation_id > {int(number)} AND observation_id <= {last}"
            " ORDER BY observation_id"
        )
        return shaped(rows, columns)

    def _number_at(self, column: str, table: str, number: int, limit: int) -> int:
        """The ``limit``-th number above ``number``, or the last: found without reading the rows."""
        return self.number(
            f"SELECT max({column}) FROM (SELECT DISTINCT {column} FROM {table}"
            f" WHERE {column} > {int(number)} ORDER BY {column} LIMIT {int(limit)})"
        )

    def changed(self) -> pl.DataFrame:
        """Frames whose status is no longer that of their arrival: ``frame_id, status, reason, gone``."""
        rows = self._link.ask("SELECT frame_id, status, reason, gone FROM frame_status FINAL")
        kinds = {
            "frame_id": pl.Int64(),
            "status": pl.String(),
            "reason": pl.String(),
            "gone": pl.Boolean(),
        }
        return _listed(rows, kinds)

    def arrivals(
        self,
        begin: datetime,
        end: datetime,
        points: Sequence[int] | None = None,
        series: str | Sequence[str] | None = None,
    ) -> pl.DataFrame:
        conditions = ["layer = 0", f"start >= {micros(begin)}", f"start < {micros(end)}"]
        if points is not None:
            conditions.append(among("point", map(int, points)))
        wanted = series_names(series)
        if wanted is not None:
            conditions.append(among("series", map(quoted, wanted)))
        day = f"intDiv(start - ({_EARLIEST_DAY * _DAY}), {_DAY}) + ({_EARLIEST_DAY})"
        rows = self._link.ask(
            f"SELECT point, parameter, series, {day} AS day, uniqExact(start) AS number,"
            " min(start) AS first, max(start) AS last FROM observation"
            f" WHERE {' AND '.join(conditions)} GROUP BY point, parameter, series, day"
            " ORDER BY point, parameter, series, day"
        )
        kinds = {
            "point": pl.Int64(),
            "parameter": pl.String(),
            "series": pl.String(),
            "day": pl.Int32(),
            "number": pl.Int32(),
            "first": pl.Datetime("us"),
            "last": pl.Datetime("us"),
        }
        return (
            _listed(rows, kinds)
            .with_columns(pl.col("day").cast(pl.Date))
            .rename({"number": "count"})
        )

    def number(self, question: str) -> int:
        """The one number that a question gives; nought for none."""
        rows = self._link.ask(question)
        return int(rows.item() or 0) if len(rows) else 0

    def frames_by_status(self) -> dict[str, int]:
        """How many packets have each status now."""
        rows = self._link.ask("SELECT status, count() AS number FROM frame FINAL GROUP BY status")
        numbers = dict.fromkeys(STATUSES, 0)
        numbers |= {status.decode(): number for status, number in rows.iter_rows()}
        changed = self.changed()
        if changed.is_empty():
            return {str(status): number for status, number in numbers.items()}
        before = self._link.ask(
            "SELECT frame_id, status FROM frame_list"
            f" WHERE {among('frame_id', changed['frame_id'])} LIMIT 1 BY frame_id"
        )
        for status in before["status"].cast(pl.String) if len(before) else ():
            numbers[status] -= 1
        there = set(before["frame_id"]) if len(before) else set()
        for number, status, gone in changed.select("frame_id", "status", "gone").iter_rows():
            if number in there and not gone:
                numbers[status] += 1
        return {str(status): number for status, number in numbers.items()}


def spoken(columns: Sequence[str], table: str, where: str) -> str:
    """SQL for the rows that speak among those of a table that meet a condition, sorted."""
    needed = dict.fromkeys(
        (*columns, "point", "parameter", "series", "start", "layer", "observation_id", "withdrawn")
    )
    return (
        f"SELECT {names(columns)} FROM (SELECT {names(tuple(needed))} FROM {table} WHERE {where}"
        f" ORDER BY {_OBSERVATION}, layer DESC, observation_id DESC LIMIT 1 BY {_OBSERVATION}, layer)"
        f" WHERE withdrawn = 0 ORDER BY {_OBSERVATION}, layer DESC LIMIT 1 BY {_OBSERVATION}"
    )


def shaped(rows: pl.DataFrame, columns: Sequence[str]) -> pl.DataFrame:
    """Rows of observations in the types of the contract."""
    return _listed(rows, {name: READ_COLUMNS[name] for name in columns})


def _listed(rows: pl.DataFrame, kinds: Mapping[str, pl.DataType]) -> pl.DataFrame:
    if rows.is_empty():
        return pl.DataFrame(schema=dict(kinds))
    rows = rows.select(pl.col(name).cast(kind) for name, kind in kinds.items())
    if "dated" in kinds:
        rows = rows.with_columns(
            pl.when(pl.col("dated").to_physical() != NO_TIME).then("dated").alias("dated")
        )
    return rows


def _with_changes(rows: pl.DataFrame, changed: pl.DataFrame) -> pl.DataFrame:
    """Frames with the status and reason they have now."""
    if changed.is_empty() or rows.is_empty():
        return rows
    now = changed.select("frame_id", now="status", why="reason")
    return (
        rows.join(now, on="frame_id", how="left", maintain_order="left")
        .with_columns(
            status=pl.coalesce("now", "status"),
            reason=pl.when(pl.col("now").is_null()).then("reason").otherwise("why"),
        )
        .drop("now", "why")
    )


def micros(moment: datetime) -> int:
    """A naive time as the tables hold it."""
    return (moment - datetime(1970, 1, 1)) // timedelta(microseconds=1)


def span(times: pl.Series) -> tuple[int, int]:
    """First and last of some times, in microseconds."""
    numbers = times.to_physical().to_numpy()
    return int(numbers.min()), int(numbers.max())


def quoted(text: str) -> str:
    """A text as SQL writes it."""
    escaped = text.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def among(column: str, values: Any) -> str:
    """A condition that a column is one of some values, already as SQL writes them."""
    listed = ", ".join(map(str, values))
    return f"{column} IN ({listed})" if listed else "0"


def outside(column: str, values: Any) -> str:
    """A condition that a column is none of some values."""
    listed = ", ".join(map(str, values))
    return f"{column} NOT IN ({listed})" if listed else "1"
