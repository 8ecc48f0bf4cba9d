"""What a fine comes to: the daily-continuing fine, the surcharge for late payment, and sums in capital figures.

Sources: 生态环境法典 1060 and 部令第28号 (按日连续处罚), 行政处罚法 72 (加处罚款, never above the fine).
Money is in yuan, exact decimals; days are days of the calendar, both ends counted where a span is named.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

RATE = Decimal("0.03")  # a day, of the unpaid fine (行政处罚法 72)
CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class DailyFine:
    """A daily-continuing fine: the first and last day that count, how many, and the sum in yuan."""

    first: date
    last: date
    days: int
    total: Decimal


def daily(original: Decimal, served_on: date, found_on: date) -> DailyFine:
    """``original`` (yuan) for each day from the day after the order was served to the day of the re-check.

    Raises ``ValueError`` when the re-check is not later than the service.

    >>> daily(Decimal(100000), date(2026, 3, 2), date(2026, 3, 12)).total
    Decimal('1000000')
    """
    days = (found_on - served_on).days
    if days < 1:
        raise ValueError(f"the re-check on {found_on} is not after the service on {served_on}")
    return DailyFine(served_on + timedelta(days=1), found_on, days, original * days)


def days_late(due: date, paid_on: date, paused: Sequence[tuple[date, date]] = ()) -> int:
    """Days after ``due`` up to ``paid_on``; days of a reconsideration or lawsuit (both ends) do not count."""
    late = (due + timedelta(days=n) for n in range(1, (paid_on - due).days + 1))
    return sum(not any(a <= day <= b for a, b in paused) for day in late)


def surcharge(
    unpaid: Decimal, due: date, paid_on: date, paused: Sequence[tuple[date, date]] = ()
) -> Decimal:
    """3 % of ``unpaid`` (yuan) for each day late, never above ``unpaid``; to the cent.

    >>> surcharge(Decimal(50000), date(2026, 5, 6), date(2026, 5, 16))
    Decimal('15000.00')
    >>> surcharge(Decimal(50000), date(2026, 5, 6), date(2027, 5, 6))
    Decimal('50000.00')
    """
    added = unpaid * RATE * days_late(due, paid_on, paused)
    return min(unpaid, added).quantize(CENT, ROUND_HALF_UP)


_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_SMALL = ("", "拾", "佰", "仟")
_LARGE = ("", "万", "亿", "万亿")


def in_capitals(amount: Decimal) -> str:
    """A sum in yuan in the capital figures of documents. Raises ``ValueError`` for one below zero.

    >>> in_capitals(Decimal("6055000")), in_capitals(Decimal("10050.30"))
    ('陆佰零伍万伍仟元整', '壹万零伍拾元叁角')
    >>> in_capitals(Decimal(0)), in_capitals(Decimal("0.05"))
    ('零元整', '伍分')
    """
    if amount < 0:
        raise ValueError("a sum is not below zero")
    cents = int((amount * 100).to_integral_value(ROUND_HALF_UP))
    yuan, jiao, fen = cents // 100, cents // 10 % 10, cents % 10
    words = f"{_whole(yuan)}元" if yuan or not cents else ""
    if not jiao and not fen:
        return f"{words}整"
    if jiao:
        words += f"{_DIGITS[jiao]}角"
    elif yuan:
        words += "零"
    return words + (f"{_DIGITS[fen]}分" if fen else "")


def _whole(number: int) -> str:
    if number == 0:
        return "零"
    groups: list[str] = []
    lower_needs_zero = False
    place = 0
    while number:
        number, group = divmod(number, 10000)
        text = _group(group)
        if text:
            groups.append(text + _LARGE[place] + ("零" if lower_needs_zero and groups else ""))
            lower_needs_zero = group < 1000
        elif groups:
            lower_needs_zero = True
        place += 1
    return "".join(reversed(groups))


def _group(group: int) -> str:
    text, zero = "", False
    for place in range(3, -1, -1):
        digit = group // 10**place % 10
        if digit:
            text += ("零" if zero and text else "") + _DIGITS[digit] + _SMALL[place]
            zero = False
        else:
            zero = True
    return text
