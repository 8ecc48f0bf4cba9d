"""Many outlets reporting at once, several of them over each connection: how many this machine carries, and what limits it.

    python -m benchmarks.outlets [--outlets 100000] [--sockets 2000] [--minutes 10] [--connections]

The real server, embedded. Each outlet sends one minute packet (ST=31, CN=2051, two factors) a minute, at its own second, and
must have its 9014 back. Prints one JSON object: packets due, sent and acknowledged, those that were late to be sent
because their connection still waited for answers, the answers' delay (median, 99 of 100, worst), memory of the server, and
the processor's share of server and sender. The delay at which a machine falls behind grows from minute to minute; then
``falls_behind`` is true.

With ``--connections`` it only opens that many sockets, each with one outlet that reports once, and measures the memory a
connection costs; the figure is written into ``benchmarks/measured.json``.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import re
import resource
import statistics
import sys
import tempfile
import time
from collections import deque
from datetime import datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from benchmarks.end_to_end import cpu_seconds, memory
from benchmarks.sizing import FILE
from tests.cli.server import Server

from ecoledger.hj212.encoding import framed

REGISTRY = """
from ecoledger.entities.models import Station
from ecoledger.monitoring.models import AlarmRule, Point, PointParameter
from ecoledger.monitoring.alarming.alarms import default_rules
default_rules()
AlarmRule.objects.filter(detector="missing").update(enabled=False)
s = Station.objects.create(code="A", name="S", area_code="990101001", medium="air", level="micro", counts_in_area=False)
N = {outlets}
Point.objects.bulk_create([Point(entity=s, kind="air", name=f"P{{n}}", area_code="990101001", mn=f"{{n:024d}}")
                           for n in range(N)], batch_size=5000)
ids = list(Point.objects.order_by("pk").values_list("pk", flat=True))
PointParameter.objects.bulk_create([PointParameter(point_id=p, code=c, name=c, unit="µg/m³", interval_seconds=60,
                                    device_unit="µg/m³") for p in ids for c in ("a34004", "a34002")], batch_size=5000)
