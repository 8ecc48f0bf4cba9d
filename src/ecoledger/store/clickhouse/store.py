"""The observation store on ClickHouse: the contract's methods over :mod:`.writing` and :mod:`.reading`."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any

import polars as pl

from ecoledger.store.clickhouse import checking
from ecoledger.store.clickhouse.link import ChdbLink, HttpLink, Link, parts_of
from ecoledger.store.clickhouse.numbering import ByClock, Counting, Numbering
from ecoledger.store.clickhouse.reading import Reader
from ecoledger.store.clickhouse.tables import Layout
from ecoledger.store.clickhouse.writing import Writer
from ecoledger.store.columns import frames_table, observations_table
from ecoledger.store.interface import (
    BackupReport,
    CheckReport,
    Counts,
    Frame,
    ObservationStore,
    Receipt,
    SealReport,
    Status,
    StoreClosedError,
    StoreError,
    Table,
)

COUNTS_KEPT = 30.0
"""Seconds that counts are given again when counting them took longer than :data:`COUNTS_LONG`."""
COUNTS_LONG = 0.5


class ClickHouseStore(ObservationStore):
    """See :class:`ObservationStore` for what the methods promise, and the package for what differs.

    Any number of processes may have it open; those that append at the same time each have a number (``writer``).
    """

    def __init__(
        self,
        link: Link,
        layout: Layout | None = None,
        *,
        writer: int | None = None,
        clock: Callable[[], datetime] = datetime.now,
        make: bool = True,
    ) -> None:
        """Open the store, making its tables where there are none.

        ``writer``: 0 to 255 where several processes append, each its own; none where only one does. ``make``:
        false where the tables are made by other means.
        """
        self._link = link
        self._layout = layout or Layout()
        self._clock = clock
        self._write = threading.RLock()
        self._closed = False
        self._counted: tuple[float, Counts] | None = None
        try:
            if make:
                for statement in self._layout.statements(link.database):
                    link.run(statement)
            self._reader = Reader(link)
            number = self._reader.number
            self._writer = Writer(
                link,
                self._reader,
                self._layout,
                self._numbering(number("SELECT max(observation_id) FROM observation"), writer),
                self._numbering(number("SELECT max(frame_id) FROM frame_list"), writer),
            )
        except BaseException:
            link.close()
            raise

    @staticmethod
    def _numbering(last: int, writer: int | None) -> Numbering:
        return Counting(last) if writer is None else ByClock(writer, last)

    @property
    def _read(self) -> Reader:
        if self._closed:
            raise StoreClosedError("The store is closed.", "Open it again.")
        return self._reader

    # -- writing ---------------------------------------------------------------------------------

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
            return self._writer.append(given, rows, recorded_at or self._clock())

    def mark_frame(self, frame_id: int, status: Status, reason: str | None = None) -> None:
        with self._write:
            self._need_open()
            self._writer.mark_frame(frame_id, status, reason, time.time_ns())

    def forget_quarantined(
        self, reasons: Sequence[str], *, before: datetime, most: int
    ) -> tuple[int, int]:
        with self._write:
            self._need_open()
            return self._writer.forget_quarantined(
                reasons, before=before, most=most, version=time.time_ns()
            )

    # -- work to do ------------------------------------------------------------------------------

    def take_pending(self, limit: int = 10_000) -> pl.DataFrame:
        self._need_open()
        return self._writer.waiting(limit)

    def done_pending(self, work: pl.DataFrame) -> None:
        with self._write:
            self._need_open()
            self._writer.settle(work)

    # -- reading ---------------------------------------------------------------------------------

    def latest(
        self, points: Sequence[int] | None = None, series: str | None = None
    ) -> pl.DataFrame:
        return self._read.latest(points, series)

    def read(self, *arguments: Any, **named: Any) -> pl.DataFrame:
        return self._read.read(*arguments, **named)

    def read_windows(
        self, windows: Table, series: str | Sequence[str], **named: Any
    ) -> pl.DataFrame:
        return self._read.read_windows(windows, series, **named)

    def history(self, point: int, parameter: str, series: str, start: datetime) -> pl.DataFrame:
        return self._read.history(point, parameter, series, start)

    def frames(self, **named: Any) -> pl.DataFrame:
        return self._read.frames(**named)

    def frame(self, frame_id: int) -> Frame:
        return self._read.frame(frame_id)

    def arrivals(
        self,
        begin: datetime,
        end: datetime,
        points: Sequence[int] | None = None,
        series: str | Sequence[str] | None = None,
    ) -> pl.DataFrame:
        return self._read.arrivals(begin, end, points, series)

    def counts(self) -> Counts:
        """How much there is. Where counting takes long, the answer of a while ago."""
        kept = self._counted
        clock = time.monotonic()
        if kept is not None and clock - kept[0] < COUNTS_KEPT:
            return kept[1]
        number = self._read.number
        database = f"database = '{self._link.database}'"
        found = Counts(
            frames=self._read.frames_by_status(),
            observations=number("SELECT count() FROM observation FINAL"),
            pending=number(
                "SELECT count() FROM (SELECT hour, point, parameter FROM"
                " (SELECT hour, point, parameter, ticket FROM pending"
                " GROUP BY hour, point, parameter, ticket HAVING sum(count) > 0)"
                " GROUP BY hour, point, parameter)"
            ),
            series=number(
                "SELECT count() FROM (SELECT point, parameter, series FROM latest"
                " GROUP BY point, parameter, series)"
            ),
            bytes=number(
                f"SELECT sum(bytes_on_disk) FROM system.parts WHERE {database} AND active"
            ),
        )
        if time.monotonic() - clock > COUNTS_LONG:
            self._counted = time.monotonic(), found
        return found

    # -- carrying to another store ---------------------------------------------------------------

    def frames_after(self, number: int, limit: int) -> pl.DataFrame:
        return self._read.frames_after(number, limit)

    def rows_after(self, number: int, limit: int) -> pl.DataFrame:
        return self._read.rows_after(number, limit)

    def take_over(
        self,
        frames: pl.DataFrame | None = None,
        rows: pl.DataFrame | None = None,
        pending: pl.DataFrame | None = None,
    ) -> None:
        with self._write:
            self._need_open()
            self._writer.take_over(frames, rows, pending)

    # -- care ------------------------------------------------------------------------------------

    def seal(self, month: date) -> SealReport:
        """Merge a month's parts into one. ClickHouse merges by itself; this does it now."""
        self._need_open()
        clock = time.perf_counter()
        periods = (month.year * 100 + month.month, month.year)
        rows = 0
        for period in periods:
            held = self._reader.number(
                f"SELECT count() FROM observation FINAL WHERE period = {period}"
            )
            if held:
                self._link.run(
                    f"OPTIMIZE TABLE {self._layout.stored('observation')}{self._layout.everywhere}"
                    f" PARTITION {period} FINAL"
                )
            rows += held
        for table in ("pending", "latest") if self._layout.modern else ("pending",):
            self._link.run(
                f"OPTIMIZE TABLE {self._layout.stored(table)}{self._layout.everywhere} FINAL"
            )
        return SealReport(month, rows, time.perf_counter() - clock)

    def backup(self, path: Path) -> BackupReport:
        """Have ClickHouse write a backup of the database to ``path`` on its own machine.

        The server's configuration must allow the folder (``backups.allowed_path``). Restored by ``RESTORE``.
        """
        self._need_open()
        path = Path(path)
        if path.exists():
            raise StoreError(f"{path} exists already.", "Choose a name that is free.")
        clock = time.perf_counter()
        number = self._reader.number
        frame = number("SELECT max(frame_id) FROM frame_list")
        observation = number("SELECT max(observation_id) FROM observation")
        where = str(path).replace("\\", "\\\\").replace("'", "\\'")
        self._link.run(
            f"BACKUP DATABASE {self._link.database}{self._layout.everywhere} TO File('{where}')"
        )
        size = sum(file.stat().st_size for file in path.rglob("*") if file.is_file())
        return BackupReport(path, size, time.perf_counter() - clock, frame, observation)

    def check(self) -> CheckReport:
        clock = time.perf_counter()
        reader = self._read
        problems = tuple(checking.problems(reader))
        return CheckReport(
            problems,
            reader.number("SELECT count() FROM frame FINAL"),
            reader.number("SELECT count() FROM observation FINAL"),
            time.perf_counter() - clock,
        )

    def close(self) -> None:
        with self._write:
            if not self._closed:
                self._closed = True
                self._link.close()

    def _need_open(self) -> None:
        if self._closed:
            raise StoreClosedError("The store is closed.", "Open it again.")


def opened(address: str, *, clock: Callable[[], datetime] = datetime.now) -> ClickHouseStore:
    """The store at an address.

    ``clickhouse://user:password@host:8123/database`` is a server; ``clickhouses://`` the same over TLS.
    ``chdb:///folder`` is ClickHouse within this process. Options follow a question mark: ``cluster=NAME`` for a
    cluster with replicated shards, ``replicated=0`` where shards have no copies, ``writer=N`` where several
    processes append, ``cold_after_days=N`` for the cold volume.
    """
    if address.startswith("chdb://"):
        return ClickHouseStore(ChdbLink(address.removeprefix("chdb://"), "ecoledger"), clock=clock)
    url, database, user, password, options = parts_of(address)
    cluster = options.get("cluster")
    layout = Layout(
        cluster=cluster,
        replicated=cluster is not None and options.get("replicated", "1") == "1",
        cold_after_days=int(options["cold_after_days"]) if "cold_after_days" in options else None,
    )
    writer = int(options["writer"]) if "writer" in options else None
    link = HttpLink(url, database, user=user, password=password)
    return ClickHouseStore(link, layout, writer=writer, clock=clock)
