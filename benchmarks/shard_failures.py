"""kill -9 a shard of the store, again and again, while a writer appends: what was acknowledged is stored, nothing twice.

    python -m benchmarks.shard_failures [--rounds 50] [--copies 2]

Two shards of Debian's ``clickhouse-server``, with ``--copies 2`` each twice and a ZooKeeper, all of this run's own: own
folders, own free ports on the loopback, ended and removed with it. A writer appends numbered batches of packets, over
twelve points on both shards, and appends a batch again until the store has it, as over the bus. Each round kills one
server at a random moment and starts it again after a second; with copies each fourth round kills the ZooKeeper instead.

Prints one JSON object: batches acknowledged, rows lost and doubled, and of each victim the seconds from its start until the
first append begun after the kill was acknowledged (median, worst). The exit code is 1 when anything is lost or doubled.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import signal
import statistics
import sys
import threading
import time
from typing import Any

import polars as pl
from tests.cluster import clickhouse_server, zookeeper
from tests.cluster.clickhouse_server import CLUSTER, OldLink, Shard
from tests.store.rows import MINUTE, NOON, packet, table, value

from ecoledger.store.clickhouse.store import ClickHouseStore
from ecoledger.store.clickhouse.tables import Layout
from ecoledger.store.interface import StoreError

POINTS = range(12)
PATIENCE = 120.0
# Seconds that a server stays dead.
DEAD = 1.0


def batch(number: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A minute of every point: packets and their values."""
    start = NOON + number * MINUTE
    return (
        table(*(packet(start, device=point) for point in POINTS)),
        table(*(value(float(number), start, point=point, frame=point) for point in POINTS)),
    )


class Appending(threading.Thread):
    """Appends batch after batch, each until it is acknowledged."""

    def __init__(self, store: ClickHouseStore) -> None:
        super().__init__(daemon=True)
        self.store = store
        self.acknowledged: list[float] = []
        """Of each batch that was acknowledged, in order, when its successful append began."""
        self.refused = 0
        self.ending = False

    def run(self) -> None:
        while not self.ending:
            frames, rows = batch(len(self.acknowledged))
            begun = time.monotonic()
            try:
                self.store.append(frames, rows)
            except StoreError:
                self.refused += 1
                time.sleep(0.1)
                continue
            self.acknowledged.append(begun)

    def answered_since(self, moment: float) -> None:
        """Wait until an append begun after ``moment`` is acknowledged."""
        end = time.monotonic() + PATIENCE
        while not self.acknowledged or self.acknowledged[-1] < moment:
            if time.monotonic() > end or not self.is_alive():
                raise RuntimeError("nothing is acknowledged any more")
            time.sleep(0.01)


def run(rounds: int, copies: int) -> dict[str, Any]:
    chance = random.Random(1)
    layout = Layout(cluster=CLUSTER, replicated=copies > 1, modern=False)
    with contextlib.ExitStack() as stack:
        keeper = stack.enter_context(zookeeper.started()) if copies > 1 else None
        servers = stack.enter_context(
            clickhouse_server.started(2, copies, keeper.port if keeper else 0)
        )
        links = [OldLink(server.url, "failures") for server in servers]
        for link in links[:1] if copies > 1 else links:
            for statement in layout.statements("failures"):
                link.run(statement)
        work = Appending(ClickHouseStore(links[0], layout, make=False))
        work.start()
        work.answered_since(0.0)
        recovery: dict[str, list[float]] = {}
        for number in range(rounds):
            time.sleep(chance.uniform(0.3, 1.5))
            victim: Any = chance.choice(servers)
            if keeper is not None and number % 4 == 3:
                victim = keeper
            name = _name(victim, servers)
            killed = time.monotonic()
            victim.kill()
            time.sleep(DEAD)
            victim.start()
            if keeper is not None:
                for server in servers:
                    server.look_after()
            started = time.monotonic()
            work.answered_since(killed)
            recovery.setdefault(name, []).append(max(0.0, time.monotonic() - started))
            print(f"round {number + 1}: {name}, {recovery[name][-1]:.1f} s", file=sys.stderr)
        work.ending = True
        work.join(PATIENCE)
        return {
            "rounds": rounds,
            "copies": copies,
            **verdict(links, len(work.acknowledged)),
            "refused_and_tried_again": work.refused,
            "recovery_seconds": {
                name: [round(statistics.median(times), 2), round(max(times), 2)]
                for name, times in sorted(recovery.items())
            },
        }


def _name(victim: Any, servers: list[Shard]) -> str:
    if victim not in servers:
        return "zookeeper"
    return "the server that is asked" if victim is servers[0] else "another server"


def verdict(links: list[OldLink], batches: int) -> dict[str, Any]:
    """What the store holds against what was acknowledged."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            held = ClickHouseStore(links[0], Layout(cluster=CLUSTER, modern=False), make=False)
            rows = held.read(series="minute", columns=("point", "start"), revisions=True)
            packets = held.counts().frames["accepted"]
            break
        except StoreError:
            if time.monotonic() > end:
                raise
            time.sleep(0.5)
    wanted = {(point, NOON + number * MINUTE) for number in range(batches) for point in POINTS}
    there = set(rows.iter_rows())
    return {
        "acknowledged": len(wanted),
        "stored": len(rows),
        "packets": packets,
        "lost": len(wanted - there),
        "doubled": len(rows) - len(there),
    }


def main() -> int:
    # Told to end, it ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=50)
    options.add_argument("--copies", type=int, choices=[1, 2], default=1)
    given = options.parse_args()
    why = "" if clickhouse_server.program() else "clickhouse-server is not installed"
    if given.copies > 1:
        why = why or zookeeper.available()
    if why:
        print(json.dumps({"not run": why}))
        return 0
    result = run(given.rounds, given.copies)
    print(json.dumps(result))
    return int(bool(result["lost"] or result["doubled"]))


if __name__ == "__main__":
    sys.exit(main())
