"""What a test starts is ended and removed, also when the test is killed."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from tests.cluster.roles import PATIENCE

STARTS = """
import subprocess, sys, time
from tests.cluster import guardian
with guardian.folder("guarded") as place:
    (place / "data").write_text("x")
    ended = subprocess.Popen(["sleep", "0"])
    guardian.watch(ended)
    ended.wait()
    guardian.let_go(ended)
    leader = subprocess.Popen(["sh", "-c", "sleep 3600 & echo $!; wait"], stdout=subprocess.PIPE, text=True,
                              start_new_session=True)
    single = subprocess.Popen(["sleep", "3600"])
    guardian.watch(leader)
    guardian.watch(single)
    print(place, leader.pid, leader.stdout.readline().strip(), single.pid, flush=True)
    sys.stdin.readline()
"""


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM])
def test_servers_and_folders_of_a_test_that_is_killed_are_gone(how: signal.Signals) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", STARTS],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2],
    )  # fmt: skip
    assert process.stdout is not None
    place, *numbers = process.stdout.readline().split()
    assert Path(place, "data").exists()
    assert all(map(runs, numbers))
    process.send_signal(how)
    process.wait()
    until(lambda: not any(map(runs, numbers)))
    until(lambda: not Path(place).exists())


def runs(number: str) -> bool:
    try:
        state = Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < end
        time.sleep(0.05)
