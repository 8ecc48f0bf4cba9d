"""What is recorded as having happened does not lie ahead: a mistyped year would move every day counted from it out of sight."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils import timezone
from django.utils.translation import gettext_noop as noop

WHY = noop("记录的是已经发生的事，时间不能晚于现在。")
# A phone's clock may be so far ahead.
_AHEAD = timedelta(hours=1)


def lies_ahead(said: date | datetime, now: datetime) -> bool:
    """Whether a day or a moment is still to come."""
    if isinstance(said, datetime):
        return said > now + _AHEAD
    return said > timezone.localdate(now)
