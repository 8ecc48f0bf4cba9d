"""From which day to which a page is asked to show; where that cannot be, the page says what it shows instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

from django.contrib import messages
from django.utils.translation import gettext as _

from ecoledger.listings import asked
from ecoledger.web.access import Request


def days_asked(
    request: Request, last: date, first_of: Callable[[date], date], *, longest: int = 0
) -> tuple[date, date]:
    """The first and the last day of the address; left out, ``last`` and what ``first_of`` it gives.

    Days in the wrong order are taken in the right one; of more than ``longest`` days only the last so many.
    """
    last = asked.day(request.GET.get("last", "")) or last
    first = asked.day(request.GET.get("first", "")) or first_of(last)
    said = ""
    if first > last:
        first, last = last, first
        said = _("开始日期晚于结束日期，已按 %(first)s 至 %(last)s 显示。")
    if longest and (last - first).days >= longest:
        first = last - timedelta(days=longest - 1)
        said = _("最多显示 %(longest)d 天，已按 %(first)s 至 %(last)s 显示。")
    if said and request.method == "GET":
        days = {"first": first.isoformat(), "last": last.isoformat(), "longest": longest}
        messages.warning(request, said % days)
    return first, last


def year_so_far(last: date) -> date:
    return last.replace(month=1, day=1)
