"""How many minute packets a second the real server stores durably and acknowledges, over TCP.

    python -m benchmarks.end_to_end [--packets 200000] [--connections 50] [--points 500]

The packet is the one parsers are compared by: ST=22, CN=2051, ten factors with Min, Avg, Max and Flag, 754 bytes. The
sender is a process of its own that keeps a bounded number of packets unanswered on each connection; a packet counts
when its 9014 has come back, which is after the commit. Then, with the server at rest, the time from writing an
exceeding hour to the socket until the page's live event: median and worst of several.

With ``--against REVISION`` the build of that revision, in a git worktree of its own, and this one are measured in
turn (five pairs unless ``--pairs`` says otherwise), so that the ratio comes from one run on one machine.

Prints one JSON object. Needs nothing but the project itself.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import os
import re
import statistics
import sys
import tempfile
import time
import urllib.request
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from benchmarks import pairs
from tests.cli.server import Server

from ecoledger.hj212.encoding import framed

FACTORS = [
    "a34004",
    "a34002",
    "a21026",
    "a21004",
    "a21005",
    "a05024",
    "a01001",
    "a01002",
    "a01006",
    "a01007",
]
FLUE_GAS = "F" * 24
WINDOW = 400
PATIENCE = 300  # seconds for the work that the load left behind
SETTLING = 6  # seconds after the start in which a server loads what it will need
# By the clock, where sender and server share the processors; and what the server alone spends.
COMPARED = ["packets_per_second", "server_seconds_per_1000_packets"]

REGISTRY = """
from decimal import Decimal
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY
from ecoledger.accounts.models import Person
from ecoledger.entities.models import Enterprise, Outlet, Station
from ecoledger.monitoring.models import AlarmRule, Limit, Point, PointParameter
from ecoledger.monitoring.alarming.alarms import default_rules
default_rules()
# Alarms about the points that have not reported yet would be taken for the one that is timed.
AlarmRule.objects.filter(detector="missing").update(enabled=False)
for n in range({points}):
    s = Station.objects.create(code=f"A-{{n}}", name=f"S{{n}}", area_code="990101001", medium="air",
                               level="micro", counts_in_area=False)
    p = Point.objects.create(entity=s, kind="air", name=s.name, area_code=s.area_code, mn=f"{{n:024d}}")
    PointParameter.objects.bulk_create(
        PointParameter(point=p, code=c, name=c, unit="µg/m³", interval_seconds=60,
                       device_unit="µg/m³") for c in {factors!r})
e = Enterprise.objects.create(code="E", name="E", area_code="990101001")
o = Outlet.objects.create(code="E-DA001", name="O", area_code="990101001", parent=e, number="DA001", medium="gas")
for n in range(40):
    p = Point.objects.create(entity=o, kind="flue_gas", name=f"O{{n}}", area_code="990101001", owner_code="E",
                             mn=f"F{{n:023d}}")
    PointParameter.objects.create(point=p, code="a21026", name="SO2", unit="mg/m³")
