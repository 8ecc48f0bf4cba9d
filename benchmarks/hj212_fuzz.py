"""Broken HJ 212 streams by the million: through reader and decoder, then through a live gateway.

Frames (the published ones and made ones) are mutated: bytes flipped, removed, inserted, doubled, cut, glued;
between them stand good frames. What must hold: nothing raises; every good frame is found; nothing is
accepted whose check code, computed the slow way, is wrong; memory does not grow.

    python benchmarks/hj212_fuzz.py [--frames 1000000] [--socket-frames 200000] [--seed 1]
"""

import argparse
import asyncio
import gc
import json
import random
import resource
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from hj212_parse import corpus

from ecoledger.hj212 import Batch, BatchDecoder, Connection, FrameReader, Gateway, Limits, framed
from ecoledger.hj212.crc import crc16_modbus_table, crc16_table

PUBLISHED = Path(__file__).parent.parent / "tests" / "data" / "hj212_messages.json"
MARKS = (b"##", b"&&", b";", b",", b"=", b"\r\n", b"CP=&&", b"QN=", b"//", b"{0x", b"\x00", b"\xff", b"-99", b"##0100QN=")  # fmt: skip


def seeds() -> list[bytes]:
    messages = json.loads(PUBLISHED.read_text("utf-8"))["messages"]
    found = [message["message"].encode() for message in messages]
    whole = [text if text.startswith(b"##") else framed(text)[:-2] for text in found]
    return whole + corpus("air", 20) + corpus("smoke", 5)


def mutated(frame: bytes, chance: random.Random) -> bytes:
    data = bytearray(frame)
    for _ in range(chance.choice((0, 1, 1, 1, 2, 3, 8))):
        kind = chance.randrange(7)
        place = chance.randrange(len(data) + 1)
        if kind == 0 and place < len(data):
            data[place] ^= 1 << chance.randrange(8)
        elif kind == 1:
            del data[place : place + chance.randrange(1, 20)]
        elif kind == 2:
            data[place:place] = chance.randbytes(chance.randrange(1, 12))
        elif kind == 3:
            data[place:place] = chance.choice(MARKS)
        elif kind == 4:
            data[place:place] = data[place : place + chance.randrange(1, 60)]
        elif kind == 5:
            del data[place:]
        elif place + 4 < len(data):
            data[2:6] = b"%04d" % chance.randrange(10_000)
    if chance.random() < 0.2 and len(data) > 20:  # wrong inside, yet with a right check code
        return framed(bytes(data[6:-4])[:9999])[:-2]
    return bytes(data)


def good_frame(number: int) -> bytes:
    return framed(
        b"QN=20240101%09d;ST=22;CN=2011;PW=123456;MN=FFFFFFFFFFFFFFFFFFFFFFFF;Flag=5;"
        b"CP=&&DataTime=20240101000000;a34004-Rtd=1.5,a34004-Flag=N&&" % (number % 10**9)
    )


def stream(frames: int, seed: int) -> Iterator[tuple[bytes, int]]:
    """Pieces of a stream of any size, and how many good frames each ends."""
    chance = random.Random(seed)
    pool = seeds()
    made = 0
    while made < frames:
        parts = []
        for _ in range(20):
            parts.append(mutated(chance.choice(pool), chance))
            parts.append(chance.choice((b"\r\n", b"\r\n", b"", b"\n")))
            made += 1
            if made % 4 == 0:
                parts.append(good_frame(made))
        yield b"".join(parts), 5


def right_code(frame: bytes) -> bool:
    """Whether some reading of the frame has the check code it ends with; computed the slow way."""
    frame = frame.rstrip()
    segments = [frame[start:-4] for start in range(2, 26)]
    code = int(frame[-4:], 16)
    return any(code in (crc16_table(s), crc16_modbus_table(s)) for s in segments)


