"""What the gateway's attackers cost the house: memory of the server, and how pages and a true device fare meanwhile.

    python -m benchmarks.gateway_attacks [--seconds 10] [--connections 1000]

A real server takes each attack in turn for so many seconds from processes of their own, while one person opens the
sign-in page and one device reports hour after hour. Printed an attack: pages and acknowledgements with their median,
what 95 % stayed below and the worst (ms; 60,000 is no answer), resident memory before, at the most and a little after,
open connections after, what was sent. At the end the health page has to say ok.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from pathlib import Path

import httpx
from tests.cli.server import Server

from ecoledger.hj212.encoding import framed

Address = tuple[str, int]
_PW = "123456"
_POINT = """
from ecoledger.entities.models import Station
from ecoledger.monitoring.alarming.alarms import default_rules
from ecoledger.monitoring.models import AlarmRule, Point, PointParameter
default_rules()
AlarmRule.objects.filter(detector="missing").update(enabled=False)
s = Station.objects.create(code="A-1", name="S", area_code="990101001", medium="air", level="micro", counts_in_area=False)
p = Point.objects.create(entity=s, kind="air", name="S", area_code=s.area_code, mn="1" * 24, password="123456")
PointParameter.objects.create(point=p, code="a34004", name="PM2.5", unit="µg/m³", interval_seconds=60)
"""


def _frame(mn: str, when: datetime, number: int, secret: str = _PW) -> bytes:
    qn = f"{when + timedelta(minutes=1):%Y%m%d%H%M%S}{number % 1000:03}"
    data = f"DataTime={when:%Y%m%d%H%M%S};a34004-Avg={20 + number % 60},a34004-Flag=N"
    head = f"QN={qn};ST=22;CN=2051;PW={secret};MN={mn};Flag=5;CP=&&{data}&&"
    return framed(head.encode())


# -- attacks: coroutines that run until they are cancelled, and count what they did -----------------


async def _many_idle(address: Address, count: int, sent: list[int]) -> None:
    """Connections that say nothing."""
    held = []
    for _ in range(count):
        with contextlib.suppress(OSError):
            held.append(await asyncio.open_connection(*address))
            sent[0] += 1
    await asyncio.sleep(3600)


async def _slow(address: Address, count: int, sent: list[int]) -> None:
    """Connections that send a frame byte by byte, one a tenth of a second."""

    async def one() -> None:
        while True:
            with contextlib.suppress(OSError):
                _reader, writer = await asyncio.open_connection(*address)
                for n in range(100_000):
                    writer.write(b"##0900QN="[n % 9 : n % 9 + 1])
                    await writer.drain()
                    sent[0] += 1
                    await asyncio.sleep(0.1)
            await asyncio.sleep(0.05)

    await asyncio.gather(*(one() for _ in range(count)))


async def _churn(address: Address, count: int, sent: list[int]) -> None:
    """Connecting and hanging up as fast as it goes."""

    async def one() -> None:
        while True:
            with contextlib.suppress(OSError):
                _reader, writer = await asyncio.open_connection(*address)
                writer.close()
                sent[0] += 1
            await asyncio.sleep(0)

    await asyncio.gather(*(one() for _ in range(min(count, 50))))


def _pouring(
    content: Callable[[int], bytes],
) -> Callable[[Address, int, list[int]], Awaitable[None]]:
    """An attack that writes without reading; each connection begins anew when it was hung up on."""

    async def pour(address: Address, count: int, sent: list[int]) -> None:
        async def one(number: int) -> None:
            while True:
                with contextlib.suppress(OSError):
                    _reader, writer = await asyncio.open_connection(*address)
                    for n in range(1_000_000):
                        data = content(number * 1_000_003 + n)
                        writer.write(data)
                        await writer.drain()
                        sent[0] += len(data)
                        if n % 16 == 0:
                            await asyncio.sleep(0)
                await asyncio.sleep(0.01)

        await asyncio.gather(*(one(n) for n in range(min(count, 20))))

    return pour


_NOISE = random.Random(212).randbytes(1 << 16)
_NOW = datetime(2026, 5, 1)
ATTACKS: dict[str, Callable[[Address, int, list[int]], Awaitable[None]]] = {
    "idle connections": _many_idle,
    "slow senders": _slow,
    "connecting and leaving": _churn,
    "garbage": _pouring(lambda n: _NOISE),
    "frames without end": _pouring(lambda n: b"##9999QN=" if n % 50_000 == 0 else b"a21026-Avg=1;" * 512),
    "frames of invented devices": _pouring(lambda n: _frame(f"{n:024d}", _NOW, n)),
    "a device's number with a wrong password": _pouring(lambda n: _frame("1" * 24, _NOW, n, "000000")),
    "one true frame again and again": _pouring(lambda n: _frame("1" * 24, _NOW, 7)),
}  # fmt: skip


def attack(name: str, address: Address, count: int, counter: object) -> None:
    """Run one attack; killed from outside."""
    sent = [0]

    async def work() -> None:
        asyncio.get_running_loop().create_task(ATTACKS[name](address, count, sent))
        while True:
            await asyncio.sleep(0.2)
            counter.value = sent[0]  # type: ignore[attr-defined]

    asyncio.run(work())


# -- what is measured -------------------------------------------------------------------------------


def memory(pid: int) -> int:
    """Resident memory of the server, MiB."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") >> 20


