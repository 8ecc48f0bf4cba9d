"""Frames of one partition that came together, as one message."""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

_HEAD: Final = struct.Struct("<4sqI")
_MARK: Final = b"EL1\n"
_EPOCH: Final = datetime(1970, 1, 1)
MOST_BYTES: Final = 512 << 10
"""Largest bundle; NATS takes messages of 1 MB unless told otherwise. A larger frame is a bundle by itself."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """``at``: when the gateway had the frames (China standard time, naive); ``sources``: where each came from."""

    at: datetime
    frames: Sequence[bytes]
    sources: Sequence[str]

    def __len__(self) -> int:
        return len(self.frames)


def partition_of(mn: bytes, partitions: int) -> int:
    """The partition of a device number: always the same one."""
    return zlib.crc32(mn) % partitions


def cut(bundle: Bundle) -> Iterator[Bundle]:
    """The bundle in parts that fit into messages."""
    begin = size = 0
    for number, frame in enumerate(bundle.frames):
        if number > begin and size + len(frame) > MOST_BYTES:
            yield Bundle(bundle.at, bundle.frames[begin:number], bundle.sources[begin:number])
            begin, size = number, 0
        size += len(frame)
    if begin < len(bundle):
        yield Bundle(bundle.at, bundle.frames[begin:], bundle.sources[begin:])


def written(bundle: Bundle) -> bytes:
    """A bundle as bytes."""
    names = list(dict.fromkeys(bundle.sources))
    place = {name: number for number, name in enumerate(names)}
    texts = "\n".join(names).encode()
    count = len(bundle)
    return b"".join(
        (
            _HEAD.pack(_MARK, (bundle.at - _EPOCH) // timedelta(microseconds=1), count),
            struct.pack(f"<{count}I", *map(len, bundle.frames)),
            struct.pack(f"<{count}I", *(place[name] for name in bundle.sources)),
            struct.pack("<I", len(texts)),
            texts,
            *bundle.frames,
        )
    )


def read(data: bytes) -> Bundle:
    """The inverse of :func:`written`. Raises ``ValueError`` for what is no bundle."""
    try:
        mark, micros, count = _HEAD.unpack_from(data)
        if mark != _MARK:
            raise ValueError("no bundle of this version")
        position = _HEAD.size
        lengths = struct.unpack_from(f"<{count}I", data, position)
        places = struct.unpack_from(f"<{count}I", data, position + 4 * count)
        position += 8 * count
        (size,) = struct.unpack_from("<I", data, position)
        position += 4
        names = data[position : position + size].decode().split("\n")
        position += size
        frames = []
        for length in lengths:
            frames.append(data[position : position + length])
            position += length
        if position != len(data):
            raise ValueError("a bundle that was cut short")
        sources = [names[place] for place in places]
    except (struct.error, UnicodeDecodeError, IndexError) as error:
        raise ValueError(f"no bundle: {error}") from error
    return Bundle(_EPOCH + timedelta(microseconds=micros), frames, sources)


def identity(digests: Sequence[bytes]) -> str:
    """The message number of packets with these digests: the same packets have the same."""
    return hashlib.blake2b(b"".join(digests), digest_size=16).hexdigest()
