"""Run the tests on servers: the same files as ``make test``, on PostgreSQL instead of the embedded database.

    python scripts/test_cluster.py [pytest arguments]

Starts servers of its own (own folders, free ports on the loopback, stopped and removed at the end), says which tests
run on which engine, and says "not run" where a server cannot be had on this machine. Exit code 0 then: nothing failed.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from tests.cluster import places, postgres  # noqa: E402

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
        given = arguments or ["-n", PROCESSES, "--dist", "loadfile", *FILES]
        run = subprocess.run(  # noqa: S603
            [sys.executable, "-m", "pytest", *given],
            cwd=ROOT, env={**os.environ, **settings}, check=False,
        )  # fmt: skip
    return run.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
