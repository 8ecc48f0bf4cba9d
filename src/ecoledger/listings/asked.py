"""What an address or a form asks for, read so that odd words are no request instead of a failure.

``str.isdigit`` takes "²" for a digit that ``int`` then refuses, numbers of forty digits fit no database,
and neither the first nor the last day of the calendar has a neighbour to compare with.
"""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal, InvalidOperation

from ecoledger.listings.parts import MOST

_DIGITS = 18  # all numbers of so many digits fit 64 bits
FIRST, LAST = date(1900, 1, 1), date(2199, 12, 31)


def number(text: str) -> int | None:
    """A whole number from zero, written in ASCII digits.

    >>> number("42"), number("²"), number("-1"), number("9" * 40), number("")
    (42, None, None, None, None)
    """
    fits = text.isascii() and text.isdigit() and len(text) <= _DIGITS
    return int(text) if fits else None


def amount(text: str) -> Decimal | None:
    """A number of at most :data:`MOST` either way. "1e999999" is none: written out in full it would fill the memory.

    >>> amount("1.50"), amount("1e999999"), amount("NaN"), amount("")
    (Decimal('1.50'), None, None, None)
    """
    try:
        value = Decimal(text.strip())
    except InvalidOperation:
        return None
    return value if value.is_finite() and abs(value) <= MOST else None


def short(value: Decimal) -> int | float:
    """A number as files of settings keep it: a whole one without a point."""
    return int(value) if value == value.to_integral_value() else float(value)


def day(text: str) -> date | None:
    """A day written as ISO 8601, of a year that a bureau can have records or plans of.

    >>> day("2026-11-21"), day("2026-13-45"), day("9999-12-31")
    (datetime.date(2026, 11, 21), None, None)
    """
    try:
        found = date.fromisoformat(text)
    except ValueError:
        return None
    return found if FIRST <= found <= LAST else None


def moment(text: str) -> datetime | None:
    """A time of the clock here written as ISO 8601: what names another zone is none, nor is a year without neighbours.

    >>> moment("2026-11-21T08:00"), moment("2026-11-21T08:00Z"), moment("0001-01-01")
    (datetime.datetime(2026, 11, 21, 8, 0), None, None)
    """
    try:
        said = datetime.fromisoformat(text)
    except ValueError:
        return None
    return said if said.tzinfo is None and FIRST <= said.date() <= LAST else None
