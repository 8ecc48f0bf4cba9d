"""kill -9 the real server while devices send, again and again: what was acknowledged is stored, nothing twice.

    python -m benchmarks.kill_nine [--rounds 20]

Each round starts the server on the same data folder, sends numbered packets over several connections, sending again what
was not acknowledged in the round before (as devices do), and kills the process at a random moment. In the end the
store is opened and every packet ever acknowledged must be there, each observation exactly once.

Prints one JSON object; the exit code is 1 when anything is lost or doubled.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import re
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from tests.cli.server import Server

from ecoledger.hj212.encoding import framed
from ecoledger.store.duckdb.store import DuckDBStore

POINTS = 40
BEGIN = datetime(2026, 5, 1)
REGISTRY = f"""
from ecoledger.entities.models import Station
from ecoledger.monitoring.models import Point, PointParameter
for n in range({POINTS}):
    s = Station.objects.create(code=f"A-{{n}}", name=f"S{{n}}", area_code="990101001", medium="air", level="micro",
                               counts_in_area=False)
    p = Point.objects.create(entity=s, kind="air", name=s.name, area_code=s.area_code, mn=f"{{n:024d}}")
    PointParameter.objects.create(point=p, code="a34004", name="PM2.5", unit="µg/m³", interval_seconds=60)
"""
_ANSWER = re.compile(rb"QN=(\d{17});[^#]*?CN=9014;[^#]*?MN=(\d{24})")


def packet(number: int) -> tuple[tuple[bytes, bytes], bytes]:
    """Packet ``number``: (QN, MN), and its frame."""
    minute, point = divmod(number, POINTS)
    when = BEGIN + timedelta(minutes=minute)
    qn, mn = f"{when:%Y%m%d%H%M%S}{point:03}", f"{point:024d}"
    segment = (
        f"QN={qn};ST=22;CN=2051;PW=123456;MN={mn};Flag=5;"
        f"CP=&&DataTime={when:%Y%m%d%H%M%S};a34004-Avg={number % 90}.5,a34004-Flag=N&&"
    )
    return (qn.encode(), mn.encode()), framed(segment.encode())


class _Device(asyncio.Protocol):
    def __init__(self, given: Iterator[int], unanswered: set[int], acknowledged: set[int]) -> None:
        self.given = given
        self.numbers: dict[tuple[bytes, bytes], int] = {}
        self.unanswered = unanswered
        self.acknowledged = acknowledged
        self.gone = asyncio.Event()
        self.tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.send(sorted(self.unanswered))
        self.more()

    def send(self, numbers: list[int]) -> None:
        frames = []
        for number in numbers:
            name, frame = packet(number)
            self.numbers[name] = number
            self.unanswered.add(number)
            frames.append(frame)
        self.transport.write(b"".join(frames))

    def more(self) -> None:
        free = 200 - len(self.unanswered)
        if free > 20:
            self.send([next(self.given) for _ in range(free)])

    def data_received(self, data: bytes) -> None:
        text = self.tail + data
        end = 0
        for found in _ANSWER.finditer(text):
            end = found.end()
            if (number := self.numbers.get((found[1], found[2]))) is not None:
                self.acknowledged.add(number)
                self.unanswered.discard(number)
        self.tail = text[end:][-400:]
        self.more()

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()


async def load(
    server: Server,
    rounds_left: list[set[int]],
    given: list[Iterator[int]],
    acknowledged: set[int],
    seconds: float,
) -> None:
    """Send over one connection a member of ``given`` until the server is killed after ``seconds``."""
    loop = asyncio.get_running_loop()
    devices = [
        (
            await loop.create_connection(
                lambda g=g, u=u: _Device(g, u, acknowledged), *server.device
            )
        )[1]
        for g, u in zip(given, rounds_left, strict=True)
    ]
    await asyncio.sleep(seconds)
    await asyncio.to_thread(server.kill)
    for device in devices:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(device.gone.wait(), 5)


def verify(data: Path, acknowledged: set[int]) -> dict[str, int]:
    """What the store holds against what was acknowledged."""
    with DuckDBStore(data / "observations.duckdb") as store:
        table = store.read(series="minute", columns=("point", "start", "value"), revisions=True)
        problems = store.check().problems
        frames = store.counts().frames["accepted"]
    first = min(table["point"].to_list(), default=1)
    held = Counter(
        round((start - BEGIN).total_seconds()) // 60 * POINTS + point - first
        for point, start in table.select("point", "start").iter_rows()
    )
    return {
        "acknowledged": len(acknowledged),
        "stored": len(held),
        "lost": len(acknowledged - held.keys()),
        "doubled": sum(count > 1 for count in held.values()),
        "frames": frames,
        "problems": len(problems),
    }


def run(rounds: int, folder: Path, seed: int = 1) -> dict[str, int]:
    """``rounds`` kills on one data folder; the verdict."""
    chance = random.Random(seed)
    server = Server(folder / "data")
    server.prepare(REGISTRY)
    connections = 4
    acknowledged: set[int] = set()
    left: list[set[int]] = [set() for _ in range(connections)]
    given = [iter(range(n, 10**9, connections)) for n in range(connections)]
    for number in range(rounds):
        server.start()
        before = len(acknowledged)
        asyncio.run(load(server, left, given, acknowledged, chance.uniform(0.2, 2.0)))
        print(f"round {number + 1}: {len(acknowledged) - before} acknowledged", file=sys.stderr)
    return {"rounds": rounds, **verify(server.data, acknowledged)}


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=20)
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = run(given.rounds, Path(folder))
    print(json.dumps(result))
    return int(bool(result["lost"] or result["doubled"] or result["problems"]))


if __name__ == "__main__":
    sys.exit(main())
