"""The observation store in one DuckDB file, owned by one process.

Layout. `frame` holds the packets in the order of arrival. Observations lie in segments, one table
for each month of fine series (raw, minute) and one for each year of coarse ones (hour and longer),
so that the pages opened most never pass over minute values, a month can be rewritten by itself, and
a question about March reads March. `segment` lists them. Texts that come back are numbers (`term`).
`pending` is the durable copy of the list of hours to aggregate, `latest` a snapshot of the latest
values with the `observation_id` up to which it holds; what was recorded since is applied at open.

Durability. A commit returns after DuckDB's write-ahead log has reached the disk. Checkpoints, which
move the log into the file, are made here, between appends, and never by DuckDB on its own: while no
checkpoint runs the file does not change under its header, and that is what lets :meth:`backup` copy
it while appends go on.
"""

from __future__ import annotations

import contextlib
import fcntl
import functools
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO, Any, Concatenate, Final, ParamSpec, TypeVar, cast

import duckdb
import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.store import duckdb_check
from ecoledger.store import latest as latest_values
from ecoledger.store.columns import (
    frames_table,
    need_columns,
    observations_table,
    series_names,
    windows_table,
)
from ecoledger.store.failures import explained
from ecoledger.store.interface import (
    DEFAULT_COLUMNS,
    FRAME_COLUMNS,
    KEY,
    READ_COLUMNS,
    SERIES,
    STATUSES,
    BackupReport,
    CheckReport,
    Counts,
    Frame,
    InvalidRowsError,
    Layer,
    ObservationStore,
    Receipt,
    SealReport,
    Status,
    StoreBusyError,
    StoreClosedError,
    StoreDamagedError,
    StoreError,
    Table,
)
from ecoledger.store.latest import LatestValues, of_number, series_numbers
from ecoledger.store.pending import PendingHours, Work
from ecoledger.store.recent_frames import RecentFrames, halves_of, hours_of, identities_of
from ecoledger.store.segments import COLUMNS as SEGMENT_COLUMNS
from ecoledger.store.segments import (
    FINE_SERIES,
    SAID,
    Segment,
    empty,
    polars_type,
    segment_name,
    sorted_segments,
)
from ecoledger.store.speaking import speaking
from ecoledger.store.terms import Terms
from ecoledger.store.windows import by_slot

LAYOUT_VERSION: Final = 1
# A checkpoint writes the last, half-filled group of 122,880 frames anew, so a short log costs more than it holds.
CHECKPOINT_BYTES: Final = 256 << 20
SNAPSHOT_ROWS: Final = 5_000_000
COPY_BYTES: Final = 8 << 20
PATIENCE_SECONDS: Final = 60.0
_NEVER: Final = "1000TB"
# Stands for the time of a frame without one: no date goes back so far.
_NO_TIME: Final = -(1 << 62)

_LAYOUT: Final = """
CREATE TABLE IF NOT EXISTS layout (version INTEGER);
CREATE TABLE IF NOT EXISTS term (kind VARCHAR, code INTEGER, text VARCHAR);
CREATE TABLE IF NOT EXISTS frame (
    frame_id BIGINT, received_at TIMESTAMP, dated TIMESTAMP, digest_0 BIGINT, digest_1 BIGINT,
    mn VARCHAR, qn VARCHAR, cn VARCHAR, st VARCHAR, status VARCHAR, reason VARCHAR,
    connection VARCHAR, size INTEGER, raw BLOB USING COMPRESSION zstd
);
CREATE TABLE IF NOT EXISTS segment (name VARCHAR, fine BOOLEAN, begin DATE, sealed_rows BIGINT);
CREATE TABLE IF NOT EXISTS pending (ticket BIGINT, hour BIGINT, number BIGINT);
CREATE TABLE IF NOT EXISTS latest (
    number BIGINT, start BIGINT, layer TINYINT, observation_id BIGINT, seconds INTEGER,
    value DOUBLE, decimals TINYINT, flag SMALLINT, frame_id BIGINT, recorded_at BIGINT, text VARCHAR
);
CREATE TABLE IF NOT EXISTS latest_mark (observation_id BIGINT);
"""

_FRAME_LIST: Final = (
    "frame_id, received_at, dated, mn, qn, cn, st, status, reason, connection, size"
)

P = ParamSpec("P")
R = TypeVar("R")


