"""Commands to devices, by the gateway that holds the device's connection, wherever it runs."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from typing import Any, Final

from ecoledger.hj212 import Answer, Gateway, Packet, UnreachableError, decode, encode

from .connection import Bus

FOUND_WITHIN: Final = 1.0
"""Seconds in which a gateway says that it holds a connection."""
MORE: Final = 0.05
"""Seconds that others have after the first: a device that moved may be known to two for a while."""
ANSWER: Final = 120.0


async def answer_for(bus: Bus, gateway: Gateway) -> None:
    """Answer for the devices of a gateway: whether it holds them, and commands to them."""

    async def where(_: str, data: bytes) -> bytes | None:
        silence = gateway.silence(data.decode())
        if silence is None:
            return None
        return json.dumps({"gateway": bus.name, "silence": silence}).encode()

    async def ask(_: str, data: bytes) -> bytes:
        said = json.loads(data)
        try:
            answer = await gateway.ask(said["mn"], said["cn"], said["fields"], pw=said["pw"])
        except UnreachableError as error:
            return json.dumps({"unreachable": str(error)}).encode()
        return _written(answer)

    await bus.listen(bus.subject("where"), where)
    # A device takes its time to answer; others must not wait for it.
    await bus.listen(bus.subject("ask", bus.name), ask, beside=True)


class Askers:
    """All gateways of the bureau, as one that reaches every device."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._loop = asyncio.get_running_loop()

    def reaches(self, mn: str) -> bool:
        found = asyncio.run_coroutine_threadsafe(self._where(mn), self._loop)
        return found.result(FOUND_WITHIN + 2) is not None

    async def ask(
        self, mn: str, cn: str, fields: Mapping[str, str] | None = None, *, pw: str | None = None
    ) -> Answer:
        """As :meth:`ecoledger.hj212.Gateway.ask`."""
        gateway = await self._where(mn)
        if gateway is None:
            raise UnreachableError(f"设备 {mn} 没有在线的连接")
        said = {"mn": mn, "cn": cn, "fields": dict(fields or {}), "pw": pw}
        data = await self._bus.request(
            self._bus.subject("ask", gateway), json.dumps(said).encode(), ANSWER
        )
        return _read(data)

    async def _where(self, mn: str) -> str | None:
        """The gateway that heard from the device last."""
        said = await self._bus.gather(self._bus.subject("where"), mn.encode(), FOUND_WITHIN, MORE)
        answers = [json.loads(data) for data in said]
        if not answers:
            return None
        return str(min(answers, key=lambda answer: float(answer["silence"]))["gateway"])


def _written(answer: Answer) -> bytes:
    return json.dumps(
        {
            "request": _text(answer.request),
            "accepted": answer.accepted,
            "executed": answer.executed,
            "packets": [_text(packet) for packet in answer.packets],
            "sent": answer.sent,
            "acknowledged": answer.acknowledged,
        }
    ).encode()


def _read(data: bytes) -> Answer:
    said: dict[str, Any] = json.loads(data)
    if "unreachable" in said:
        raise UnreachableError(said["unreachable"])
    packets = tuple(decode(text.encode("latin-1")) for text in said.pop("packets"))
    request = decode(said.pop("request").encode("latin-1"))
    return Answer(request=request, packets=packets, **said)


def _text(packet: Packet) -> str:
    return (packet.raw or encode(packet)).decode("latin-1")
