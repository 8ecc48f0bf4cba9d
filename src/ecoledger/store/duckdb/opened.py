"""What of the file is kept in memory: texts by number, segments, latest values, hours to aggregate."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final

import duckdb
import numpy as np
import polars as pl

from ecoledger.store import latest as latest_values
from ecoledger.store.columns import (
    series_names,
)
from ecoledger.store.duckdb.file import (
    File,
    guarded,
    owned,
    size_of,
    table_of,
)
from ecoledger.store.failures import explained
from ecoledger.store.interface import (
    SERIES,
    StoreDamagedError,
)
from ecoledger.store.latest import LatestValues, of_number, series_numbers
from ecoledger.store.pending import PendingHours
from ecoledger.store.recent_frames import RecentFrames
from ecoledger.store.segments import (
    FINE_SERIES,
    Segment,
)
from ecoledger.store.speaking import speaking
from ecoledger.store.terms import Terms

LAYOUT_VERSION: Final = 1
# A checkpoint writes the last, half-filled group of 122,880 frames anew, so a short log costs more than it holds.
CHECKPOINT_BYTES: Final = 256 << 20
SNAPSHOT_ROWS: Final = 5_000_000
_NEVER: Final = "1000TB"

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


class Opened(File):
    """An open store: its file and what is known of it."""

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
        super().__init__(path)
        self._clock = clock
        self._checkpoint_bytes = checkpoint_bytes
        self._care = threading.Lock()  # held through a seal or a backup: one at a time
        self._rows_since_snapshot = 0
        config: dict[str, str | bool | int | float | list[str]] = {"memory_limit": memory}
        if threads is not None:
            config["threads"] = threads
        with contextlib.ExitStack() as undo:
            try:
                self._owner = undo.enter_context(owned(self.path))
                self._connection = duckdb.connect(str(self.path), config=config)
                undo.callback(self._connection.close)
                self._load()
            except (duckdb.Error, OSError) as error:
                raise explained(error, self.path) from error
            undo.pop_all()

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
        snapshot = table_of(self._connection, "SELECT * FROM latest")
        self._latest.apply(snapshot["number"].to_numpy(), snapshot.drop("number"))
        doubtful: set[int] = set()
        for segment in self._segments:
            # Row groups that were all recorded before the snapshot are passed over.
            since = f"FROM {segment.name} WHERE observation_id >= {mark}"
            last = self._number(f"SELECT max(observation_id) {since}")
            if not last:
                continue
            self._next_observation = max(self._next_observation, last + 1)
            newest = table_of(
                self._connection,
                f"""SELECT point, parameter, series, unnest(arg_max(
                        {{{", ".join(f"{name}: {name}" for name in latest_values.COLUMNS)}}},
                        {{s: start, l: layer, o: observation_id}})) {since}
                    GROUP BY point, parameter, series""",
            )
            self._latest.apply(series_numbers(newest), newest)
            withdrawn = table_of(
                self._connection,
                f"SELECT DISTINCT point, parameter, series {since} AND withdrawn",
            )
            doubtful.update(series_numbers(withdrawn).tolist())
        for number in sorted(doubtful):
            self._look_up_latest(number)

    @guarded
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

    def _look_up_latest(self, number: int) -> None:
        """Find the latest row of one series among all stored, newest segment first."""
        point, parameter, series = of_number(np.array([number], np.int64)).row(0)
        fine = bool(self._fine[series])
        names = (*latest_values.COLUMNS, "withdrawn")
        for segment in reversed(self._segments):
            if segment.fine != fine:
                continue
            rows = table_of(
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

    def _save_latest(self) -> None:
        numbers, rows = self._latest.rows()
        with self._transaction() as run:
            run.connection.execute("DELETE FROM latest; DELETE FROM latest_mark")
            run.insert("latest", rows.with_columns(pl.Series("number", numbers)))
            run.connection.execute("INSERT INTO latest_mark VALUES (?)", [self._next_observation])
        self._rows_since_snapshot = 0

    def _tidy(self) -> None:
        """After a change: move a long log into the file, and the latest values with it."""
        if self._copying or size_of(self._log) < self._checkpoint_bytes:
            return
        if self._rows_since_snapshot >= SNAPSHOT_ROWS:
            self._save_latest()
        self._checkpoint()

    def _series_codes(self, series: str | Sequence[str] | None) -> list[int] | None:
        names = series_names(series)
        return None if names is None else self._terms.codes("series", names)
