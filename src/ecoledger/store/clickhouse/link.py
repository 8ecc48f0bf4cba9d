"""How SQL gets to ClickHouse and tables come back: over HTTP to a server, or by a call to chDB in this process.

Both speak the same SQL and exchange tables as Arrow. A question may bring a table of its own, which the SQL
calls ``{wanted}``.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final, Protocol
from urllib.parse import parse_qs, unquote, urlsplit

import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import requests

from ecoledger.store.interface import StoreBusyError, StoreError, StoreFullError

SETTINGS: Final[Mapping[str, str | int]] = {
    # Text comes as bytes: packets are in any encoding, and what is text is known by its column.
    "output_format_arrow_string_as_string": 0,
    "max_query_size": 64 << 20,
    "max_partitions_per_insert_block": 0,
    # One block an append and partition: it is seen whole or not at all.
    "max_insert_block_size": 10_000_000,
    "min_insert_block_size_rows": 10_000_000,
    "min_insert_block_size_bytes": 1 << 30,
    # A row is acknowledged when the shard has it.
    "distributed_foreground_insert": 1,
    # A view that fails fails the append.
    "materialized_views_ignore_errors": 0,
    "join_algorithm": "hash",
}
TIMEOUT: Final = (5.0, 120.0)
"""Seconds to connect, and to wait for an answer."""


class Link(Protocol):
    """A way to ClickHouse. Any thread may use it."""

    database: str

    def run(self, sql: str) -> None:
        """Do something that gives no rows."""

    def ask(self, sql: str, wanted: pl.DataFrame | None = None) -> pl.DataFrame:
        """The rows of a question; texts come as bytes. ``{wanted}`` in it is the table ``wanted``."""

    def insert(self, table: str, rows: pl.DataFrame) -> None:
        """Add rows to a table, durably."""

    def close(self) -> None:
        """Let go of what is held."""


def explained(code: int, text: str, place: str) -> StoreError:
    """What an error of ClickHouse means to the people who run the store; ``code`` is ClickHouse's own."""
    first = text.strip().splitlines()[0][:400] if text.strip() else f"error {code}"
    if code == 243 or "No space left" in text:
        return StoreFullError(
            f"The disk of ClickHouse ({place}) is full; nothing of this append was acknowledged. ({first})",
            "Free space on it or add a shard.",
        )
    if code in {194, 516}:
        return StoreError(
            f"ClickHouse ({place}) refuses the user or password. ({first})",
            "Mend ECOLEDGER_STORE.",
        )
    if code in {202, 203, 252}:
        return StoreBusyError(
            f"ClickHouse ({place}) has too much to do. ({first})",
            "It is tried again; if it lasts, add writers' batch size or a shard.",
        )
    if code in {241, 307}:
        return StoreError(
            f"The question needs more memory than ClickHouse ({place}) may use. ({first})",
            "Ask for fewer points or a shorter time.",
        )
    return StoreError(f"ClickHouse ({place}) failed. ({first})", "See its log for the cause.")


def arrow(rows: pl.DataFrame) -> pa.Table:
    """Rows as ClickHouse takes them."""
    return rows.to_arrow(compat_level=pl.CompatLevel.oldest())


class HttpLink:
    """A server by its HTTP interface."""

    def __init__(
        self,
        url: str,
        database: str,
        *,
        user: str = "default",
        password: str = "",
        settings: Mapping[str, str | int] = SETTINGS,
    ) -> None:
        self.url = url
        self.database = database
        self._settings = dict(settings)
        self._headers = {"X-ClickHouse-User": user, "X-ClickHouse-Key": password}
        self._of_thread = threading.local()

    def run(self, sql: str) -> None:
        self._post(sql, b"")

    def ask(self, sql: str, wanted: pl.DataFrame | None = None) -> pl.DataFrame:
        if wanted is None:
            answer = self._post("", f"{sql} FORMAT ArrowStream".encode())
        else:
            table = arrow(wanted)
            answer = self._post(
                f"{sql.replace('{wanted}', 'wanted')} FORMAT ArrowStream",
                None,
                files={"wanted": ("wanted", _stream(table))},
                wanted_format="ArrowStream",
                wanted_structure=", ".join(
                    f"`{name}` {_TYPES[kind]}" for name, kind in wanted.schema.items()
                ),
            )
        return _rows(answer)

    def insert(self, table: str, rows: pl.DataFrame) -> None:
        columns = ", ".join(f"`{name}`" for name in rows.columns)
        self._post(f"INSERT INTO {table} ({columns}) FORMAT ArrowStream", _stream(arrow(rows)))

    def close(self) -> None:
        session = getattr(self._of_thread, "session", None)
        if session is not None:
            session.close()

    def _post(
        self, sql: str, body: bytes | None, files: dict[str, Any] | None = None, **more: str
    ) -> bytes:
        session = getattr(self._of_thread, "session", None)
        if session is None:
            session = self._of_thread.session = requests.Session()
        parameters = {**self._settings, **more}
        if not sql.startswith("CREATE DATABASE"):
            parameters["database"] = self.database
        if sql:
            parameters["query"] = sql
        ask = partial(
            session.post,
            self.url,
            params=parameters,
            data=body,
            files=files,
            headers=self._headers,
            timeout=TIMEOUT,
        )
        try:
            try:
                answer = ask()
            except requests.ConnectionError:
                # The server ended the connection while nothing was asked. What did arrive is harmless twice.
                answer = ask()
        except requests.RequestException as error:
            raise StoreError(
                f"ClickHouse at {self.url} does not answer. ({type(error).__name__})",
                "Start it, or mend ECOLEDGER_STORE.",
            ) from error
        if answer.status_code != 200:
            code = int(answer.headers.get("X-ClickHouse-Exception-Code") or 0)
            raise explained(code, answer.text, self.url)
        content: bytes = answer.content
        return content


