"""A small seeded sample of broken streams (benchmarks/hj212_fuzz.py does it by the million)."""

import random
from typing import Any

import pytest
from hj212_frames import frame_of, made
from test_hj212_batch import assert_same

from ecoledger.hj212 import BatchDecoder, decode, framed, frames_of

MARKS = (b"##", b"#", b"&&", b";", b",", b"=", b"\r\n", b"CP=&&", b"//", b"{0x", b"\x00", b"\xff", b"-99")  # fmt: skip


def mutated(frame: bytes, chance: random.Random) -> bytes:
    data = bytearray(frame)
    for _ in range(chance.choice((1, 1, 2, 5))):
        place = chance.randrange(len(data) + 1)
        match chance.randrange(5):
            case 0:
                del data[place : place + chance.randrange(1, 20)]
            case 1:
                data[place:place] = chance.choice(MARKS)
            case 2:
                data[place:place] = data[place : place + chance.randrange(1, 60)]
            case 3:
                del data[place:]
            case 4:
                data[2:6] = b"%04d" % chance.randrange(10_000)
    if chance.random() < 0.4 and len(data) > 20:  # wrong inside, yet with a right check code
        return framed(bytes(data[6:-4])[:9999])[:-2]
    return bytes(data)


@pytest.mark.parametrize("seed", range(4))
def test_good_frames_are_found_between_broken_ones(
    messages: list[dict[str, Any]], seed: int
) -> None:
    chance = random.Random(seed)
    pool = [frame_of(message) for message in messages]
    stream, good = [], []
    for number in range(800):
        frame = made(f"DataTime=20240601085800;a34004-Rtd={number}.5,a34004-Flag=N")
        good.append(frame)
        stream += [mutated(chance.choice(pool), chance), chance.choice((b"\r\n", b"\n", b""))]
        stream += [frame, chance.choice((b"\r\n", b""))]
    found = frames_of(b"".join(stream))
    assert [frame for frame in found if frame in set(good)] == good


@pytest.mark.parametrize("seed", range(4))
def test_batches_of_broken_frames_equal_the_careful_codec(
    messages: list[dict[str, Any]], seed: int
) -> None:
    chance = random.Random(seed)
    pool = [frame_of(message) for message in messages]
    frames = [mutated(chance.choice(pool), chance) for _ in range(600)]
    assert_same(BatchDecoder()(frames), frames)


def test_slashes_may_swallow_separators() -> None:
    frames = [made("DataTime=20240601085800;a34004-Rtd=1//,a34002-Rtd=2//,a21026-Rtd=3")] * 10
    assert_same(BatchDecoder()(frames), frames)
    assert decode(frames[0]).values[0].value is None
