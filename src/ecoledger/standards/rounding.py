"""Rounding by GB/T 8170-2008 (四舍六入五成双), exact on the decimal number that was written.

A reading of ``0.15`` is the decimal 0.15, not the binary float just below it, and a mean that comes out as
60.499999999999993 is 60.5. A float is therefore a tie when it lies within 1e-9 (relative) of one,
alike for scalars and arrays; a ``Decimal`` is taken as it stands.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from math import isfinite
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Relative distance from a tie within which a float is taken to be the tie it was written as.
_TIE = 1e-9
_TIE_EXACT = Decimal("1e-9")
# Floats from here on have no decimals to round.
_WHOLE = 2.0**53
_HALF = Decimal("0.5")
_ONE = Decimal(1)


@overload
def half_even(value: Decimal, decimals: int = 0) -> Decimal: ...
@overload
def half_even(value: float, decimals: int = 0) -> float: ...
@overload
def half_even(value: NDArray[np.float64], decimals: int = 0) -> NDArray[np.float64]: ...


def half_even(
    value: Decimal | float | NDArray[np.float64], decimals: int = 0
) -> Decimal | float | NDArray[np.float64]:
    """Round to ``decimals`` places, a tie to the even digit (GB/T 8170-2008, 3.2).

    Takes and returns a ``Decimal``, a float or a float array; NaN stays NaN. Round once, from the
    unrounded value: rounding an already rounded number again is forbidden (3.3).

    >>> half_even(60.5), half_even(0.15, 1), half_even(0.25, 1)
    (60.0, 0.2, 0.2)
    """
    if isinstance(value, Decimal):
        return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
    if isinstance(value, np.ndarray):
        scale = 10.0**decimals
        scaled = value * scale
        nearest = np.rint(scaled)
        floor = np.floor(scaled)
        tie = np.abs(scaled - floor - 0.5) <= _TIE * np.maximum(1.0, np.abs(scaled))
        even = floor + np.mod(floor, 2.0)
        return np.asarray(np.where(tie, even, nearest) / scale, dtype=np.float64)
    if not isfinite(value) or abs(value) >= _WHOLE:
        return value
    scaled_value = Decimal(repr(float(value))).scaleb(decimals)
    whole = scaled_value.to_integral_value(ROUND_FLOOR)
    if abs(scaled_value - whole - _HALF) <= _TIE_EXACT * max(_ONE, abs(scaled_value)):
        # To the even one above; of a negative odd number Decimal's remainder is -1.
        whole += abs(whole % 2)
    else:
        whole = scaled_value.to_integral_value(ROUND_HALF_EVEN)
    return float(whole.scaleb(-decimals))


def plainly(number: Decimal | Fraction | float) -> str:
    """A number as short as it goes, its digits kept, never as a power of ten. What a float has behind its twelfth digit is
    no reading but how it is kept.

    >>> plainly(1234567.8), plainly(Decimal("120.50")), plainly(0.1 + 0.2), plainly(0.0000005)
    ('1234567.8', '120.5', '0.3', '0.0000005')
    """
    value = number if isinstance(number, Decimal) else Decimal(f"{float(number):.12g}")
    return format(value.normalize(), "f")


def ceiling(values: ArrayLike) -> NDArray[np.float64]:
    """Round up to the next integer (进位取整), treating a float within 1e-9 of an integer as that integer."""
    array = np.asarray(values, dtype=np.float64)
    nearest = np.rint(array)
    near = np.abs(array - nearest) <= _TIE * np.maximum(1.0, np.abs(array))
    return np.asarray(np.where(near, nearest, np.ceil(array)), dtype=np.float64)


def ceiling_exact(value: Decimal) -> int:
    """Round a ``Decimal`` up to the next integer."""
    return int(value.to_integral_value(ROUND_CEILING))