async def _opened(http: str, seconds: float) -> list[float]:
    times = []
    async with httpx.AsyncClient(timeout=60) as client:
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            begun = time.perf_counter()
            answer = await client.get(http + "sign-in")
            assert answer.status_code == 200, answer.status_code  # noqa: S101
            times.append(1000 * (time.perf_counter() - begun))
            await asyncio.sleep(0.05)
    return times


async def _reported(address: Address, begin: datetime, seconds: float) -> list[float]:
    """Minutes from ``begin`` on, one after the other, each when the one before was acknowledged."""
    times: list[float] = []
    end = time.monotonic() + seconds
    reader = writer = None
    while time.monotonic() < end:
        if writer is None:
            reader, writer = await asyncio.open_connection(*address)
        begun = time.perf_counter()
        writer.write(_frame("1" * 24, begin + timedelta(minutes=len(times)), len(times)))
        try:
            answer = await asyncio.wait_for(reader.readuntil(b"\r\n"), 60)  # type: ignore[union-attr]
        except TimeoutError:
            times.append(60_000)
            writer.close()
            writer = None
            continue
        assert b"CN=9014" in answer, answer  # noqa: S101
        times.append(1000 * (time.perf_counter() - begun))
        await asyncio.sleep(0.05)
    if writer is not None:
        writer.close()
    return times


def _said(times: list[float]) -> str:
    nearly_all = sorted(times)[int(0.95 * (len(times) - 1))]
    return f"{statistics.median(times):.0f} / {nearly_all:.0f} / {max(times):.0f}"


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--seconds", type=float, default=10)
    options.add_argument("--connections", type=int, default=1000)
    said = options.parse_args()
    reported = 0
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data")
        server.prepare(_POINT)
        with server:
            names = ["nothing", *ATTACKS]
            print(f"{'':40}{'pages ms':>18}{'device ms':>20}{'MiB':>16}  left  sent")
            for n, name in enumerate(names):
                begin = datetime(2026, 5, 2) + timedelta(days=n)
                before, most = memory(server.pid), 0
                context = multiprocessing.get_context("spawn")
                counter = context.Value("q", 0)
                process = context.Process(
                    target=attack,
                    args=(name, server.device, said.connections, counter),
                    daemon=True,
                )
                if name in ATTACKS:
                    process.start()
                    time.sleep(3)

                async def together(begin: datetime = begin) -> tuple[list[float], list[float]]:
                    nonlocal most

                    async def watch() -> None:
                        nonlocal most
                        while True:
                            most = max(most, memory(server.pid))
                            await asyncio.sleep(0.1)

                    watching = asyncio.create_task(watch())
                    both = await asyncio.gather(
                        _opened(server.http, said.seconds),
                        _reported(server.device, begin, said.seconds),
                    )
                    watching.cancel()
                    return both

                pages, device = asyncio.run(together())
                reported += sum(one < 60_000 for one in device)
                if name in ATTACKS:
                    process.kill()
                    process.join()
                time.sleep(3)
                health = httpx.get(server.http + "health", timeout=60).json()
                left = health.get("gateway", {}).get("connections_open", "?")
                sizes = f"{before} {most} {memory(server.pid)}"
                print(
                    f"{name:40}{_said(pages):>18}{_said(device):>20}{sizes:>16}{left:>6}  {counter.value:,}",
                    flush=True,
                )
            health = httpx.get(server.http + "health", timeout=60).json()
            print(json.dumps({"ok": health["ok"], "acknowledged": reported}))
    sys.exit(0 if health["ok"] else 1)


if __name__ == "__main__":
    main()
