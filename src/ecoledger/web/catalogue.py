"""The data catalogue (数据目录): what is measured, whose it is, how often it comes, and what is missing today."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render

from ecoledger.monitoring.models import Point, PointParameter
from ecoledger.registry.models import Enterprise
from ecoledger.web import readings, scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.stations import area_names

PAGE = 100


@needs("see_monitoring")
def page(request: Request) -> HttpResponse:
    points = scoped.points(request.user).filter(enabled=True)
    kind = request.GET.get("kind", "")
    if kind in Point.Kind.values:
        points = points.filter(kind=kind)
    if area := request.GET.get("area", ""):
        points = points.filter(area_code__startswith=area)
    if words := request.GET.get("q", "").strip():
        points = points.filter(
            Q(name__icontains=words)
            | Q(mn__icontains=words)
            | Q(parameters__name__icontains=words)
            | Q(parameters__code__icontains=words)
        ).distinct()
    every = PointParameter.objects.filter(point__in=points).select_related("point", "point__entity")
    arrivals = readings.arrivals(every, readings.today(), readings.now())
    if request.GET.get("missing"):
        arrivals = [arrival for arrival in arrivals if arrival.missing]
    received, expected = readings.total(arrivals)
    shown = Paginator(arrivals, PAGE).get_page(request.GET.get("page"))
    rows = list(shown)
    owners = {row.parameter.point.owner_code for row in rows} - {""}
    return render(
        request,
        "web/catalogue.html",
        {
            "rows": rows,
            "shown": shown,
            "areas": scoped.areas(request.user),
            "names": area_names({row.parameter.point.area_code for row in rows}),
            "owners": {e.code: e for e in Enterprise.objects.filter(code__in=owners)},
            "kinds": Point.Kind.choices[:-1],
            "received": received,
            "expected": expected,
            "share": received / expected if expected else None,
        },
    )
