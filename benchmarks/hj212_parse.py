"""How many HJ 212 packets a second one core decodes, check code verified and values typed.

Corpus (seeded): 2 000 minute packets of an air station, 10 factors x Min/Avg/Max/Flag, 754 bytes each;
and of a chimney, 10 factors x Cou/Min/Avg/Max/ZsMin/ZsAvg/ZsMax/Flag, 1 569 bytes. The naive reading is
what one writes first: a table for the check code, ``split`` for the rest, ``float`` for the values.

    python benchmarks/hj212_parse.py [--rounds 5]
"""

import argparse
import random
import time
from collections.abc import Callable, Sequence

from ecoledger.hj212 import BatchDecoder, FrameReader, decode, framed
from ecoledger.hj212.crc import TABLE

AIR = ["a34004", "a34002", "a21026", "a21004", "a21005", "a05024", "a01001", "a01002", "a01006", "a01007"]  # fmt: skip
SMOKE = ["a21026", "a21002", "a34013", "a19001", "a01011", "a01012", "a01013", "a01014", "a00000", "a21024"]  # fmt: skip


def corpus(kind: str, count: int = 2000, seed: int = 212) -> list[bytes]:
    """Frames without line ends, within eight bytes of the size named above."""
    chance = random.Random(seed)
    codes, statistics, st, size, decimals = {
        "air": (AIR, ("Min", "Avg", "Max"), "22", 754, (1, 3)),
        "smoke": (
            SMOKE,
            ("Cou", "Min", "Avg", "Max", "ZsMin", "ZsAvg", "ZsMax"),
            "31",
            1569,
            (2, 5),
        ),
    }[kind]
    frames = []
    while len(frames) < count:
        number = len(frames)
        items = [f"DataTime=20240601{number // 60 % 24:02}{number % 60:02}00"]
        for code in codes:
            numbers = [
                round(10 ** chance.uniform(-1, 2.6), chance.randint(*decimals)) for _ in statistics
            ]
            parts = [
                f"{code}-{name}={number}" for name, number in zip(statistics, numbers, strict=True)
            ]
            items.append(",".join([*parts, f"{code}-Flag=N"]))
        head = f"QN=20240601085857{number % 1000:03};ST={st};CN=2051;PW=123456;MN=010000A8900016F0{number:08X};Flag=5;"  # fmt: skip
        frame = framed(f"{head}CP=&&{';'.join(items)}&&".encode())[:-2]
        if abs(len(frame) - size) <= 8:
            frames.append(frame)
    return frames


def naive(frame: bytes) -> tuple[dict[str, str], dict[str, dict[str, float | str]]]:
    """One frame by splitting strings."""
    segment = frame[6 : 6 + int(frame[2:6])]
    crc = 0xFFFF
    for byte in segment:
        crc = TABLE[(crc >> 8) ^ byte]
    if crc != int(frame[-4:], 16):
        raise ValueError("check code")
    head, _, content = segment.decode().partition("CP=&&")
    header = dict(pair.split("=", 1) for pair in head.split(";") if pair)
    values: dict[str, dict[str, float | str]] = {}
    for item in content[:-2].split(";"):
        for pair in item.split(","):
            key, text = pair.split("=", 1)
            code, hyphen, name = key.partition("-")
            if not hyphen:
                header[key] = text
            else:
                values.setdefault(code, {})[name] = text if name == "Flag" else float(text)
    return header, values


def rate(work: Callable[[Sequence[bytes]], object], frames: list[bytes], rounds: int) -> float:
    """Best of the rounds, packets a second of processor time (the machine may be shared)."""
    best = 0.0
    for _ in range(rounds):
        begin = time.process_time()
        work(frames)
        best = max(best, len(frames) / (time.process_time() - begin))
    return best


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    for kind in ("air", "smoke"):
        frames = corpus(kind)
        sizes = [len(frame) for frame in frames]
        stream = b"\r\n".join(frames) + b"\r\n"
        decoder = BatchDecoder()
        batch = decoder(frames)
        assert len(batch) == len(frames)  # noqa: S101
        assert not batch.careful  # noqa: S101
        print(
            f"{kind}: {len(frames)} packets of {sum(sizes) / len(sizes):.0f} bytes, {len(batch.value)} values"
        )

        def chunks(frames: Sequence[bytes], stream: bytes = stream) -> None:
            reader = FrameReader()
            for start in range(0, len(stream), 65536):
                reader.feed(stream[start : start + 65536])

        def in_batches(frames: Sequence[bytes], size: int, decoder: BatchDecoder = decoder) -> None:
            for start in range(0, len(frames), size):
                decoder(frames[start : start + size])

        base = rate(lambda frames: [naive(frame) for frame in frames], frames, rounds)
        print(f"  naive (split, table)     {base:10,.0f} packets/s")
        careful = rate(
            lambda frames: [decode(frame) for frame in frames[:400]], frames[:400], rounds
        )
        print(
            f"  decode, one by one       {careful:10,.0f} packets/s   {careful / base:5.2f} x naive"
        )
        for size in (50, 200, 500, 2000):
            speed = rate(lambda frames, size=size: in_batches(frames, size), frames, rounds)
            print(
                f"  decode_many, {size:5} each {speed:10,.0f} packets/s   {speed / base:5.2f} x naive"
            )
        print(f"  finding frames           {rate(chunks, frames, rounds):10,.0f} packets/s")


if __name__ == "__main__":
    main()
