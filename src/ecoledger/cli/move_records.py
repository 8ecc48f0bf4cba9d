"""Carrying business records from one database to another, table by table, and proving that nothing changed.

Rows are read and written as they are, keys included; a table's digest is taken over its rows in the order of their
keys, as Python reads them from either engine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from django.apps import apps
from django.core.management import call_command
from django.core.management.color import no_style
from django.core.serializers.json import DjangoJSONEncoder
from django.db import connections, models, transaction
from django.db.models import sql

from ecoledger.cli import first_tables

# People sign in anew; who serves where is said by whoever serves.
NOT_CARRIED = {"sessions.Session", "jobs.Turn", "accounts.FailedSignIns"}
ROWS = 500


class MoveError(Exception):
    """What stands in the way; its text says what to do."""


@dataclass(frozen=True)
class Table:
    """One table before and after."""

    name: str
    rows: int
    digest: str


def tables() -> list[type[models.Model]]:
    """Every model with a table of its own, parents before children, those between two models included."""
    found = [
        model
        for model in apps.get_models(include_auto_created=True)
        if model._meta.managed and not model._meta.proxy and model._meta.label not in NOT_CARRIED
    ]
    return sorted(found, key=lambda model: (len(model._meta.parents), model._meta.db_table))


def prepare(target: str) -> None:
    """Make the tables on ``target``. Raises :class:`MoveError` when it holds records already."""
    there = set(connections[target].introspection.table_names())
    for model in tables():
        if _made_by_migrations(model) or model._meta.db_table not in there:
            continue
        if model._base_manager.using(target).exists():
            raise MoveError(
                f"目标数据库的 {model._meta.db_table} 表中已有记录：请给一个空数据库，以免与已有的混在一起"
            )
    if there:
        call_command("migrate", database=target, interactive=False, verbosity=0)
    elif connections[target].vendor == "sqlite":  # whose schema is not changed within a transaction
        first_tables.create(using=target)
    else:
        with transaction.atomic(using=target):
            first_tables.create(using=target)
    for model in tables():
        if _made_by_migrations(model):
            model._base_manager.using(target).all().delete()


def _made_by_migrations(model: type[models.Model]) -> bool:
    return model._meta.app_label in ("contenttypes", "auth")


def unfit(source: str, target: str) -> Iterator[str]:
    """Values that ``target`` would refuse, by table, row and field: the embedded database holds no text to its length."""
    if connections[target].vendor == "sqlite":
        return
    for model in tables():
        fields = [f for f in model._meta.local_concrete_fields if _limits(f, target)]
        if not fields:
            continue
        for pk, *values in _values(model, source, fields, with_key=True):
            for field, value in zip(fields, values, strict=True):
                if value is not None and (why := _why_not(field, value, target)):
                    yield f"{model._meta.db_table} #{pk} {field.column}：{why}"


def _limits(field: models.Field[Any, Any], target: str) -> bool:
    if isinstance(field, models.IntegerField):
        return connections[target].ops.integer_field_range(field.get_internal_type())[1] is not None
    return isinstance(field, models.CharField | models.TextField | models.JSONField)


def _why_not(field: models.Field[Any, Any], value: Any, target: str) -> str:
    if isinstance(field, models.IntegerField):
        least, most = connections[target].ops.integer_field_range(field.get_internal_type())
        return "" if least <= value <= most else f"{value} 超出 {least}～{most}"
    text = json.dumps(value, cls=DjangoJSONEncoder) if not isinstance(value, str) else value
    if "\x00" in text or (not isinstance(value, str) and "\\u0000" in text):
        return "含空字符（NUL）"
    if isinstance(field, models.CharField) and field.max_length and len(text) > field.max_length:
        return f"{len(text)} 字，超过 {field.max_length} 字"
    return ""


def carry(source: str, target: str, broken: Callable[[], list[str]]) -> list[tuple[Table, Table]]:
    """Copy every table from ``source`` to ``target`` in one transaction; each table as it was and as it is.

    ``broken`` says what does not hold on the target. Raises :class:`MoveError` when anything does not, or a table
    differs; nothing is kept then.
    """
    compared = []
    with transaction.atomic(using=target):
        for model in tables():
            # What the database works out by itself it does so on the target as well.
            fields = [f for f in model._meta.local_concrete_fields if not f.generated]
            for rows in _batches(_values(model, source, fields), ROWS):
                _write(model, fields, rows, target)
        _reset_keys(target)
        for model in tables():
            before, after = measured(model, source), measured(model, target)
            if before != after:
                raise MoveError(
                    f"{before.name} 搬移后不一致：{before.rows} 行 {before.digest[:12]}，"
                    f"{after.rows} 行 {after.digest[:12]}；目标数据库未保留任何内容"
                )
            compared.append((before, after))
        if problems := broken():
            raise MoveError("；".join(problems))
    return compared


def measured(model: type[models.Model], using: str) -> Table:
    """Rows and digest of a table."""
    digest, count = hashlib.sha256(), 0
    for row in _values(model, using, model._meta.local_concrete_fields):
        line = json.dumps(row, cls=_Exact, sort_keys=True, ensure_ascii=False)
        digest.update(line.encode() + b"\n")
        count += 1
    return Table(model._meta.db_table, count, digest.hexdigest())


class _Exact(DjangoJSONEncoder):
    """Moments to the microsecond, in one zone."""

    def default(self, value: Any) -> Any:
        if hasattr(value, "isoformat"):
            return value.isoformat()
        if isinstance(value, bytes | memoryview):
            return bytes(value).hex()
        return super().default(value)


def _batches(rows: Iterable[Any], size: int) -> Iterator[list[Any]]:
    rows = iter(rows)
    while some := list(islice(rows, size)):
        yield some


def _values(
    model: type[models.Model],
    using: str,
    fields: Iterable[models.Field[Any, Any]],
    *,
    with_key: bool = False,
) -> Iterator[tuple[Any, ...]]:
    names = [field.attname for field in fields]
    rows = model._base_manager.using(using).order_by("pk")
    return rows.values_list(*(["pk"] if with_key else []), *names).iterator(chunk_size=2000)


def _write(
    model: type[models.Model],
    fields: Sequence[models.Field[Any, Any]],
    rows: Iterable[tuple[Any, ...]],
    using: str,
) -> None:
    names = [field.attname for field in fields]
    things = [model(**dict(zip(names, row, strict=True))) for row in rows]
    # A row as it is: no parent saved with it, no moment set anew.
    at_once = connections[using].ops.bulk_batch_size([f.name for f in fields], things)
    for some in _batches(things, at_once):
        query = sql.InsertQuery(model)
        query.insert_values(fields, some, raw=True)
        query.get_compiler(using=using).execute_sql()


def _reset_keys(using: str) -> None:
    """The next new row gets a key after the last one that came."""
    connection = connections[using]
    for statement in connection.ops.sequence_reset_sql(no_style(), tables()):
        with connection.cursor() as cursor:
            cursor.execute(statement)
