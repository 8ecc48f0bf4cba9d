"""Putting in: packets and observations, all or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import cast

import duckdb
import numpy as np
import polars as pl

from ecoledger.store import latest as latest_values
from ecoledger.store.columns import (
    frames_table,
    observations_table,
)
from ecoledger.store.duckdb.file import (
    guarded,
    span,
    table_of,
)
from ecoledger.store.duckdb.frame_numbers import FrameNumbers
from ecoledger.store.duckdb.waiting import Waiting, work_of
from ecoledger.store.interface import (
    KEY,
    STATUSES,
    InvalidRowsError,
    Receipt,
    Status,
    Table,
)
from ecoledger.store.latest import series_numbers
from ecoledger.store.recent_frames import RecentFrames, halves_of
from ecoledger.store.segments import COLUMNS as SEGMENT_COLUMNS
from ecoledger.store.segments import (
    SAID,
    Segment,
    polars_type,
    segment_name,
    sorted_segments,
)


class Writing(FrameNumbers, Waiting):
    """Writes what comes, and what becomes of packets."""

    @guarded
    def append(
        self,
        frames: Table | None = None,
        observations: Table | None = None,
        *,
        recorded_at: datetime | None = None,
    ) -> Receipt:
        given = frames_table(frames) if frames is not None else None
        rows = (
            observations_table(observations, 0 if given is None else len(given))
            if observations is not None
            else None
        )
        with self._write:
            self._need_open()
            moment = recorded_at or self._clock()
            receipt = self._append(given, rows, moment)
            self._tidy()
            return receipt

    def _append(
        self, frames: pl.DataFrame | None, rows: pl.DataFrame | None, moment: datetime
    ) -> Receipt:
        frame_ids = np.empty(0, np.int64)
        new = np.empty(0, np.bool_)
        stored: pl.DataFrame | None = None
        identities: list[tuple[int, bytes, int]] = []
        if frames is not None and len(frames):
            stored, frame_ids, new, identities = self._number_frames(frames)
        duplicates = unchanged = 0
        touched = pl.DataFrame(schema={"hour": pl.Int64, "number": pl.Int64})
        if rows is not None:
            before = len(rows)
            self._need_known_frames(rows)
            rows = self._of_new_frames(rows, frame_ids, new)
            duplicates = before - len(rows)
            rows, unchanged = self._without_repeats(self._coded(rows))
            first = self._next_observation
            rows = rows.with_columns(
                pl.int_range(first, first + len(rows), dtype=pl.Int64).alias("observation_id"),
                pl.lit(moment, dtype=pl.Datetime("us")).alias("recorded_at"),
            )
            touched = self._touched(rows)
        tickets = touched.with_columns(
            pl.int_range(
                self._pending.next_ticket,
                self._pending.next_ticket + len(touched),
                dtype=pl.Int64,
            ).alias("ticket")
        )
        self._write_down(stored, rows, tickets)
        self._recent.put(identities)
        self._recent.shed()
        return Receipt(
            frame_ids=frame_ids,
            new=new,
            observations=0 if rows is None else len(rows),
            duplicates=duplicates,
            unchanged=unchanged,
            touched=self._pending_table(touched),
        )

    @guarded
    def take_over(
        self,
        frames: pl.DataFrame | None = None,
        rows: pl.DataFrame | None = None,
        pending: pl.DataFrame | None = None,
    ) -> None:
        with self._write:
            self._need_open()
            if frames is not None:
                halves = halves_of(frames["digest"])
                frames = frames.drop("digest").with_columns(
                    pl.Series("digest_0", np.ascontiguousarray(halves[:, 0])),
                    pl.Series("digest_1", np.ascontiguousarray(halves[:, 1])),
                    pl.col("raw").bin.size().cast(pl.Int32).alias("size"),
                )
                # What is remembered as stored must be all that is.
                self._recent = RecentFrames()
            coded = None if rows is None else self._coded(rows)
            self._write_down(frames, coded, self._new_tickets(pending))
            self._tidy()

    def _write_down(
        self, frames: pl.DataFrame | None, rows: pl.DataFrame | None, tickets: pl.DataFrame
    ) -> None:
        """Commit numbered frames, numbered and coded rows and tickets together; then memory may know of them."""
        parts = [] if rows is None else self._by_segment(rows)
        made: list[Segment] = []
        with self._transaction() as run:
            if frames is not None and len(frames):
                run.insert("frame", frames)
            for segment, part in parts:
                if segment not in self._segments:
                    self._make_segment(run.connection, segment)
                    made.append(segment)
                run.insert(segment.name, part)
            if len(tickets):
                run.insert("pending", tickets)
        self._segments = sorted_segments((*self._segments, *made))
        if frames is not None and len(frames):
            self._next_frame = max(self._next_frame, most(frames["frame_id"]) + 1)
            for status, count in frames["status"].value_counts().iter_rows():
                self._frames_by_status[status] = self._frames_by_status.get(status, 0) + count
        self._pending.add(work_of(tickets))
        if rows is not None and len(rows):
            self._next_observation = max(self._next_observation, most(rows["observation_id"]) + 1)
            self._rows_since_snapshot += len(rows)
            self._renew_latest(rows)

    def _without_repeats(self, rows: pl.DataFrame) -> tuple[pl.DataFrame, int]:
        """Rows without computed or layered ones that say what was recorded last on their layer."""
        careful = self._computed[rows["series"].to_numpy()] | (rows["layer"].to_numpy() > 0)
        if not careful.any():
            return rows, 0
        rows = rows.with_row_index("row")
        fresh = rows.filter(pl.Series(careful)).with_columns(
            pl.lit(None, dtype=polars_type(name)).alias(name)
            for name in SAID
            if name not in rows.columns
        )
        # Within the call the last word on a layer counts, as if the rows had come one by one.
        fresh = fresh.with_columns(pl.col("withdrawn").fill_null(False))
        identity = (*KEY, "layer")
        recorded = self._recorded_last(fresh.select(identity).unique())
        said = fresh.select("row", *identity, *SAID).with_columns(
            pl.col("row").cast(pl.Int64).alias("order")
        )
        both = pl.concat([recorded.select(said.columns), said]).sort(*identity, "order")
        earlier = pl.all_horizontal(
            *(pl.col(name) == pl.col(name).shift(1) for name in identity),
            *(pl.col(name).eq_missing(pl.col(name).shift(1)) for name in SAID),
        ).fill_null(False)
        repeats = both.filter(earlier & pl.col("row").is_not_null())["row"]
        kept = rows.filter(~pl.col("row").is_in(repeats.implode())).drop("row")
        return kept, len(repeats)

    def _recorded_last(self, wanted: pl.DataFrame) -> pl.DataFrame:
        """For (point, parameter, series, start, layer): what was recorded last, with order -1."""
        begin, end = span(wanted["start"])
        columns = ", ".join(f"o.{name}" for name in (*KEY, "layer", *SAID, "observation_id"))
        fine = set(self._fine[wanted["series"].to_numpy()].tolist())
        selects = [
            f"""SELECT {columns} FROM {segment.name} o JOIN wanted w
                ON o.point = w.point AND o.parameter = w.parameter AND o.series = w.series
                AND o.start = w.start AND o.layer = w.layer
                WHERE o.start >= $begin AND o.start <= $end"""
            for segment in self._segments
            if segment.fine in fine and segment.meets(begin, end + timedelta(microseconds=1))
        ]
        if selects:
            with self._tables(wanted=wanted) as connection:
                found = table_of(
                    connection, " UNION ALL ".join(selects), {"begin": begin, "end": end}
                )
        else:
            kinds = {name: polars_type(name) for name in (*KEY, "layer", *SAID)}
            found = pl.DataFrame(schema={**kinds, "observation_id": pl.Int64})
        last = found.sort("observation_id").unique([*KEY, "layer"], keep="last")
        return last.with_columns(
            pl.col("withdrawn").fill_null(False),
            pl.lit(None, dtype=pl.UInt32).alias("row"),
            pl.lit(-1, dtype=pl.Int64).alias("order"),
        )

    def _by_segment(self, rows: pl.DataFrame) -> list[tuple[Segment, pl.DataFrame]]:
        if rows.is_empty():
            return []
        fine = self._fine[rows["series"].to_numpy()]
        starts = rows["start"].to_numpy()
        begins = np.where(fine, starts.astype("M8[M]"), starts.astype("M8[Y]").astype("M8[M]"))
        keys = begins.astype(np.int64) * 2 + fine
        if (keys == keys[0]).all():
            return [(self._segment_of(bool(fine[0]), begins[0].item()), rows)]
        parts = rows.with_columns(pl.Series("_segment", keys)).partition_by(
            "_segment", maintain_order=True, include_key=False, as_dict=True
        )
        return [
            (self._segment_of(bool(key & 1), np.datetime64(key >> 1, "M").item()), part)
            for (key,), part in parts.items()
        ]

    def _segment_of(self, fine: bool, begin: date) -> Segment:
        for segment in self._segments:
            if segment.fine == fine and segment.begin == begin:
                return segment
        return Segment(segment_name(fine, begin, 0), fine, begin)

    def _make_segment(self, connection: duckdb.DuckDBPyConnection, segment: Segment) -> None:
        columns = ", ".join(f"{name} {kind}" for name, kind in SEGMENT_COLUMNS.items())
        connection.execute(f"CREATE TABLE {segment.name} ({columns})")
        connection.execute(
            "INSERT INTO segment VALUES (?, ?, ?, 0)", [segment.name, segment.fine, segment.begin]
        )

    def _renew_latest(self, rows: pl.DataFrame) -> None:
        numbers = series_numbers(rows)
        kept = [name for name in latest_values.COLUMNS if name in rows.columns]
        if "withdrawn" not in rows.columns or not rows["withdrawn"].any():
            self._latest.apply(numbers, rows[kept])
            return
        lifted = rows["withdrawn"].fill_null(False)
        standing = (~lifted).to_numpy()
        self._latest.apply(numbers[standing], rows.filter(~lifted).select(kept))
        for number in np.unique(numbers[lifted.to_numpy()]).tolist():
            self._look_up_latest(number)

    @guarded
    def mark_frame(self, frame_id: int, status: Status, reason: str | None = None) -> None:
        if status not in STATUSES:
            raise InvalidRowsError(f"Unknown status {status!r}.", f"Use one of {STATUSES}.")
        with self._write:
            self._need_open()
            with self._transaction() as run:
                before = run.connection.execute(
                    "SELECT status FROM frame WHERE frame_id = ?", [frame_id]
                ).fetchall()
                if not before:
                    raise KeyError(frame_id)
                run.connection.execute(
                    "UPDATE frame SET status = ?, reason = ? WHERE frame_id = ?",
                    [status, reason, frame_id],
                )
            self._frames_by_status[before[0][0]] -= 1
            self._frames_by_status[status] = self._frames_by_status.get(status, 0) + 1

    @guarded
    def forget_quarantined(
        self, reasons: Sequence[str], *, before: datetime, most: int
    ) -> tuple[int, int]:
        with self._write:
            self._need_open()
            with self._transaction() as run:
                values = {"reasons": list(reasons), "before": before, "most": int(most)}
                chosen = """FROM frame WHERE frame_id IN (
                    SELECT frame_id FROM (
                        SELECT frame_id, received_at,
                            row_number() OVER (ORDER BY frame_id DESC) AS place
                        FROM frame WHERE status = 'quarantined'
                            AND regexp_extract(reason, '^[a-z_]+') IN (SELECT unnest($reasons)))
                    WHERE received_at < $before OR place > $most)"""
                ((count, octets),) = run.connection.execute(
                    f"SELECT count(*), coalesce(sum(octet_length(raw)), 0) {chosen}", values
                ).fetchall()
                if count:
                    run.connection.execute(f"DELETE {chosen}", values)
            if count:
                self._frames_by_status["quarantined"] -= count
                # What is remembered as stored must be stored.
                self._recent = RecentFrames()
        return int(count), int(octets)


def most(numbers: pl.Series) -> int:
    """The greatest of some numbers."""
    return int(cast(int, numbers.max()))
