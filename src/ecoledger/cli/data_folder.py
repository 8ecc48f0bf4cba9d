"""The data folder a command works on: found, made, and Django set up for it."""

from __future__ import annotations

import gc
import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from ecoledger import engines
from ecoledger.cli import process_limits

# The number of the lock that an upgrade of a shared database takes.
UPGRADE = 20260101

option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path("data"),
    show_default=True,
    envvar="ECOLEDGER_DATA",
    help="数据目录：一个单位的全部数据都在其中。",
)


def use(folder: Path, *, make: bool = False) -> Path:
    """Make ``folder`` the data folder of this process and set Django up. To be called once, first."""
    folder = folder.resolve()
    os.umask(0o077)
    if make:
        folder.mkdir(parents=True, exist_ok=True)
    elif not folder.is_dir():
        raise click.ClickException(
            f"没有数据目录 {folder}；用 --data 指定，或先用 ecoledger serve --data 建立"
        )
    process_limits.keep_private(folder)
    os.environ["ECOLEDGER_DATA"] = str(folder)
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "ecoledger.settings")
    try:
        engines.database(folder)
    except engines.EngineError as error:
        raise click.ClickException(str(error)) from error
    import django
    from django.core.exceptions import ImproperlyConfigured

    gc.disable()  # what is loaded stays: looking through it for garbage took a sixth of every start
    try:
        django.setup()
    except ImproperlyConfigured as error:
        if "psycopg" not in str(error):
            raise
        raise click.ClickException(
            "ECOLEDGER_DATABASE 指向 PostgreSQL，但没有安装驱动：pip install 'ecoledger[cluster]'"
        ) from error
    finally:
        process_limits.settle()  # first: the collector would look through everything once it may
        gc.enable()
    return folder


def migrate(verbosity: int = 0) -> None:
    """Bring the business database to this version, and enter the alarm rules that are new."""
    from django.core.management import call_command
    from django.db import connection, transaction

    database = Path(str(connection.settings_dict["NAME"]))
    if connection.vendor == "sqlite" and not database.exists():
        _begin(database, verbosity)
    elif connection.vendor == "sqlite":
        if is_behind():
            _copy_before_upgrade(database)
            call_command("migrate", interactive=False, verbosity=verbosity)
    else:
        from ecoledger.cli import first_tables

        with _one_of_several():
            if not connection.introspection.table_names():
                with transaction.atomic():
                    first_tables.create(verbosity)
            elif is_behind():
                call_command("migrate", interactive=False, verbosity=verbosity)
    from ecoledger.monitoring.alarming import alarms

    alarms.default_rules()


def _begin(database: Path, verbosity: int) -> None:
    """Make the first database beside its place and rename it: a start that was killed leaves no half of one."""
    from django.db import connection

    from ecoledger.cli import first_tables

    beside = database.with_name("new-" + database.name)
    for old in database.parent.glob(beside.name + "*"):
        old.unlink()
    connection.close()
    connection.settings_dict["NAME"] = str(beside)
    try:
        first_tables.create(verbosity)
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        connection.close()
        connection.settings_dict["NAME"] = str(database)
    beside.rename(database)
    for old in database.parent.glob(beside.name + "-*"):
        old.unlink()


@contextmanager
def _one_of_several() -> Iterator[None]:
    """Of processes that start together, one upgrades the database and the others wait for it."""
    from django.db import connection

    with connection.cursor() as cursor:
        while True:
            cursor.execute("SELECT pg_try_advisory_lock(%s)", [UPGRADE])
            if cursor.fetchone()[0]:
                break
            time.sleep(0.5)
        try:
            yield
        except BaseException:
            # With the connection goes the lock: asked for in a broken transaction, it would hide what broke it.
            connection.close()
            raise
        cursor.execute("SELECT pg_advisory_unlock(%s)", [UPGRADE])


def is_behind() -> bool:
    """Whether the business database is of an older version than the program."""
    from django.db import connection
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def _copy_before_upgrade(database: Path) -> None:
    """Keep the database as it was: an upgrade that fails half-way can be gone back on."""
    copy = database.with_name("business.before-upgrade.sqlite3")
    copy.unlink(missing_ok=True)
    with sqlite3.connect(database) as now, sqlite3.connect(copy) as kept:
        now.backup(kept)
    now.close()
    kept.close()


def setting(name: str) -> Any:
    """A Django setting, once :func:`use` has been called."""
    from django.conf import settings

    return getattr(settings, name)
