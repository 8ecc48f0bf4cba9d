"""How the chiefs of each town answered warnings (责任人成绩单), and what their stations may still have (点位剩余空间)."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ecoledger.entities import charges
from ecoledger.indicators import station_space, targets
from ecoledger.listings import asked
from ecoledger.listings.cells import area_name
from ecoledger.monitoring.models import Point
from ecoledger.registers.chiefs import calls
from ecoledger.registers.chiefs.station_checks import CHECKS
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs

# The period shown when none is asked for.
DAYS = 30


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """A row a town, the one that leaves most unanswered first; each number opens its calls."""
    last = asked.day(request.GET.get("end", "")) or timezone.localdate()
    first = asked.day(request.GET.get("begin", "")) or last - timedelta(days=DAYS - 1)
    rows = calls.CALLS.visible_to(request.user).filter(
        told_at__date__gte=first, told_at__date__lte=last
    )
    scores = [(area_name(score.area_code), score) for score in calls.scorecard(rows)]
    book = calls.CALLS
    return render(
        request,
        "web/entities/chiefs.html",
        {"scores": scores, "first": first, "last": last, "book": book},
    )


@needs("see_cockpit")
@require_GET
def space(request: Request) -> HttpResponse:
    """A row a station with a chief: its targets, what the rest of the year may have, and its last check."""
    today = timezone.localdate()
    points = scoped.points(request.user).filter(kind=Point.Kind.AIR, enabled=True)
    problem = ""
    try:
        found = station_space.spaces(points, today)
    except targets.TargetsError as wrong:
        found, problem = [], str(wrong)
    checks = CHECKS.visible_to(request.user).filter(entity__in=[s.point.entity_id for s in found])
    last = {check.entity_id: check for check in checks.order_by("at")}
    rows = [
        {
            "space": spot,
            "chiefs": [f"{charges.label(c)} {c.who}" for c in spot.chiefs],
            "check": last.get(spot.point.entity_id),
        }
        for spot in found
    ]
    context = {"rows": rows, "problem": problem, "file": targets.FILE, "today": today}
    return render(request, "web/entities/station_space.html", context)
