"""巡查成效 (mechanism A14): patrols around each station, what they handed over, and the station before and after."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ecoledger.live import times
from ecoledger.monitoring.anomalies import FACTORS
from ecoledger.monitoring.models import Point
from ecoledger.registers.air_sources import patrols
from ecoledger.registers.air_sources.patrols import PATROLS
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.air import effect as effect_page
from ecoledger.web.days_asked import days_asked

DAYS = 30


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """Stations that were patrolled over a period; the air before it against the air in it."""
    today = timezone.localdate()
    first, last = days_asked(request, today, lambda last: last - timedelta(days=DAYS - 1))
    parameter = request.GET.get("parameter", "")
    parameter = parameter if parameter in FACTORS else "a34002"
    begin = times.midnight(first)
    end = times.midnight(last + timedelta(days=1))
    rows = patrols.around(request.user, begin, end)
    points = list(scoped.points(request.user).filter(kind=Point.Kind.AIR, enabled=True))
    context = {
        "first": first,
        "last": last,
        "parameter": parameter,
        "factors": FACTORS.items(),
        "rows": [_row(row, points, parameter, first, last) for row in rows],
        "rings": patrols.RINGS,
        "handed_over": sum(row.handed_over for row in rows),
        "closed": sum(row.closed for row in rows),
        "stops": sum(row.stops for row in rows),
        "book": PATROLS,
    }
    return render(request, "web/air/patrols.html", context)


def _row(
    around: patrols.Around, points: list[Point], parameter: str, first: date, last: date
) -> dict[str, Any]:
    begin = datetime.combine(first, time())
    effect = patrols.before_after(around.station, points, parameter, begin, (last - first).days + 1)
    without_weather = effect_page.address(
        first, last, station=around.station.pk, parameter=parameter
    )
    return {"around": around, "effect": effect, "without_weather": without_weather}
