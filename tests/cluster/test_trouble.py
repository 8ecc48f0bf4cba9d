"""A writer that stands still, and disks that are full: devices are told to wait, memory stays bounded, nothing is lost.

Everything is this run's own and ends with it: the full disks are small ones in memory, mounted for a test, which only root
may do; where the tests are run by others those tests are reported as not run.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

pytest.importorskip("nats")
from benchmarks.bus_failures import Devices
from benchmarks.end_to_end import memory
from benchmarks.kill_nine import REGISTRY, verify
from tests.cli.server import Server
from tests.cluster import guardian, nats_server, places, postgres
from tests.cluster.nats_server import Nats
from tests.cluster.roles import Role, settled
from tests.path import county

needs_nats = pytest.mark.skipif(nats_server.program() is None, reason="there is no NATS server")
PATIENCE = 600.0
# Megabytes by which a gateway may grow while nothing is taken from it.
GROWTH = 150


@contextmanager
def small_disk(place: Path, megabytes: int, owner: int = 0) -> Iterator[Path]:
    """A disk of that size at ``place``."""
    done = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,uid={owner},gid={owner}", "none", place],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        pytest.skip(f"not run: a small disk cannot be mounted here: {done.stderr.strip()}")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", place], check=False)


async def until(there: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not there():
        assert time.monotonic() < end, f"waited in vain for {what}"
        await asyncio.sleep(0.1)


async def still(acknowledged: set[int]) -> int:
    """How many are acknowledged once no more come for six seconds."""
    count, since = len(acknowledged), time.monotonic()
    end = since + PATIENCE
    while time.monotonic() - since < 6:
        assert time.monotonic() < end, "acknowledgements do not end"
        if len(acknowledged) != count:
            count, since = len(acknowledged), time.monotonic()
        await asyncio.sleep(0.1)
    return count


async def sending(
    gateway: Role, acknowledged: set[int], story: Callable[[], Awaitable[None]]
) -> None:
    """Run ``story`` while devices send as fast as they are answered."""
    devices = [Devices(iter(range(n, 10**9, 4)), acknowledged) for n in range(4)]
    tasks = [asyncio.create_task(device.send(gateway.device)) for device in devices]
    try:
        await story()
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@needs_nats
def test_a_writer_that_stands_still_makes_devices_wait(tmp_path: Path) -> None:
    data = tmp_path / "data"
    acknowledged: set[int] = set()
    with nats_server.started() as nats:
        url = nats.url(prefix="slow", partitions=2, most_mb=1)
        settings = {"ECOLEDGER_BUS": url}
        Server(data, settings=settings).prepare(REGISTRY)
        with (
            Role("writer", data, settings) as writer,
            Role("gateway", data, settings) as gateway,
        ):
            assert writer.process is not None
            assert gateway.process is not None
            stalled, pid = writer.process.pid, gateway.process.pid

            async def story() -> None:
                await until(lambda: len(acknowledged) > 100, "the first acknowledgements")
                os.kill(stalled, signal.SIGSTOP)
                try:
                    before = memory(pid)[0]
                    # Devices go on asking; they are not answered, and what they send is not piled up.
                    waiting = await still(acknowledged)
                    assert memory(pid)[0] - before < GROWTH
                finally:
                    os.kill(stalled, signal.SIGCONT)
                await until(lambda: len(acknowledged) > waiting + 100, "answers again")

            asyncio.run(sending(gateway, acknowledged, story))
            asyncio.run(settled(url))
    result = verify(data, acknowledged)
    assert (result["lost"], result["doubled"], result["problems"]) == (0, 0, 0)


@needs_nats
def test_a_full_disk_of_the_stream_makes_devices_wait(tmp_path: Path) -> None:
    data = tmp_path / "data"
    acknowledged: set[int] = set()
    with guardian.folder("small") as place, small_disk(place, 8) as disk:
        nats = Nats(disk)
        settings = {"ECOLEDGER_BUS": nats.url(prefix="full", partitions=2, most_mb=4)}
        with nats:
            Server(data, settings=settings).prepare(REGISTRY)
            with Role("gateway", data, settings) as gateway:

                async def story() -> None:
                    await until(lambda: len(acknowledged) > 100, "the first acknowledgements")
                    filler = disk / "filler"
                    with contextlib.suppress(OSError), filler.open("wb") as file:
                        while True:
                            file.write(b"x" * 65536)
                            file.flush()
                    waiting = await still(acknowledged)
                    filler.unlink()
                    # JetStream may have given up on its disk: whoever looks after it starts it anew.
                    await asyncio.to_thread(nats.kill)
                    await asyncio.to_thread(nats.start)
                    with Role("writer", data, settings):
                        await until(lambda: len(acknowledged) > waiting + 100, "answers again")

                asyncio.run(sending(gateway, acknowledged, story))
                with Role("writer", data, settings):
                    asyncio.run(settled(settings["ECOLEDGER_BUS"]))
    result = verify(data, acknowledged)
    assert (result["lost"], result["doubled"], result["problems"]) == (0, 0, 0)


WORK = """
import json, sys
from pathlib import Path
from ecoledger.cli import data_folder
data_folder.use(Path(sys.argv[1]))
from django.db import DatabaseError, close_old_connections
from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.matters import actions, chain
from ecoledger.matters.models import Matter
from ecoledger.registers.problems.problem_ledger import REGISTER
officer = Person.objects.get(username="officer")
opened, refused = 0, ""
def work(count):
    global opened, refused
    for n in range(count):
        values = {"title": "水" * 60, "area_code": "990101001", "origin_kind": "self",
                  "description": "岸" * 4000}
        try:
            actions.open_matter(REGISTER, values, by=officer)
            opened += 1
        except DatabaseError as error:
            refused = f"{type(error).__name__}: {error}"
            close_old_connections()
            return
