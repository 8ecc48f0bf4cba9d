"""A real server as seen from outside: by devices over TCP, and by people over HTTP."""

from __future__ import annotations

import asyncio
import os
import ssl
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
from tests.cli.server import Server
from tests.cluster.roles import settled
from tests.path import county

from ecoledger.hj212 import Packet, Value
from ecoledger.hj212.client import Client, Device
from ecoledger.hj212.dialogue import Timing
from ecoledger.live import times

ROOT = Path(__file__).resolve().parents[2]
# The machine may be slow and busy; a wait ends as soon as what it waits for is there.
PATIENCE = 180.0
# What the processes of a house are started with.
SETTINGS = {
    "DJANGO_SETTINGS_MODULE": "tests.path.settings",
    "PYTHONPATH": os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", "")))),
}
# Read once: a client of its own for each question would read the machine's certificate authorities anew.
AUTHORITIES = ssl.create_default_context()
PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 64


def until(there: Callable[[], Any], what: str, wait: Callable[[], Any] | None = None) -> Any:
    """Ask again and again until ``there`` says something true, and return that."""
    end = time.monotonic() + PATIENCE
    while not (found := there()):
        if time.monotonic() > end:
            raise AssertionError(f"waited {PATIENCE:.0f} s in vain for {what}")
        wait() if wait else time.sleep(0.1)
    return found


def apart(work: Coroutine[Any, Any, Any]) -> Any:
    """Run a coroutine in a loop of its own: Playwright's runs in this thread."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result(8 * PATIENCE)


def this_hour() -> datetime:
    """The start of the hour that is running, China standard time."""
    return times.now().replace(minute=0, second=0, microsecond=0)


def hours_ago(number: int) -> datetime:
    return this_hour() - timedelta(hours=number)


def build(folder: Path) -> None:
    """Write the county into the data folder ``folder``."""
    Server(folder, settings=SETTINGS).prepare(county.call("build"))


@dataclass(frozen=True)
class House:
    """The server as seen from outside: its addresses, its devices, and a look into its folder."""

    process: Server

    @property
    def http(self) -> str:
        return self.process.http.rstrip("/")

    def send(self, *packets: Packet) -> list[str]:
        """Send packets over one connection; what each was answered."""

        async def run() -> list[str]:
            timing = Timing(timeout=PATIENCE, resends=0)
            async with await Client(timing=timing).connect(*self.process.device) as client:
                answers = await asyncio.gather(*(client.send(one) for one in packets))
            await self._stored()
            return [answer.cn for answer in answers]

        return apart(run())

    async def _stored(self) -> None:
        """Over a bus a packet is acknowledged when the stream has it; wait until the store has it too."""
        if bus := self.process.environment.get("ECOLEDGER_BUS"):
            await settled(bus)

    def write(self, *parts: bytes) -> None:
        """Send bytes as they are and hang up."""

        async def run() -> None:
            _, writer = await asyncio.open_connection(*self.process.device)
            for part in parts:
                writer.write(part)
                await writer.drain()
            writer.close()

        apart(run())

    def emit(self, outlet: str, sulphur: float, *hours: datetime) -> None:
        """The analyser at an outlet reports hourly means of SO2 (mg/m³) and is acknowledged."""
        device = Device(county.MN[outlet], st="31")
        packets = [device.packet("2061", time=h, values=so2(sulphur)) for h in hours]
        assert self.send(*packets) == ["9014"] * len(hours)

    def ask(self, script: str) -> Any:
        """What Python inside the running server finds; it sets ``answer``."""
        answer = httpx.post(
            f"{self.http}/asked", content=script, timeout=PATIENCE, verify=AUTHORITIES
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def health(self) -> dict[str, Any]:
        return httpx.get(f"{self.http}/health", timeout=PATIENCE, verify=AUTHORITIES).json()

    def settled(self) -> None:
        """Until everything that arrived has been worked through."""
        apart(self._stored())
        until(lambda: self.health()["store"]["pending"] == 0, "pending work to be done")


def so2(value: float) -> tuple[Value, ...]:
    return (Value("a21026", "Avg", Decimal(str(value)), flag="N"),)


class Visitor(httpx.Client):
    """A person (or nobody) without a browser."""

    def __init__(self, house: House, username: str = "", password: str = county.PASSWORD) -> None:
        super().__init__(base_url=house.http, timeout=PATIENCE, verify=AUTHORITIES)
        if username:
            assert self.sign_in(username, password).headers.get("Location"), username

    def sign_in(self, username: str, password: str) -> httpx.Response:
        self.get("/sign-in")
        return self.submit("/sign-in", {"username": username, "password": password})

    def submit(self, address: str, form: dict[str, Any], **more: Any) -> httpx.Response:
        """Send a form as the page would, with its token."""
        token = self.cookies.get("csrftoken", "")
        return self.post(address, data={"csrfmiddlewaretoken": token, **form}, **more)

    def api(self, address: str, **query: Any) -> Any:
        answer = self.get(f"/api/v1/{address}", params=query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def act(self, case: int, name: str, **form: str) -> httpx.Response:
        """A step of an alarm case by the JSON interface."""
        return self.post(
            f"/api/v1/matters/alarm_case/{case}/do/{name}",
            json={"form": form},
            headers={"X-CSRFToken": self.cookies.get("csrftoken", "")},
        )

    def cases(self, outlet: str) -> list[dict[str, Any]]:
        return self.api("matters/alarm_case", q=outlet)

    def case(self, outlet: str) -> dict[str, Any]:
        """The case about an outlet, once there is one."""
        return until(lambda: self.cases(outlet), f"a case about {outlet}")[0]
