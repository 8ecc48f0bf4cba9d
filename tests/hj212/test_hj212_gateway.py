"""The gateway and its clients over real sockets."""

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import numpy as np
import pytest
from hj212_frames import MN, made

from ecoledger.hj212 import (
    Batch,
    Client,
    Connection,
    Device,
    FrameReader,
    Gateway,
    Limits,
    Packet,
    Timing,
    UnacknowledgedError,
    UnreachableError,
    Value,
    Verdict,
    decode,
    encode,
    history,
)

QUICK = Timing(timeout=0.15, resends=2, execution=1.0)


class Store:
    """Keeps what it is given; refuses or fails when told to."""

    def __init__(self) -> None:
        self.packets: list[Packet] = []
        self.faults: list[Packet] = []
        self.peers: set[str] = set()
        self.failures = 0
        self.acknowledge = True

    async def __call__(self, batch: Batch, connections: Sequence[Connection]) -> np.ndarray | None:
        if self.failures:
            self.failures -= 1
            raise RuntimeError("the disk is full")
        assert len(connections) == len(batch.frames)
        self.packets += [batch.packet_at(row) for row in range(len(batch))]
        self.faults += [packet for _, packet in batch.faults]
        self.peers |= {connection.peer for connection in connections}
        return None if self.acknowledge else np.zeros(len(batch), dtype=bool)


def readings(time: datetime) -> list[Value]:
    return [Value("w01018", "Rtd", Decimal("40.1"), "N"), Value("w00000", "Rtd", Decimal("3.50"))]


async def eventually(done) -> None:  # type: ignore[no-untyped-def]
    for _ in range(4000):
        if done():
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it never came to pass")


async def answer_to(host: str, port: int, data: bytes) -> Packet:
    """Send bytes and read one frame."""
    reader, writer = await asyncio.open_connection(host, port)
    writer.write(data)
    frames = FrameReader()
    while not (found := frames.feed(await asyncio.wait_for(reader.read(1000), 60))):
        pass
    writer.close()
    return decode(found[0])


async def pour(writer: asyncio.StreamWriter, data: bytes, times: int) -> None:
    for _ in range(times):
        writer.write(data)
        await writer.drain()
        await asyncio.sleep(0)


async def test_an_upload_is_stored_and_then_acknowledged() -> None:
    store = Store()
    async with Gateway(store) as gateway:
        host, port = await gateway.listen()
        device = Device(MN)
        async with Client() as client:
            await client.connect(host, port)
            for packet in device.uploads("2011", datetime(2024, 6, 1, 8), readings(device.now())):
                answer = await client.send(packet)
                assert answer is not None
                assert (answer.cn, answer.st, answer.qn, answer.flag) == (
                    "9014",
                    "91",
                    packet.qn,
                    4,
                )
        assert [str(value.value) for value in store.packets[0].values] == ["40.1", "3.50"]
        assert gateway.stats.acknowledged == 1
        assert gateway.stats.values == 2


@pytest.mark.parametrize(
    ("cn", "flag", "reply"),
    [("2051", "Flag=5;", "9014"), ("2051", "Flag=9;", "9014"), ("9015", "Flag=9;", "9013"),
     ("1013", "Flag=5;", "9013"), ("2011", "Flag=1;", "9014")],
)  # fmt: skip
async def test_each_edition_gets_its_own_reply(cn: str, flag: str, reply: str) -> None:
    async with Gateway(Store()) as gateway:
        host, port = await gateway.listen()
        answer = await answer_to(host, port, made("", cn=cn, flag=flag))
        assert answer.cn == reply
        assert answer.answers == "20240601085857223"
        assert answer.flag == {"5": 4, "9": 8, "1": 0}[flag[5]]


async def test_a_device_that_has_said_all_still_gets_its_answers() -> None:
    async with Gateway(Store(), Limits(linger=0.05)) as gateway:
        host, port = await gateway.listen()
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(made("") * 10)
        writer.write_eof()
        data = await asyncio.wait_for(reader.read(), 60)
        assert data.count(b"CN=9014;") == 10
        writer.close()


