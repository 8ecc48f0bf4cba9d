"""A job of the schedule is done once by all processes together, also when the one that does it is killed over it."""

from __future__ import annotations

import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cluster import places

SETUP = """
import sys, time
from pathlib import Path
from datetime import UTC, datetime
from ecoledger.cli import data_folder
data_folder.use(Path(sys.argv[1]), make=True)
from ecoledger.jobs import turns
turns.LENGTH, turns.RENEW = 3.0, 0.5
from django.db import connection
DUE = datetime(2026, 7, 1, 3, 10, tzinfo=UTC)
"""
# Tries until the job is done by anybody, as the schedule does, and says what it did itself.
WORKER = (
    SETUP
    + """
print("ready", flush=True)
sys.stdin.readline()
while not turns.is_done("close-day", DUE):
    with turns.working("close-day", DUE) as mine:
        if mine:
            print("begun", flush=True)
            time.sleep(float(sys.argv[2]))
            print("done", flush=True)
    time.sleep(0.2)
"""
)
STANDING = (
    SETUP
    + """
print("ready", flush=True)
sys.stdin.readline()
while not turns.hold("work"):
    time.sleep(0.1)
print("mine", flush=True)
time.sleep(60)
"""
)


@pytest.fixture
def worker(new_database: Callable[[str], str], tmp_path: Path) -> Iterator[Callable[..., Any]]:
    address = new_database("turns")
    environment = places.on(address)
    subprocess.run(
        [sys.executable, "-c", SETUP + "data_folder.migrate()", str(tmp_path)],
        check=True,
        env=environment,
    )
    started: list[subprocess.Popen[str]] = []

    def start(script: str, *arguments: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path), *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        started.append(process)
        assert said(process) == "ready"
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


def said(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def go(*processes: subprocess.Popen[str]) -> None:
    for process in processes:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()


def test_of_four_processes_one_does_the_job(worker: Callable[..., Any]) -> None:
    processes = [worker(WORKER, "4") for _ in range(4)]
    go(*processes)
    outputs = [process.communicate(timeout=300)[0] for process in processes]
    # Longer than a turn lasts unrenewed: whoever works keeps it.
    assert "".join(outputs).count("begun") == 1
    assert "".join(outputs).count("done") == 1


def test_a_job_whose_process_is_killed_is_done_by_another(worker: Callable[..., Any]) -> None:
    first = worker(WORKER, "30")
    go(first)
    assert said(first) == "begun"
    second = worker(WORKER, "0")
    go(second)
    first.send_signal(signal.SIGKILL)
    assert second.communicate(timeout=300)[0] == "begun\ndone\n"


def test_the_work_passes_on_when_its_process_is_killed_and_not_before(
    worker: Callable[..., Any],
) -> None:
    first, second = worker(STANDING), worker(STANDING)
    go(first)
    assert said(first) == "mine"
    go(second)
    # Longer than a turn lasts unrenewed.
    assert select.select([second.stdout], [], [], 5)[0] == []
    first.send_signal(signal.SIGKILL)
    assert said(second) == "mine"


def test_a_process_that_stood_still_learns_that_its_turn_has_gone(
    worker: Callable[..., Any],
) -> None:
    first, second = worker(STANDING), worker(STANDING)
    go(first)
    assert said(first) == "mine"
    first.send_signal(signal.SIGSTOP)
    go(second)
    assert said(second) == "mine"
    first.send_signal(signal.SIGCONT)