"""
_ANSWER = re.compile(rb"CN=9014;[^#]*?MN=(\d{24})")
# Addresses of the loopback that connections come from: the gateway bounds each.
ADDRESSES = 16
# Packets unanswered on a connection before it sends no more.
MOST_WAITING = 200


def packet(outlet: int, minute: datetime) -> bytes:
    qn = f"{minute + timedelta(minutes=1):%Y%m%d%H%M%S}{outlet % 1000:03}"
    value = 20 + (outlet + minute.minute) % 60
    return framed(
        f"QN={qn};ST=22;CN=2051;PW=123456;MN={outlet:024d};Flag=5;CP=&&DataTime={minute:%Y%m%d%H%M%S};"
        f"a34004-Avg={value}.1,a34004-Flag=N;a34002-Avg={value + 9}.2,a34002-Flag=N&&".encode()
    )


class Sender(asyncio.Protocol):
    """One connection with its outlets."""

    def __init__(self) -> None:
        self.waiting: dict[bytes, float] = {}
        self.held: deque[tuple[int, datetime]] = deque()
        self.delays: list[float] = []
        self.sent = self.late = 0
        self.gone = False
        self.tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport

    def send(self, outlet: int, minute: datetime) -> None:
        if len(self.waiting) >= MOST_WAITING:
            self.late += 1
            self.held.append((outlet, minute))
            return
        self.waiting[f"{outlet:024d}".encode()] = time.monotonic()
        self.sent += 1
        self.transport.write(packet(outlet, minute))

    def data_received(self, data: bytes) -> None:
        text, end, now = self.tail + data, 0, time.monotonic()
        for match in _ANSWER.finditer(text):
            end = match.end()
            if (begun := self.waiting.pop(match[1], None)) is not None:
                self.delays.append(now - begun)
        self.tail = text[end:][-400:]
        while self.held and len(self.waiting) < MOST_WAITING:
            self.send(*self.held.popleft())

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone = True


async def connected(address: tuple[str, int], sockets: int) -> list[Sender]:
    loop = asyncio.get_running_loop()
    made: list[Sender] = []
    for number in range(sockets):
        local = (f"127.0.0.{2 + number % ADDRESSES}", 0)
        _, sender = await loop.create_connection(Sender, *address, local_addr=local)
        made.append(sender)
        if number % 200 == 199:
            await asyncio.sleep(0)
    return made


async def report(
    address: tuple[str, int], outlets: int, sockets: int, minutes: int
) -> dict[str, Any]:
    """Every outlet reports each minute at its own moment of it."""
    senders = await connected(address, sockets)
    minute = datetime.now().replace(second=0, microsecond=0) - timedelta(minutes=minutes + 5)
    by_minute: list[float] = []
    late = due = 0
    for number in range(minutes):
        begun, at = time.monotonic(), minute + timedelta(minutes=number)
        for tick in range(600):  # tenths of a second
            for outlet in range(tick, outlets, 600):
                sender = senders[outlet % sockets]
                if not sender.gone:
                    sender.send(outlet, at)
                due += 1
            await asyncio.sleep(max(0.0, begun + (tick + 1) / 10 - time.monotonic()))
        delays = [delay for sender in senders for delay in sender.delays[-(outlets // sockets) :]]
        by_minute.append(round(statistics.median(delays or [0.0]), 3))
        print(f"minute {number + 1}: median delay {by_minute[-1]} s", file=sys.stderr, flush=True)
    end = time.monotonic() + 60
    while any(sender.waiting or sender.held for sender in senders) and time.monotonic() < end:
        await asyncio.sleep(0.1)
    late = sum(sender.late for sender in senders)
    delays = sorted(delay for sender in senders for delay in sender.delays)
    for sender in senders:
        sender.transport.close()
    return {
        "due": due,
        "sent": sum(sender.sent for sender in senders),
        "acknowledged": len(delays),
        "late_to_send": late,
        "connections_lost": sum(sender.gone for sender in senders),
        "delay_seconds_median": round(statistics.median(delays or [0.0]), 3),
        "delay_seconds_99": round(delays[int(len(delays) * 0.99)], 3) if delays else None,
        "delay_seconds_worst": round(delays[-1], 3) if delays else None,
        "median_delay_by_minute": by_minute,
        "falls_behind": len(by_minute) > 2 and by_minute[-1] > 3 * max(by_minute[0], 1.0),
    }


def sender_process(
    address: tuple[str, int], outlets: int, sockets: int, minutes: int, pipe: Connection
) -> None:
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    pipe.send(asyncio.run(report(address, outlets, sockets, minutes)))


async def cost_of_connections(server: Server, sockets: int) -> float:
    """Kilobytes of the server a connection whose outlet reported once."""
    minute = datetime.now().replace(second=0, microsecond=0)
    first = await connected(server.device, 200)
    await _reported(first, 0, minute)
    before = memory(server.pid)[0]
    more = await connected(server.device, sockets)
    await _reported(more, 200, minute)
    await asyncio.sleep(2)
    return (memory(server.pid)[0] - before) * 1024 / sockets


async def _reported(senders: list[Sender], outlet: int, minute: datetime) -> None:
    for number, sender in enumerate(senders):
        sender.send(outlet + number, minute)
        if number % 200 == 199:
            await asyncio.sleep(0.05)
    async with asyncio.timeout(120):
        while any(sender.waiting for sender in senders):
            await asyncio.sleep(0.05)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--outlets", type=int, default=100_000)
    options.add_argument("--sockets", type=int, default=2_000)
    options.add_argument("--minutes", type=int, default=10)
    options.add_argument("--connections", action="store_true")
    given = options.parse_args()
    with contextlib.ExitStack() as running:
        folder = Path(running.enter_context(tempfile.TemporaryDirectory()))
        server = Server(folder / "data")
        outlets = given.sockets + 200 if given.connections else given.outlets
        server.prepare(REGISTRY.format(outlets=outlets))
        running.enter_context(server)
        if given.connections:
            cost = round(asyncio.run(cost_of_connections(server, given.sockets)), 1)
            kept = json.loads(FILE.read_text()) | {"kilobytes_a_connection": cost}
            FILE.write_text(json.dumps(kept, indent=1) + "\n")
            print(json.dumps({"sockets": given.sockets, "kilobytes_a_connection": cost}))
            return
        ours, theirs = multiprocessing.Pipe()
        sender = multiprocessing.Process(
            target=sender_process,
            args=(server.device, given.outlets, given.sockets, given.minutes, theirs),
        )
        begun, before = time.monotonic(), cpu_seconds(server.pid)
        sender.start()
        result = ours.recv()
        took = time.monotonic() - begun
        result |= {
            "outlets": given.outlets,
            "sockets": given.sockets,
            "minutes": given.minutes,
            "server_cores_used": round((cpu_seconds(server.pid) - before) / took, 2),
            "memory_mb_now_and_peak": memory(server.pid),
        }
        sender.join()
    print(json.dumps(result))


if __name__ == "__main__":
    main()
