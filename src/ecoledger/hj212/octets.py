"""Tokens of many frames read together by NumPy. ``octets`` ends with 64 zero bytes so that no gather runs over."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .crc import crc16_many, crc16_modbus
from .warning_bits import WARNING_BITS

Ints = NDArray[np.intp]
Bools = NDArray[np.bool_]

_HEX_VALUE = np.full(256, 255, dtype=np.uint8)
for _digit in b"0123456789ABCDEFabcdef":
    _HEX_VALUE[_digit] = int(chr(_digit), 16)
_LOWER_HEX = np.zeros(256, dtype=np.bool_)
_LOWER_HEX[list(b"abcdef")] = True
UPPER_HEX = np.zeros(256, dtype=np.bool_)
UPPER_HEX[list(b"0123456789ABCDEF")] = True
ALPHANUMERIC = np.zeros(256, dtype=np.bool_)
ALPHANUMERIC[list(b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")] = True
_TENS: NDArray[np.int64] = 10 ** np.arange(17, dtype=np.int64)


def texts(octets: NDArray[np.uint8], starts: Ints, lengths: Ints, width: int) -> NDArray[np.uint8]:
    """Tokens as rows of bytes, zero beyond their length (cut at ``width``)."""
    columns = np.arange(width)
    rows: NDArray[np.uint8] = octets[starts[:, None] + columns]
    rows[columns >= lengths[:, None]] = 0
    return rows


def joined(rows: NDArray[np.uint8]) -> NDArray[np.bytes_]:
    width = rows.shape[1]
    return np.ascontiguousarray(rows).view(f"S{width}").reshape(-1)


def numbers_of(
    octets: NDArray[np.uint8], starts: Ints, lengths: Ints
) -> tuple[NDArray[np.float64], NDArray[np.int16], Bools]:
    """Value, digits after the point, and whether the token is ``-?digits(.digits)?`` of at most 15 digits.

    Mantissa and power of ten are exact, so their quotient is the nearest double, as ``float()`` gives.
    """
    negative = octets[starts] == 0x2D
    starts = starts + negative
    width = (np.minimum(lengths, 100) - negative).astype(np.int8)
    mantissa = np.zeros(len(starts), dtype=np.int64)
    good = (width > 0) & (width <= 16)
    point = np.full(len(starts), -1, dtype=np.int8)
    longest = min(int(width.max(initial=0)), 16)
    for place in range(longest):
        octet = octets[starts + place]
        digit = octet - np.uint8(0x30)
        inside = width > place
        is_digit = inside & (digit < 10)
        is_point = (inside & (octet == 0x2E)) & (point < 0)
        good &= (is_digit | is_point) | ~inside
        # Multiplied by one, or with nothing added, a number stays: cheaper than leaving it out.
        mantissa *= 1 + 9 * is_digit.view(np.int8)
        mantissa += digit * is_digit
        point[is_point] = place
    pointed = point >= 0
    decimals = np.where(pointed, width - 1 - point, 0).astype(np.int16)
    good &= (width - pointed <= 15) & (point != 0) & (~pointed | (decimals > 0))
    value = mantissa / _TENS[np.clip(decimals, 0, 16)]
    return np.where(negative, -value, value), decimals, good


def times_of(
    octets: NDArray[np.uint8], starts: Ints, lengths: Ints
) -> tuple[NDArray[np.datetime64], Bools]:
    """``YYYYMMDDhhmmss`` tokens as datetime64[s], and whether they are valid."""
    rows = octets[starts[:, None] + np.arange(14)] - np.uint8(0x30)
    good = (lengths == 14) & (rows < 10).all(axis=1)
    number = rows.astype(np.int64)
    year = number[:, :4] @ np.array([1000, 100, 10, 1])
    month, day, hour, minute, second = (
        number[:, place] * 10 + number[:, place + 1] for place in (4, 6, 8, 10, 12)
    )
    good &= (year >= 1) & (month >= 1) & (month <= 12)
    year = np.where(good, year, 2000)
    month = np.where(good, month, 1)
    first = ((year - 1970) * 12 + month - 1).astype("datetime64[M]")
    days = first.astype("datetime64[D]") + (day - 1)
    good &= (day >= 1) & (days.astype("datetime64[M]") == first)
    good &= (hour < 24) & (minute < 60) & (second < 60)
    result = days.astype("datetime64[s]") + (hour * 3600 + minute * 60 + second)
    return np.where(good, result, np.datetime64("NaT")), good


@dataclass(slots=True)
class _Tokens:
    """What follows each ``=``, in all frames: where it starts and ends; each frame's first and count."""

    starts: Ints
    ends: Ints
    first: Ints
    count: Ints


