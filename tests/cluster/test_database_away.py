"""While PostgreSQL is being started again devices go on being heard, by the points read last; then changes are seen again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from benchmarks.kill_nine import REGISTRY
from tests.cluster import places, postgres
from tests.cluster.roles import PATIENCE

BUILD = """
import sys; from pathlib import Path
from ecoledger.cli import data_folder
data_folder.use(Path(sys.argv[1]), make=True); data_folder.migrate()
"""
MORE = """
import sys; from pathlib import Path
from ecoledger.cli import data_folder
data_folder.use(Path(sys.argv[1]))
from ecoledger.monitoring.models import Point
Point.objects.filter(mn="0" * 24).update(mn="9" * 24)
"""
LOOK = """
import sys, time; from pathlib import Path
from ecoledger.cli import data_folder
data_folder.use(Path(sys.argv[1]))
from ecoledger.monitoring.points import table
table.MAX_AGE_SECONDS = 0.0
for line in sys.stdin:
    print(len(table.current().by_mn), "9" * 24 in table.current().by_mn, flush=True)
# A process may end while the database is away.
from ecoledger.jobs import turns
turns.let_go("work")
turns.leave()
"""


@pytest.mark.skipif(bool(postgres.available()), reason="there is no PostgreSQL")
def test_points_are_those_read_last_until_the_database_is_back(tmp_path: Path) -> None:
    with postgres.started() as server:
        environment = places.on(server.url())

        def run(script: str) -> None:
            command = [sys.executable, "-c", script, str(tmp_path / "data")]
            subprocess.run(command, check=True, env=environment)

        run(BUILD + REGISTRY)
        process = subprocess.Popen(
            [sys.executable, "-c", LOOK, str(tmp_path / "data")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None

        def look() -> str:
            process.stdin.write("\n")
            process.stdin.flush()
            return process.stdout.readline().strip()

        assert look() == "40 False"
        server.kill()
        assert look() == "40 False"
        server.start()
        run(MORE)
        assert look() == "40 True"
        server.kill()
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 0