Limit.objects.create(entity=o, parameter="a21026", value=Decimal(50), unit="mg/m³", basis="hour")
person = Person.objects.create(username="m", name="m", roles=["monitor"], area_codes=["990101"])
person.set_unusable_password(); person.save()
session = SessionStore()
session[SESSION_KEY] = str(person.pk)
session[BACKEND_SESSION_KEY] = "django.contrib.auth.backends.ModelBackend"
session[HASH_SESSION_KEY] = person.get_session_auth_hash()
session.create()
(Path(sys.argv[1]).parent / "session").write_text(session.session_key)
"""


def minute_packet(mn: str, when: datetime, number: int) -> bytes:
    """A minute packet of 754 bytes of data segment, its values varying with ``number``."""
    parts = []
    for k, code in enumerate(FACTORS):
        # Within the range of every instrument, so that no automatic check has to speak.
        value = 51 + (number * 7 + k * 13) % 8
        parts.append(
            f"{code}-Min={value - 1}.1,{code}-Avg={value}.2,{code}-Max={value + 1}.3,{code}-Flag=N"
        )
    qn = (when + timedelta(minutes=1)).strftime("%Y%m%d%H%M%S") + f"{number % 1000:03}"
    head = f"QN={qn};ST=22;CN=2051;PW=123456;MN={mn};Flag=5;CP=&&DataTime={when:%Y%m%d%H%M%S};"
    return framed((head + ";".join(parts) + "&&").encode())


def frames(points: int, packets: int) -> list[bytes]:
    """``packets`` different frames: minute after minute, each minute one frame a point."""
    begin = datetime(2026, 5, 1)
    return [
        minute_packet(f"{n % points:024d}", begin + timedelta(minutes=n // points), n)
        for n in range(packets)
    ]


class _Sender(asyncio.Protocol):
    def __init__(self, waiting: list[bytes], done: asyncio.Event) -> None:
        self.waiting = waiting
        self.sent = 0
        self.acknowledged = 0
        self.done = done
        self.tail = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self._send()

    def _send(self) -> None:
        free = WINDOW - (self.sent - self.acknowledged)
        if free >= WINDOW // 4:
            chunk = self.waiting[self.sent : self.sent + free]
            self.sent += len(chunk)
            if chunk:
                self.transport.write(b"".join(chunk))

    def data_received(self, data: bytes) -> None:
        text = self.tail + data
        found = text.count(b"CN=9014")
        cut = text.rfind(b"CN=9014")
        self.tail = text[max(cut + 7, len(text) - 6) :]
        self.acknowledged += found
        if self.acknowledged >= len(self.waiting):
            self.done.set()
        else:
            self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self.done.set()


async def _send_all(host: str, port: int, shares: list[list[bytes]]) -> tuple[int, float]:
    loop = asyncio.get_running_loop()
    events = [asyncio.Event() for _ in shares]
    begun = time.perf_counter()
    made = [
        await loop.create_connection(lambda s=share, e=event: _Sender(s, e), host, port)
        for share, event in zip(shares, events, strict=True)
    ]
    await asyncio.gather(*(event.wait() for event in events))
    took = time.perf_counter() - begun
    for transport, _ in made:
        transport.close()
    return sum(sender.acknowledged for _, sender in made), took


def send(host: str, port: int, points: int, packets: int, connections: int, pipe: object) -> None:
    """The sender's process: makes its frames, waits for the word, sends."""
    made = frames(points, packets)
    shares = [made[n::connections] for n in range(connections)]
    import uvloop

    pipe.send("ready")
    pipe.recv()
    began = time.process_time()
    acknowledged, took = uvloop.run(_send_all(host, port, shares))
    pipe.send((acknowledged, took, time.process_time() - began))


def memory(pid: int) -> tuple[float, float]:
    """Resident memory of a process now and at its peak, MB."""
    text = Path(f"/proc/{pid}/status").read_text()
    now, peak = (int(re.search(rf"{name}:\s+(\d+)", text)[1]) / 1024 for name in ("VmRSS", "VmHWM"))
    return round(now), round(peak)


