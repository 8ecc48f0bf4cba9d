"""A device asked from the bureau: over a real connection, on record, and its answer goes into the store."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal

import pytest

from ecoledger.accounts.models import AuditEntry
from ecoledger.hj212 import Client, Device, Gateway, Limits, Value, encode
from ecoledger.monitoring.arriving import ingest
from ecoledger.monitoring.points import asking, table
from ecoledger.web.office import security_notices

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def outlet(bureau):
    table.forget()
    return bureau.flue_gas


def _stored(cn, begin, end):
    moment = begin
    while moment <= end:
        yield moment, [Value("a21026", "Avg", Decimal("12.5"), "N")]
        moment += timedelta(hours=1)


async def _connected(outlet, work):
    """Run ``work(device)`` while a device of the outlet is connected to a gateway."""
    gateway = Gateway(ingest.Ingest(), Limits())
    host, port = await gateway.listen("127.0.0.1", 0)
    asking.connect(gateway, asyncio.get_running_loop())
    device = Device(mn=outlet.mn, st="31", pw="123456", stored=_stored)
    try:
        async with Client(on_request=device.respond) as client:
            await client.connect(host, port)
            # The gateway learns where a device is from what it sends.
            await client.send(
                device.packet(
                    "2011",
                    time=datetime(2026, 11, 20, 8),
                    values=[Value("a21026", "Rtd", Decimal("9.9"), "N")],
                )
            )
            return await work(device)
    finally:
        asking.connect(None, None)
        await gateway.close()


async def test_hours_asked_for_are_stored_like_any_other(bureau, outlet, store):
    given = {"begin": "2026-11-19T00:00", "end": "2026-11-19T05:00"}

    async def work(device):
        return await asyncio.to_thread(
            asking.ask, bureau.people["monitor"], outlet, "hours", given, address="10.0.0.7"
        )

    answer = await _connected(outlet, work)
    assert answer.ok
    assert answer.explanation
    rows = store.read([outlet.pk], ["a21026"], "hour")
    assert rows["start"].to_list() == [datetime(2026, 11, 19, h) for h in range(6)]

    def recorded():
        entry = AuditEntry.objects.get(action="ask_device")
        return entry.person.username, entry.address, entry.details["cn"]

    assert await asyncio.to_thread(recorded) == ("monitor", "10.0.0.7", "2061")


async def test_a_new_password_is_taken_over_and_not_told_to_the_trail(bureau, outlet, store):
    async def work(device):
        answer = await asyncio.to_thread(
            asking.ask, bureau.people["monitor"], outlet, "password", {"password": "a1b2c3"}
        )
        return answer, device.pw

    answer, now_used = await _connected(outlet, work)
    assert answer.ok
    assert now_used == "a1b2c3"
    await asyncio.to_thread(outlet.refresh_from_db)
    assert outlet.password == "a1b2c3"
    details = await asyncio.to_thread(
        lambda: str(AuditEntry.objects.get(action="ask_device").details)
    )
    assert "a1b2c3" not in details


async def test_a_stranger_with_a_wrong_password_gets_no_command_of_the_device(
    bureau, outlet, store
):
    heard = []

    def stranger_answers(packet):
        heard.append(packet)
        return Device(mn=outlet.mn, st="31", pw="000000").respond(packet)

    async def work(device):
        async with Client(on_request=stranger_answers) as stranger:
            await stranger.connect(*asking._gateway._servers[0].sockets[0].getsockname()[:2])
            stranger.write(
                encode(Device(mn=outlet.mn, st="31", pw="000000").packet("2011", ack=False))
            )
            await asyncio.sleep(0.2)
            answer = await asyncio.to_thread(
                asking.ask, bureau.people["monitor"], outlet, "password", {"password": "a1b2c3"}
            )
        return answer, device.pw

    answer, now_used = await _connected(outlet, work)
    assert answer.ok
    assert now_used == "a1b2c3"
    assert heard == []


def test_a_device_without_password_or_key_is_sent_no_command(bureau, outlet, store):
    outlet.password = ""
    outlet.save()

    async def work(device):
        with pytest.raises(asking.DeviceError, match="密码"):
            await asyncio.to_thread(asking.ask, bureau.people["monitor"], outlet, "time", {})
        return asking.online(outlet)

    assert asyncio.run(_connected(outlet, work)) is False


def test_a_second_address_is_told_to_the_monitors_and_put_on_the_trail(bureau, outlet):
    security_notices.second_address(outlet.mn, "10.0.0.7", "10.9.9.9")
    (notice,) = bureau.people["monitor"].notices.all()
    assert "10.9.9.9" in notice.text
    entry = AuditEntry.objects.get(action="device_second_address")
    assert entry.details == {"before": "10.0.0.7", "now": "10.9.9.9"}
    assert not bureau.people["dispatcher"].notices.exists()


def test_a_device_that_is_not_there_is_said_to_be_so(bureau, outlet):
    assert not asking.online(outlet)
    with pytest.raises(asking.DeviceError, match="网关"):
        asking.ask(bureau.people["monitor"], outlet, "time", {})


@pytest.mark.parametrize(
    ("name", "given", "says"),
    [
        ("hours", {"begin": "2026-11-19", "end": "昨天"}, "起止时间"),
        ("hours", {"begin": "2026-11-01", "end": "2026-11-19"}, "7天"),
        ("real_time_interval", {"seconds": "5"}, "30"),
        ("password", {"password": "太短"}, "6位"),
    ],
)
def test_wrong_fields_are_refused_before_anything_is_sent(bureau, outlet, name, given, says):
    with pytest.raises(asking.DeviceError, match=says):
        asking.ask(bureau.people["monitor"], outlet, name, given)
    assert not AuditEntry.objects.filter(action="ask_device").exists()
