"""Getting out: values, their history, packets, counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import duckdb
import numpy as np
import polars as pl

from ecoledger.store.columns import (
    need_columns,
    windows_table,
)
from ecoledger.store.duckdb.file import (
    guarded,
    one_of,
    size_of,
    span,
    table_of,
)
from ecoledger.store.duckdb.opened import Opened
from ecoledger.store.interface import (
    DEFAULT_COLUMNS,
    FRAME_COLUMNS,
    KEY,
    READ_COLUMNS,
    SERIES,
    STATUSES,
    Counts,
    Frame,
    Layer,
    Status,
    Table,
)
from ecoledger.store.latest import of_number
from ecoledger.store.segments import (
    FINE_SERIES,
    Segment,
    empty,
)
from ecoledger.store.speaking import speaking
from ecoledger.store.windows import by_slot

_FRAME_LIST: Final = (
    "frame_id, received_at, dated, mn, qn, cn, st, status, reason, connection, size"
)


class Reading(Opened):
    """Asks the segments; one question sees one state of the store."""

    @guarded
    def latest(
        self, points: Sequence[int] | None = None, series: str | None = None
    ) -> pl.DataFrame:
        numbers, rows = self._latest.rows(
            None if points is None else [int(p) for p in points],
            None if series is None else self._series_codes(series) or [],
        )
        table = rows.hstack(of_number(numbers))
        order = np.lexsort(
            (
                self._terms.ranks("series")[table["series"].to_numpy()],
                self._terms.ranks("parameter")[table["parameter"].to_numpy()],
                table["point"].to_numpy(),
            )
        )
        return self._terms.decode(table[order]).select(
            pl.col(name).cast(pl.Datetime("us")) if name in {"start", "recorded_at"} else name
            for name in (*DEFAULT_COLUMNS, "observation_id", "frame_id", "recorded_at")
        )

    @guarded
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
        conditions, bound = ["layer <= $up_to"], {"up_to": int(up_to)}
        values: dict[str, Any] = bound
        if up_to >= Layer.REVIEW:
            conditions.clear()
            values.clear()
        for name, wanted in (
            ("point", None if points is None else [int(p) for p in points]),
            (
                "parameter",
                None if parameters is None else self._terms.codes("parameter", parameters),
            ),
            ("series", self._series_codes(series)),
        ):
            if wanted is not None:
                conditions.append(one_of(name, wanted))
        if begin is not None:
            conditions.append("start >= $begin")
            values["begin"] = begin
        if end is not None:
            conditions.append("start < $end")
            values["end"] = end
        if as_of is not None:
            conditions.append("recorded_at <= $as_of")
            values["as_of"] = as_of
        where = f"WHERE {' AND '.join(conditions)}" if conditions else ""
        names = with_needed(columns)

        def question(segments: Sequence[Segment]) -> str:
            return " UNION ALL ".join(
                f"SELECT {', '.join(names)} FROM {segment.name} {where}" for segment in segments
            )

        rows = self._ask(question, names, grains(series), begin, end, values)
        return self._shown(rows, columns, revisions)

    @guarded
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
        given = windows_table(windows)
        names = with_needed(columns)
        known = given.filter(
            pl.col("parameter").is_in(self._terms.texts("parameter").implode())
        ).unique()
        wanted = self._terms.encode(known).rename({"hour": "begin"})
        if wanted.is_empty() or seconds <= 0:
            return self._shown(empty(names), columns, False)
        begin, last = span(wanted["begin"])
        end = last + timedelta(seconds=seconds)
        codes = self._series_codes(series) or []
        slots = by_slot(wanted, seconds)
        inside = "o.start >= w.begin AND o.start < w.finish"
        if slots.grid:
            inside = f"(epoch_us(o.start) - ({slots.origin})) // {slots.grid} = w.slot"
        selected = ", ".join(f"o.{name}" for name in names)

        def question(segments: Sequence[Segment]) -> str:
            return " UNION ALL ".join(
                f"""SELECT {selected} FROM {segment.name} o SEMI JOIN wanted w
                    ON o.point = w.point AND o.parameter = w.parameter AND {inside}
                    WHERE {one_of("o.series", codes)} AND o.layer <= $up_to
                    AND o.start >= $begin AND o.start < $end"""
                for segment in segments
            )

        values = {"up_to": int(up_to), "begin": begin, "end": end}
        rows = self._ask(question, names, grains(series), begin, end, values, wanted=slots.rows)
        return self._shown(rows, columns, False)

    @guarded
    def history(self, point: int, parameter: str, series: str, start: datetime) -> pl.DataFrame:
        rows = self._history_rows(point, parameter, series, start)
        numbers = rows["frame_id"].drop_nulls().unique().to_list()
        with self._reading() as connection:
            frames = table_of(
                connection,
                f"""SELECT frame_id, received_at, mn, qn, status, connection, raw FROM frame
                    WHERE {one_of("frame_id", numbers)}""",
            )
        return rows.join(frames, on="frame_id", how="left", maintain_order="left")

    def _history_rows(
        self, point: int, parameter: str, series: str, start: datetime
    ) -> pl.DataFrame:
        rows = self.read(
            [point],
            [parameter],
            series,
            start,
            start + timedelta(microseconds=1),
            columns=list(READ_COLUMNS),
            revisions=True,
        )
        spoken = speaking(rows, np.zeros(len(rows), np.int64))
        return rows.with_columns(pl.Series("accepted", np.isin(np.arange(len(rows)), spoken)))

    @guarded
    def frames(
        self,
        *,
        status: Status | None = None,
        mn: str | None = None,
        mns: Sequence[str] | None = None,
        but_mns: Sequence[str] | None = None,
        begin: datetime | None = None,
        end: datetime | None = None,
        before: int | None = None,
        limit: int = 100,
    ) -> pl.DataFrame:
        conditions, values = ["true"], dict[str, Any]()
        among = "IN (SELECT unnest(CAST(${} AS VARCHAR[])))"
        for name, test, value in (
            ("status", "status = $status", status),
            ("mn", "mn = $mn", mn),
            ("mns", f"mn {among.format('mns')}", None if mns is None else list(mns)),
            (
                "but_mns",
                f"(mn IS NULL OR NOT mn {among.format('but_mns')})",
                None if but_mns is None else list(but_mns),
            ),
            ("begin", "received_at >= $begin", begin),
            ("end", "received_at < $end", end),
            ("before", "frame_id < $before", before),
        ):
            if value is not None:
                conditions.append(test)
                values[name] = value
        with self._reading() as connection:
            return table_of(
                connection,
                f"""SELECT {_FRAME_LIST} FROM frame WHERE {" AND ".join(conditions)}
                    ORDER BY frame_id DESC LIMIT {int(limit)}""",
                values,
            )

    @guarded
    def frame(self, frame_id: int) -> Frame:
        with self._reading() as connection:
            rows = table_of(
                connection,
                "SELECT * EXCLUDE (size) FROM frame WHERE frame_id = $frame_id",
                {"frame_id": int(frame_id)},
            )
        if rows.is_empty():
            raise KeyError(frame_id)
        fields = rows.row(0, named=True)
        halves = np.array([[fields.pop("digest_0"), fields.pop("digest_1")]], dtype="<i8")
        return Frame(digest=halves.tobytes(), **fields)

    @guarded
    def frames_after(self, number: int, limit: int) -> pl.DataFrame:
        columns = ", ".join(name for name in FRAME_COLUMNS if name != "digest")
        with self._reading() as connection:
            rows = table_of(
                connection,
                f"""SELECT frame_id, digest_0, digest_1, {columns} FROM frame
                    WHERE frame_id > {int(number)} ORDER BY frame_id LIMIT {int(limit)}""",
            )
        halves = np.ascontiguousarray(rows.select("digest_0", "digest_1").to_numpy(), "<i8")
        digests = pl.Series("digest", [half.tobytes() for half in halves], dtype=pl.Binary)
        return rows.with_columns(digests).select("frame_id", *FRAME_COLUMNS)

    @guarded
    def rows_after(self, number: int, limit: int) -> pl.DataFrame:
        names = list(READ_COLUMNS)

        def question(segments: Sequence[Segment]) -> str:
            each = " UNION ALL ".join(
                f"SELECT {', '.join(names)} FROM {s.name} WHERE observation_id > {int(number)}"
                for s in segments
            )
            return f"SELECT * FROM ({each}) ORDER BY observation_id LIMIT {int(limit)}"

        rows = self._ask(question, names, {True, False}, None, None, {})
        return self._terms.decode(rows).with_columns(pl.col("withdrawn").fill_null(False))

    @guarded
    def arrivals(
        self,
        begin: datetime,
        end: datetime,
        points: Sequence[int] | None = None,
        series: str | Sequence[str] | None = None,
    ) -> pl.DataFrame:
        conditions = ["layer = 0", "start >= $begin", "start < $end"]
        if points is not None:
            conditions.append(one_of("point", [int(p) for p in points]))
        codes = self._series_codes(series)
        if codes is not None:
            conditions.append(one_of("series", codes))
        where = " AND ".join(conditions)
        key = "point, parameter, series, day"

        def question(segments: Sequence[Segment]) -> str:
            return " UNION ALL ".join(
                f"""SELECT point, parameter, series, CAST(start AS DATE) AS day,
                        CAST(count(DISTINCT start) AS INTEGER) AS count,
                        min(start) AS first, max(start) AS last
                    FROM {segment.name} WHERE {where} GROUP BY {key}"""
                for segment in segments
            )

        kinds = {
            "point": pl.Int64(),
            "parameter": pl.Int32(),
            "series": pl.Int8(),
            "day": pl.Date(),
            "count": pl.Int32(),
            "first": pl.Datetime("us"),
            "last": pl.Datetime("us"),
        }
        values = {"begin": begin, "end": end}
        rows = self._ask(question, kinds, grains(series), begin, end, values)
        return self._terms.decode(rows.select(*kinds)).sort("point", "parameter", "series", "day")

    @guarded
    def counts(self) -> Counts:
        with self._write:
            frames = {str(status): self._frames_by_status.get(status, 0) for status in STATUSES}
            pending, series = len(self._pending), len(self._latest)

        def question(segments: Sequence[Segment]) -> str:
            return " UNION ALL ".join(f"SELECT count(*) AS n FROM {s.name}" for s in segments)

        rows = self._ask(question, {"n": pl.Int64()}, {True, False}, None, None, {})
        return Counts(
            frames=frames,
            observations=int(rows["n"].sum()),
            pending=pending,
            series=series,
            bytes=sum(size_of(path) for path in (self.path, self._log)),
        )

    def _ask(
        self,
        question: Callable[[Sequence[Segment]], str],
        columns: Sequence[str] | dict[str, pl.DataType],
        fine: set[bool],
        begin: datetime | None,
        end: datetime | None,
        values: dict[str, Any],
        **tables: pl.DataFrame,
    ) -> pl.DataFrame:
        """Ask the segments of some grains and times; one question sees one state of the store."""
        while True:
            known = self._segments
            segments = [s for s in known if s.fine in fine and s.meets(begin, end)]
            if not segments:
                return empty(columns)
            try:
                with self._reading() as connection, self._tables(connection, **tables):
                    return table_of(connection, question(segments), values)
            except duckdb.CatalogException:
                # A month was sealed between choosing the tables and asking them; the list of
                # segments follows before the seal lets go of the lock.
                with self._write:
                    if known is self._segments:
                        raise

    def _shown(self, rows: pl.DataFrame, columns: Sequence[str], revisions: bool) -> pl.DataFrame:
        """Rows with numbers for texts as the reader gets them: spoken, sorted, in words."""
        ranks = {
            kind: self._terms.ranks(kind)[rows[kind].to_numpy()].astype(np.int64)
            for kind in ("parameter", "series")
        }
        # Sorting by the place of the text in the alphabet sorts by the text, only faster.
        numbers = (rows["point"].to_numpy() << 24) | (ranks["parameter"] << 8) | ranks["series"]
        if revisions:
            order = np.lexsort((rows["observation_id"].to_numpy(), rows["start"], numbers))
        else:
            order = speaking(rows, numbers)
        rows = self._terms.decode(rows.select(*dict.fromkeys(columns))[order])
        if "withdrawn" in columns:
            rows = rows.with_columns(pl.col("withdrawn").fill_null(False))
        return rows


def with_needed(columns: Sequence[str]) -> list[str]:
    """The columns asked for and those it takes to see which row speaks."""
    return list(dict.fromkeys((*columns, *KEY, "layer", "observation_id", "withdrawn")))


def grains(series: str | Sequence[str] | None) -> set[bool]:
    names = SERIES if series is None else [series] if isinstance(series, str) else series
    return {name in FINE_SERIES for name in names}
