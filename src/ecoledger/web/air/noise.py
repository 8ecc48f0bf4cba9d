"""声环境质量 (mission Q14): attainment by class and time, and the grades of the area and its roads."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ecoledger.listings import asked
from ecoledger.registers.air import noise_sites
from ecoledger.registers.air.noise_sites import READINGS, NoiseZone
from ecoledger.web.access import Request, needs


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """The acoustic environment of a period; left out, this year so far."""
    last = asked.day(request.GET.get("last", "")) or timezone.localdate()
    first = asked.day(request.GET.get("first", "")) or last.replace(month=1, day=1)
    rows = READINGS.visible_to(request.user).filter(
        at__date__gte=first, at__date__lt=last + timedelta(days=1)
    )
    standing = noise_sites.standing(rows, last)
    labels = dict(NoiseZone.Class.choices)
    zones: list[dict[str, Any]] = [
        {"label": labels.get(zone, zone), "day": times.get("day"), "night": times.get("night")}
        for zone, times in sorted(standing.zones.by_zone.items())
    ]
    context = {
        "first": first,
        "last": last,
        "standing": standing,
        "zones": zones,
        "book": READINGS,
    }
    return render(request, "web/air/noise.html", context)
