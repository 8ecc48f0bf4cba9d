"""Gateways, writers, commands and events over a NATS server of the test's own."""

from __future__ import annotations

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
from benchmarks.kill_nine import REGISTRY, verify
from tests.cli.server import Server
from tests.cluster import nats_server
from tests.cluster.nats_server import Nats
from tests.cluster.roles import PATIENCE, Role, settled

pytest.importorskip("nats")
from ecoledger.bus import commands, connection, leases, live_events
from ecoledger.bus.connection import Bus, BusError, Settings
from ecoledger.bus.leases import Leases
from ecoledger.hj212 import Gateway, UnreachableError
from ecoledger.hj212.client import Client, Device
from ecoledger.live import events

pytestmark = pytest.mark.skipif(nats_server.program() is None, reason="there is no NATS server")
_prefixes = (f"t{n}" for n in itertools.count())


@pytest.fixture(scope="module")
def nats() -> Iterator[Nats]:
    with nats_server.started() as server:
        yield server


@pytest.fixture
async def buses(nats: Nats, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[tuple[Bus, Bus]]:
    """Two processes' connections of one bureau, patient with a machine that stands still for a while."""
    monkeypatch.setattr(connection, "PUBLISH_PATIENCE", PATIENCE)
    monkeypatch.setattr(leases, "LENGTH", PATIENCE)
    settings = Settings.of(nats.url(prefix=next(_prefixes), partitions=4, most_mb=1))
    one, other = Bus(settings), Bus(settings)
    await one.connect()
    await other.connect()
    yield one, other
    await one.close()
    await other.close()


async def test_a_bundle_published_twice_is_kept_once(buses: tuple[Bus, Bus]) -> None:
    one, other = buses
    await one.persist(0, b"bundle", "number-1")
    await other.persist(0, b"bundle", "number-1")
    await one.persist(0, b"bundle", "number-2")
    assert (await one.waiting())[0] == 2


async def test_a_full_stream_refuses_and_takes_again_when_it_is_read(
    buses: tuple[Bus, Bus],
) -> None:
    one, other = buses

    async def fill() -> None:
        for number in range(20):
            await one.persist(0, b"x" * 200_000, f"big-{number}")

    with pytest.raises(BusError, match="maximum bytes"):
        await fill()
    messages: list = []
    pull = await other.pull(0, messages.append)
    await pull.ask(8)
    async with asyncio.timeout(PATIENCE):
        while not messages:
            await asyncio.sleep(0.01)
    for message in messages:
        await message.ack_sync()
    await one.persist(0, b"x" * 200_000, "after")
    await pull.close()


async def test_a_partition_has_one_holder_and_ends_with_it(buses: tuple[Bus, Bus]) -> None:
    one, other = Leases(buses[0], "writers"), Leases(buses[1], "writers")
    await one.begin()
    await other.begin()
    assert await one.take("partition.0")
    assert not await other.take("partition.0")
    assert await one.take("partition.0")
    assert (await one.number(4), await other.number(4)) == (0, 1)
    await other.members()
    assert set(await one.members()) == {bus.name for bus in buses}
    await one.leave()
    assert await other.take("partition.0")
    assert not await one.take("partition.0")
    assert await other.members() == [buses[1].name]


async def test_a_command_finds_the_gateway_that_holds_the_device(
    buses: tuple[Bus, Bus], monkeypatch: pytest.MonkeyPatch
) -> None:
    mn = "8" * 24

    async def handler(batch, connections):  # type: ignore[no-untyped-def]
        return None

    first, second = Gateway(handler), Gateway(handler)
    for bus, gateway in zip(buses, (first, second), strict=True):
        await gateway.listen()
        await commands.answer_for(bus, gateway)
    askers = commands.Askers(buses[0])
    with pytest.raises(UnreachableError):
        await askers.ask(mn, "1011", pw="123456")
    assert not await asyncio.to_thread(askers.reaches, mn)
    monkeypatch.setattr(commands, "FOUND_WITHIN", PATIENCE)  # it is there: the answer ends the wait
    host, port = second._servers[0].sockets[0].getsockname()[:2]
    device = Device(mn=mn, st="31")

    async with await Client(on_request=device.respond).connect(host, port) as client:
        await client.send(device.packet("2011"))
        answer = await askers.ask(mn, "1011", pw="123456")
        assert answer.ok
        assert answer.packets[0].fields["SystemTime"]
        assert await asyncio.to_thread(askers.reaches, mn)
    await first.close()
    await second.close()


async def test_an_event_reaches_the_pages_of_another_process(buses: tuple[Bus, Bus]) -> None:
    one, other = buses
    heard: list = []
    await live_events.carry(one, lambda topic, payload: heard.append((topic, payload)))
    try:
        with events.subscribe(["alarm"]) as subscription:
            # As another process publishes it.
            await other.tell(
                other.subject("live", "alarm"),
                json.dumps({"from": other.name, "payload": {"alarm": 7}}).encode(),
            )
            async with asyncio.timeout(PATIENCE):
                event = await anext(subscription)
            assert (event.topic, event.payload) == ("alarm", {"alarm": 7})
            # One's own comes once, not again over the bus.
            events.publish("alarm", {"alarm": 8})
            async with asyncio.timeout(PATIENCE):
                assert (await anext(subscription)).payload == {"alarm": 8}
            await asyncio.sleep(0.2)
            assert not subscription._waiting
        assert heard == [("alarm", {"alarm": 7})]
    finally:
        live_events.stop()


def test_two_gateways_and_a_writer_that_is_killed_lose_nothing(nats: Nats, tmp_path: Path) -> None:
    data = tmp_path / "data"
    settings = {"ECOLEDGER_BUS": nats.url(prefix="gw", partitions=4)}
    house = Server(data, "--no-gateway", settings=settings)
    house.prepare(REGISTRY)
    acknowledged: set[int] = set()
    given = [iter(range(n, 10**9, 2)) for n in range(2)]
    left: list[set[int]] = [set(), set()]
    with Role("gateway", data, settings) as one, Role("gateway", data, settings) as other:
        for dies in (True, False):
            house.start()
            addresses = (one.device, other.device)
            kill = house.kill if dies else house.log
            asyncio.run(load_through(kill, addresses, left, given, acknowledged))
        assert len(acknowledged) >= 600
        asyncio.run(settled(settings["ECOLEDGER_BUS"]))
        house.stop()
    result = verify(data, acknowledged)
    assert (result["lost"], result["doubled"], result["problems"]) == (0, 0, 0)
    assert result["stored"] >= len(acknowledged)


async def load_through(kill, devices, left, given, acknowledged) -> None:  # type: ignore[no-untyped-def]
    """Send over one connection a gateway until packets are acknowledged before and after ``kill``."""
    from benchmarks.kill_nine import _Device

    loop = asyncio.get_running_loop()
    made = []
    for address, stream, unanswered in zip(devices, given, left, strict=True):
        _, device = await loop.create_connection(
            lambda s=stream, u=unanswered: _Device(s, u, acknowledged), *address
        )
        made.append(device)

    async def more() -> None:
        enough = len(acknowledged) + 150
        async with asyncio.timeout(PATIENCE):
            while len(acknowledged) < enough:
                await asyncio.sleep(0.05)

    await more()
    await asyncio.to_thread(kill)
    await more()
    for device in made:
        device.transport.close()
