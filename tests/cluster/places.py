"""Which engines the bureau of a data folder runs on in this run of the tests.

Embedded, unless the run was started with servers (``make test-cluster``): ``ECOLEDGER_TEST_DATABASE`` is then the address of a
PostgreSQL server on which every data folder gets a database of its own. ``ECOLEDGER_TEST_STORE=chdb`` keeps the observations
on chDB, today's ClickHouse within the process, in a folder of the data folder. ``ECOLEDGER_TEST_BUS`` is the address of a NATS
server, over which then every packet travels, each data folder's on a stream of its own.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

SERVER = "ECOLEDGER_TEST_DATABASE"
STORE = "ECOLEDGER_TEST_STORE"
# An empty bureau of this version, of which databases are copied: migrating each would take long.
TEMPLATE = "migrated"
BUS = "ECOLEDGER_TEST_BUS"
# ``none`` where servers are not to be started, also if the machine has them (``make test``).
SERVERS = "ECOLEDGER_TEST_SERVERS"
_have: set[str] = set()


def embedded_only() -> str:
    """Why no server is to be started in this run; empty when they may be."""
    return "this run is of the embedded engines" if os.environ.get(SERVERS) == "none" else ""


def environment(folder: Path) -> dict[str, str]:
    """The settings that a process of the bureau in ``folder`` is started with."""
    settings: dict[str, str] = {}
    if server := os.environ.get(SERVER):
        name = _name(folder)
        _begin(server, name)
        settings["ECOLEDGER_DATABASE"] = urlsplit(server)._replace(path=f"/{name}").geturl()
    if address := store(folder):
        settings["ECOLEDGER_STORE"] = address
    if bus := os.environ.get(BUS):
        settings["ECOLEDGER_BUS"] = f"{bus}?prefix={_name(folder)}&partitions=2&most_mb=16"
    return settings


def store(folder: Path) -> str:
    """The address of the observations of a data folder; empty when they lie in its own file."""
    return f"chdb://{folder / 'clickhouse'}" if os.environ.get(STORE) == "chdb" else ""


def on(database: str) -> dict[str, str]:
    """The environment of a process whose business records lie at that address, and which has no other settings."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("ECOLEDGER", "DJANGO"))}
    return {**kept, "ECOLEDGER_DATABASE": database, "ECOLEDGER_SECRET_KEY": "of the tests"}


def copied(source: Path, target: Path) -> None:
    """What lies outside the folder ``source`` is now also there for its copy ``target``."""
    if server := os.environ.get(SERVER):
        _begin(server, _name(target), template=_name(source))


def forget(folder: Path) -> None:
    """The bureau of a data folder has ended: what lies outside the folder is gone."""
    server, name = os.environ.get(SERVER), _name(folder)
    if server and name in _have:
        import psycopg

        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
        _have.remove(name)


def _name(folder: Path) -> str:
    return "t" + hashlib.sha256(str(folder.resolve()).encode()).hexdigest()[:20]


_TABLES = """
import sys
from pathlib import Path
from ecoledger.cli import data_folder, first_tables
data_folder.use(Path(sys.argv[1]))
first_tables.create()
"""


def make_template(server: str, environment: dict[str, str]) -> None:
    """Make the tables of this version in an empty database on ``server``; nothing is entered in it."""
    address = urlsplit(server)._replace(path=f"/{TEMPLATE}").geturl()
    _begin(server, TEMPLATE, template="template0")
    make_tables({**environment, "ECOLEDGER_DATABASE": address})


def make_tables(environment: dict[str, str]) -> None:
    """Make the tables of this version in the empty database that the settings name."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-c", _TABLES, folder], check=True, env=environment)


def _begin(server: str, name: str, template: str = TEMPLATE) -> None:
    import psycopg

    if name in _have:
        return
    with psycopg.connect(server, autocommit=True) as connection:
        row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone()
        if row is None:
            connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")
    _have.add(name)
