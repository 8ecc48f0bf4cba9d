"""What only a ClickHouse store promises: appends that are done again, and many writers. Runs where chDB is chosen."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from tests.store.rows import HOUR, MINUTE, NOON, packet, table, value, values_of

from ecoledger.store.clickhouse.link import ChdbLink
from ecoledger.store.clickhouse.numbering import ByClock
from ecoledger.store.clickhouse.store import ClickHouseStore, opened
from ecoledger.store.clickhouse.tables import Layout
from ecoledger.store.interface import StoreError


class Breaking:
    """A link on which an insertion into one table fails once, as when the process is killed before it."""

    def __init__(self, link: ChdbLink) -> None:
        self.link = link
        self.database = link.database
        self.breaks_at: str | None = None

    def insert(self, table: str, rows: pl.DataFrame) -> None:
        if table == self.breaks_at:
            self.breaks_at = None
            raise StoreError("gone", "")
        self.link.insert(table, rows)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.link, name)


@pytest.fixture
def link(tmp_path: Path) -> Iterator[Breaking]:
    found = Breaking(ChdbLink(str(tmp_path / "clickhouse"), "ecoledger"))
    yield found
    found.link.close()


@pytest.mark.parametrize("step", ["observation", "pending", "frame"])
def test_an_append_cut_short_is_done_again_without_a_trace(link: Breaking, step: str) -> None:
    store = ClickHouseStore(link)
    given = (
        table(packet(), packet(device=2)),
        table(value(1.0, frame=0), value(1.0, frame=0), value(2.0, point=2, frame=1)),
    )
    link.breaks_at = step
    with pytest.raises(StoreError):
        store.append(*given)
    assert store.counts().frames["accepted"] == 0
    receipt = store.append(*given)
    assert receipt.new.tolist() == [True, True]
    assert values_of(store.read(revisions=True)) == [1.0, 1.0, 2.0]
    assert store.counts().observations == 3
    assert values_of(store.latest()) == [1.0, 2.0]
    assert store.take_pending()["point"].to_list() == [1, 2]
    assert store.check().problems == ()


def test_a_mark_cut_short_leaves_its_hour_to_be_looked_at(link: Breaking) -> None:
    store = ClickHouseStore(link)
    link.breaks_at = "observation"
    with pytest.raises(StoreError):
        store.append(None, table(value(None, layer=3, flag="D")))
    assert store.take_pending()["hour"].to_list() == [NOON]
    assert store.read().is_empty()


def test_two_writers_that_take_the_same_packet_store_it_once(link: Breaking) -> None:
    """One stalls after looking for it, another is given it meanwhile, then both go on."""
    one, other = ClickHouseStore(link, writer=1), ClickHouseStore(link, writer=2)
    numbered = one._writer._numbered

    def stalled(frames: pl.DataFrame) -> Any:
        found = numbered(frames)
        other.append(table(packet()), table(value(1.0, frame=0)))
        return found

    one._writer._numbered = stalled  # type: ignore[method-assign]
    one.append(table(packet()), table(value(1.0, frame=0)))
    assert one.counts().frames["accepted"] == 1
    assert one.counts().observations == 1
    assert values_of(one.read(revisions=True)) == [1.0]
    assert len(one.history(1, "a21026", "minute", NOON)) == 1
    assert one.append(table(packet())).new.tolist() == [False]


def test_writers_numbers_are_apart_and_never_go_back() -> None:
    now = [1_800_000_000_000_000_000]
    one, other = ByClock(1, clock=lambda: now[0]), ByClock(2, clock=lambda: now[0])
    first = one.take(1000)
    second = other.take(1000)
    assert not set(first.tolist()) & set(second.tolist())
    now[0] -= 3_600_000_000_000  # the clock is put back
    third = one.take(10)
    assert third[0] > first[-1]
    assert ByClock(1, last=int(third[-1]), clock=lambda: now[0]).take(1)[0] > third[-1]
    assert int(third[-1]) < 1 << 60


def test_forgotten_packets_are_gone_and_new_when_they_come_again(link: Breaking) -> None:
    store = ClickHouseStore(link)
    for minute in range(5):
        store.append(
            table(
                packet(NOON + minute * MINUTE, status="quarantined", reason="mn"),
                packet(NOON + minute * MINUTE, device=2, status="quarantined", reason="code: x"),
            )
        )
    assert store.forget_quarantined(["mn"], before=NOON, most=3)[0] == 2
    assert store.frames(status="quarantined")["frame_id"].to_list() == [10, 9, 8, 7, 6, 5, 4, 2]
    with pytest.raises(KeyError):
        store.frame(1)
    assert store.append(table(packet())).new.tolist() == [True]
    assert store.frames(limit=1)["frame_id"].to_list() == [11]
    assert store.counts().frames == {"accepted": 1, "quarantined": 8, "replayed": 0}
    assert store.forget_quarantined(["mn"], before=NOON + HOUR, most=3)[0] == 3


def test_tables_of_a_cluster_are_replicated_and_sharded_by_point() -> None:
    """Only what is said to the servers; Debian's old server runs it in tests/cluster."""
    said = "\n".join(Layout(cluster="eco", replicated=True, cold_after_days=365).statements("e"))
    assert "ON CLUSTER eco" in said
    assert "ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/e/observation_local'" in said
    assert "Distributed(eco, e, observation_local, cityHash64(point))" in said
    assert "TO VOLUME 'cold'" in said


WRITER = textwrap.dedent(
    """
    import sys
    from tests.store.rows import NOON, MINUTE, packet, table, value
    from ecoledger.store.clickhouse.store import opened

    store = opened("chdb://" + sys.argv[1])
    for number in range(int(sys.argv[2]), 10_000):
        start = NOON + number * MINUTE
        store.append(table(packet(start)), table(value(float(number), start, frame=0)))
        print(number, flush=True)
    """
)


def test_kill_9_loses_nothing_acknowledged(tmp_path: Path) -> None:
    folder, acknowledged = tmp_path / "clickhouse", -1
    for _ in range(3):
        # From the last acknowledged on: a packet that came without being acknowledged comes again.
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(folder), str(acknowledged + 1)],
            stdout=subprocess.PIPE,
            text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        ) as process:
            assert process.stdout is not None
            for _ in range(6):
                acknowledged = int(process.stdout.readline())
            process.send_signal(signal.SIGKILL)
            rest = process.stdout.read().split()
            acknowledged = int(rest[-1]) if rest else acknowledged
    with opened(f"chdb://{folder}") as store:
        stored = values_of(store.read(revisions=True))
        assert stored == [float(number) for number in range(len(stored))]
        assert len(stored) >= acknowledged + 1
        assert store.check().problems == ()
