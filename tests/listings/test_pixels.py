"""How large a picture says it is."""

from __future__ import annotations

import struct

import pytest

from ecoledger.listings import pixels

PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sII", 13, b"IHDR", 30_000, 20_000) + bytes(9)
GIF = b"GIF89a" + struct.pack("<HH", 640, 480) + bytes(3)
# A camera writes of itself first; the frame's header follows.
CAMERA = b"\xff\xe1" + struct.pack(">H", 70) + b"Exif\x00\x00" + bytes(62)
JPEG = (
    b"\xff\xd8" + CAMERA + b"\xff\xff\xc2" + struct.pack(">HBHHB", 11, 8, 3000, 4000, 1) + bytes(3)
)


def webp(kind: bytes, body: bytes) -> bytes:
    return (
        b"RIFF"
        + struct.pack("<I", len(body) + 12)
        + b"WEBP"
        + kind
        + struct.pack("<I", len(body))
        + body
    )


EXTENDED = webp(b"VP8X", bytes(4) + (9999).to_bytes(3, "little") + (4999).to_bytes(3, "little"))
LOSSLESS = webp(b"VP8L", b"\x2f" + struct.pack("<I", 799 | 599 << 14))
LOSSY = webp(b"VP8 ", bytes(3) + b"\x9d\x01\x2a" + struct.pack("<HH", 1024, 768))


@pytest.mark.parametrize(
    ("content", "size"),
    [
        (PNG, 600_000_000),
        (GIF, 307_200),
        (JPEG, 12_000_000),
        (EXTENDED, 50_000_000),
        (LOSSLESS, 480_000),
        (LOSSY, 786_432),
        (b"%PDF-1.7", None),
        (b"", None),
        (b"\xff\xd8\xff\xd9", None),
    ],
)
def test_the_first_bytes_say_it(content, size):
    assert pixels.points(content) == size
    assert pixels.may_be_drawn(content) is (size is None or size <= pixels.MOST_DRAWN)


@pytest.mark.parametrize("content", [PNG, GIF, JPEG, EXTENDED, LOSSLESS, LOSSY])
def test_one_that_is_cut_off_says_nothing_wrong(content):
    whole = pixels.points(content)
    assert {pixels.points(content[:n]) for n in range(len(content))} <= {None, whole, 0}
