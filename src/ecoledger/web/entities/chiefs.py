"""How the chiefs of each town answered warnings (责任人成绩单)."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ecoledger.listings import asked
from ecoledger.listings.cells import area_name
from ecoledger.registers.chiefs import calls
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
