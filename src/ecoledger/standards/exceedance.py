"""How far a value lies beyond its limit: the multiple (超标倍数), the gap, and how both are worded."""

from __future__ import annotations

from decimal import Decimal
from typing import TypeVar

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ecoledger.standards.rounding import half_even

Numbers = TypeVar("Numbers", NDArray[np.float64], pl.Expr)


def multiple(value: float, limit: float) -> float | None:
    """超标倍数 ``(C − S) / S``; negative below the limit.

    Exact on the decimals as written, returned unrounded. ``None`` when the limit is zero ("不得检出"),
    where no multiple exists.

    >>> multiple(0.3, 0.2)
    0.5
    """
    if limit == 0:
        return None
    written = Decimal(repr(float(limit)))
    return float((Decimal(repr(float(value))) - written) / written)


def multiples(values: Numbers, limits: Numbers) -> Numbers:
    """:func:`multiple` of whole columns, NumPy arrays or Polars expressions; limits are not zero."""
    over: Numbers = (values - limits) / limits
    return over


def multiple_text(value: float | None, decimals: int = 2) -> str:
    """The multiple as bulletins print it: rounded once, without trailing zeros (``"0.5"``)."""
    if value is None:
        return ""
    text = f"{half_even(value, decimals):.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def beyond_text(limit: str, over: float | None) -> str:
    """That a limit is exceeded, and by how many times, in the words of notices.

    ``limit`` is printed with its unit. A multiple that rounds to nothing is told as less than 0.01.

    >>> beyond_text("1 mg/L", 0.46), beyond_text("1 mg/L", 0.001), beyond_text("0 个/L", None)
    ('超过限值（1 mg/L）0.46倍', '超过限值（1 mg/L）不足0.01倍', '超过限值（0 个/L）')
    """
    if over is None:
        return f"超过限值（{limit}）"
    times = multiple_text(over)
    return f"超过限值（{limit}）" + ("不足0.01倍" if times == "0" else f"{times}倍")


def gap_text(value: float, limit: float, unit: str = "", *, at_least: bool = False) -> str:
    """How the value stands to its limit, in words for a notice: by how much, and by how many times.

    ``at_least`` is for limits from below (dissolved oxygen). No multiple is named for those.

    >>> gap_text(0.3, 0.2, "mg/L")
    '比限值高0.1 mg/L（超标0.5倍）'
    >>> gap_text(4.2, 5, "mg/L", at_least=True)
    '比限值低0.8 mg/L'
    """
    gap = Decimal(repr(float(value))) - Decimal(repr(float(limit)))
    if gap == 0:
        return "等于限值"
    size = f"{format(abs(gap).normalize(), 'f')} {unit}".rstrip()
    if gap < 0:
        return f"比限值低{size}"
    over = None if at_least else multiple(value, limit)
    times = "" if over is None else f"（超标{multiple_text(over)}倍）"
    return f"比限值高{size}{times}"