async def test_no_answer_where_none_is_wanted() -> None:
    async with Gateway(Store()) as gateway:
        host, port = await gateway.listen()
        _, writer = await asyncio.open_connection(host, port)
        writer.write(made("", flag="Flag=4;") + made("", flag="") + made("QnRtn=1", cn="9011"))
        await eventually(lambda: gateway.stats.packets == 3)
        await asyncio.sleep(0.02)
        assert gateway.stats.bytes_out == 0
        writer.close()


async def test_what_was_not_stored_is_not_acknowledged_and_comes_again() -> None:
    store = Store()
    store.acknowledge = False
    async with Gateway(store) as gateway:
        host, port = await gateway.listen()
        async with Client(timing=QUICK) as client:
            await client.connect(host, port)
            packet = Device(MN).packet("2011", time=datetime(2024, 6, 1))
            with pytest.raises(UnacknowledgedError):
                await client.send(packet)
            assert (client.sent, client.resent) == (3, 2)
            assert [p.qn for p in store.packets] == [packet.qn] * 3
            store.acknowledge = True
            assert await client.send(packet) is not None


async def test_a_failing_handler_is_asked_again() -> None:
    store = Store()
    store.failures = 2
    async with Gateway(store, Limits(retries=(0.01, 0.01))) as gateway:
        host, port = await gateway.listen()
        async with Client() as client:
            await client.connect(host, port)
            assert await client.send(Device(MN).packet("2011")) is not None
        assert gateway.stats.handler_errors == 2
        assert gateway.stats.frames_dropped == 0


async def test_a_handler_that_keeps_failing_costs_the_batch_but_not_the_gateway(
    caplog: pytest.LogCaptureFixture,
) -> None:
    store = Store()
    store.failures = 2
    async with Gateway(store, Limits(retries=(0.01,))) as gateway:
        host, port = await gateway.listen()
        async with Client(timing=Timing(timeout=0.5, resends=1)) as client:
            await client.connect(host, port)
            assert await client.send(Device(MN).packet("2011")) is not None
            assert client.resent == 1
        assert gateway.stats.frames_dropped == 1
    # The log says from whom, and nothing of what they say: a frame holds the device's password.
    assert "1 frames dropped, from 127.0.0.1" in caplog.text
    assert "PW=" not in caplog.text


async def test_faults_are_handed_over_and_not_acknowledged() -> None:
    store = Store()
    async with Gateway(store) as gateway:
        host, port = await gateway.listen()
        good = made("DataTime=20240601085800;a34004-Rtd=1")
        _, writer = await asyncio.open_connection(host, port)
        writer.write(good[:-4] + b"0000\r\n" + b"garbage" + good)
        await eventually(lambda: gateway.stats.acknowledged == 1)
        assert store.faults[0].errors == ("crc",)
        assert gateway.stats.garbage_bytes == 7
        writer.close()


async def test_requests_travel_to_the_device_and_back() -> None:
    store = Store()

    def stored(cn: str, begin: datetime, end: datetime) -> list[tuple[datetime, list[Value]]]:
        return [(begin, readings(begin)), (end, readings(end))]

    device = Device(MN, readings=readings, stored=stored)
    async with Gateway(store) as gateway:
        host, port = await gateway.listen()
        with pytest.raises(UnreachableError):
            await gateway.ask(MN, "1011")
        async with Client(on_request=device.respond) as client:
            await client.connect(host, port)
            await client.send(device.packet("2081", time=device.now()))
            time = await gateway.ask(MN, "1011", {"PolId": "w01018"})
            assert time.ok
            assert len(time.packets[0].fields["SystemTime"]) == 14
            assert (await gateway.ask(MN, "1062", {"RtdInterval": "60"})).ok
            assert device.real_time_interval == 60
            assert (await gateway.ask(MN, "1062", {"RtdInterval": "1"})).executed == 3
            assert (await gateway.ask(MN, "1011", pw="000000")).explanation == "PW错误"
            begin, end = datetime(2024, 6, 1, 8), datetime(2024, 6, 1, 9)
            hours = await gateway.ask(MN, "2061", history(begin, end))
            assert [packet.data_time for packet in hours.packets] == [begin, end]
            assert (await gateway.ask(MN, "2012")).acknowledged
            several = await asyncio.gather(*(gateway.ask(MN, "1061") for _ in range(20)))
            assert all(answer.ok for answer in several)
        # The data asked for were stored like any other.
        assert [p.data_time for p in store.packets if p.cn == "2061"] == [begin, end]
        await eventually(lambda: not gateway.routes)


