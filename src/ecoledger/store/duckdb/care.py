"""Care for the file: months sealed, backups beside the running server, a check of the whole."""

from __future__ import annotations

import os
import shutil
import time
from datetime import date
from pathlib import Path
from typing import Final

import duckdb

from ecoledger.store.duckdb import checking
from ecoledger.store.duckdb.file import (
    guarded,
)
from ecoledger.store.duckdb.opened import Opened
from ecoledger.store.interface import (
    BackupReport,
    CheckReport,
    SealReport,
    StoreDamagedError,
    StoreError,
)
from ecoledger.store.segments import (
    Segment,
    segment_name,
    sorted_segments,
)

COPY_BYTES: Final = 8 << 20
PATIENCE_SECONDS: Final = 60.0


class Care(Opened):
    """Seals, copies and checks, one at a time."""

    @guarded
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

    @guarded
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
                copy_of(self.path, path)
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

    @guarded
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
            problems = checking.problems(
                connection,
                segments,
                latest=dict(zip(numbers.tolist(), held["observation_id"], strict=True)),
                pending=pending,
                frames=frames,
            )
            rows = sum(checking.count(connection, segment.name) for segment in segments)
        return CheckReport(tuple(problems), frames, rows, time.perf_counter() - clock)


def copy_of(source: Path, target: Path) -> None:
    with source.open("rb") as reader, target.open("xb") as writer:
        shutil.copyfileobj(reader, writer, COPY_BYTES)
        writer.flush()
        os.fsync(writer.fileno())
