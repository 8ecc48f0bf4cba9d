"""保证测算: whether the year will keep its air targets, by the rests of the years before."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ecoledger.indicators import assurance, targets
from ecoledger.listings import asked
from ecoledger.listings.cells import area_name
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """Every air target of the year up to a day (``on``, the last day counted) at a division."""
    today = timezone.localdate()
    last = asked.day(request.GET.get("on", "")) or today - timedelta(days=1)
    end = min(last + timedelta(days=1), today)
    points = sorted(scoped.area_points(request.user), key=lambda p: (len(p.area_code), p.area_code))
    point = next((p for p in points if p.area_code == request.GET.get("area")), None)
    point = point or (points[0] if points else None)
    context: dict[str, Any] = {
        "areas": [(p.area_code, area_name(p.area_code)) for p in points],
        "area": point.area_code if point else "",
        "on": end - timedelta(days=1),
        "years": assurance.YEARS,
        "file": targets.FILE,
    }
    if point is not None:
        year = (end - timedelta(days=1)).year
        try:
            goals = targets.of(point.area_code, year)
        except targets.TargetsError as wrong:
            goals, context["problem"] = [], str(wrong)
        context["rows"] = assurance.of(point, end, goals)
        context["remaining"] = (date(year + 1, 1, 1) - end).days
    return render(request, "web/figures/assurance.html", context)
