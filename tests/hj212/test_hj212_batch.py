"""Batches say exactly what the careful codec says, for good frames and for every way of breaking them."""

import random
import threading
from typing import Any

import numpy as np
import pytest
from hj212_frames import MN, frame_of, made
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.hj212 import Batch, BatchDecoder, decode, framed
from ecoledger.hj212.crc import crc16, crc16_modbus


def assert_same(batch: Batch, frames: list[bytes]) -> None:
    """Column by column against the careful codec."""
    read = [(index, decode(frame)) for index, frame in enumerate(frames)]
    good = [(index, packet) for index, packet in read if packet.ok]
    assert batch.index.tolist() == [index for index, _ in good]
    assert list(batch.faults) == [(index, packet) for index, packet in read if not packet.ok]
    row_of_value = 0
    for row, (_, packet) in enumerate(good):
        assert batch.warning_names(row) == packet.warnings, packet.raw
        texts = (batch.st[row], batch.cn[row], batch.pw[row], batch.mn[row], batch.qn[row])
        assert tuple(text.decode() for text in texts) == (
            packet.st, packet.cn, packet.pw, packet.mn, packet.qn,
        )  # fmt: skip
        assert batch.edition[row] == packet.edition
        assert batch.flag[row] == (-1 if packet.flag is None else packet.flag)
        assert batch.ack[row] == packet.ack
        assert batch.packet_count[row] == (packet.packet_count or 0)
        assert batch.packet_no[row] == (packet.packet_no or 0)
        assert batch.resend[row] == packet.resend
        assert batch.data_time[row].item() == packet.data_time
        assert batch.packet_at(row) == packet
        for value in packet.values:
            if isinstance(value.value, str):
                continue
            at = row_of_value
            row_of_value += 1
            assert batch.packet[at] == row
            assert batch.codes[batch.code[at]] == value.code
            assert batch.fields[batch.field[at]] == value.field
            assert batch.data_flag[at].decode() == (value.flag or "")
            assert batch.eflag[at].decode() == (value.eflag or "")
            assert batch.sample_time[at].item() == value.sample_time
            if value.value is None:
                assert np.isnan(batch.value[at])
                assert batch.decimals[at] == -1
            else:
                assert batch.value[at] == float(value.value)
                exponent = value.value.as_tuple().exponent
                assert batch.decimals[at] == max(0, -int(exponent))
    assert row_of_value == len(batch.value)


def test_published_messages(messages: list[dict[str, Any]]) -> None:
    frames = [frame_of(message) for message in messages]
    decoder = BatchDecoder()
    assert_same(decoder(frames), frames)
    assert_same(decoder(frames[::-1]), frames[::-1])  # layouts known by now
    assert_same(decoder([*frames, *frames]), [*frames, *frames])


def test_repeated_layouts_are_read_together() -> None:
    frames = [made(f"DataTime=20240601085800;a34004-Rtd={n}.5,a34004-Flag=N") for n in range(50)]
    batch = BatchDecoder()(frames)
    assert batch.careful == {}
    assert batch.value.tolist() == [n + 0.5 for n in range(50)]
    assert_same(batch, frames)


NUMBERS = ["0", "1.0", "-1.20", "00.5", "123456789.123", "-99", "-99.00", "-999", "99999", "",
           "--", "1.", ".5", "+1", "1e3", "-", ".", "1.2.3", " 1", "1 ", "123456789012345",
           "1234567890123456", "12345678.12345678", "-0.0", "0x1", "１"]  # fmt: skip
TIMES = ["20240601085800", "20240229000000", "20230229000000", "2024060108580012", "202406010858",
         "", "20240601246000", "00000101000000", "2024060108580x"]  # fmt: skip
