"""The check code of HJ 212 (annex A) and the Modbus one that many devices send instead.

The standard's step is ``r = T[(r >> 8) ^ byte]``: only the high byte is carried on, so the code is linear
over GF(2) and a byte's contribution depends on its distance from the end alone. That contribution repeats
every **eight** bytes (the 8 x 8 bit matrix of the carried byte has order 8; a test proves it), hence the
code of a message equals the code of its 8-byte words XORed together: one pass of 64-bit XORs, in Python
with big integers and in NumPy for many frames at once. It also means that the code cannot see two 8-byte
words change places.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

_POLYNOMIAL = 0xA001
_WORD = 8


def _shifted(value: int) -> int:
    for _ in range(8):
        value = (value >> 1) ^ (_POLYNOMIAL if value & 1 else 0)
    return value


TABLE: tuple[int, ...] = tuple(_shifted(byte) for byte in range(256))

# _BY_DISTANCE[d][b]: what byte b adds when d bytes (modulo 8) follow it.
_BY_DISTANCE: list[tuple[int, ...]] = [TABLE]
for _ in range(_WORD - 1):
    _BY_DISTANCE.append(tuple(TABLE[value >> 8] for value in _BY_DISTANCE[-1]))

_LOOKUP: NDArray[np.uint16] = np.array(_BY_DISTANCE, dtype=np.uint16)
_START: tuple[int, ...] = tuple(row[0xFF] for row in _BY_DISTANCE)
_MASKS = [(1 << (64 << level)) - 1 for level in range(16)]


def crc16_table(data: bytes) -> int:
    """The check code byte by byte, exactly as annex A of HJ 212-2017 states it (slow, the reference)."""
    crc = 0xFFFF
    for byte in data:
        crc = TABLE[(crc >> 8) ^ byte]
    return crc


def crc16(data: bytes) -> int:
    """The check code of a data segment (annex A of HJ 212-2017), 0..0xFFFF.

    ``crc16(b"...&&RtdInterval=30&&")`` of the standard's worked example is 0x1C80.
    """
    length = len(data)
    if not length:
        return 0xFFFF
    folded = int.from_bytes(data, "big")
    words = (length + _WORD - 1) // _WORD
    for level in range((words - 1).bit_length() - 1, -1, -1):
        folded = (folded >> (64 << level)) ^ (folded & _MASKS[level])
    crc = _START[(length - 1) % _WORD]
    for row in _BY_DISTANCE:
        crc ^= row[folded & 0xFF]
        folded >>= 8
    return crc


def crc16_modbus_table(data: bytes) -> int:
    """CRC-16/Modbus byte by byte (slow, the reference)."""
    crc = 0xFFFF
    for byte in data:
        crc = (crc >> 8) ^ TABLE[(crc ^ byte) & 0xFF]
    return crc


def _modbus_by_distance() -> NDArray[np.uint16]:
    table = np.empty((_LONGEST, 256), dtype=np.uint16)
    table[0] = TABLE
    for distance in range(1, _LONGEST):
        before = table[distance - 1]
        table[distance] = (before >> 8) ^ table[0][before & 0xFF]
    return table


_LONGEST = 1024
_MODBUS = _modbus_by_distance()


def crc16_modbus(data: bytes) -> int:
    """CRC-16/Modbus of a data segment: what devices send whose maker misread annex A.

    Linear too, but without a short period: a table by distance serves as many bytes as it has rows, and what was
    carried from one stretch to the next is as if it had been added to the first two bytes of the next.
    """
    length = len(data)
    if length < 2:
        return crc16_modbus_table(data)
    octets = np.frombuffer(data, dtype=np.uint8)
    crc, begin = 0xFFFF, 0
    while begin < length:
        end = min(begin + _LONGEST, length)
        if length - end == 1:
            end -= 1
        stretch = octets[begin:end]
        size = len(stretch)
        added = _MODBUS[np.arange(size - 1, -1, -1), stretch]
        carried = _MODBUS[size - 1, crc & 0xFF] ^ _MODBUS[size - 2, crc >> 8]
        crc = int(np.bitwise_xor.reduce(added) ^ carried)
        begin = end
    return crc


def crc16_many(
    joined: NDArray[np.uint8], starts: NDArray[np.intp], ends: NDArray[np.intp]
) -> NDArray[np.uint16]:
    """Check codes of many segments lying one after another in one buffer, as uint16.

    ``joined`` holds whole frames; segment ``i`` is ``joined[starts[i]:ends[i]]``, not empty. Between two
    segments lie at least seven bytes (the four of a check code and the six of a header are ten), which
    is what lets a 64-bit word belong to one segment only.
    """
    if not len(starts):
        return np.zeros(0, dtype=np.uint16)
    words = np.zeros(-(-len(joined) // _WORD), dtype=np.uint64)
    octets = words.view(np.uint8)
    octets[: len(joined)] = joined
    octets[: starts[0]] = 0
    octets[ends[-1] :] = 0
    if len(starts) > 1:
        gaps = starts[1:] - ends[:-1]
        width = int(gaps.min())
        if int(gaps.max()) == width:
            for offset in range(width):
                octets[ends[:-1] + offset] = 0
        else:
            for end, start in zip(ends[:-1].tolist(), starts[1:].tolist(), strict=True):
                octets[end:start] = 0
    folded = np.bitwise_xor.reduceat(words, starts // _WORD).view(np.uint8).reshape(-1, _WORD)
    result: NDArray[np.uint16] = _LOOKUP[(ends - starts - 1) % _WORD, 0xFF]
    for distance in range(_WORD):
        column = (ends - 1 - distance) % _WORD
        result = result ^ _LOOKUP[distance, folded[np.arange(len(starts)), column]]
    return result
