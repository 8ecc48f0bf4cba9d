"""The engines a bureau runs on, as three settings name them. All empty: everything lies in the data folder.

``ECOLEDGER_DATABASE=postgresql://user:password@host:5432/ecoledger`` keeps business records on PostgreSQL;
``ECOLEDGER_DATABASE_PASSWORD_FILE`` names a file that holds the password where the address should not.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

# Seconds: how long a connection is tried for, how long a statement waits for another's lock, and how long a
# transaction may stand idle before the server takes its locks away (its process may be gone without a word).
CONNECT, LOCKS, IDLE = 10, 20, 120
# Seconds for which a thread keeps its connection between two requests.
KEPT = 600


class EngineError(ValueError):
    """A setting that names no engine; its text says what to write."""


def database(folder: Path) -> dict[str, Any]:
    """Django's description of the database of business records: the setting's, or the file in ``folder``.

    Raises :class:`EngineError`.
    """
    address = os.environ.get("ECOLEDGER_DATABASE", "")
    return postgresql(address) if address else sqlite(folder / "business.sqlite3")


def sqlite(path: Path) -> dict[str, Any]:
    """Business records in one file."""
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        # Threads that serve pages keep theirs (``web.asgi``), with what it has read and prepared. One that is opened
        # again knows the sizes of tables as last counted (``jobs.table_sizes``).
        "CONN_MAX_AGE": KEPT,
        "OPTIONS": {
            # Writers queue instead of failing; readers never wait for a writer.
            "transaction_mode": "IMMEDIATE",
            "timeout": LOCKS,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA foreign_keys=ON; "
                # Read through the system's own memory of files, not copied anew into each connection.
                "PRAGMA mmap_size=1073741824; PRAGMA cache_size=-16000;"
            ),
        },
    }


@contextmanager
def without_waiting(connection: Any) -> Iterator[None]:
    """What is written meanwhile fails at once where another writes the embedded database, in place of waiting for it."""
    if connection.vendor != "sqlite":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 0")
        try:
            yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {LOCKS * 1000}")


def postgresql(address: str) -> dict[str, Any]:
    """Business records on a PostgreSQL server. What follows the ``?`` goes to libpq (``sslmode=verify-full`` …).

    Raises :class:`EngineError` when ``address`` is none.
    """
    parts = urlsplit(address)
    name = unquote(parts.path.lstrip("/"))
    try:
        port = parts.port
    except ValueError:
        port = -1
    if parts.scheme not in ("postgresql", "postgres") or not name or port == -1:
        raise EngineError(
            f"ECOLEDGER_DATABASE={_without_password(address)!r}: "
            "应写作 postgresql://用户:密码@主机:5432/数据库名"
        )
    password = unquote(parts.password or "")
    if file := os.environ.get("ECOLEDGER_DATABASE_PASSWORD_FILE"):
        password = Path(file).read_text(encoding="utf-8").strip()
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": password,
        "HOST": unquote(parts.hostname or ""),
        "PORT": str(port or ""),
        "CONN_MAX_AGE": KEPT,
        # A server that was started anew is noticed at the next request, not by an error of it.
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": CONNECT,
            # Row locks order the writers, as the one lock of the file does; what is read is what is committed.
            "options": (
                f"-c lock_timeout={LOCKS}s -c idle_in_transaction_session_timeout={IDLE}s"
                " -c synchronous_commit=on"
            ),
            "application_name": "ecoledger",
            **dict(parse_qsl(parts.query)),
        },
    }


def _without_password(address: str) -> str:
    """``address`` for a message that may stand in a log."""
    parts = urlsplit(address)
    if "@" not in parts.netloc:
        return address
    user = parts.netloc.rpartition("@")[0].partition(":")[0]
    return parts._replace(netloc=f"{user}:***@{parts.netloc.rpartition('@')[2]}").geturl()
