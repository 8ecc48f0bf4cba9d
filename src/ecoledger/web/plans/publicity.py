"""宣传统计: articles and activities of a span by level and kind; what does not come to the total is said."""

from __future__ import annotations

from datetime import date, timedelta

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.indicators import reconciling, storing
from ecoledger.indicators.declaring import Span, indicator_of
from ecoledger.listings import asked
from ecoledger.web.access import Request, needs

WHOLES = ("article.media", "activity.all")


@needs("see_plans")
def page(request: Request) -> HttpResponse:
    """Totals with their parts; each figure opens its rows."""
    today = timezone.localdate()
    first = asked.day(request.GET.get("begin", "")) or date(today.year, 1, 1)
    last = asked.day(request.GET.get("end", "")) or today
    if last < first:
        first, last = last, first
    area = request.user.own_area
    if not area:
        raise PermissionDenied(_("您的数据范围内没有行政区。"))
    span = Span(first, last + timedelta(days=1))
    return render(
        request,
        "web/plans/publicity.html",
        {
            "begin": first,
            "end": last,
            "reach": [
                storing.figure(indicator_of(key), area, span)
                for key in ("article.readers", "article.reposts")
            ],
            "groups": [reconciling.divided(whole, area, span) for whole in WHOLES],
        },
    )
