"""kill -9 gateway, writer, NATS and PostgreSQL in turn while devices send: what was acknowledged is stored, nothing twice.

    python -m benchmarks.bus_failures [--rounds 50] [--store chdb]

Two gateways, one writer, a NATS server whose messages are on the disk before they are acknowledged (64 MB
of them at most: then devices wait), and a PostgreSQL with the
registry where one can be had (else it lies in a file), all of this run's own: own folders, own free ports on the loopback,
ended and removed with it. The writer stores in its own DuckDB file, or with ``--store chdb`` in today's ClickHouse. Devices
send numbered packets to both gateways, connect again when theirs is gone, and send again what was not acknowledged. In
each fifth round the writer is stopped (SIGSTOP) for longer than its lease instead, as by a machine that stalls.

Prints one JSON object: acknowledged, stored, lost, doubled, and of each victim the seconds until the next acknowledgement
after it was started again (median, worst). The exit code is 1 when anything is lost or doubled. (Web processes and the office
work on PostgreSQL: ``benchmarks/cluster_failures.py``; shards of the store: ``benchmarks/shard_failures.py``.)
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import os
import random
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

from benchmarks.end_to_end import memory
from benchmarks.kill_nine import BEGIN, POINTS, REGISTRY, _Device
from tests.cli.server import Server
from tests.cluster import nats_server, postgres
from tests.cluster.roles import Role, settled

from ecoledger.store import opening

PREFIX = "failures"
PATIENCE = 600.0
STALL = 14.0  # seconds: longer than a lease


class Devices:
    """Devices that keep sending to an address, whatever becomes of it."""

    def __init__(self, given: Iterator[int], acknowledged: set[int]) -> None:
        self.given = given
        self.acknowledged = acknowledged
        self.unanswered: set[int] = set()

    async def send(self, address: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                transport, device = await loop.create_connection(
                    lambda: _Device(self.given, self.unanswered, self.acknowledged), *address
                )
            except OSError:
                await asyncio.sleep(0.1)
                continue
            try:
                await device.gone.wait()
            finally:
                transport.close()


async def one_round(victim: Any, stall: bool, wait: float, acknowledged: set[int]) -> float:
    """Kill or stall ``victim`` under load; seconds from its start until the next acknowledgement."""
    await asyncio.sleep(wait)
    if stall:
        os.kill(victim.process.pid, signal.SIGSTOP)
        await asyncio.sleep(STALL)
        os.kill(victim.process.pid, signal.SIGCONT)
    else:
        await asyncio.to_thread(victim.kill)
        await asyncio.to_thread(victim.start)
    begun, before = time.monotonic(), len(acknowledged)
    while len(acknowledged) == before:
        if time.monotonic() - begun > PATIENCE:
            raise RuntimeError("nothing is acknowledged any more")
        await asyncio.sleep(0.01)
    return time.monotonic() - begun


def verify(place: str, acknowledged: set[int]) -> dict[str, Any]:
    """What the store holds against what was acknowledged."""
    with opening.opened(place) as store:
        rows = store.read(series="minute", columns=("point", "start"), revisions=True)
        problems = list(store.check().problems)
    first = min(rows["point"].to_list(), default=1)
    held = Counter(
        round((start - BEGIN) / timedelta(minutes=1)) * POINTS + point - first
        for point, start in rows.iter_rows()
    )
    return {
        "acknowledged": len(acknowledged),
        "stored": len(held),
        "lost": len(acknowledged - held.keys()),
        "doubled": sum(count > 1 for count in held.values()),
        "problems": problems,
    }


async def run(
    folder: Path,
    nats: nats_server.Nats,
    database: postgres.Postgres | None,
    rounds: int,
    store: str,
) -> dict[str, Any]:
    """``rounds`` failures on one bureau; the verdict."""
    chance = random.Random(1)
    data = folder / "data"
    url = nats.url(prefix=PREFIX, partitions=4, most_mb=64)
    place = (
        f"chdb://{data / 'clickhouse'}" if store == "chdb" else str(data / "observations.duckdb")
    )
    settings = {"ECOLEDGER_BUS": url, **({"ECOLEDGER_STORE": place} if store == "chdb" else {})}
    if database is not None:
        settings["ECOLEDGER_DATABASE"] = database.url("bureau")
    Server(data, settings=settings).prepare(REGISTRY)
    acknowledged: set[int] = set()
    devices = [Devices(iter(range(n, 10**9, 2)), acknowledged) for n in range(2)]
    writer = Role("writer", data, settings)
    recovery: dict[str, list[float]] = {}
    most_memory = 0.0
    with Role("gateway", data, settings) as one, Role("gateway", data, settings) as other, writer:
        sending = [
            asyncio.create_task(device.send(gateway.device))
            for device, gateway in zip(devices, (one, other), strict=True)
        ]
        turns: list[tuple[str, Any]] = [("gateway", one), ("writer", writer), ("nats", nats)]
        if database is not None:
            turns.append(("postgres", database))
        turns.append(("writer stalled", writer))
        for number in range(rounds):
            name, victim = turns[number % len(turns)]
            stall = name == "writer stalled"
            took = await one_round(victim, stall, chance.uniform(0.3, 1.5), acknowledged)
            recovery.setdefault(name, []).append(took)
            most_memory = max(most_memory, *(memory(r.process.pid)[1] for r in (one, other)))
            print(f"round {number + 1}: {name}, {took:.1f} s, {len(acknowledged)}", file=sys.stderr)
        for task in sending:
            task.cancel()
        await asyncio.gather(*sending, return_exceptions=True)
        try:
            emptied = await settled(url)
        except TimeoutError:
            print(writer.log()[-4000:], file=sys.stderr)
            raise
    return {
        "rounds": rounds,
        "store": store,
        "database": "file" if database is None else database.version(),
        **verify(place, acknowledged),
        "recovery_seconds": {
            name: [round(statistics.median(times), 2), round(max(times), 2)]
            for name, times in recovery.items()
        },
        "stream_emptied_after": round(emptied, 1),
        "gateway_memory_mb": most_memory,
    }


def main() -> int:
    # Told to end, it ends what it started.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=50)
    options.add_argument("--store", choices=["duckdb", "chdb"], default="duckdb")
    given = options.parse_args()
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        nats = stack.enter_context(nats_server.started())
        database = None
        if not postgres.available():
            database = stack.enter_context(postgres.started(durable=True))
            database.make("bureau")
        result = asyncio.run(run(folder, nats, database, given.rounds, given.store))
    print(json.dumps(result))
    return int(bool(result["lost"] or result["doubled"] or result["problems"]))


if __name__ == "__main__":
    sys.exit(main())
