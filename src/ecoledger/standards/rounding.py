"""Rounding by GB/T 8170-2008 (四舍六入五成双), exact on the decimal number that was written.

A reading of ``0.15`` is the decimal 0.15, not the binary float just below it. Scalars go through
:mod:`decimal`; arrays use a vectorised form that agrees with it on every number of up to twelve
significant digits.
"""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_EVEN, Decimal
from typing import overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

# Relative distance from a tie within which a float is taken to be the tie it was written as.
_TIE = 1e-9


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
    if value != value:
        return value
    return float(
        Decimal(repr(float(value))).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_EVEN)
    )


def ceiling(values: ArrayLike) -> NDArray[np.float64]:
    """Round up to the next integer (进位取整), treating a float within 1e-9 of an integer as that integer."""
    array = np.asarray(values, dtype=np.float64)
    nearest = np.rint(array)
    near = np.abs(array - nearest) <= _TIE * np.maximum(1.0, np.abs(array))
    return np.asarray(np.where(near, nearest, np.ceil(array)), dtype=np.float64)


def ceiling_exact(value: Decimal) -> int:
    """Round a ``Decimal`` up to the next integer."""
    return int(value.to_integral_value(ROUND_CEILING))