def cpu_seconds(pid: int) -> float:
    """Processor time a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def rests(pid: int) -> bool:
    """Whether a process does next to nothing for a second."""
    before = cpu_seconds(pid)
    time.sleep(1)
    return cpu_seconds(pid) - before < 0.1


async def _line(reader: asyncio.StreamReader) -> bytes:
    line = await reader.readline()
    if not line:
        raise RuntimeError("the server ended the page's events")
    return line


async def alarm_latency(server: Server, session: str, rounds: int) -> list[float]:
    """Seconds from writing an exceeding hour to the socket until the live event reaches the page."""
    host, port = server.http.removeprefix("http://").rstrip("/").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(
        f"GET /live HTTP/1.1\r\nHost: {host}\r\nCookie: sessionid={session}\r\n"
        "Accept: text/event-stream\r\n\r\n".encode()
    )
    status = await reader.readline()
    if b" 200 " not in status:
        raise RuntimeError(f"the page's events were refused: {status!r}")
    while (await reader.readline()).strip():
        pass
    # The first event says that the subscription stands.
    while (await _line(reader)).strip() != b"retry: 3000":
        pass
    _, device = await asyncio.open_connection(*server.device)
    taken = []
    when = datetime.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    for n in range(rounds):
        segment = (
            f"QN={when:%Y%m%d%H%M%S}{n:03};ST=31;CN=2061;PW=123456;MN=F{n:023d};Flag=5;"
            f"CP=&&DataTime={when:%Y%m%d%H%M%S};a21026-Avg=9{n}.5,a21026-Flag=N&&"
        )
        begun = time.perf_counter()
        device.write(framed(segment.encode()))
        async with asyncio.timeout(60):
            while not (await _line(reader)).startswith(b"event: alarm"):
                pass
        taken.append(time.perf_counter() - begun)
        await asyncio.sleep(0.3 + 0.13 * (n % 7))
    writer.close()
    device.close()
    return taken


def health(server: Server) -> dict[str, Any]:
    with urllib.request.urlopen(server.http + "health", timeout=60) as answer:  # noqa: S310
        return json.load(answer)


def main() -> None:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--packets", type=int, default=200_000)
    options.add_argument("--connections", type=int, default=50)
    options.add_argument("--points", type=int, default=500)
    options.add_argument("--alarms", type=int, default=20)
    options.add_argument("--against", help="a revision to compare with")
    options.add_argument("--pairs", type=int, default=5)
    options.add_argument("--figures", nargs="+", default=COMPARED, help="what to compare them by")
    given = options.parse_args()
    if given.against:
        print(json.dumps(pairs.measured("benchmarks.end_to_end", given.against, given.pairs, [
            "--packets", str(given.packets), "--connections", str(given.connections),
            "--points", str(given.points), "--alarms", str(given.alarms),
        ], given.figures)))  # fmt: skip
        return
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder) / "data")
        server.prepare(REGISTRY.format(points=given.points, factors=FACTORS))
        with server:
            pid = server.process.pid
            ours, theirs = multiprocessing.Pipe()
            sender = multiprocessing.Process(
                target=send,
                args=(*server.device, given.points, given.packets, given.connections, theirs),
            )
            sender.start()
            ours.recv()
            time.sleep(SETTLING)
            while not rests(pid):
                pass
            before = cpu_seconds(pid)
            ours.send("go")
            acknowledged, took, sending = ours.recv()
            used = cpu_seconds(pid) - before
            sender.join()
            result = {
                "packets": given.packets,
                "acknowledged": acknowledged,
                "seconds": round(took, 2),
                "packets_per_second": round(acknowledged / took),
                "observations_per_second": round(acknowledged * len(FACTORS) / took),
                "packets_a_batch": round(acknowledged / health(server)["gateway"]["batches"]),
                "server_cores_used": round(used / took, 2),
                "sender_cores_used": round(sending / took, 2),
                "server_seconds_per_1000_packets": round(1000 * used / acknowledged, 4),
                # What is left to others on a busy machine changes the figure above more than this one.
                "packets_a_second_and_core": round(acknowledged / used),
                "memory_mb_now_and_peak": memory(pid),
            }
            print(json.dumps(result), file=sys.stderr)
            if given.alarms:
                begun = time.perf_counter()
                while waiting := health(server)["store"]["pending"]:
                    if time.perf_counter() - begun > PATIENCE:
                        raise RuntimeError(f"still {waiting} hours pending\n{server.log()[-4000:]}")
                    time.sleep(0.2)
                result["aggregated_after_seconds"] = round(time.perf_counter() - begun, 1)
                session = (Path(folder) / "session").read_text()
                latencies = asyncio.run(alarm_latency(server, session, given.alarms))
                result["alarm_seconds_median"] = round(statistics.median(latencies), 3)
                result["alarm_seconds_worst"] = round(max(latencies), 3)
            result["memory_mb_at_end"] = memory(pid)[0]
            size = sum(f.stat().st_size for f in server.data.iterdir() if f.is_file())
            result["data_folder_mb"] = round(size / 1e6)
    print(json.dumps(result))


if __name__ == "__main__":
    main()
