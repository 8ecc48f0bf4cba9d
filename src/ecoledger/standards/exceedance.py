"""How far a value lies beyond its limit: the multiple (超标倍数), the gap, and how both are worded."""

from __future__ import annotations

from decimal import Decimal

from ecoledger.standards.rounding import half_even


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


def multiple_text(value: float | None, decimals: int = 2) -> str:
    """The multiple as bulletins print it: rounded once, without trailing zeros (``"0.5"``)."""
    if value is None:
        return ""
    text = f"{half_even(value, decimals):.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def gap_text(value: float, limit: float, unit: str = "", *, at_least: bool = False) -> str:
    """How the value stands to its limit, in words for a notice.

    ``at_least`` is for limits from below (dissolved oxygen). No multiple is named for those.

    >>> gap_text(0.3, 0.2, "mg/L")
    '超过限值 0.1 mg/L（超标 0.5 倍）'
    >>> gap_text(4.2, 5, "mg/L", at_least=True)
    '低于限值 0.8 mg/L'
    """
    gap = Decimal(repr(float(value))) - Decimal(repr(float(limit)))
    size = f"{format(abs(gap).normalize(), 'f')} {unit}".rstrip()
    if gap == 0:
        return "等于限值"
    if at_least:
        return f"低于限值 {size}" if gap < 0 else f"高于限值 {size}"
    if gap < 0:
        return f"低于限值 {size}"
    over = multiple(value, limit)
    times = "" if over is None else f"（超标 {multiple_text(over)} 倍）"
    return f"超过限值 {size}{times}"
