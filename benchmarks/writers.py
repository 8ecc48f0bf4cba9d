"""Packets a second, embedded against distributed, and with one, two and three writers, in one run.

    python -m benchmarks.writers [--packets 60000] [--writers 1,2,3]

The packet is that of ``benchmarks.end_to_end``. Embedded: one process. Distributed: gateways, NATS (each message on the
disk before it is acknowledged) and writers as processes of their own. ClickHouse being no server here, each writer stores in
a DuckDB file of its own, as if each had a shard of its own. Two figures a run: packets acknowledged a second, and
packets stored a second until the stream is empty. All processes share this machine's processors with the sender: where
there are fewer processors than processes, more writers cannot show what they would do on machines of their own.

Prints one JSON object.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks.end_to_end import FACTORS, REGISTRY, cpu_seconds, send
from tests.cli.server import Server
from tests.cluster import nats_server, postgres
from tests.cluster.roles import Role, settled

from ecoledger.store.duckdb.store import DuckDBStore

POINTS = 500


def sent(address: tuple[str, int], packets: int, connections: int) -> tuple[int, float]:
    """Packets acknowledged, and the seconds it took."""
    ours, theirs = multiprocessing.Pipe()
    sender = multiprocessing.Process(
        target=send, args=(*address, POINTS, packets, connections, theirs)
    )
    sender.start()
    ours.recv()
    ours.send("go")
    acknowledged, took, _ = ours.recv()
    sender.join()
    return int(acknowledged), float(took)


def embedded(packets: int, connections: int) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data")
        server.prepare(REGISTRY.format(points=POINTS, factors=FACTORS))
        with server:
            before = cpu_seconds(server.pid)
            acknowledged, took = sent(server.device, packets, connections)
            used = cpu_seconds(server.pid) - before
    return {
        "acknowledged": acknowledged,
        "acknowledged_a_second": round(acknowledged / took),
        "processor_seconds": round(used, 1),
    }


def distributed(packets: int, connections: int, writers: int) -> dict[str, Any]:
    with contextlib.ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        nats = running.enter_context(nats_server.started())
        database = running.enter_context(postgres.started()).url()
        url = nats.url(prefix="writers", partitions=12, most_mb=2048)
        settings = {"ECOLEDGER_BUS": url, "ECOLEDGER_DATABASE": database}
        Server(folder / "gateway", settings=settings).prepare(
            REGISTRY.format(points=POINTS, factors=FACTORS)
        )
        gateway = running.enter_context(Role("gateway", folder / "gateway", settings))
        for n in range(writers):
            (folder / f"writer{n}").mkdir()
        works = [
            running.enter_context(Role("writer", folder / f"writer{n}" / "data", settings))
            for n in range(writers)
        ]
        time.sleep(5)  # until the writers have shared the partitions
        pids = [role.process.pid for role in (gateway, *works) if role.process is not None]
        before = sum(map(cpu_seconds, pids))
        acknowledged, took = sent(gateway.device, packets, connections)
        rest = asyncio.run(settled(url))
        used = sum(map(cpu_seconds, pids)) - before
        for work in works:
            work.stop()
        stored = []
        for number in range(writers):
            with DuckDBStore(folder / f"writer{number}" / "data" / "observations.duckdb") as store:
                stored.append(store.counts().frames["accepted"])
    return {
        "writers": writers,
        "acknowledged": acknowledged,
        "stored": sum(stored),
        "stored_by_each": stored,
        "acknowledged_a_second": round(acknowledged / took),
        "stored_a_second": round(sum(stored) / (took + rest)),
        "processor_seconds": round(used, 1),
    }


def main() -> int:
    # Told to end, it ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--packets", type=int, default=60_000)
    options.add_argument("--connections", type=int, default=20)
    options.add_argument("--writers", default="1,2,3")
    given = options.parse_args()
    if not nats_server.program() or postgres.available():
        print(json.dumps({"not run": "there is no NATS server or no PostgreSQL"}))
        return 0
    result: dict[str, Any] = {
        "processors": os.cpu_count(),
        "load_at_begin": round(os.getloadavg()[0], 1),
        "embedded": embedded(given.packets, given.connections),
        "distributed": [],
    }
    for number in map(int, given.writers.split(",")):
        result["distributed"].append(distributed(given.packets, given.connections, number))
        print(json.dumps(result["distributed"][-1]), file=sys.stderr, flush=True)
    result["load_at_end"] = round(os.getloadavg()[0], 1)
    print(json.dumps(result))
    return int(any(run["stored"] != given.packets for run in result["distributed"]))


if __name__ == "__main__":
    sys.exit(main())