class Buffer:
    """Frames laid one after another."""

    __slots__ = ("_tokens", "ends", "octets", "starts")

    def __init__(self, octets: NDArray[np.uint8], starts: Ints, ends: Ints) -> None:
        self.octets = octets
        self.starts = starts
        self.ends = ends
        self._tokens: _Tokens | None = None

    def only(self, chosen: Bools) -> Buffer:
        """The chosen frames alone."""
        if chosen.all():
            return self
        octets = self.octets
        pieces = zip(self.starts[chosen].tolist(), self.ends[chosen].tolist(), strict=True)
        return self.of([octets[start:end].tobytes() for start, end in pieces])

    @classmethod
    def of(cls, frames: Sequence[bytes]) -> Buffer:
        sizes = np.fromiter(map(len, frames), dtype=np.intp, count=len(frames))
        ends = np.cumsum(sizes)
        return cls(np.frombuffer(b"".join([*frames, bytes(64)]), np.uint8), ends - sizes, ends)

    def tokens(self) -> _Tokens:
        """Only for well-framed frames: each ends in ``&&``, so no token reaches into the next."""
        if self._tokens is None:
            octets = self.octets
            special = (octets == 0x3D) | (octets == 0x2C) | (octets == 0x3B) | (octets == 0x26)
            places = np.flatnonzero(special)
            equals = np.flatnonzero(octets[places] == 0x3D)
            starts = places[equals] + 1
            first = np.searchsorted(starts, self.starts)
            count = np.diff(np.append(first, len(starts)))
            self._tokens = _Tokens(starts, places[equals + 1], first, count)
        return self._tokens


def well_framed(buffer: Buffer) -> Bools:
    """``##``, a length that is right, ``&&`` and four hexadecimal digits at the end."""
    octets, starts, ends = buffer.octets, buffer.starts, buffer.ends
    digits = octets[starts[:, None] + np.arange(2, 6)] - np.uint8(0x30)
    stated = digits.astype(np.intp) @ np.array([1000, 100, 10, 1])
    good: Bools = (
        (octets[starts] == 0x23)
        & (octets[starts + 1] == 0x23)
        & (digits < 10).all(axis=1)
        & (stated == ends - starts - 10)
        & (octets[ends - 5] == 0x26)
        & (octets[ends - 6] == 0x26)
        & (_HEX_VALUE[octets[ends[:, None] + np.arange(-4, 0)]] < 16).all(axis=1)
    )
    return good


def checked(buffer: Buffer) -> tuple[NDArray[np.uint32], Bools]:
    """Warnings that the check code earns, and whether it is right by annex A or by Modbus."""
    octets, starts, ends = buffer.octets, buffer.starts + 6, buffer.ends - 4
    written = octets[ends[:, None] + np.arange(4)]
    given = _HEX_VALUE[written].astype(np.int64) @ np.array([4096, 256, 16, 1])
    good: Bools = crc16_many(octets, starts, ends) == given
    bits = np.zeros(len(starts), dtype=np.uint32)
    bits[_LOWER_HEX[written].any(axis=1)] |= np.uint32(WARNING_BITS["crc_case"])
    for row in np.flatnonzero(~good).tolist():
        if crc16_modbus(octets[starts[row] : ends[row]].tobytes()) == given[row]:
            good[row] = True
            bits[row] |= np.uint32(WARNING_BITS["crc_modbus"])
    return bits, good
