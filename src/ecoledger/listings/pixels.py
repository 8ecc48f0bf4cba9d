"""How large a picture says it is, from its first bytes, before anything unpacks it.

A PNG of 109 kB can be 30,000 × 30,000 points: whoever draws it fetches a gigabyte, and a wider one the whole machine.
"""

from __future__ import annotations

import struct
from typing import Final

MOST_DRAWN: Final = 64_000_000
"""Points of a picture that is drawn on a page here: eight octets each at the worst. A telephone's photograph has 12–50
million."""
MOST_KEPT: Final = 250_000_000
"""Points of a picture that is taken as evidence at all: browsers of those who look at it unpack it too."""

# Frames of JPEG whose header holds the size: all but DHT (C4), JPG (C8) and DAC (CC).
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def points(content: bytes) -> int | None:
    """Width times height of a PNG, JPEG, WebP or GIF; ``None`` for what is none of them or is cut off."""
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n"):
            return _times(struct.unpack(">II", content[16:24]))
        if content.startswith(b"\xff\xd8"):
            return _jpeg(content)
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return _webp(content)
        if content[:4] == b"GIF8":
            return _times(struct.unpack("<HH", content[6:10]))
    except (struct.error, IndexError):
        pass
    return None


def may_be_drawn(content: bytes) -> bool:
    """Whether a picture is of a size that is unpacked here."""
    size = points(content)
    return size is None or size <= MOST_DRAWN


def _times(size: tuple[int, ...]) -> int:
    return size[0] * size[1]


def _jpeg(content: bytes) -> int | None:
    at = 2
    while at + 9 <= len(content):
        if content[at] != 0xFF:
            return None
        marker = content[at + 1]
        if marker == 0xFF:  # filling
            at += 1
            continue
        if marker in _FRAMES:
            return _times(struct.unpack(">HH", content[at + 5 : at + 9]))
        if marker == 0x01 or 0xD0 <= marker <= 0xD8:  # without a length
            at += 2
            continue
        at += 2 + max(int.from_bytes(content[at + 2 : at + 4], "big"), 2)
    return None


def _webp(content: bytes) -> int | None:
    kind = content[12:16]
    if kind == b"VP8X":
        low_width, width, low_height, height = struct.unpack("<HBHB", content[24:30])
        return _times(((width << 16 | low_width) + 1, (height << 16 | low_height) + 1))
    if kind == b"VP8L":
        bits = int.from_bytes(content[21:25], "little") if len(content) >= 25 else 0
        return _times(((bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1)) if bits else None
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", content[26:30])
        return _times((width & 0x3FFF, height & 0x3FFF))
    return None