async def test_a_silent_device_is_asked_again_and_given_up() -> None:
    asked: list[Packet] = []

    def silent(packet: Packet) -> list[Packet]:
        asked.append(packet)
        return []

    async with Gateway(Store()) as gateway:
        host, port = await gateway.listen()
        async with Client(on_request=silent) as client:
            await client.connect(host, port)
            await client.send(Device(MN).packet("2011"))
            answer = await gateway.ask(MN, "1011", timing=Timing(timeout=0.05, resends=2))
            assert (answer.ok, answer.sent, answer.explanation) == (False, 3, "通讯不可用")
            assert len({packet.qn for packet in asked}) == 1
            assert len(asked) == 3


async def test_requests_speak_the_devices_edition() -> None:
    seen: list[Packet] = []
    device = Device(MN, edition=2025, st="31", pw="654321")

    def respond(packet: Packet) -> list[Packet]:
        seen.append(packet)
        return device.respond(packet)

    async with Gateway(Store()) as gateway:
        host, port = await gateway.listen()
        async with Client(on_request=respond) as client:
            await client.connect(host, port)
            await client.send(device.packet("2011"))
            beat = await client.send(device.heartbeat())
            assert beat is not None
            assert beat.cn == "9013"
            assert (await gateway.ask(MN, "3024", {"PolId": "w01018"})).ok
        assert (seen[0].edition, seen[0].st, seen[0].pw, seen[0].flag) == (2025, "31", "654321", 9)


class Guard(Store):
    """Believes only packets with the right password, and acknowledges all."""

    async def __call__(self, batch: Batch, connections: Sequence[Connection]) -> Verdict:
        await super().__call__(batch, connections)
        return Verdict(believe=batch.pw == b"654321")


async def test_a_wrong_password_neither_takes_a_devices_route_nor_answers_for_it() -> None:
    seen: list[str] = []

    def stranger_answers(packet: Packet) -> list[Packet]:
        seen.append(packet.fields.get("NewPW", ""))
        return Device(MN, pw="000000").respond(packet)

    device = Device(MN, pw="654321")
    async with Gateway(Guard()) as gateway:
        host, port = await gateway.listen()
        async with Client(on_request=device.respond) as client:
            await client.connect(host, port)
            await client.send(device.packet("2011"))
            async with Client(on_request=stranger_answers) as stranger:
                await stranger.connect(host, port)
                await stranger.send(Device(MN, pw="000000").packet("2011"))
                answer = await gateway.ask(MN, "1072", {"NewPW": "abc123"}, pw="654321")
            assert answer.ok
            assert device.pw == "abc123"
            assert seen == []


async def test_an_answer_with_a_wrong_password_ends_no_exchange() -> None:
    device = Device(MN, pw="654321")
    asked: list[Packet] = []

    def silent(packet: Packet) -> list[Packet]:
        asked.append(packet)
        return []

    async with Gateway(Guard()) as gateway:
        host, port = await gateway.listen()
        async with Client(on_request=silent) as client, Client() as stranger:
            await client.connect(host, port)
            await client.send(device.packet("2011"))
            await stranger.connect(host, port)
            asking = asyncio.create_task(
                gateway.ask(MN, "1062", {"RtdInterval": "60"}, timing=QUICK)
            )
            await eventually(lambda: asked)
            # What the device itself would say, but for its password.
            answers = [replace(said, pw="000000") for said in device.respond(asked[0])]
            assert answers
            for answer in answers:
                stranger.write(encode(answer))
            assert not (await asking).ok


