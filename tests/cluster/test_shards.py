"""Observations over two shards, on Debian's ClickHouse of 2018: where rows lie, and what happens when a shard dies.

What the dialect does is shown by the store's own tests on chDB (``ECOLEDGER_TEST_STORE=chdb``). They are not run here: the old
server itself falls over where the last row of a series is asked for (``argMax`` over tuples), so latest values, and the check
that reads them, are tried on chDB alone.
"""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from tests.cluster import clickhouse_server
from tests.cluster.clickhouse_server import CLUSTER, PATIENCE, OldLink, Shard
from tests.store.rows import HOUR, MINUTE, NOON, packet, table, value, values_of

from ecoledger.store.clickhouse.store import ClickHouseStore
from ecoledger.store.clickhouse.tables import Layout
from ecoledger.store.interface import StoreError

pytestmark = pytest.mark.skipif(
    clickhouse_server.program() is None, reason="clickhouse-server is not installed"
)
POINTS = range(12)


@pytest.fixture(scope="module")
def shards() -> Iterator[list[Shard]]:
    with clickhouse_server.started(2) as servers:
        yield servers


@pytest.fixture
def links(shards: list[Shard], tmp_path: Path) -> list[OldLink]:
    database = "t" + hashlib.sha256(str(tmp_path).encode()).hexdigest()[:16]
    links = [OldLink(shard.url, database) for shard in shards]
    for link in links:
        for statement in Layout(cluster=CLUSTER, modern=False).statements(database):
            link.run(statement)
    return links


@pytest.fixture
def store(links: list[OldLink]) -> ClickHouseStore:
    return ClickHouseStore(links[0], Layout(cluster=CLUSTER, modern=False), make=False)


def minute(number: int) -> tuple[object, object]:
    start = NOON + number * MINUTE
    return (
        table(*(packet(start, device=point) for point in POINTS)),
        table(*(value(float(number), start, point=point, frame=point) for point in POINTS)),
    )


def test_points_are_spread_and_each_lies_on_one_shard(
    store: ClickHouseStore, links: list[OldLink]
) -> None:
    for number in range(5):
        store.append(*minute(number))
    held = [
        set(link.ask("SELECT DISTINCT point FROM observation_local")["point"]) for link in links
    ]
    assert all(held)
    assert not held[0] & held[1]
    assert held[0] | held[1] == set(POINTS)
    packets = [link.ask("SELECT count() AS n FROM frame_local").item() for link in links]
    assert all(packets)
    assert sum(packets) == 60
    # Asked through the other shard the answers are the same.
    other = ClickHouseStore(links[1], Layout(cluster=CLUSTER, modern=False), make=False)
    assert other.read().equals(store.read())


def test_the_contract_over_shards(store: ClickHouseStore) -> None:
    first = store.append(*minute(0))
    assert first.new.all()
    assert not store.append(*minute(0)).new.any()
    assert store.counts().observations == 12
    assert (
        store.append(None, table(value(9.0, point=3, layer=3, flag="审核\t\\"))).observations == 1
    )
    assert store.append(None, table(value(9.0, point=3, layer=3, flag="审核\t\\"))).unchanged == 1
    history = store.history(3, "a21026", "minute", NOON)
    assert history["flag"].to_list() == ["N", "审核\t\\"]
    assert history["accepted"].to_list() == [False, True]
    assert history["raw"][0] == packet(NOON, device=3)["raw"]
    work = store.take_pending()
    assert work["point"].to_list() == list(POINTS)
    store.done_pending(work)
    assert store.take_pending().is_empty()
    windows = {"point": [1, 3], "parameter": ["a21026"] * 2, "hour": [NOON] * 2}
    assert values_of(store.read_windows(windows, "minute")) == [0.0, 9.0]
    odd = windows | {"hour": [NOON - timedelta(seconds=0.25)] * 2}
    assert values_of(store.read_windows(odd, "minute", seconds=90_000)) == [0.0, 9.0]
    assert store.frames(limit=3)["frame_id"].to_list() == [12, 11, 10]
    store.mark_frame(5, "replayed", "x")
    assert store.counts().frames == {"accepted": 11, "quarantined": 0, "replayed": 1}
    assert len(store.arrivals(NOON, NOON + HOUR)) == 12
    assert store.seal(NOON.date()).rows == 13


def test_a_shard_that_is_killed_refuses_and_takes_the_same_again(
    store: ClickHouseStore, shards: list[Shard]
) -> None:
    store.append(*minute(0))
    shards[1].kill()
    try:
        with pytest.raises(StoreError):
            store.append(*minute(1))
    finally:
        shards[1].start()
    assert again(lambda: store.append(*minute(1)).new.all())
    assert again(lambda: store.counts().observations) == 24
    assert len(again(lambda: store.read(revisions=True))) == 24


def again(ask: Callable[[], Any]) -> Any:
    """What ``ask`` gives once the other shard has noticed that its connections are gone."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        with contextlib.suppress(StoreError):
            return ask()
        time.sleep(0.5)
    return ask()