work(5)
print("ready", flush=True)
sys.stdin.readline()
work(4000)
print("refused" if refused else "never refused", flush=True)
sys.stdin.readline()
close_old_connections()
work(5)
broken = [b.why for b in (audit.first_broken(), chain.first_broken_overall()) if b]
print(json.dumps({"opened": opened, "there": Matter.objects.count(), "refused": refused, "broken": broken}))
"""


@pytest.mark.skipif(bool(postgres.available()), reason="there is no PostgreSQL")
def test_a_full_disk_of_the_database_refuses_and_breaks_nothing(tmp_path: Path) -> None:
    owner = postgres.NOBODY if os.geteuid() == 0 else os.geteuid()
    # Where the unprivileged user of the server may go.
    with (
        guardian.folder("small") as place,
        small_disk(place, 320, owner) as disk,
        postgres.Postgres(disk / "server", durable=True) as server,
    ):
        environment = places.on(server.url())
        subprocess.run(
            [sys.executable, "-c", BUILD, str(tmp_path / "data")], check=True, env=environment
        )
        process = subprocess.Popen(
            [sys.executable, "-c", WORK, str(tmp_path / "data")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment,
        )  # fmt: skip
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        filler = disk / "filler"
        with contextlib.suppress(OSError), filler.open("wb") as file:
            while True:
                file.write(b"x" * 65536)
                file.flush()
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "refused\n"
        filler.unlink()
        if server.process is not None and server.process.poll() is not None:
            server.start()  # it may have ended itself over its log
        server.wait()
        process.stdin.write("\n")
        process.stdin.flush()
        seen = json.loads(process.communicate(timeout=PATIENCE)[0])
    assert seen["broken"] == []
    assert seen["opened"] == seen["there"] >= 10
    assert seen["refused"]


BUILD = (
    "import sys; from pathlib import Path\n"
    "from ecoledger.cli import data_folder\n"
    "data_folder.use(Path(sys.argv[1]), make=True); data_folder.migrate()\n" + county.call("build")
)
