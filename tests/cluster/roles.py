"""Gateways and writers as processes of their own, for tests and benchmarks."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Self

from tests.cluster import guardian, places

# A machine may be slow and busy; a wait ends as soon as what it waits for is there.
PATIENCE = 600.0


async def settled(url: str) -> float:
    """Seconds until the writers have stored all that the stream of the bus at ``url`` holds."""
    from ecoledger.bus.connection import Bus, BusError, Settings

    begun = time.monotonic()
    bus = Bus(Settings.of(url))
    await bus.connect()
    try:
        async with asyncio.timeout(PATIENCE):
            while True:
                with contextlib.suppress(BusError):
                    if not (await bus.waiting())[0]:
                        return time.monotonic() - begun
                await asyncio.sleep(0.05)
    finally:
        await bus.close()


def first_line(process: subprocess.Popen[str]) -> str:
    """What the process says first; empty when it ends before, or is killed because it said nothing for too long."""
    assert process.stdout is not None
    late = threading.Timer(PATIENCE, process.kill)
    late.start()
    try:
        return process.stdout.readline()
    finally:
        late.cancel()


class Role:
    """``ecoledger gateway`` or ``ecoledger writer`` on a data folder."""

    def __init__(self, name: str, data: Path, settings: dict[str, str]) -> None:
        self.name = name
        self.data = data
        self.settings = settings
        self.process: subprocess.Popen[str] | None = None
        self.device = ("", 0)

    def start(self) -> Self:
        more = ["--hj212", f"127.0.0.1:{self.device[1]}"] if self.name == "gateway" else []
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("ECOLEDGER", "DJANGO"))}
        with (self.data.parent / f"{self.name}.log").open("a") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "ecoledger", self.name, "--data", str(self.data), *more],
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                env={
                    **kept,
                    "PYTHONUNBUFFERED": "1",
                    **places.environment(self.data),
                    **self.settings,
                },
            )
        guardian.watch(self.process)
        line = first_line(self.process)
        if not line:
            raise RuntimeError(f"the {self.name} did not start:\n{self.log()[-4000:]}")
        if address := json.loads(line).get("hj212"):
            host, port = address.rsplit(":", 1)
            self.device = (host, int(port))
        return self

    def kill(self) -> None:
        """``kill -9``."""
        assert self.process is not None
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process.pid, signal.SIGKILL)
        self.process.wait()
        guardian.let_go(self.process)

    def stop(self) -> int:
        assert self.process is not None
        if self.process.poll() is None:
            self.process.terminate()
        try:
            code = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.kill()
            return -9
        guardian.let_go(self.process)
        return code

    def log(self) -> str:
        return (self.data.parent / f"{self.name}.log").read_text()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()
