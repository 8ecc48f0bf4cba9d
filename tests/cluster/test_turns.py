"""A job of the schedule is done once by all processes together, also when the one that does it is killed over it.

Turns last long where nobody may lose one by standing still, on a machine that has much to do; that a holder renews its
turn is read from the row. They last short where the holder is killed.
"""

from __future__ import annotations

import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cluster import guardian, places
from tests.cluster.roles import PATIENCE

SETUP = """
import sys, time
from pathlib import Path
from datetime import UTC, datetime
from ecoledger.cli import data_folder
data_folder.use(Path(sys.argv[1]), make=True)
from ecoledger.jobs import turns
turns.LENGTH, turns.RENEW = float(sys.argv[2]), float(sys.argv[3])
from django.db import connection
DUE = datetime(2026, 7, 1, 3, 10, tzinfo=UTC)
"""
# Tries until the job is done by anybody, as the schedule does, and says what it did itself. The job takes until a line comes.
WORKER = (
    SETUP
    + """
print("ready", flush=True)
sys.stdin.readline()
while not turns.is_done("close-day", DUE):
    with turns.working("close-day", DUE) as mine:
        if mine:
            print("begun", flush=True)
            sys.stdin.readline()
            print("done", flush=True)
    time.sleep(0.2)
"""
)
# Says when the standing turn becomes its own, and when it goes to another.
STANDING = (
    SETUP
    + """
print("ready", flush=True)
sys.stdin.readline()
for wanted, word in ((True, "mine"), (False, "gone")):
    while turns.hold("work") != wanted:
        time.sleep(0.1)
    print(word, flush=True)
"""
)
# Seconds that a turn lasts, and between renewals: no machine stands still for so long; a death is soon noticed.
LONG, SHORT = ("300", "0.2"), ("3", "0.2")


class Turns:
    """Processes on one database that take turns, and the rows of those turns."""

    def __init__(self, database: str, folder: Path) -> None:
        self.database = database
        self.folder = folder
        self.started: list[subprocess.Popen[str]] = []
        self.ask(
            "WITH all_gone AS (DELETE FROM jobs_turn RETURNING 1) SELECT count(*) FROM all_gone"
        )

    def start(self, script: str, length: tuple[str, str]) -> subprocess.Popen[str]:
        process = self._run(script, *length)
        self.started.append(process)
        guardian.watch(process)
        assert said(process) == "ready"
        return process

    def _run(self, script: str, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", script, str(self.folder), *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=places.on(self.database),
        )  # fmt: skip

    def until(self, name: str) -> Any:
        """Until when a turn is somebody's."""
        return self.ask("SELECT until FROM jobs_turn WHERE name = %s", name)

    def is_renewed(self, name: str, times: int = 3) -> None:
        """Return once the turn's holder has renewed it so often."""
        before, end = self.until(name), time.monotonic() + PATIENCE
        while times:
            assert time.monotonic() < end, f"{name!r} is not renewed"
            if (now := self.until(name)) > before:
                before, times = now, times - 1
            time.sleep(0.05)

    def lapses(self, name: str) -> None:
        """As when the turn's time is over."""
        self.ask("UPDATE jobs_turn SET until = now() WHERE name = %s RETURNING until", name)

    def cut(self) -> None:
        """All processes lose their connections, as when the server is started anew."""
        self.ask(
            "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    def ask(self, sql: str, *values: str) -> Any:
        import psycopg

        with psycopg.connect(self.database, autocommit=True) as connection:
            row = connection.execute(sql, values).fetchone()
        assert row is not None
        return row[0]

    def end(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()
            guardian.let_go(process)


@pytest.fixture
def turns(with_tables: str, tmp_path: Path) -> Iterator[Turns]:
    processes = Turns(with_tables, tmp_path)
    yield processes
    processes.end()


def said(process: subprocess.Popen[str]) -> str:
    """The next line of a process; empty when it has ended, or is killed because it says nothing for too long."""
    assert process.stdout is not None
    late = threading.Timer(PATIENCE, process.kill)
    late.start()
    try:
        return process.stdout.readline().strip()
    finally:
        late.cancel()


def go(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


def test_of_four_processes_one_does_the_job(turns: Turns) -> None:
    processes = [turns.start(WORKER, LONG) for _ in range(4)]
    go(*processes)
    begun, _, _ = select.select([process.stdout for process in processes], [], [], PATIENCE)
    assert len(begun) == 1
    # Whoever works keeps it.
    turns.is_renewed("close-day")
    go(*processes)
    outputs = [process.communicate(timeout=PATIENCE)[0] for process in processes]
    assert sorted(outputs) == ["", "", "", "begun\ndone\n"]


def test_a_job_whose_process_is_killed_is_done_by_another(turns: Turns) -> None:
    first = turns.start(WORKER, SHORT)
    go(first)
    assert said(first) == "begun"
    first.send_signal(signal.SIGKILL)
    second = turns.start(WORKER, SHORT)
    go(second, second)
    assert second.communicate(timeout=PATIENCE)[0] == "begun\ndone\n"


def test_the_work_passes_on_when_its_process_is_killed_and_not_before(turns: Turns) -> None:
    first, second = turns.start(STANDING, LONG), turns.start(STANDING, LONG)
    go(first)
    assert said(first) == "mine"
    go(second)
    turns.is_renewed("work")
    assert select.select([second.stdout], [], [], 0)[0] == []
    first.send_signal(signal.SIGKILL)
    first.wait()
    turns.lapses("work")
    assert said(second) == "mine"


def test_a_process_that_stood_still_learns_that_its_turn_has_gone(turns: Turns) -> None:
    first, second = turns.start(STANDING, SHORT), turns.start(STANDING, LONG)
    go(first)
    assert said(first) == "mine"
    first.send_signal(signal.SIGSTOP)
    go(second)
    assert said(second) == "mine"
    first.send_signal(signal.SIGCONT)
    assert said(first) == "gone"


def test_turns_go_on_being_renewed_after_the_connections_were_lost(turns: Turns) -> None:
    go(first := turns.start(STANDING, LONG))
    assert said(first) == "mine"
    turns.cut()
    turns.is_renewed("work")
    assert select.select([first.stdout], [], [], 0)[0] == []


def test_what_keeps_the_tables_from_being_made_is_said_and_the_next_try_makes_them(
    new_database: Callable[[], str], tmp_path: Path
) -> None:
    import psycopg

    database = new_database()
    command = [sys.executable, "-m", "ecoledger", "migrate", "--data", str(tmp_path)]

    def migrate() -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command, capture_output=True, text=True, check=False, env=places.on(database)
        )

    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute("CREATE VIEW jobs_turn AS SELECT 1 AS name")
        refused = migrate()
        assert refused.returncode != 0
        assert '"jobs_turn"' in refused.stderr.splitlines()[-1]
        connection.execute("DROP VIEW jobs_turn")
        assert migrate().returncode == 0
        assert connection.execute("SELECT count(*) FROM jobs_turn").fetchone() == (0,)