async def test_a_second_address_of_a_device_in_use_is_told_once() -> None:
    told: list[tuple[str, str, str]] = []
    device = Device(MN, pw="654321")

    def note(mn: str, before: str, now: str) -> None:
        told.append((mn, before, now))

    held = []
    async with Gateway(Guard(), second_address=note) as gateway:
        _, port = await gateway.listen()
        for _round in range(2):
            for address in ("127.0.0.1", "127.0.0.2"):
                _, writer = await asyncio.open_connection(
                    "127.0.0.1", port, local_addr=(address, 0)
                )
                writer.write(encode(device.packet("2011")))
                held.append(writer)
                await eventually(lambda: gateway.stats.packets == len(held))
        await eventually(lambda: len(told) == 2)
    for writer in held:
        writer.close()
    assert told[0] == (MN, "127.0.0.1", "127.0.0.2")
    assert told[1] == (MN, "127.0.0.2", "127.0.0.1")  # once an address, there and back


async def test_one_address_may_hold_only_so_many_connections() -> None:
    async with Gateway(Store(), Limits(connections_an_address=2)) as gateway:
        _, port = await gateway.listen()
        held = [(await asyncio.open_connection("127.0.0.1", port))[1] for _ in range(2)]
        await eventually(lambda: gateway.stats.connections_open == 2)
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), 60)
        _, elsewhere = await asyncio.open_connection("127.0.0.1", port, local_addr=("127.0.0.3", 0))
        await eventually(lambda: gateway.stats.connections_open == 3)
        held[0].close()
        await eventually(lambda: gateway.stats.connections_open == 2)
        _, again = await asyncio.open_connection("127.0.0.1", port)
        await eventually(lambda: gateway.stats.connections_open == 3)
        for one in (*held, writer, elsewhere, again):
            one.close()


async def test_a_connection_that_never_proves_itself_is_closed_and_a_device_stays() -> None:
    device = Device(MN, pw="654321")
    async with Gateway(Guard(), Limits(unproven=0.5)) as gateway:
        host, port = await gateway.listen()
        async with Client() as client:
            await client.connect(host, port)
            await client.send(device.packet("2011"))
            _, writer = await asyncio.open_connection(host, port)
            writer.write(encode(Device(MN, pw="000000").packet("2011")))
            await eventually(lambda: gateway.stats.closed_unproven)
            await eventually(lambda: gateway.stats.connections_open == 1)
            assert gateway.stats.closed_unproven == 1


async def test_a_device_that_has_nothing_to_show_stays_when_the_handler_knows_it() -> None:
    class Knowing(Store):
        async def __call__(self, batch: Batch, connections: Sequence[Connection]) -> Verdict:
            await super().__call__(batch, connections)
            return Verdict(believe=(), know=batch.mn == MN.encode())

    async with Gateway(Knowing(), Limits(unproven=0.5)) as gateway:
        host, port = await gateway.listen()
        async with Client() as client:
            await client.connect(host, port)
            await client.send(Device(MN).packet("2011"))
            _, stranger = await asyncio.open_connection(host, port)
            stranger.write(encode(Device("9" * 24).packet("2011")))
            await eventually(lambda: gateway.stats.closed_unproven)
            assert (await client.send(Device(MN).packet("2011"))).cn == "9014"
            assert gateway.stats.closed_unproven == 1
            assert not gateway.reaches(MN)  # it may be anybody: no command goes there


async def test_idle_connections_are_closed() -> None:
    async with Gateway(Store(), Limits(idle=0.1)) as gateway:
        host, port = await gateway.listen()
        reader, writer = await asyncio.open_connection(host, port)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), 60)
        assert gateway.stats.closed_idle == 1
        writer.close()


async def test_connections_are_limited() -> None:
    async with Gateway(Store(), Limits(connections=2)) as gateway:
        host, port = await gateway.listen()
        writers = [(await asyncio.open_connection(host, port))[1] for _ in range(2)]
        await eventually(lambda: gateway.stats.connections_open == 2)
        reader, writer = await asyncio.open_connection(host, port)
        with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
            await asyncio.wait_for(reader.readexactly(1), 60)
        assert gateway.stats.connections_refused == 1
        for open_writer in (*writers, writer):
            open_writer.close()