MARKS = ["N", "D", "St", "ABCD", "", "ABCDE", "-", "中"]
HEADS = [
    f"QN=20240601085857223;ST=22;CN=2051;PW=123456;MN={MN};Flag=5;",
    f"QN=20240601085857223;ST=22;CN=2051;PW=123456;MN={MN};Flag=9;RF=1;",
    f"QN=20240601085857223;ST=22;CN=2051;PW=123456;MN={MN};Flag=9;RF=0;",
    f"QN=20240601085857223;ST=22;CN=2051;PW=123456;MN={MN};Flag=7;PNUM=2;PNO=1;",
    f"QN=20240601085857223;ST=22;CN=2051;PW=123456;MN={MN};Flag=7;PNUM=2;PNO=3;",
    f"QN=20240601085857223;ST=22;CN=2051;PW=123456;MN={MN};Flag=5;PNUM=0002;PNO=0001;",
    f"QN=20240601085857223;ST=22;CN=2051;PW=123456;MN={MN};Flag=255;",
    f"QN=20240601085857223;ST=22;CN=2051;PW=123456;MN={MN};Flag=;",
    "QN=20240601085857223;ST=22;CN=2051;PW=123456;MN=010000a8900016f000169dc0;Flag=5;",
    "QN=20240601085857223;ST=22;CN=2051;PW=123456;MN=010000a8900016f000169dc0;Flag=9;",
    "QN=20240601085857223;ST=22;CN=2051;PW=123456;MN=A-1;Flag=5;",
    "ST=22;CN=2051;PW=123456;MN=88888880000001;",
    "ST=22;CN=2051;PW=;MN=;",
    f"ST=22;CN=2051;PW=123456;MN={MN};Flag=5;",
    f"QN=20241301085857223;ST=22;CN=2051;PW=12 456;MN={MN};Flag=5;",
    f"QN=2024060108585722;ST=2;CN=20x1;PW=123456;MN={MN};Flag=5;",
    f"ST=22;QN=20240601085857223;CN=2051;PW=123456;MN={MN};Flag=5;",
    f"QN=20240601085857223,ST=22;CN=2051;PW=123456;MN={MN};Flag=5",
    f"qn=20240601085857223;ST=22;CN=2051;PW=123456;MN={MN};Flag=5;",
    f"QN=20240601085857223;ST=22;CN=2051;PW=123456;MN={'F' * 40};Flag=5;",
]  # fmt: skip
LAYOUTS = [
    "DataTime={t};a34004-Rtd={n},a34004-Flag={m}",
    "DataTime={t};a34004-Min={n},a34004-Avg={n},a34004-Max={n},a34004-Flag={m},a34004-EFlag={m}",
    "DataTime={t};w01018-SampleTime={t},w01018-Rtd={n},w01018-Flag={m};w21003-Rtd={n}",
    "DataTime={t};w01018-SampleTime={t},01018-Rtd={n},w01018-Flag={m}",
    "DataTime={t};01-ZsRtd={n};S01-Rtd={n},S01-Flag={m};01-Rtd={n},01-Flag={m};",
    "DataTime={t};a34004-Rtd={n};a34004-Rtd={n},a34004-Flag={m}",
    "DataTime={t}; a34004-rtd={n} , a34004-Flag={m};a34002-xyz={n}",
    "DataTime={t};a34004-Rtd={n};Flag={m}",
    "a34004-Rtd={n},a34004-Flag={m};DataTime={t}",
    "DataTime={t};a34004-Flag={m};PolId=a34004;i11001-Info=//x,y//",
    "DataTime={t};a34004-Flag={m},a34004-Rtd={n};a34004-Flag={m},a34004-Avg={n}",
    "BeginTime={t},EndTime={t}",
    "",
]


def random_frame(chance: random.Random) -> bytes:
    content = chance.choice(LAYOUTS)
    while "{" in content:
        content = content.replace(
            "{t}", chance.choice(TIMES if chance.random() < 0.2 else TIMES[:2]), 1
        )
        content = content.replace(
            "{n}", chance.choice(NUMBERS if chance.random() < 0.2 else NUMBERS[:7]), 1
        )
        content = content.replace(
            "{m}", chance.choice(MARKS if chance.random() < 0.2 else MARKS[:4]), 1
        )
    head = chance.choice(HEADS if chance.random() < 0.3 else HEADS[:1])
    data = f"{head}CP=&&{content}&&".encode()
    frame = framed(data)[:-2]
    fate = chance.random()
    if fate < 0.05:
        frame = b"##%04d%b%04X" % (len(data), data, crc16_modbus(data))
    elif fate < 0.10:
        frame = frame[:-4] + frame[-4:].lower()
    elif fate < 0.13:
        frame = b"##%04d%b%04X" % (len(data) + 3, data, crc16(data))
    elif fate < 0.16:
        frame += b"\r\n"
    elif fate < 0.25:
        place = chance.randrange(len(frame))
        frame = frame[:place] + bytes([chance.randrange(256)]) + frame[place + 1 :]
    return frame


@pytest.mark.parametrize("seed", range(8))
def test_batches_equal_the_careful_codec(seed: int) -> None:
    chance = random.Random(seed)
    decoder = BatchDecoder()
    for size in (1, 3, 9, 60, 120):
        frames = [random_frame(chance) for _ in range(size)]
        assert_same(decoder(frames), frames)


@given(st.lists(st.binary(max_size=80), max_size=12))
def test_any_bytes(frames: list[bytes]) -> None:
    shaped = [framed(b"QN=1;ST=22;CN=2011;CP=&&" + data + b"&&")[:-2] for data in frames]
    assert_same(BatchDecoder()([*frames, *shaped]), [*frames, *shaped])


def test_long_packets_are_told_apart() -> None:
    factors = ";".join(f"a{n:05}-Avg={n}.1,a{n:05}-Flag=N" for n in range(60))
    frames = [made(f"DataTime=20240601085800;{factors}")] * 10
    batch = BatchDecoder()(frames)
    assert batch.careful == {}
    assert_same(batch, frames)
    assert batch.warning_names(0) == ("size",)


def test_nothing() -> None:
    assert len(BatchDecoder()([])) == 0


def test_invented_layouts_do_not_fill_the_memory() -> None:
    decoder = BatchDecoder()
    for start in range(0, 24_000, 1000):
        frames = [made(f"x{n:05}-Rtd=1") for n in range(start, start + 1000)]
        batch = decoder(frames)
        assert batch.codes[batch.code[-1]] == f"x{start + 999:05}"
    assert len(batch.codes) < 21_000


def test_threads_may_share_a_decoder() -> None:
    decoder = BatchDecoder()
    failures: list[BaseException] = []

    def work(seed: int) -> None:
        chance = random.Random(seed)
        try:
            for _ in range(5):
                frames = [random_frame(chance) for _ in range(40)]
                assert_same(decoder(frames), frames)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
