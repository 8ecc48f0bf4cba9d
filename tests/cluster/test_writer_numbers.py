"""Each of several processes that append to one store has a number, no other's, also after one of them died or stood still."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

import pytest
from tests.cluster import nats_server
from tests.cluster.roles import PATIENCE
from tests.cluster.test_turns import (  # noqa: F401  # the fixture
    LONG,
    SETUP,
    Turns,
    go,
    said,
    turns,
)

from ecoledger.cli import writer_numbers

# Takes a number, says it, and keeps it until a line comes.
NUMBERED = (
    SETUP
    + """
import asyncio
from ecoledger.cli import writer_numbers
writer_numbers.LOOK = 0.3
async def work():
    async with writer_numbers.by_turn() as number:
        print(number, flush=True)
        await asyncio.to_thread(sys.stdin.readline)
print("ready", flush=True)
sys.stdin.readline()
asyncio.run(work())
"""
)


def begun(
    turns: Turns,  # noqa: F811
    length: tuple[str, str] = LONG,
) -> tuple[subprocess.Popen[str], str]:
    """A process that has its number, and the number."""
    process = turns.start(NUMBERED, length)
    go(process)
    return process, said(process)


def test_numbers_by_turn_are_distinct_and_come_back_from_the_dead(turns: Turns) -> None:  # noqa: F811
    first, number = begun(turns)
    second, other = begun(turns)
    assert (number, other) == ("0", "1")
    first.send_signal(signal.SIGKILL)
    first.wait()
    # Until the dead one's turn has lapsed nobody has its number; then the next does.
    assert begun(turns)[1] == "2"
    turns.lapses("writer 0")
    assert begun(turns)[1] == "0"
    # Who ends in order leaves the number free at once.
    go(second)
    assert second.wait(PATIENCE) == 0
    assert begun(turns)[1] == "1"


def test_a_process_whose_number_went_to_another_ends_itself(turns: Turns) -> None:  # noqa: F811
    # It asks often whether it still has it.
    first, number = begun(turns, ("3", "0.2"))
    assert number == "0"
    first.send_signal(signal.SIGSTOP)
    turns.lapses("writer 0")
    assert begun(turns)[1] == "0"
    first.send_signal(signal.SIGCONT)
    assert first.wait(PATIENCE) == -signal.SIGTERM


def test_a_number_is_kept_after_the_connections_were_lost(turns: Turns) -> None:  # noqa: F811
    # Renewed by whoever looks whether it is kept, and by nobody else.
    process, number = begun(turns, ("4", "3600"))
    assert number == "0"
    turns.is_renewed("writer 0", 1)
    turns.cut()
    turns.is_renewed("writer 0", 2)
    go(process)
    assert process.wait(PATIENCE) == 0


@pytest.mark.skipif(nats_server.program() is None, reason="there is no NATS server")
async def test_numbers_by_lease_are_distinct_and_are_given_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("nats")
    from ecoledger.bus import leases
    from ecoledger.bus.connection import Bus, Settings

    monkeypatch.setattr(leases, "LENGTH", PATIENCE)  # longer than a machine stands still
    with nats_server.Nats(tmp_path / "nats") as nats:
        one, other = (Bus(Settings.of(nats.url(prefix="numbers", partitions=1))) for _ in range(2))
        await one.connect()
        await other.connect()
        async with writer_numbers.by_lease(other) as (_, second):
            async with writer_numbers.by_lease(one) as (_, first):
                assert (second, first) == (0, 1)
            async with writer_numbers.by_lease(one) as (_, again):
                assert again == 1
        async with writer_numbers.by_lease(one) as (_, alone):
            assert alone == 0
        await one.close()
        await other.close()


def test_the_number_goes_into_the_address_of_a_server_only() -> None:
    assert writer_numbers.with_number("data/observations.duckdb", 3) == "data/observations.duckdb"
    assert writer_numbers.with_number("clickhouse://h/db", 3) == "clickhouse://h/db?writer=3"
    many = writer_numbers.with_number("clickhouse://h/db?cluster=eco", 3)
    assert many == "clickhouse://h/db?cluster=eco&writer=3"
