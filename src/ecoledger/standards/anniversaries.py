"""The same day of another year."""

from __future__ import annotations

from datetime import date


def years_on(day: date, years: int) -> date:
    """The day so many years on (negative: before), which of 29 February is 1 March where there is none; within the calendar.

    >>> years_on(date(2024, 2, 29), 5), years_on(date(2025, 3, 31), -1)
    (datetime.date(2029, 3, 1), datetime.date(2024, 3, 31))
    """
    year = min(max(day.year + years, date.min.year), date.max.year)
    try:
        return day.replace(year=year)
    except ValueError:
        return date(year, 3, 1)
