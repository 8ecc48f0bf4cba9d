"""声环境质量 (mechanism Q14): attainment by class and time, and the grades of the area and its roads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.listings import asked
from ecoledger.registers.air import noise_sites, noise_stations
from ecoledger.registers.air.noise_sites import READINGS, NoiseSite, NoiseZone
from ecoledger.web.access import Request, needs
from ecoledger.web.days_asked import days_asked, year_so_far

# Days taken at once from the stations by hand; the daily round takes those that have just ended.
LONGEST = 31


@needs("see_cockpit")
@require_POST
def take(request: Request) -> HttpResponse:
    """Take the levels of the automatic stations for the days asked for; days that have a reading are left."""
    if not READINGS.may_change(request.user):
        raise PermissionDenied
    last = asked.day(request.POST.get("last", "")) or timezone.localdate() - timedelta(days=2)
    first = asked.day(request.POST.get("first", "")) or last
    days = min(max((last - first).days + 1, 1), LONGEST)
    n = sum(
        noise_stations.take_day(first + timedelta(days=k), by=request.user) for k in range(days)
    )
    messages.success(request, _("已从自动站取得 %d 条昼夜等效声级。") % n)
    return redirect(f"{reverse('air-noise')}?first={first:%Y-%m-%d}&last={last:%Y-%m-%d}")


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """The acoustic environment of a period; left out, this year so far."""
    first, last = days_asked(request, timezone.localdate(), year_so_far)
    rows = READINGS.visible_to(request.user).filter(
        at__date__gte=first, at__date__lt=last + timedelta(days=1)
    )
    standing = noise_sites.standing(rows, last)
    labels = dict(NoiseZone.Class.choices)
    zones: list[dict[str, Any]] = [
        {
            "zone": zone,
            "label": labels.get(zone, zone),
            "day": times.get("day"),
            "night": times.get("night"),
        }
        for zone, times in sorted(standing.zones.by_zone.items())
    ]
    context = {
        "first": first,
        "last": last,
        "standing": standing,
        "zones": zones,
        "book": READINGS,
        # What opens the readings behind a figure.
        "rows": f"{READINGS.url}?at_from={first}&at_to={last}&weather_ok=1",
        "stations": NoiseSite.objects.exclude(station=None).count(),
        "may_take": READINGS.may_change(request.user),
    }
    return render(request, "web/air/noise.html", context)
