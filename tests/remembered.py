"""What a fixture enters by the product's own code once a process, and from then on row by row as it was.

Thousands of tests begin with the same small county. Entering it by models takes seventy milliseconds, the rows it
comes to take five.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import connection, transaction

Made = TypeVar("Made")


@dataclass(frozen=True)
class _Kept:
    before: dict[str, int]
    written: list[tuple[str, tuple[Any, ...]]]
    made: bytes


_kept: dict[str, _Kept] = {}


def again(build: Callable[[], Made]) -> Made:
    """What ``build`` makes and writes, objects of this call's own.

    The rows are repeated only where ``build`` would number them as it did then: in SQLite, when every table has given out
    as many numbers as before. Elsewhere it builds.
    """
    if connection.vendor != "sqlite":
        return build()
    name = f"{build.__module__}.{build.__qualname__}"
    before = _numbers_given()
    kept = _kept.get(name)
    if kept is None or kept.before != before:
        written: list[tuple[str, tuple[Any, ...]]] = []
        with connection.execute_wrapper(_noting(written)):
            made = build()
        _kept[name] = _Kept(before, written, pickle.dumps(made))
        return made
    with transaction.atomic(), connection.cursor() as cursor:
        for statement, values in kept.written:
            cursor.cursor.execute(statement, values).fetchall()
    return pickle.loads(kept.made)  # noqa: S301 - our own objects


def _noting(written: list[tuple[str, tuple[Any, ...]]]) -> Callable[..., Any]:
    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")):
            written.extend((sql, tuple(row or ())) for row in (params if many else [params]))
        return execute(sql, params, many, context)

    return note


def _numbers_given() -> dict[str, int]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT name, seq FROM sqlite_sequence")
        return dict(cursor.fetchall())