@pytest.mark.parametrize(
    "rubbish",
    [
        b"\x00\x01" * 4096,
        b"##0100QN=" * 400,
        b"#" * 4096,
        made("")[:-4] + b"0000\r\n",
        b"&&0000" * 600,
    ],
)
async def test_a_connection_of_rubbish_is_closed(rubbish: bytes) -> None:
    async with Gateway(Store(), Limits(faults=20)) as gateway:
        host, port = await gateway.listen()
        _, writer = await asyncio.open_connection(host, port)
        with pytest.raises(ConnectionError):
            await pour(writer, rubbish, 5000)
        assert gateway.stats.closed_faulty == 1
        # Others are served as ever.
        assert (await answer_to(host, port, made(""))).cn == "9014"


async def test_an_address_that_sends_nothing_but_faults_is_refused_for_a_while() -> None:
    """Closing it alone would only make it connect again."""
    rubbish = b"##0100QN=rubbish" + b"x" * 200 + b"\r\n"
    async with Gateway(Store(), Limits(faults=20, closings=3)) as gateway:
        host, port = await gateway.listen()
        for _ in range(3):
            _, writer = await asyncio.open_connection(host, port)
            with pytest.raises(ConnectionError):
                await pour(writer, rubbish, 5000)
        assert gateway.stats.closed_faulty == 3
        reader, _writer = await asyncio.open_connection(host, port)
        with suppress(ConnectionError):
            assert await reader.read() == b""
        assert gateway.stats.connections_refused == 1


async def test_a_device_behind_the_same_address_is_not_shut_out() -> None:
    rubbish = b"##0100QN=rubbish" + b"x" * 200 + b"\r\n"
    async with Gateway(Store(), Limits(faults=20, closings=3)) as gateway:
        host, port = await gateway.listen()
        assert (await answer_to(host, port, made(""))).cn == "9014"
        for _ in range(5):
            _, writer = await asyncio.open_connection(host, port)
            with pytest.raises(ConnectionError):
                await pour(writer, rubbish, 5000)
        assert (await answer_to(host, port, made(""))).cn == "9014"
        assert gateway.stats.connections_refused == 0


async def test_large_bad_frames_are_fewer_until_the_connection_is_closed() -> None:
    large = b"##9999QN=" + b"x;" * 4000 + b"\r\n##"
    async with Gateway(Store()) as gateway:
        host, port = await gateway.listen()
        _, writer = await asyncio.open_connection(host, port)
        with pytest.raises(ConnectionError):
            await pour(writer, large, 5000)
        assert gateway.stats.closed_faulty == 1
        # A thousand of them would be eight megabytes.
        assert gateway.stats.faults < 300


async def test_who_sends_noise_is_read_more_slowly_and_others_are_not() -> None:
    """One that pours rubbish as fast as it goes is not all the gateway attends to."""
    noise = bytes(n % 251 for n in range(1 << 16)).replace(b"#", b"_")
    async with Gateway(Store(), Limits(faults=100_000)) as gateway:
        host, port = await gateway.listen()
        _, writer = await asyncio.open_connection(host, port)
        pouring = asyncio.create_task(pour(writer, noise, 100_000))
        await eventually(lambda: gateway.stats.garbage_bytes)
        for _ in range(20):
            assert (await answer_to(host, port, made(""))).cn == "9014"
        (loud,) = (c for c in gateway._connections if not c.proven)
        await eventually(lambda: not loud.transport.is_reading())
        pouring.cancel()
        writer.transport.abort()


async def test_a_batch_is_bounded_by_bytes_too() -> None:
    store = Store()
    async with Gateway(store, Limits(batch_bytes=4_000, linger=0.05)) as gateway:
        host, port = await gateway.listen()
        frame = made("a21026-Avg=1;" * 40) + b"\r\n"
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(frame * 40)
        for _ in range(40):
            assert b"CN=9014" in await reader.readuntil(b"\r\n")
        assert gateway.stats.batches >= 40 * len(frame) // 4_000
        writer.close()