class ChdbLink:
    """ClickHouse within this process, its data in a folder. One folder at a time in a process."""

    def __init__(
        self, folder: str, database: str, settings: Mapping[str, str | int] = SETTINGS
    ) -> None:
        try:
            from chdb import session
        except ImportError as error:
            raise StoreError(
                "chDB is not installed.", "Install it: pip install chdb-core (Apache-2.0)."
            ) from error
        self.database = database
        self._folder = folder
        make: Any = session.Session
        self._session = make(folder)
        # It looks for a table by the name of a variable, and asked by two threads at once it looks in the wrong one.
        self._one = threading.Lock()
        self.run(f"CREATE DATABASE IF NOT EXISTS {database}")
        self.run(f"USE {database}")
        for name, value in settings.items():
            self._session.query(
                f"SET {name} = {value!r}" if isinstance(value, str) else f"SET {name} = {value}"
            )

    def run(self, sql: str) -> None:
        self._called(lambda: self._session.query(sql, "Null"))

    def ask(self, sql: str, wanted: pl.DataFrame | None = None) -> pl.DataFrame:
        # chDB finds the table by the name of the variable.
        wanted_rows = None if wanted is None else arrow(wanted)  # noqa: F841
        question = sql.replace("{wanted}", "Python(wanted_rows)")
        try:
            with self._one:
                answer = self._session.query(question, "ArrowStream").bytes()
        except Exception as error:
            raise self._explained(error) from error
        return _rows(answer)

    def insert(self, table: str, rows: pl.DataFrame) -> None:
        columns = ", ".join(f"`{name}`" for name in rows.columns)
        given_rows = arrow(rows)  # noqa: F841
        question = f"INSERT INTO {table} ({columns}) SELECT {columns} FROM Python(given_rows)"
        try:
            with self._one:
                self._session.query(question, "Null")
        except Exception as error:
            raise self._explained(error) from error

    def close(self) -> None:
        self._session.close()

    def _called(self, call: Callable[[], object]) -> None:
        try:
            with self._one:
                call()
        except Exception as error:
            raise self._explained(error) from error

    def _explained(self, error: Exception) -> StoreError:
        text = str(error)
        head = text.partition("Code: ")[2].partition(".")[0]
        return explained(int(head) if head.isdigit() else 0, text, self._folder)


_TYPES: Final[Mapping[Any, str]] = {
    pl.Int64(): "Int64",
    pl.Int8(): "Int8",
    pl.UInt64(): "UInt64",
    pl.String(): "String",
    pl.Binary(): "String",
}


def _stream(table: pa.Table) -> bytes:
    sink = io.BytesIO()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return sink.getvalue()


def _rows(stream: bytes) -> pl.DataFrame:
    if not stream:
        return pl.DataFrame()
    return pl.DataFrame(pa.ipc.open_stream(stream).read_all())


def parts_of(address: str) -> tuple[str, str, str, str, dict[str, str]]:
    """``clickhouse[s]://user:password@host:port/database?…`` as URL, database, user, password, options."""
    split = urlsplit(address)
    scheme = "https" if split.scheme == "clickhouses" else "http"
    port = split.port or (8443 if scheme == "https" else 8123)
    options = {name: values[-1] for name, values in parse_qs(split.query).items()}
    return (
        f"{scheme}://{split.hostname or '127.0.0.1'}:{port}/",
        split.path.strip("/") or "ecoledger",
        unquote(split.username or "default"),
        unquote(split.password or ""),
        options,
    )