def rss() -> float:
    """MiB resident now."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123
        return int(file.read().split()[1]) * resource.getpagesize() / 2**20


def offline(frames: int, seed: int) -> None:
    chance = random.Random(seed + 1)
    reader, decoder = FrameReader(), BatchDecoder()
    errors: Counter[str] = Counter()
    expected = found = accepted = refused = checked = 0
    begin = time.perf_counter()
    warm = 0.0
    pending: list[bytes] = []

    def judge() -> None:
        nonlocal found, accepted, refused, checked
        batch = decoder(pending)
        accepted += len(batch)
        refused += len(batch.faults)
        found += int((batch.mn == b"F" * 24).sum())
        for row in chance.sample(range(len(batch)), min(5, len(batch))):
            checked += 1
            frame = pending[int(batch.index[row])]
            if not right_code(frame):
                raise AssertionError(f"accepted with a wrong check code: {frame!r}")
        errors.update(error for _, packet in batch.faults for error in packet.errors)
        pending.clear()

    for number, (data, good) in enumerate(stream(frames, seed)):
        expected += good
        while data:
            size = chance.choice((1, 7, 64, 700, 1460, 65536))
            pending += reader.feed(data[:size])
            data = data[size:]
        if len(pending) > 500:
            judge()
        if number == frames // 20 // 10:
            gc.collect()
            warm = rss()
    pending += reader.flush()
    judge()
    gc.collect()
    seconds = time.perf_counter() - begin
    print(f"offline: {frames:,} mutated and {expected:,} good frames in {seconds:.0f} s")
    print(
        f"  good frames found {found:,} of {expected:,}; accepted {accepted:,}, refused {refused:,}"
    )
    print(f"  {checked:,} accepted ones checked the slow way; reasons {dict(errors.most_common())}")
    print(f"  memory {warm:.0f} MiB after a tenth, {rss():.0f} MiB at the end")
    if found < expected:
        raise AssertionError(f"{expected - found} good frames were lost")


async def live(frames: int, seed: int, connections: int = 8) -> None:
    acknowledged = 0

    async def handler(batch: Batch, sources: Sequence[Connection]) -> None:
        return None

    async def pour(number: int) -> int:
        nonlocal acknowledged
        chance = random.Random(seed + number)
        reader, writer = await asyncio.open_connection(host, port)
        answers = FrameReader()

        async def listen() -> None:
            nonlocal acknowledged
            while data := await reader.read(65536):
                acknowledged += sum(b"MN=FFFFFFFFFFFFFFFFFFFFFFFF" in f for f in answers.feed(data))

        listening = asyncio.create_task(listen())
        sent = 0
        for data, good in stream(frames // connections, seed + number):
            sent += good
            while data:
                size = chance.choice((1, 64, 700, 1460, 65536))
                writer.write(data[:size])
                data = data[size:]
            await writer.drain()
            await asyncio.sleep(0)
        writer.write_eof()
        await listening
        writer.close()
        return sent

    async with Gateway(handler, Limits(faults=10**9)) as gateway:
        host, port = await gateway.listen()
        begin = time.perf_counter()
        early = asyncio.create_task(asyncio.sleep(5, result=None))
        pouring = asyncio.gather(*(pour(number) for number in range(connections)))
        await early
        gc.collect()
        warm = rss()
        expected = sum(await pouring)
        gc.collect()
        seconds = time.perf_counter() - begin
        stats = gateway.stats
        print(f"live: {frames:,} mutated frames over {connections} connections in {seconds:.0f} s")
        print(f"  {stats.frames:,} frames, {stats.packets:,} packets, {stats.faults:,} faults, "
              f"{stats.garbage_bytes:,} bytes of garbage, {stats.frames_dropped} dropped")  # fmt: skip
        print(f"  good frames acknowledged {acknowledged:,} of {expected:,}")
        print(f"  memory {warm:.0f} MiB after 5 s, {rss():.0f} MiB at the end")
        if acknowledged < expected:
            raise AssertionError(f"{expected - acknowledged} acknowledgements are missing")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--frames", type=int, default=1_000_000)
    parser.add_argument("--socket-frames", type=int, default=200_000)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    if arguments.frames:
        offline(arguments.frames, arguments.seed)
    if arguments.socket_frames:
        asyncio.run(live(arguments.socket_frames, arguments.seed))


if __name__ == "__main__":
    main()
