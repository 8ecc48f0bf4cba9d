"""Run the tests on servers: the same files as ``make test``, on PostgreSQL instead of the embedded database.

The store's contract runs on chDB besides, where the wheel ``chdb-core`` is there, and the bus on a NATS server of its own
(``tests/cluster/test_bus.py``).

    python scripts/test_cluster.py [pytest arguments]

Starts servers of its own (own folders, free ports on the loopback, stopped and removed at the end), says which tests
run on which engine, and says "not run" where a server cannot be had on this machine. Exit code 0 then: nothing failed.
"""

from __future__ import annotations

import contextlib
import importlib.util
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.cluster import clickhouse_server, nats_server, places, postgres  # noqa: E402

# What stands on the database of business records, and what walks from a socket to a page.
FILES = [
    "tests/cluster",
    "tests/accounts",
    "tests/books",
    "tests/entities",
    "tests/jobs",
    "tests/matters",
    "tests/monitoring",
    "tests/path",
    "tests/store",
    "tests/stories",
]
PROCESSES = "2"


def main(arguments: list[str]) -> int:
    if why := postgres.available():
        print(f"test-cluster: PostgreSQL: not run: {why}")  # noqa: T201
        return 0
    with contextlib.ExitStack() as running:
        server = running.enter_context(postgres.started())
        settings = {places.SERVER: server.url()}
        begun = time.monotonic()
        places.make_template(server.url(), {**os.environ, **settings})
        print(  # noqa: T201
            f"test-cluster: business records on {server.version()}; "
            f"migrations took {time.monotonic() - begun:.1f} s",
            flush=True,
        )
        if not nats_server.program():
            _say("NATS: not run: neither the wheel nor Debian's nats-server is installed")
        if not clickhouse_server.program():
            _say("ClickHouse's shards: not run: clickhouse-server is not installed")
        given = arguments or ["-n", PROCESSES, "--dist", "loadfile", *FILES]
        run = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "pytest", *given],
            cwd=ROOT, env={**os.environ, **settings}, check=False,
        )  # fmt: skip
    return run.returncode or (0 if arguments else _store_on_chdb())


def _store_on_chdb() -> int:
    """The store's contract on today's ClickHouse."""
    if importlib.util.find_spec("chdb") is None:
        _say("ClickHouse: not run: the wheel chdb-core is not installed")
        return 0
    _say("the store's contract on chDB")
    run = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pytest", "-n", PROCESSES, "--dist", "loadfile", "tests/store"],
        cwd=ROOT,
        env={**os.environ, places.STORE: "chdb"},
        check=False,
    )
    return run.returncode


def _say(text: str) -> None:
    print(f"test-cluster: {text}", flush=True)  # noqa: T201


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