def _guarded(
    method: Callable[Concatenate[DuckDBStore, P], R],
) -> Callable[Concatenate[DuckDBStore, P], R]:
    """Refuse a closed store, and say what DuckDB's errors mean and what would help."""

    @functools.wraps(method)
    def guarded(self: DuckDBStore, /, *args: P.args, **kwargs: P.kwargs) -> R:
        self._need_open()
        try:
            return method(self, *args, **kwargs)
        except duckdb.Error as error:
            failure = explained(error, self.path)
            if isinstance(error, duckdb.FatalException | duckdb.InternalException):
                self._failure = failure
            raise failure from error
        except OSError as error:
            raise explained(error, self.path) from error

    return guarded


class DuckDBStore(ObservationStore):
    """See :class:`ObservationStore` for what the methods promise."""

    def __init__(
        self,
        path: Path | str,
        *,
        clock: Callable[[], datetime] = datetime.now,
        memory: str = "2GB",
        threads: int | None = None,
        checkpoint_bytes: int = CHECKPOINT_BYTES,
    ) -> None:
        """Open the store, making it if there is none.

        ``clock`` gives ``recorded_at``: China standard time, naive. ``memory`` is DuckDB's limit;
        sorting beyond it goes to a folder beside the file. ``checkpoint_bytes``: size of the log at
        which it is moved into the file; larger means fewer pauses, longer ones, a slower start
        after a crash.

        Raises :class:`StoreBusyError` when another process has it, :class:`StoreDamagedError` when
        it cannot be read.
        """
        self.path = Path(path)
        self._clock = clock
        self._checkpoint_bytes = checkpoint_bytes
        self._closed = False
        self._failure: StoreError | None = None
        self._write = threading.RLock()  # held by whoever changes anything
        self._care = threading.Lock()  # held through a seal or a backup: one at a time
        self._copying = False  # a backup copies the file: no checkpoint
        self._rows_since_snapshot = 0
        config: dict[str, str | bool | int | float | list[str]] = {"memory_limit": memory}
        if threads is not None:
            config["threads"] = threads
        with contextlib.ExitStack() as undo:
            try:
                self._owner = undo.enter_context(_owned(self.path))
                self._connection = duckdb.connect(str(self.path), config=config)
                undo.callback(self._connection.close)
                self._load()
            except (duckdb.Error, OSError) as error:
                raise explained(error, self.path) from error
            undo.pop_all()

    # -- opening and closing ---------------------------------------------------------------------

    def _load(self) -> None:
        run = self._connection.execute
        for setting in (
            f"SET wal_autocheckpoint='{_NEVER}'",
            "SET auto_checkpoint_skip_wal_threshold=9000000000000000",
            "SET preserve_insertion_order=true",
        ):
            run(setting)
        run(f"BEGIN; {_LAYOUT} COMMIT")
        versions = run("SELECT version FROM layout").fetchall()
        if not versions:
            run("INSERT INTO layout VALUES (?)", [LAYOUT_VERSION])
        elif versions != [(LAYOUT_VERSION,)]:
            raise StoreDamagedError(
                f"{self.path} has layout {versions}, this program knows {LAYOUT_VERSION}.",
                "Open it with the version of the program that wrote it.",
            )
        self._terms = Terms(run("SELECT kind, code, text FROM term ORDER BY kind, code").fetchall())
        self._coded(pl.DataFrame({"series": list(SERIES)}))
        # By number of the series: is it computed, does it lie in fine segments.
        names = self._terms.texts("series").to_list()
        self._computed = np.array([SERIES[name] for name in names], np.bool_)
        self._fine = np.array([name in FINE_SERIES for name in names], np.bool_)
        self._segments = tuple(
            Segment(name, fine, begin)
            for name, fine, begin in run(
                "SELECT name, fine, begin FROM segment ORDER BY begin, fine"
            ).fetchall()
        )
        # A seal that was cut short leaves a table that no segment names.
        named = {segment.name for segment in self._segments}
        for (table,) in run(
            "SELECT table_name FROM duckdb_tables() WHERE table_name SIMILAR TO '(fine|coarse)_.*'"
        ).fetchall():
            if table not in named:
                run(f"DROP TABLE {table}")
        self._next_frame = self._number("SELECT max(frame_id) FROM frame") + 1
        self._frames_by_status = dict(
            run("SELECT status, count(*) FROM frame GROUP BY status").fetchall()
        )
        self._load_latest()
        waiting = run("SELECT ticket, hour, number FROM pending").fetchall()
        # Each ticket stands for at least one row, so counting on from the rows never repeats one.
        self._pending = PendingHours(waiting, self._next_observation)
        self._recent = RecentFrames()

    def _load_latest(self) -> None:
        self._latest = LatestValues()
        mark = max(1, self._number("SELECT max(observation_id) FROM latest_mark"))
        self._next_observation = mark
        snapshot = _polars(self._connection, "SELECT * FROM latest")
        self._latest.apply(snapshot["number"].to_numpy(), snapshot.drop("number"))
        doubtful: set[int] = set()
        for segment in self._segments:
            # Row groups that were all recorded before the snapshot are passed over.
            since = f"FROM {segment.name} WHERE observation_id >= {mark}"
            last = self._number(f"SELECT max(observation_id) {since}")
            if not last:
                continue
            self._next_observation = max(self._next_observation, last + 1)
            newest = _polars(
                self._connection,
                f"""SELECT point, parameter, series, unnest(arg_max(
                        {{{", ".join(f"{name}: {name}" for name in latest_values.COLUMNS)}}},
                        {{s: start, l: layer, o: observation_id}})) {since}
                    GROUP BY point, parameter, series""",
            )
            self._latest.apply(series_numbers(newest), newest)
            withdrawn = _polars(
                self._connection,
                f"SELECT DISTINCT point, parameter, series {since} AND withdrawn",
            )
            doubtful.update(series_numbers(withdrawn).tolist())
        for number in sorted(doubtful):
            self._look_up_latest(number)

    @_guarded
    def _shut(self) -> None:
        with self._care, self._write:
            self._save_latest()
            self._checkpoint()

    def close(self) -> None:
        if self._closed:
            return
        try:
            if self._failure is None:
                self._shut()
        finally:
            self._closed = True
            self._connection.close()
            self._owner.close()

    def _need_open(self) -> None:
        if self._closed:
            raise StoreClosedError(f"The store {self.path} is closed.", "Open it again.")
        if self._failure is not None:
            raise StoreClosedError(
                f"The store {self.path} stopped after a failure: {self._failure.problem}",
                f"{self._failure.remedy} Then open it again; what was acknowledged is kept.",
            )

    # -- writing ---------------------------------------------------------------------------------

    @_guarded
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
            self._next_frame = max(self._next_frame, _most(frames["frame_id"]) + 1)
            for status, count in frames["status"].value_counts().iter_rows():
                self._frames_by_status[status] = self._frames_by_status.get(status, 0) + count
        self._pending.add(_work(tickets))
        if rows is not None and len(rows):
            self._next_observation = max(self._next_observation, _most(rows["observation_id"]) + 1)
            self._rows_since_snapshot += len(rows)
            self._renew_latest(rows)

    def _number_frames(
        self, frames: pl.DataFrame
    ) -> tuple[pl.DataFrame, NDArray[np.int64], NDArray[np.bool_], list[tuple[int, bytes, int]]]:
        """New frames as they are stored, the number and newness of each, their identities."""
        halves = halves_of(frames["digest"])
        times = frames["dated"].to_physical().fill_null(_NO_TIME)
        identities = identities_of(halves, times.to_numpy())
        hours = hours_of(times).tolist()
        newest = int(frames["received_at"].to_physical().max())  # type: ignore[arg-type]
        present = set(hours)
        for hour in present:
            if hour not in self._recent and self._recent.wants(hour, newest):
                self._load_hour(hour)
        absent = {hour for hour in present if hour not in self._recent}
        sought = [row for row, hour in enumerate(hours) if hour in absent] if absent else []
        found = self._find_frames(frames, halves, identities, sought)
        known = {hour: found if hour in absent else self._recent.of(hour) for hour in present}
        here: dict[bytes, int] = {}
        fresh: list[int] = []
        frame_ids = np.empty(len(frames), np.int64)
        following = self._next_frame
        for row, (hour, identity) in enumerate(zip(hours, identities, strict=True)):
            number = known[hour].get(identity)
            if number is None:
                number = here.setdefault(identity, following)
                if number == following:
                    following += 1
                    fresh.append(row)
            frame_ids[row] = number
        new = np.zeros(len(frames), np.bool_)
        new[fresh] = True
        stored = frames.drop("digest").with_columns(
            pl.Series("frame_id", frame_ids),
            pl.Series("digest_0", np.ascontiguousarray(halves[:, 0])),
            pl.Series("digest_1", np.ascontiguousarray(halves[:, 1])),
            pl.col("raw").bin.size().cast(pl.Int32).alias("size"),
        )
        if len(fresh) < len(frames):
            stored = stored.filter(pl.Series("new", new))
        recent = [(hours[row], identities[row], int(frame_ids[row])) for row in fresh]
        return stored, frame_ids, new, recent

    def _load_hour(self, hour: int) -> None:
        """Bring the stored frames of an hour into memory."""
        begin = _moment(hour)
        rows = _polars(
            self._connection,
            "SELECT frame_id, dated, digest_0, digest_1 FROM frame WHERE dated >= ? AND dated < ?",
            [begin, begin + timedelta(hours=1)],
        )
        self._recent.open(hour)
        halves = rows.select("digest_0", "digest_1").to_numpy()
        identities = identities_of(halves, rows["dated"].to_physical().to_numpy())
        self._recent.put((hour, i, f) for i, f in zip(identities, rows["frame_id"], strict=True))

    def _find_frames(
        self,
        frames: pl.DataFrame,
        halves: NDArray[np.int64],
        identities: list[bytes],
        rows: list[int],
    ) -> dict[bytes, int]:
        """Numbers of stored frames equal to some of ``rows``, by identity."""
        if not rows:
            return {}
        probe = pl.DataFrame(
            {
                "row": np.array(rows, np.int64),
                "dated": frames["dated"].gather(rows),
                "digest_0": halves[rows, 0],
                "digest_1": halves[rows, 1],
            }
        )
        same = "f.digest_0 = p.digest_0 AND f.digest_1 = p.digest_1"
        found: list[tuple[int, int]] = []
        dated = probe["dated"].drop_nulls()
        with self._tables(probe=probe) as connection:
            if len(dated):
                # The bounds let DuckDB pass over the row groups of other times.
                found += connection.execute(
                    f"""SELECT p.row, f.frame_id FROM frame f JOIN probe p
                        ON {same} AND f.dated = p.dated WHERE f.dated BETWEEN ? AND ?""",
                    [dated.min(), dated.max()],
                ).fetchall()
            if len(dated) < len(probe):
                found += connection.execute(
                    f"""SELECT p.row, f.frame_id FROM frame f JOIN probe p ON {same}
                        WHERE f.dated IS NULL AND p.dated IS NULL"""
                ).fetchall()
        return {identities[row]: frame_id for row, frame_id in found}

    def _of_new_frames(
        self, rows: pl.DataFrame, frame_ids: NDArray[np.int64], new: NDArray[np.bool_]
    ) -> pl.DataFrame:
        """Rows without those of duplicate frames, each with the number of its frame."""
        named = pl.col("frame_id") if "frame_id" in rows.columns else pl.lit(None, dtype=pl.Int64)
        if "frame" not in rows.columns:
            return rows.with_columns(named.alias("frame_id"))
        rows = rows.with_columns(
            pl.coalesce(pl.Series(frame_ids).gather(rows["frame"]), named).alias("frame_id"),
            pl.Series("new", new).gather(rows["frame"]).fill_null(True).alias("new"),
        )
        if not new.all():
            rows = rows.filter("new")
        return rows.drop("frame", "new")

    def _need_known_frames(self, rows: pl.DataFrame) -> None:
        if "frame_id" not in rows.columns:
            return
        unknown = rows.filter(~pl.col("frame_id").is_between(1, self._next_frame - 1))
        if len(unknown):
            raise InvalidRowsError(
                f"Frame {unknown['frame_id'][0]}, given in column frame_id, is not stored.",
                "Give the number of a stored frame, or column frame for those of this append.",
            )

    def _coded(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Rows with numbers for texts; texts that have none yet are given one, durably."""
        coded = self._terms.encode(rows)
        fresh = self._terms.unknown(rows, coded)
        if not fresh:
            return coded
        with self._transaction() as run:
            run.insert("term", pl.DataFrame(fresh, schema=["kind", "code", "text"], orient="row"))
        self._terms.add(fresh)
        return self._terms.encode(rows)

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
        begin, end = _span(wanted["start"])
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
                found = _polars(
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

    def _touched(self, rows: pl.DataFrame) -> pl.DataFrame:
        """Distinct (hour, number) to aggregate that are not waiting already."""
        touching = ~self._computed[rows["series"].to_numpy()] | (rows["layer"].to_numpy() > 0)
        hours = hours_of(rows["start"])[touching]
        numbers = (series_numbers(rows)[touching] >> 8) << 8
        distinct = pl.DataFrame({"hour": hours, "number": numbers}).unique().sort("hour", "number")
        hour_of, number_of = distinct["hour"].to_numpy(), distinct["number"].to_list()
        ends = [*(np.flatnonzero(np.diff(hour_of)) + 1).tolist(), len(hour_of)]
        found_hours: list[int] = []
        found_numbers: list[int] = []
        begin = 0
        for end in ends if len(hour_of) else []:
            hour = int(hour_of[begin])
            fresh = self._pending.fresh(hour, number_of[begin:end])
            found_hours += [hour] * len(fresh)
            found_numbers += fresh
            begin = end
        return pl.DataFrame(
            {"hour": found_hours, "number": found_numbers},
            schema={"hour": pl.Int64, "number": pl.Int64},
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
            self._latest.apply(numbers, rows.select(kept))
            return
        lifted = rows["withdrawn"].fill_null(False)
        standing = (~lifted).to_numpy()
        self._latest.apply(numbers[standing], rows.filter(~lifted).select(kept))
        for number in np.unique(numbers[lifted.to_numpy()]).tolist():
            self._look_up_latest(number)

    def _look_up_latest(self, number: int) -> None:
        """Find the latest row of one series among all stored, newest segment first."""
        point, parameter, series = of_number(np.array([number], np.int64)).row(0)
        fine = bool(self._fine[series])
        names = (*latest_values.COLUMNS, "withdrawn")
        for segment in reversed(self._segments):
            if segment.fine != fine:
                continue
            rows = _polars(
                self._connection,
                f"""SELECT {", ".join(names)} FROM {segment.name}
                    WHERE point = ? AND parameter = ? AND series = ?""",
                [point, parameter, series],
            )
            spoken = speaking(rows, np.zeros(len(rows), np.int64))
            if len(spoken):
                self._latest.replace(number, rows[spoken[-1:]].drop("withdrawn"))
                return
        self._latest.replace(number, pl.DataFrame(schema=latest_values.COLUMNS))

    @_guarded
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

    @_guarded
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

    # -- work to do ------------------------------------------------------------------------------

    @_guarded
    def take_pending(self, limit: int = 10_000) -> pl.DataFrame:
        with self._write:
            taken = self._pending.take(limit)
        columns = {"ticket": taken.tickets, "hour": taken.hours, "number": taken.numbers}
        return self._pending_table(pl.DataFrame(columns, schema=dict.fromkeys(columns, pl.Int64)))

    @_guarded
    def done_pending(self, work: pl.DataFrame) -> None:
        coded = self._terms.encode(
            work.select("ticket", "point", "parameter", "hour", pl.lit("raw").alias("series"))
        )
        finished = _work(
            coded.select(
                "ticket",
                pl.col("hour").cast(pl.Datetime("us")).to_physical(),
                pl.Series("number", (series_numbers(coded) >> 8) << 8),
            ).sort("hour", maintain_order=True)
        )
        with self._write:
            self._need_open()
            settled = pl.DataFrame(
                {"ticket": self._pending.settled_by(finished)}, schema={"ticket": pl.Int64}
            )
            if settled.is_empty():
                return
            with self._transaction() as run, self._tables(run.connection, settled=settled):
                run.connection.execute(
                    "DELETE FROM pending WHERE ticket IN (SELECT ticket FROM settled)"
                )
            self._pending.remove(finished)
            self._tidy()

    def _pending_table(self, rows: pl.DataFrame) -> pl.DataFrame:
        """(hour, number) and perhaps a ticket, as readers see them."""
        numbers = of_number(rows["number"].to_numpy()).drop("series")
        table = rows.drop("number").hstack(self._terms.decode(numbers))
        shown = ["ticket"] if "ticket" in rows.columns else []
        return table.with_columns(pl.col("hour").cast(pl.Datetime("us"))).select(
            *shown, "point", "parameter", "hour"
        )

    # -- reading ---------------------------------------------------------------------------------

    @_guarded
    def latest(
        self, points: Sequence[int] | None = None, series: str | None = None
    ) -> pl.DataFrame:
        numbers, rows = self._latest.rows(None if points is None else [int(p) for p in points])
        table = rows.hstack(of_number(numbers))
        if series is not None:
            table = table.filter(pl.col("series").is_in(self._series_codes(series) or []))
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

    @_guarded
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
                conditions.append(_one_of(name, wanted))
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
        names = _with_needed(columns)

        def question(segments: Sequence[Segment]) -> str:
            return " UNION ALL ".join(
                f"SELECT {', '.join(names)} FROM {segment.name} {where}" for segment in segments
            )

        rows = self._ask(question, names, self._grains(series), begin, end, values)
        return self._shown(rows, columns, revisions)

    @_guarded
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
        names = _with_needed(columns)
        known = given.filter(
            pl.col("parameter").is_in(self._terms.texts("parameter").implode())
        ).unique()
        wanted = self._terms.encode(known).rename({"hour": "begin"})
        if wanted.is_empty() or seconds <= 0:
            return self._shown(empty(names), columns, False)
        begin, last = _span(wanted["begin"])
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
                    WHERE {_one_of("o.series", codes)} AND o.layer <= $up_to
                    AND o.start >= $begin AND o.start < $end"""
                for segment in segments
            )

        values = {"up_to": int(up_to), "begin": begin, "end": end}
        rows = self._ask(
            question, names, self._grains(series), begin, end, values, wanted=slots.rows
        )
        return self._shown(rows, columns, False)

    @_guarded
    def history(self, point: int, parameter: str, series: str, start: datetime) -> pl.DataFrame:
        rows = self._history_rows(point, parameter, series, start)
        numbers = rows["frame_id"].drop_nulls().unique().to_list()
        with self._reading() as connection:
            frames = _polars(
                connection,
                f"""SELECT frame_id, received_at, mn, qn, status, connection, raw FROM frame
                    WHERE {_one_of("frame_id", numbers)}""",
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

    @_guarded
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
            return _polars(
                connection,
                f"""SELECT {_FRAME_LIST} FROM frame WHERE {" AND ".join(conditions)}
                    ORDER BY frame_id DESC LIMIT {int(limit)}""",
                values,
            )

    @_guarded
    def frame(self, frame_id: int) -> Frame:
        with self._reading() as connection:
            rows = _polars(
                connection,
                "SELECT * EXCLUDE (size) FROM frame WHERE frame_id = $frame_id",
                {"frame_id": int(frame_id)},
            )
        if rows.is_empty():
            raise KeyError(frame_id)
        fields = rows.row(0, named=True)
        halves = np.array([[fields.pop("digest_0"), fields.pop("digest_1")]], dtype="<i8")
        return Frame(digest=halves.tobytes(), **fields)

    @_guarded
    def arrivals(
        self,
        begin: datetime,
        end: datetime,
        points: Sequence[int] | None = None,
        series: str | Sequence[str] | None = None,
    ) -> pl.DataFrame:
        conditions = ["layer = 0", "start >= $begin", "start < $end"]
        if points is not None:
            conditions.append(_one_of("point", [int(p) for p in points]))
        codes = self._series_codes(series)
        if codes is not None:
            conditions.append(_one_of("series", codes))
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
        rows = self._ask(question, kinds, self._grains(series), begin, end, values)
        return self._terms.decode(rows.select(*kinds)).sort("point", "parameter", "series", "day")

    @_guarded
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
            bytes=sum(_size(path) for path in (self.path, self._log)),
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
                    return _polars(connection, question(segments), values)
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

    def _series_codes(self, series: str | Sequence[str] | None) -> list[int] | None:
        names = series_names(series)
        return None if names is None else self._terms.codes("series", names)

    def _grains(self, series: str | Sequence[str] | None) -> set[bool]:
        names = SERIES if series is None else [series] if isinstance(series, str) else series
        return {name in FINE_SERIES for name in names}

    # -- carrying to another store ---------------------------------------------------------------

    @_guarded
    def frames_after(self, number: int, limit: int) -> pl.DataFrame:
        columns = ", ".join(name for name in FRAME_COLUMNS if name != "digest")
        with self._reading() as connection:
            rows = _polars(
                connection,
                f"""SELECT frame_id, digest_0, digest_1, {columns} FROM frame
                    WHERE frame_id > {int(number)} ORDER BY frame_id LIMIT {int(limit)}""",
            )
        halves = np.ascontiguousarray(rows.select("digest_0", "digest_1").to_numpy(), "<i8")
        digests = pl.Series("digest", [half.tobytes() for half in halves], dtype=pl.Binary)
        return rows.with_columns(digests).select("frame_id", *FRAME_COLUMNS)

    @_guarded
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

    @_guarded
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

    def _new_tickets(self, pending: pl.DataFrame | None) -> pl.DataFrame:
        """The hours of another store's list, under tickets of this one's."""
        if pending is None or pending.is_empty():
            return pl.DataFrame(schema=dict.fromkeys(("ticket", "hour", "number"), pl.Int64))
        coded = self._coded(pending.with_columns(pl.lit("raw").alias("series")))
        first = self._pending.next_ticket
        return coded.select(
            pl.int_range(first, first + len(coded), dtype=pl.Int64).alias("ticket"),
            pl.col("hour").cast(pl.Datetime("us")).to_physical(),
            pl.Series("number", (series_numbers(coded) >> 8) << 8),
        ).sort("hour", "number")

    # -- care ------------------------------------------------------------------------------------

    @_guarded
    def seal(self, month: date) -> SealReport:
        clock = time.perf_counter()
        month = date(month.year, month.month, 1)
        rows = 0
        with self._care:
            for segment in self._segments:
                begin = month if segment.fine else date(month.year, 1, 1)
                if segment.begin == begin:
                    rows += self._seal_segment(segment)
            with self._write:
                self._save_latest()
                self._checkpoint()
        return SealReport(month, rows, time.perf_counter() - clock)

    def _seal_segment(self, segment: Segment) -> int:
        """Write a sorted copy beside the segment, then put it in its place in one transaction."""
        generation = int(segment.name.rsplit("_", 1)[1]) + 1
        copy = Segment(
            segment_name(segment.fine, segment.begin, generation), segment.fine, segment.begin
        )
        with self._write:
            before = self._next_observation
        with self._reading() as connection:
            connection.execute(f"DROP TABLE IF EXISTS {copy.name}")
            connection.execute(
                f"""CREATE TABLE {copy.name} AS SELECT * FROM {segment.name}
                    WHERE observation_id < {before}
                    ORDER BY series, point, parameter, start, observation_id"""
            )
        with self._write:
            self._need_open()
            with self._transaction() as run:
                run.connection.execute(
                    f"""INSERT INTO {copy.name} SELECT * FROM {segment.name}
                        WHERE observation_id >= {before}"""
                )
                rows = self._number(f"SELECT count(*) FROM {copy.name}")
                run.connection.execute(f"DROP TABLE {segment.name}")
                run.connection.execute(
                    "UPDATE segment SET name = ?, sealed_rows = ? WHERE name = ?",
                    [copy.name, rows, segment.name],
                )
            others = (s for s in self._segments if s != segment)
            self._segments = sorted_segments((*others, copy))
        return rows

    @_guarded
    def backup(self, path: Path) -> BackupReport:
        clock = time.perf_counter()
        path = Path(path)
        if path.exists():
            raise StoreError(f"{path} exists already.", "Choose a name that is free.")
        with self._care:
            last_frame, last_observation = self._hold_file()
            try:
                # Until the next checkpoint the file holds exactly what the last one put there;
                # appends go to the log.
                _copy(self.path, path)
                with duckdb.connect(str(path), read_only=True) as copy:
                    ((found,),) = copy.execute("SELECT max(frame_id) FROM frame").fetchall()
                if (found or 0) != last_frame:
                    raise StoreDamagedError(
                        f"The copy {path} ends with frame {found}, not {last_frame}.", "Try again."
                    )
            except BaseException:
                path.unlink(missing_ok=True)
                raise
            finally:
                with self._write:
                    self._copying = False
        size = path.stat().st_size
        return BackupReport(path, size, time.perf_counter() - clock, last_frame, last_observation)

    def _hold_file(self) -> tuple[int, int]:
        """Bring the file up to date and keep it so; the numbers of the last frame and row in it."""
        give_up = time.monotonic() + PATIENCE_SECONDS
        while True:
            with self._write:
                self._need_open()
                self._save_latest()
                if self._checkpoint():
                    self._copying = True
                    return self._next_frame - 1, self._next_observation - 1
            if time.monotonic() > give_up:
                raise StoreError(
                    "A long question keeps the log from being moved into the file.",
                    "Try again when it has ended.",
                )
            time.sleep(0.05)

    @_guarded
    def check(self) -> CheckReport:
        clock = time.perf_counter()
        with self._care, self._reading() as connection:
            with self._write:
                # From here on the connection sees the store as it is now, memory included.
                connection.begin()
                connection.execute("FROM layout").fetchall()
                numbers, held = self._latest.rows()
                segments = self._segments
                pending = len(self._pending)
                frames = sum(self._frames_by_status.values())
            problems = duckdb_check.problems(
                connection,
                segments,
                latest=dict(zip(numbers.tolist(), held["observation_id"], strict=True)),
                pending=pending,
                frames=frames,
            )
            rows = sum(duckdb_check.count(connection, segment.name) for segment in segments)
        return CheckReport(tuple(problems), frames, rows, time.perf_counter() - clock)

    # -- the file --------------------------------------------------------------------------------

    @property
    def _log(self) -> Path:
        return self.path.with_name(self.path.name + ".wal")

    def _tidy(self) -> None:
        """After a change: move a long log into the file, and the latest values with it."""
        if self._copying or _size(self._log) < self._checkpoint_bytes:
            return
        if self._rows_since_snapshot >= SNAPSHOT_ROWS:
            self._save_latest()
        self._checkpoint()

    def _checkpoint(self) -> bool:
        """Move the log into the file; whether it went. Appends must hold still."""
        if self._copying:
            return False
        try:
            self._connection.execute("CHECKPOINT")
        except duckdb.TransactionException:
            # A seal is writing its copy, or a reader still sees rows that are deleted since: the
            # log grows until the next occasion.
            return False
        return _size(self._log) == 0

    def _save_latest(self) -> None:
        numbers, rows = self._latest.rows()
        with self._transaction() as run:
            run.connection.execute("DELETE FROM latest; DELETE FROM latest_mark")
            run.insert("latest", rows.with_columns(pl.Series("number", numbers)))
            run.connection.execute("INSERT INTO latest_mark VALUES (?)", [self._next_observation])
        self._rows_since_snapshot = 0

    def _number(self, query: str) -> int:
        rows = self._connection.execute(query).fetchall()
        return int(rows[0][0] or 0)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[_Writer]:
        """A transaction of the writer, whose lock must be held; all or nothing."""
        self._connection.begin()
        try:
            yield _Writer(self._connection)
            self._connection.commit()
        except BaseException:
            # After a failed commit there is nothing left to roll back.
            with contextlib.suppress(duckdb.Error):
                self._connection.rollback()
            raise

    @contextlib.contextmanager
    def _reading(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection of its own, so that readers run beside the writer."""
        connection = self._connection.cursor()
        try:
            yield connection
        finally:
            connection.close()

    @contextlib.contextmanager
    def _tables(
        self, connection: duckdb.DuckDBPyConnection | None = None, **tables: pl.DataFrame
    ) -> Iterator[duckdb.DuckDBPyConnection]:
        """Tables that queries on the connection (by default the writer's) may name."""
        connection = connection or self._connection
        for name, table in tables.items():
            connection.register(name, table.to_arrow())
        try:
            yield connection
        finally:
            for name in tables:
                connection.unregister(name)


@dataclass(frozen=True)
class _Writer:
    """The open transaction."""

    connection: duckdb.DuckDBPyConnection

    def insert(self, table: str, rows: pl.DataFrame) -> None:
        """Add rows; columns the table has and the rows lack are null."""
        self.connection.register("given", rows.to_arrow())
        try:
            self.connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM given")
        finally:
            self.connection.unregister("given")


def _polars(
    connection: duckdb.DuckDBPyConnection, query: str, values: object = None
) -> pl.DataFrame:
    relation = connection.sql(query, params=values)
    return pl.DataFrame(relation.to_arrow_table())


def _work(rows: pl.DataFrame) -> Work:
    """(ticket, hour, number), in ascending order of the hours, as the list takes them."""
    return Work(rows["ticket"].to_list(), rows["hour"].to_list(), rows["number"].to_list())


def _span(times: pl.Series) -> tuple[datetime, datetime]:
    """First and last of some times."""
    return cast(datetime, times.min()), cast(datetime, times.max())


def _most(numbers: pl.Series) -> int:
    """The greatest of some numbers."""
    return int(cast(int, numbers.max()))


def _with_needed(columns: Sequence[str]) -> list[str]:
    """The columns asked for and those it takes to see which row speaks."""
    return list(dict.fromkeys((*columns, *KEY, "layer", "observation_id", "withdrawn")))


def _owned(path: Path) -> IO[str]:
    """The open lock file beside the store, whose closing lets go of it.

    DuckDB's own lock is a POSIX record lock, which a process loses as soon as it closes any other handle
    on the file, as copying it for a backup does.
    """
    lock = path.with_name(path.name + ".lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise StoreBusyError(
            f"Another process has the store {path} open.",
            "Only the server may have it open: stop the other process or ask through the server.",
        ) from error
    return lock


def _one_of(column: str, numbers: Sequence[int]) -> str:
    """A condition on integers; written out, since DuckDB prunes by constants."""
    return f"{column} IN ({', '.join(map(str, numbers))})" if numbers else "false"


def _moment(micros: int) -> datetime:
    return datetime(1970, 1, 1) + timedelta(microseconds=micros)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


def _copy(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("xb") as writer:
        shutil.copyfileobj(reader, writer, COPY_BYTES)
        writer.flush()
        os.fsync(writer.fileno())
