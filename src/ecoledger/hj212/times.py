"""Times as the protocol writes them: China standard time without a zone, to the second, or to the millisecond as a QN."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

_CHINA = timezone(timedelta(hours=8))


def china_now() -> datetime:
    """The time now as the protocol tells it: naive, China standard time (UTC+8, no summer time)."""
    return datetime.now(_CHINA).replace(tzinfo=None)


def parse_time(text: str) -> datetime | None:
    """``YYYYMMDDhhmmss`` as a naive time (China standard time); None when it is not one."""
    if len(text) != 14 or not (text.isascii() and text.isdigit()):
        return None
    try:
        return datetime(
            int(text[:4]),
            int(text[4:6]),
            int(text[6:8]),
            int(text[8:10]),
            int(text[10:12]),
            int(text[12:14]),
        )
    except ValueError:
        return None


def format_time(time: datetime) -> str:
    """A time as ``YYYYMMDDhhmmss``."""
    return (
        f"{time.year:04}{time.month:02}{time.day:02}{time.hour:02}{time.minute:02}{time.second:02}"
    )


def format_qn(time: datetime) -> str:
    """A time as a QN: ``YYYYMMDDhhmmsszzz`` with milliseconds."""
    return f"{format_time(time)}{time.microsecond // 1000:03}"
