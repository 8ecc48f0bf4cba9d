"""Packets over real TCP into the real store."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from decimal import Decimal
from pathlib import Path

import polars as pl
import pytest
from asgiref.sync import sync_to_async
from tests.cluster import places

from ecoledger.accounts.models import AuditEntry
from ecoledger.hj212 import Packet, Value
from ecoledger.hj212.batch import BatchDecoder
from ecoledger.hj212.client import Client, Device, UnacknowledgedError
from ecoledger.hj212.dialogue import Timing
from ecoledger.hj212.encoding import encode, framed
from ecoledger.hj212.server import Gateway
from ecoledger.live import times
from ecoledger.monitoring import heartbeat
from ecoledger.monitoring.arriving import (
    budget,
    frame_rows,
    ingest,
    quarantine,
    registry,
    replaying,
)
from ecoledger.monitoring.computing import pending
from ecoledger.monitoring.models import Point, PointParameter
from ecoledger.monitoring.points import table as points

pytestmark = pytest.mark.django_db(transaction=True)

HOUR = datetime(2026, 5, 1, 8)
QUICK = Timing(timeout=60, resends=0)
# Long enough for an answer on a busy machine; a first append takes longer where the store is ClickHouse within the process.
IMPATIENT = Timing(timeout=3.0 if places.store(Path()) else 1.0, resends=0)


def packet(
    mn, cn="2061", when=HOUR, qn="20260501090000001", flag=5, st="22", pw="123456", **values
):
    """``values``: code=number, or code=(number, flag)."""
    made = []
    for code, given in values.items():
        number, mark = given if isinstance(given, tuple) else (given, "N")
        statistic = "Rtd" if cn == "2011" else "Avg"
        made.append(Value(code, statistic, Decimal(str(number)), flag=mark))
    return Packet(st=st, cn=cn, mn=mn, pw=pw, qn=qn, flag=flag, data_time=when, values=tuple(made))


@pytest.fixture
async def gateway(store, bureau):
    handler = ingest.Ingest()
    points.forget()
    await sync_to_async(points.current)()
    async with Gateway(handler, key=registry.key_of) as running:
        running.port = (await running.listen())[1]
        yield running
    handler.close()


async def send(gateway, *packets, timing=QUICK, **how):
    async with await Client(timing=timing).connect("127.0.0.1", gateway.port) as client:
        return [await client.send(one, **how) for one in packets]


def observations(store, **where):
    table = store.read(
        columns=("point", "parameter", "series", "start", "seconds", "value", "decimals", "flag", "layer", "rule", "text"),
        up_to=0,
    )  # fmt: skip
    for name, value in where.items():
        table = table.filter(pl.col(name) == value)
    return table


async def test_an_acknowledged_packet_is_stored_with_its_point_time_and_digits(
    gateway, store, bureau
):
    station = bureau.air[0]
    (answer,) = await send(gateway, packet(station.mn, a34004="37", a21005="0.80"))
    assert answer.cn == "9014"
    rows = observations(store).select(
        "point", "parameter", "series", "start", "seconds", "value", "decimals", "flag"
    )
    assert set(rows.rows()) == {
        (station.pk, "a34004", "hour", HOUR, 3600, 37.0, 0, "N"),
        (station.pk, "a21005", "hour", HOUR, 3600, 0.8, 2, "N"),
    }
    frame = store.frame(store.frames(limit=1)["frame_id"][0])
    assert (frame.mn, frame.cn, frame.status) == (station.mn, "2061", "accepted")
    assert frame.raw.startswith(b"##")


@pytest.mark.parametrize(
    ("cn", "series", "seconds"),
    [("2011", "raw", 0), ("2051", "minute", 300), ("2061", "hour", 3600), ("2031", "day", 86400)],
)
async def test_the_command_says_the_series(gateway, store, bureau, cn, series, seconds):
    await send(gateway, packet(bureau.air[0].mn, cn, HOUR.replace(hour=0), a34004="37"))
    assert observations(store).select("series", "seconds").row(0) == (series, seconds)


async def test_a_packet_sent_twice_is_acknowledged_twice_and_stored_once(gateway, store, bureau):
    once = packet(bureau.air[0].mn, a34004="37")
    again = Packet(**{f: getattr(once, f) for f in once.__slots__} | {"resend": True})
    answers = await send(gateway, once, again)
    assert [a.cn for a in answers] == ["9014", "9014"]
    assert store.counts().frames["accepted"] == 1
    assert observations(store).height == 1


async def test_an_mn_in_chinese_is_put_aside_and_its_neighbours_are_stored(gateway, store, bureau):
    stranger = framed(
        "QN=20240601085857000;ST=22;CN=2061;PW=123456;MN=阳光一号;Flag=5;CP=&&&&".encode()
    )
    neighbour = encode(packet(bureau.air[0].mn, a34004="37"))
    reader, writer = await asyncio.open_connection("127.0.0.1", gateway.port)
    writer.write(stranger + neighbour)
    async with asyncio.timeout(30):
        answers = [await reader.readline(), await reader.readline()]
    writer.close()
    assert all(b"CN=9014" in answer for answer in answers)
    kept = store.frames(status="quarantined")
    assert kept.select("mn", "reason").rows() == [("阳光一号", "mn")]
    assert observations(store).height == 1


def test_only_the_header_marks_a_packet_as_sent_again() -> None:
    """What a device writes into its content belongs to the packet."""
    once = b"##0000QN=1;MN=2;Flag=5;CP=&&a01001-Info=RF=1;a01002-Rtd=3&&ABCD"
    again = once.replace(b"CP=", b"RF=1;CP=", 1)
    other = once.replace(b"Info=RF=1;", b"Info=;")
    assert frame_rows.digest(once) == frame_rows.digest(again)
    assert frame_rows.digest(once) != frame_rows.digest(other)


async def test_an_unknown_mn_is_quarantined_and_replayed_once_it_is_registered(
    gateway, store, bureau
):
    mn = "9" * 24
    (answer,) = await send(gateway, packet(mn, a34004="37"))
    assert answer.cn == "9014"
    kept = store.frames(status="quarantined")
    assert kept["reason"].to_list() == ["mn"]
    number = kept["frame_id"][0]
    assert [r.ok for r in await sync_to_async(replaying.replay)([number])] == [False]
    point = await Point.objects.acreate(
        entity_id=bureau.air[0].entity_id, kind="air", name="新站", area_code="990101001", mn=mn
    )
    (result,) = await sync_to_async(replaying.replay)([number], bureau.monitor)
    assert (result.ok, result.observations) == (True, 1)
    assert observations(store)["point"].to_list() == [point.pk]
    assert store.frame(number).status == "replayed"
    assert [r.ok for r in await sync_to_async(replaying.replay)([number])] == [False]


async def test_a_wrong_check_code_is_quarantined_and_costs_its_neighbour_nothing(
    gateway, store, bureau
):
    good = encode(packet(bureau.air[0].mn, a34004="37"))
    bad = bytearray(encode(packet(bureau.air[1].mn, a34004="38")))
    bad[-6:-2] = b"0000" if bad[-6:-2] != b"0000" else b"1111"
    async with await Client(timing=QUICK).connect("127.0.0.1", gateway.port) as client:
        client.write(bytes(bad))
        await client.send(packet(bureau.air[0].mn, a34004="37"), frame=good)
    assert store.frames(status="quarantined")["reason"].to_list() == ["crc"]
    assert observations(store)["value"].to_list() == [37.0]


async def test_an_unknown_factor_is_quarantined_while_the_known_ones_are_stored(
    gateway, store, bureau
):
    await send(gateway, packet(bureau.air[0].mn, a34004="37", a98765="1.5"))
    kept = store.frames(status="quarantined")
    assert kept["reason"].to_list() == ["code: a98765"]
    assert observations(store)["parameter"].to_list() == ["a34004"]
    await PointParameter.objects.acreate(point=bureau.air[0], code="a98765", name="新因子")
    (result,) = await sync_to_async(replaying.replay)(kept["frame_id"].to_list())
    assert (result.ok, result.observations) == (True, 1)
    assert sorted(observations(store)["parameter"].to_list()) == ["a34004", "a98765"]


async def test_only_devices_of_points_that_are_in_use_may_stay_connected(gateway, store, bureau):
    await Point.objects.filter(pk=bureau.air[1].pk).aupdate(enabled=False)
    points.forget()
    for mn, stays in ((bureau.air[0].mn, True), (bureau.air[1].mn, False), ("9" * 24, False)):
        async with await Client(timing=QUICK).connect("127.0.0.1", gateway.port) as client:
            await client.send(packet(mn, a34004="37"))
            (connection,) = gateway._connections
            assert (mn, connection.known) == (mn, stays)
        async with asyncio.timeout(30):
            while gateway._connections:
                await asyncio.sleep(0.01)


async def test_a_wrong_password_is_quarantined_and_not_acknowledged(gateway, store, bureau):
    with pytest.raises(UnacknowledgedError):
        await send(gateway, packet(bureau.air[0].mn, pw="654321", a34004="37"), timing=IMPATIENT)
    while store.frames(status="quarantined").is_empty():  # the sender did not wait for it
        await asyncio.sleep(0.05)
    assert store.frames(status="quarantined")["reason"].to_list() == ["password"]
    assert observations(store).is_empty()


@pytest.mark.parametrize(
    ("when", "reason"),
    [
        (times.now() + timedelta(days=2), "future"),
        (datetime(1999, 1, 1), "ancient"),
        (None, "time"),
    ],
)
async def test_an_impossible_time_is_quarantined(gateway, store, bureau, when, reason):
    when = when and when.replace(microsecond=0)
    await send(gateway, packet(bureau.air[0].mn, when=when, a34004="37"))
    assert store.frames(status="quarantined")["reason"].to_list() == [reason]


@pytest.mark.parametrize(
    ("cn", "when"),
    [("2061", HOUR.replace(minute=30)), ("2061", HOUR.replace(second=59)), ("2031", HOUR)],
)
async def test_a_mean_dated_within_its_period_is_quarantined(gateway, store, bureau, cn, when):
    await send(gateway, packet(bureau.air[0].mn, cn, when, a34004="37"))
    assert store.frames(status="quarantined")["reason"].to_list() == ["time"]
    assert observations(store).is_empty()


@pytest.mark.parametrize(("edition", "mark"), [(5, "X"), (5, "0"), (5, "NN"), (1, "9")])
async def test_an_unknown_flag_is_told_and_its_value_kept_with_it(
    gateway, store, bureau, edition, mark
):
    sent = packet(bureau.air[0].mn, flag=edition, a34004=(37, mark), a34002=60)
    await send(gateway, sent)
    assert store.frames(status="quarantined")["reason"].to_list() == [f"flag: {mark}"]
    assert set(observations(store).select("parameter", "flag").rows()) == {
        ("a34004", mark),
        ("a34002", "N"),
    }


@pytest.mark.parametrize(
    ("edition", "mark", "flag"), [(5, "d", "D"), (5, "ok", "N"), (1, "0", "0")]
)
async def test_a_known_flag_is_stored_as_its_letter(gateway, store, bureau, edition, mark, flag):
    await send(gateway, packet(bureau.air[0].mn, flag=edition, a34004=(37, mark)))
    assert store.counts().frames["accepted"] == 1
    assert observations(store)["flag"].to_list() == [flag]


async def test_a_value_no_instrument_can_measure_is_flagged_and_kept(gateway, store, bureau):
    await send(gateway, packet(bureau.air[0].mn, a34004="-3", a34002="5000", a21004="31"))
    spoken = store.read(columns=("parameter", "value", "flag", "layer", "rule"))
    assert set(spoken.rows()) == {
        ("a34004", -3.0, "negative", 1, "check.negative"),
        ("a34002", 5000.0, "range", 1, "check.range"),
        ("a21004", 31.0, "N", 0, None),
    }
    assert set(observations(store)["flag"].to_list()) == {"N"}


async def test_what_cannot_be_negative_is_so_neither_converted_nor_in_total(gateway, store, bureau):
    device = Device(mn=bureau.air[0].mn, st="22")
    said = {"a34004": {"Avg": "10", "ZsAvg": "-12"}, "a34002": {"Avg": "10", "Cou": "-4"}, "a21004": {"Avg": "10", "ZsAvg": "12"}}  # fmt: skip
    values = [
        Value(code, statistic, Decimal(number), flag="N")
        for code, numbers in said.items()
        for statistic, number in numbers.items()
    ]
    await send(gateway, *device.uploads("2061", HOUR, values))
    spoken = store.read(columns=("parameter", "flag"))
    assert set(spoken.rows()) == {("a34004", "negative"), ("a34002", "negative"), ("a21004", "N")}


async def test_a_devices_unit_is_converted_at_the_border(gateway, store, bureau):
    await PointParameter.objects.filter(point=bureau.air[0], code="a34004").aupdate(
        device_unit="mg/m³"
    )
    points.forget()
    await send(gateway, packet(bureau.air[0].mn, a34004="0.037", a21026="6"))
    values = dict(observations(store).select("parameter", "value").iter_rows())
    assert values == {"a34004": 37.0, "a21026": 6.0}


async def test_three_editions_and_an_encrypted_packet_arrive_side_by_side(gateway, store, bureau):
    key = b"0123456789abcdef"
    await Point.objects.filter(pk=bureau.air[2].pk).aupdate(sm4_key=key.decode())
    points.forget()
    await sync_to_async(points.current)()
    await send(
        gateway,
        packet(bureau.air[0].mn, flag=1, a34004="1"),
        packet(bureau.air[1].mn, flag=5, a34004="2"),
    )
    await send(gateway, packet(bureau.air[2].mn, flag=9, a34004="3"), key=key)
    assert sorted(observations(store)["value"].to_list()) == [1.0, 2.0, 3.0]


async def test_an_encrypted_packet_without_its_key_waits_for_it(gateway, store, bureau):
    key = b"0123456789abcdef"
    sent = packet(bureau.air[0].mn, flag=9, a34004="3")
    with pytest.raises(UnacknowledgedError):
        await send(gateway, sent, key=key, timing=IMPATIENT)
    kept = store.frames(status="quarantined")
    assert kept["reason"].to_list() == ["encrypted"]
    await Point.objects.filter(pk=bureau.air[0].pk).aupdate(sm4_key=key.decode())
    (result,) = await sync_to_async(replaying.replay)(kept["frame_id"].to_list())
    assert result.ok
    assert observations(store)["value"].to_list() == [3.0]


async def test_the_parts_of_a_split_packet_fall_together(gateway, store, bureau):
    device = Device(mn=bureau.air[0].mn, st="22")
    values = [
        Value(code, statistic, Decimal("10"), flag="N")
        for code in ("a34004", "a34002", "a21026", "a21004", "a21005", "a05024", "a01001", "a01002",
                     "a01006", "a01007", "a01008")
        for statistic in ("Min", "Avg", "Max", "ZsMin", "ZsAvg", "ZsMax")
    ]  # fmt: skip
    parts = device.uploads("2061", HOUR, values)
    assert len(parts) > 1
    await send(gateway, *parts)
    rows = store.read(columns=("parameter", "value", "minimum", "maximum", "converted"), up_to=0)
    assert rows.height == 11
    assert rows.null_count().sum_horizontal()[0] == 0


async def test_device_information_and_equipment_states_are_stored_as_such(gateway, store, bureau):
    mn = bureau.wastewater.mn
    head = f"ST=32;CN=%s;PW=123456;MN={mn};Flag=5;CP=&&DataTime=20260501080000;%s&&"
    contents = [
        ("3020", "PolId=w01018;i11001-Info=//清洗管路//"),
        ("3019", "PolId=w01018;w01018-SN=010000A8900016F000169DC1"),
        ("2021", "SB001-RS=1;SB002-RS=0"),
        ("2041", "SB001-RT=22.1"),
        ("2081", "RestartTime=20260501075500"),
    ]
    async with await Client(timing=QUICK).connect("127.0.0.1", gateway.port) as client:
        for number, (cn, content) in enumerate(contents):
            segment = f"QN=2026050108000000{number};" + head % (cn, content)
            client.write(framed(segment.encode()))
        await client.send(packet(mn, qn="20260501090000009", st="32", w01018="40.1"))
    stored = {
        (p, s): v if t is None else t
        for p, s, v, t in observations(store)
        .select("parameter", "series", "value", "text")
        .iter_rows()
    }
    assert stored == {
        ("w01018-i11001-Info", "raw"): "//清洗管路//",
        ("w01018-SN", "raw"): "010000A8900016F000169DC1",
        ("SB001-RS", "raw"): 1.0,
        ("SB002-RS", "raw"): 0.0,
        ("SB001-RT", "day"): 22.1,
        ("RestartTime-Info", "raw"): "20260501075500",
        ("w01018", "hour"): 40.1,
    }


async def test_a_heartbeat_is_answered_and_leaves_no_trace(gateway, store, bureau):
    device = Device(mn=bureau.air[0].mn, st="22", edition=2025)
    (answer,) = await send(gateway, device.heartbeat())
    assert answer.cn == "9013"
    assert store.counts().frames.get("accepted", 0) == 0


async def test_a_flag_about_a_value_falls_when_the_device_corrects_it(gateway, store, bureau):
    mn = bureau.air[0].mn
    hour = times.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=2)
    await send(gateway, packet(mn, when=hour, a34004="-3"))
    await sync_to_async(pending.run_all)()
    await send(gateway, packet(mn, when=hour, qn="20260501090100000", a34004="37"))
    await sync_to_async(pending.run_all)()
    spoken = store.read(series="hour", columns=("value", "flag", "layer"))
    assert spoken.rows() == [(37.0, "N", 0)]
    computed = store.read(
        [bureau.air[0].pk], ["a34004"], "computed-hour", columns=("value", "valid")
    )
    assert computed.rows() == [(37.0, True)]
    await send(gateway, packet(mn, when=hour, qn="20260501090200000", a34004="-5"))
    await sync_to_async(pending.run_all)()
    spoken = store.read(series="hour", columns=("value", "flag", "layer"))
    assert spoken.rows() == [(-5.0, "negative", 1)]


async def test_an_address_cannot_fill_the_disk_with_garbage(gateway, store, bureau, monkeypatch):
    few = budget.Budget(frames=2, octets=1 << 20, frames_of_all=100, octets_of_all=1 << 20)
    monkeypatch.setattr(budget, "budget", few)
    async with await Client(timing=QUICK).connect("127.0.0.1", gateway.port) as client:
        for number in range(5):
            client.write(b"##0030QN=2026050109000000%d;ST=22;x&&0000\r\n" % number)
        await client.send(packet(bureau.air[0].mn, a34004="37"))
    assert store.counts().frames["quarantined"] == 2


@pytest.mark.parametrize("sort", ["mn", "password", "disabled"])
async def test_what_nobody_vouches_for_is_kept_up_to_a_budget_and_then_not_acknowledged(
    gateway, store, bureau, monkeypatch, sort
):
    few = budget.Budget(frames=2, octets=1 << 20, frames_of_all=100, octets_of_all=1 << 20)
    monkeypatch.setattr(budget, "budget", few)
    mn, pw = ("8" * 24 if sort == "mn" else bureau.air[1].mn), "123456"
    if sort == "password":
        pw = "000000"
    if sort == "disabled":
        await Point.objects.filter(pk=bureau.air[1].pk).aupdate(enabled=False)
        points.forget()
    answered = 0
    async with await Client(timing=IMPATIENT).connect("127.0.0.1", gateway.port) as client:
        for number in range(5):
            try:
                await client.send(packet(mn, qn=f"2026050109000001{number}", pw=pw, a34004="37"))
                answered += 1
            except UnacknowledgedError:
                pass
    assert store.counts().frames["quarantined"] == 2
    assert answered == (0 if sort == "password" else 2)
    # A device that is known is not held up by strangers at its address.
    (answer,) = await send(gateway, packet(bureau.air[0].mn, a34004="37"))
    assert answer.cn == "9014"


async def test_large_frames_of_strangers_use_the_budget_up_sooner(monkeypatch):
    allowed = budget.Budget(frames=100, octets=1000, frames_of_all=100, octets_of_all=1500)
    now = times.now()
    assert [allowed.grants("tcp 10.0.0.1:1", 400, now) for _ in range(3)] == [True, True, False]
    assert [allowed.grants("tcp 10.0.0.2:1", 400, now) for _ in range(2)] == [True, False]
    assert allowed.grants("tcp 10.0.0.1:2", 400, now + timedelta(hours=1))


async def test_old_frames_of_strangers_are_let_go_and_those_of_known_devices_stay(
    gateway, store, bureau
):
    await send(gateway, packet("7" * 24, a34004="37"))
    await send(gateway, packet(bureau.air[0].mn, when=datetime(1999, 1, 1), a34004="37"))
    assert sorted(store.frames(status="quarantined")["reason"]) == ["ancient", "mn"]
    assert await sync_to_async(quarantine.let_go)(times.now() + timedelta(days=1)) == 0
    later = times.now() + quarantine.KEPT_FOR + timedelta(hours=1)
    assert await sync_to_async(quarantine.let_go)(later) == 1
    assert store.frames(status="quarantined")["reason"].to_list() == ["ancient"]
    assert store.counts().frames["quarantined"] == 1
    # It may come again, and is then kept again.
    (answer,) = await send(gateway, packet("7" * 24, a34004="37"))
    assert answer.cn == "9014"
    assert store.counts().frames["quarantined"] == 2
    entry = await AuditEntry.objects.aget(action="quarantine_let_go")
    assert entry.details["frames"] == 1


async def test_the_oldest_go_when_there_are_too_many(gateway, store, bureau):
    for number in range(5):
        await send(gateway, packet("7" * 24, qn=f"2026050109000002{number}", a34004="37"))
    assert await sync_to_async(quarantine.let_go)(times.now(), most=3) == 2
    assert store.counts().frames["quarantined"] == 3


# -- a past value reported anew ------------------------------------------------------------------


def raw_packet(mn, text, qn):
    segment = (
        f"QN={qn};ST=22;CN=2061;PW=123456;MN={mn};Flag=5;CP=&&DataTime={HOUR:%Y%m%d%H%M%S};{text}&&"
    )
    return framed(segment.encode())


@pytest.mark.parametrize("value", ["nan", "inf", "9" * 400, "1e400", "38ug/m3"])
async def test_what_is_no_number_never_hides_the_number_before(store, bureau, value):
    station = bureau.air[0]
    at = HOUR + timedelta(hours=2)
    points.forget()
    await sync_to_async(points.current)()
    decoder = BatchDecoder()
    for n, text in enumerate(("a34004-Avg=28,a34004-Flag=N", f"a34004-Avg={value},a34004-Flag=N")):
        batch = decoder([raw_packet(station.mn, text, f"2026050110000000{n}")])
        await sync_to_async(ingest.take)(batch, ["tcp test"], at)
    (row,) = observations(store, parameter="a34004").rows(named=True)
    assert (row["value"], row["flag"]) == (28.0, "N")
    assert store.frames(status="quarantined")["reason"].to_list() == ["value"]


async def told(
    bureau, store, *, after: timedelta, values=("64", "3.0"), parameters=("a34004",) * 2
):
    """What is told when a station reports ``values`` one after another, the second ``after`` its hour."""
    station = bureau.air[0]
    points.forget()
    await sync_to_async(points.current)()
    rewritten = []
    decoder = BatchDecoder()
    for n, (value, parameter) in enumerate(zip(values, parameters, strict=True)):
        at = HOUR + timedelta(hours=1, minutes=5) + (after if n else timedelta())
        text = f"{parameter}-Avg={value},{parameter}-Flag=N"
        batch = decoder([raw_packet(station.mn, text, f"2026050110000000{n}")])
        await sync_to_async(ingest.take)(
            batch, ["tcp test"], at, rewritten=lambda rows: rewritten.append(rows)
        )
    return rewritten


async def test_a_value_changed_within_hours_is_ordinary(store, bureau):
    assert await told(bureau, store, after=timedelta(hours=2)) == []
    assert observations(store, parameter="a34004")["value"].to_list() == [3.0]


async def test_a_value_changed_a_day_later_is_stored_and_told(store, bureau):
    (rows,) = await told(bureau, store, after=timedelta(days=1))
    (row,) = rows.rows(named=True)
    assert (row["before"], row["after"], row["late"]) == (64.0, 3.0, False)
    assert observations(store, parameter="a34004")["value"].to_list() == [3.0]


async def test_a_value_changed_eight_days_later_waits_for_a_person(store, bureau):
    (rows,) = await told(bureau, store, after=timedelta(days=8))
    assert rows["late"].to_list() == [True]
    assert observations(store, parameter="a34004")["value"].to_list() == [64.0]
    (frame,) = store.frames(status="quarantined").rows(named=True)
    assert frame["reason"] == "rewrite"
    (replayed,) = await sync_to_async(replaying.replay)([frame["frame_id"]])
    assert replayed.ok
    assert observations(store, parameter="a34004")["value"].to_list() == [3.0]


async def test_a_backlog_and_a_repetition_are_no_rewrite(store, bureau):
    late = timedelta(days=8)
    assert await told(bureau, store, after=late, values=("64", "64")) == []
    assert await told(bureau, store, after=late, parameters=("a34004", "a34002")) == []


async def test_a_rewrite_is_on_record_and_its_monitors_know(gateway, store, bureau):
    from ecoledger.matters.models import Notice
    from ecoledger.monitoring.models import Rewrite
    from ecoledger.web.office import security_notices

    (rows,) = await told(bureau, store, after=timedelta(days=1))
    await sync_to_async(security_notices.rewritten)(rows)
    kept = await sync_to_async(Rewrite.objects.get)()
    assert (kept.before, kept.after, kept.start) == (64.0, 3.0, f"{HOUR:%Y-%m-%d %H:%M}")
    notices = await sync_to_async(list)(Notice.objects.values_list("person__username", "text"))
    assert [name for name, text in notices if "改写" in text] == ["monitor"]


async def test_when_most_devices_are_ahead_it_is_this_machines_clock(
    gateway, store, bureau, monkeypatch
):
    monkeypatch.setattr(ingest, "last_ahead", {})
    monkeypatch.setattr(ingest, "last_seen", {})
    monkeypatch.setattr(heartbeat, "DEVICES_AHEAD", 2)
    now = times.now().replace(minute=0, second=0, microsecond=0)
    tomorrow = now + timedelta(days=1)
    first, second = bureau.air[:2]
    await send(gateway, packet(first.mn, when=tomorrow, a34004="37"))
    assert heartbeat.clock()["ok"]  # one device ahead is wrong itself
    await send(gateway, packet(second.mn, when=tomorrow, a34004="37"))
    assert not heartbeat.clock()["ok"]
