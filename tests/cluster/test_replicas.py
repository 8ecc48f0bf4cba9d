"""Two shards, each twice, on Debian's ClickHouse with Debian's ZooKeeper: copies are equal, and the death of one loses nothing.

What is shown of the dialect and of shards without copies stands in ``test_shards`` and in the store's own tests.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.cluster import clickhouse_server, zookeeper
from tests.cluster.clickhouse_server import CLUSTER, OldLink, Shard
from tests.cluster.test_shards import again, minute
from tests.cluster.zookeeper import ZooKeeper

from ecoledger.store.clickhouse.store import ClickHouseStore
from ecoledger.store.clickhouse.tables import Layout
from ecoledger.store.interface import StoreError

pytestmark = pytest.mark.skipif(
    clickhouse_server.program() is None or bool(zookeeper.available()),
    reason=f"clickhouse-server or zookeeper is not installed: {zookeeper.available()}",
)
LAYOUT = Layout(cluster=CLUSTER, replicated=True, modern=False)
PATIENCE = 180.0


@pytest.fixture(scope="module")
def keeper() -> Iterator[ZooKeeper]:
    with zookeeper.started() as server:
        yield server


@pytest.fixture(scope="module")
def servers(keeper: ZooKeeper) -> Iterator[list[Shard]]:
    with clickhouse_server.started(2, copies=2, zookeeper=keeper.port) as running:
        yield running


@pytest.fixture
def links(servers: list[Shard], tmp_path: Path) -> list[OldLink]:
    """To both copies of the first shard, then to both of the second; the tables are made through one, on all."""
    database = "t" + hashlib.sha256(str(tmp_path).encode()).hexdigest()[:16]
    links = [OldLink(server.url, database) for server in servers]
    for statement in LAYOUT.statements(database):
        again(lambda sql=statement: links[0].run(sql))
    return links


@pytest.fixture
def store(links: list[OldLink]) -> ClickHouseStore:
    return ClickHouseStore(links[0], LAYOUT, make=False)


def held(link: OldLink) -> list[tuple[Any, ...]]:
    """What lies on one server, once merges have made repeated rows one."""
    return link.ask(
        "SELECT point, start, observation_id, value FROM observation_local FINAL ORDER BY point, start"
    ).rows()


def until(there: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not again(there):
        assert time.monotonic() < end, f"waited in vain for {what}"
        time.sleep(0.2)


def test_both_copies_of_a_shard_hold_the_same_and_the_shards_share_the_points(
    store: ClickHouseStore, links: list[OldLink]
) -> None:
    for number in range(3):
        store.append(*minute(number))
    assert not store.append(*minute(1)).new.any()
    for one, other in ((links[0], links[1]), (links[2], links[3])):
        until(lambda a=one, b=other: held(a) == held(b) != [], "the copy of a shard")
    assert len(held(links[0])) + len(held(links[2])) == 36
    # Whichever server is asked, the answer is the same.
    wanted = store.read()
    for link in links[1:]:
        assert ClickHouseStore(link, LAYOUT, make=False).read().equals(wanted)


def test_a_copy_that_is_killed_stops_nothing_and_fetches_what_it_missed(
    store: ClickHouseStore, links: list[OldLink], servers: list[Shard]
) -> None:
    store.append(*minute(0))
    servers[3].kill()
    try:
        assert again(lambda: store.append(*minute(1)).new.all())
        assert store.counts().observations == 24
    finally:
        servers[3].start().look_after()
    until(lambda: held(links[2]) == held(links[3]), "what the dead copy missed")
    # Now the other copy dies: what it was told while this one was dead is read from this one.
    servers[2].kill()
    try:
        assert again(lambda: len(store.read(revisions=True))) == 24
    finally:
        servers[2].start().look_after()


def test_without_zookeeper_nothing_is_acknowledged_and_reading_goes_on(
    store: ClickHouseStore, keeper: ZooKeeper, servers: list[Shard]
) -> None:
    store.append(*minute(0))
    keeper.kill()
    try:
        with pytest.raises(StoreError):
            store.append(*minute(1))
        assert len(store.read()) == 12
    finally:
        keeper.start()
        for server in servers:
            server.look_after()
    assert again(lambda: store.append(*minute(1)).new.all())
    assert again(lambda: store.counts().observations) == 24
