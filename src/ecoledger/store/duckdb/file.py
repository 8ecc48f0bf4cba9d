"""The file of the store: who owns it, its connections and transactions, its log."""

from __future__ import annotations

import contextlib
import fcntl
import functools
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Concatenate, ParamSpec, TypeVar, cast

import duckdb
import polars as pl

from ecoledger.store.failures import explained
from ecoledger.store.interface import (
    StoreBusyError,
    StoreClosedError,
    StoreError,
)

_P = ParamSpec("_P")
_R = TypeVar("_R")
_F = TypeVar("_F", bound="File")


def guarded(
    method: Callable[Concatenate[_F, _P], _R],
) -> Callable[Concatenate[_F, _P], _R]:
    """Refuse a closed store, and say what DuckDB's errors mean and what would help."""

    @functools.wraps(method)
    def guarded(self: _F, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
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


class File:
    """An open DuckDB file. Whoever changes anything holds ``_write``."""

    path: Path
    _connection: duckdb.DuckDBPyConnection
    _owner: IO[str]

    def __init__(self, path: Path | str) -> None:
        self.path = Path(path)
        self._closed = False
        self._failure: StoreError | None = None
        self._write = threading.RLock()
        self._copying = False  # a backup copies the file: no checkpoint

    def _need_open(self) -> None:
        if self._closed:
            raise StoreClosedError(f"The store {self.path} is closed.", "Open it again.")
        if self._failure is not None:
            raise StoreClosedError(
                f"The store {self.path} stopped after a failure: {self._failure.problem}",
                f"{self._failure.remedy} Then open it again; what was acknowledged is kept.",
            )

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
        return size_of(self._log) == 0

    @property
    def _log(self) -> Path:
        return self.path.with_name(self.path.name + ".wal")

    def _number(self, query: str) -> int:
        rows = self._connection.execute(query).fetchall()
        return int(rows[0][0] or 0)

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[Transaction]:
        """A transaction of the writer, whose lock must be held; all or nothing."""
        self._connection.begin()
        try:
            yield Transaction(self._connection)
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
class Transaction:
    """The open transaction."""

    connection: duckdb.DuckDBPyConnection

    def insert(self, table: str, rows: pl.DataFrame) -> None:
        """Add rows; columns the table has and the rows lack are null."""
        self.connection.register("given", rows.to_arrow())
        try:
            self.connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM given")
        finally:
            self.connection.unregister("given")


def table_of(
    connection: duckdb.DuckDBPyConnection, query: str, values: object = None
) -> pl.DataFrame:
    relation = connection.sql(query, params=values)
    return pl.DataFrame(relation.to_arrow_table())


def owned(path: Path) -> IO[str]:
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


def one_of(column: str, numbers: Sequence[int]) -> str:
    """A condition on integers; written out, since DuckDB prunes by constants."""
    return f"{column} IN ({', '.join(map(str, numbers))})" if numbers else "false"


def span(times: pl.Series) -> tuple[datetime, datetime]:
    """First and last of some times."""
    return cast(datetime, times.min()), cast(datetime, times.max())


def size_of(path: Path) -> int:
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0
