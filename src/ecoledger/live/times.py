"""China standard time on the border between observations (naive) and business records (aware)."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "CST")


def now() -> datetime:
    """The present as observations write it: naive China standard time, whatever the machine's zone."""
    return datetime.now(CHINA).replace(tzinfo=None)


def aware(naive: datetime) -> datetime:
    """An observation's time as a business record writes it."""
    return naive.replace(tzinfo=CHINA)


def naive(moment: datetime) -> datetime:
    """A business record's time as observations write it."""
    return moment.astimezone(CHINA).replace(tzinfo=None)