async def test_a_device_that_reads_no_answers_is_cut_off() -> None:
    async with Gateway(Store(), Limits(unsent=20_000)) as gateway:
        host, port = await gateway.listen()
        _, writer = await asyncio.open_connection(host, port, limit=1)
        with pytest.raises(ConnectionError):
            await pour(writer, made("") * 500, 1000)
        assert gateway.stats.closed_not_reading == 1


async def test_reading_pauses_while_the_handler_is_slow() -> None:
    release = asyncio.Event()
    most = 0

    async def slow(batch: Batch, connections: Sequence[Connection]) -> None:
        await release.wait()

    limits = Limits(frames_in_flight=500, batch=2000)
    async with Gateway(slow, limits) as gateway:
        host, port = await gateway.listen()
        _, writer = await asyncio.open_connection(host, port)
        sending = asyncio.create_task(pour(writer, made("", flag="Flag=4;") * 100, 500))
        await eventually(lambda: gateway.stats.pauses)
        for _ in range(20):
            most = max(most, gateway.stats.frames)
            await asyncio.sleep(0.005)
        assert most < 20_000  # one chunk beyond the limit, not everything
        release.set()
        await sending
        await eventually(lambda: gateway.stats.packets == 50_000)
        writer.close()


async def test_few_frames_wait_for_company_after_a_batch_and_as_many_as_one_holds_do_not() -> None:
    store = Store()
    gateway = Gateway(store, Limits(batch=10, rest=1e9, longest_rest=3600))
    host, port = await gateway.listen()
    _, writer = await asyncio.open_connection(host, port)
    writer.write(made(""))
    await eventually(
        lambda: gateway.stats.acknowledged == 1
    )  # nothing came before: no reason to wait
    writer.write(made("") * 9)
    await eventually(lambda: gateway.stats.frames == 10)
    await asyncio.sleep(0.05)
    assert gateway.stats.batches == 1
    writer.write(made(""))
    await eventually(lambda: len(store.packets) == 11)
    assert gateway.stats.batches == 2
    writer.write(made("") * 3)
    await eventually(lambda: gateway.stats.frames == 14)
    assert gateway.stats.batches == 2
    await gateway.close()
    assert len(store.packets) == 14
    writer.close()


async def test_what_was_read_is_handed_over_on_closing() -> None:
    store = Store()
    gateway = Gateway(store, Limits(linger=0.2))
    host, port = await gateway.listen()
    _, writer = await asyncio.open_connection(host, port)
    writer.write(made("") * 10)
    await eventually(lambda: gateway.stats.frames == 10)
    await gateway.close()
    assert len(store.packets) == 10
    writer.close()


async def test_many_devices_at_once() -> None:
    store = Store()
    async with Gateway(store) as gateway:
        host, port = await gateway.listen()

        async def operate(number: int) -> None:
            device = Device(f"{number:024X}", edition=2017 if number % 2 else 2025)
            async with Client() as client:
                await client.connect(host, port)
                for minute in range(5):
                    time = datetime(2024, 6, 1, 8, minute)
                    for packet in device.uploads("2051", time, readings(time)):
                        assert await client.send(packet) is not None

        await asyncio.gather(*(operate(number) for number in range(60)))
        assert len(store.packets) == 300
        assert len(store.peers) == 60
        assert gateway.stats.faults == 0


async def test_a_running_device_reconnects() -> None:
    store = Store()
    gateway = Gateway(store)
    host, port = await gateway.listen()
    device = Device(MN, edition=2025, readings=readings)
    running = asyncio.create_task(device.run(host, port, interval=0.02, reconnect=0.02))
    await eventually(lambda: len(store.packets) > 3)
    await gateway.close()
    async with Gateway(store) as second:
        await second.listen(host, port)
        await eventually(lambda: second.stats.packets > 3)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert {"2011", "9015"} <= {packet.cn for packet in store.packets}
