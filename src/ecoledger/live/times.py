"""China standard time on the border between observations (naive) and business records (aware)."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

CHINA = timezone(timedelta(hours=8), "CST")
# Business records are read by the clocks of the country, which knew summer time from 1986 to 1991.
_CLOCKS = ZoneInfo("Asia/Shanghai")


def now() -> datetime:
    """The present as observations write it: naive China standard time, whatever the machine's zone."""
    return datetime.now(CHINA).replace(tzinfo=None)


def aware(naive: datetime) -> datetime:
    """An observation's time as a business record writes it."""
    return naive.replace(tzinfo=CHINA)


def naive(moment: datetime) -> datetime:
    """A business record's time as observations write it."""
    return moment.astimezone(CHINA).replace(tzinfo=None)


def midnight(day: date) -> datetime:
    """When a day begins, as a business record writes it."""
    return datetime(day.year, day.month, day.day, tzinfo=_CLOCKS)
