"""空气质量排名 and 近三年平均 (mechanisms Q4, Q5)."""

from __future__ import annotations

from datetime import date, timedelta
from fractions import Fraction
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ecoledger.indicators import air, air_standing
from ecoledger.indicators.figures import printed
from ecoledger.listings.cells import area_name
from ecoledger.monitoring.models import Point
from ecoledger.standards import air_rolling
from ecoledger.standards.rounding import plainly
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.days_asked import days_asked, year_so_far


def _span(request: Request) -> tuple[date, date]:
    """The days asked for, ``begin <= day < end``; left out, this year up to yesterday."""
    yesterday = timezone.localdate() - timedelta(days=1)
    first, last = days_asked(request, yesterday, year_so_far, longest=366)
    return first, last + timedelta(days=1)


@needs("see_cockpit")
@require_GET
def ranking(request: Request) -> HttpResponse:
    """Stations or divisions by value and by improvement on the year before."""
    begin, end = _span(request)
    of = "areas" if request.GET.get("of") == "areas" else "stations"
    measure = request.GET.get("measure", "")
    measure = measure if measure in air_standing.MEASURES else "composite"
    own = {point.pk for point in _own(request, of)}
    points = _ranked(of) if own else []
    # A place is one among all: who sees two stations reads their places among those of the whole city.
    places = air_standing.ranking(points, measure, begin, end) if points else []
    rows = [row for row in places if row.point.pk in own]
    context = {
        "ranked": sum(1 for row in places if row.value.rank is not None),
        "rows": rows,
        "names": {row.point.pk: _name(row.point) for row in rows},
        "of": of,
        "measure": measure,
        "measures": air_standing.names().items(),
        "first": begin,
        "last": end - timedelta(days=1),
        "better_is_lower": not air_standing.MEASURES[measure],
    }
    return render(request, "web/air/ranking.html", context)


def _own(request: Request, of: str) -> QuerySet[Point]:
    """What of the ranking a person's page lists."""
    return scoped.area_points(request.user) if of == "areas" else scoped.points(request.user)


def _ranked(of: str) -> list[Point]:
    """Points that may be ranked, whoever looks."""
    if of == "areas":
        return list(Point.objects.filter(kind=Point.Kind.AREA).order_by("area_code"))
    return air_standing.stations()


def _name(point: Point) -> str:
    return area_name(point.area_code) if point.kind == Point.Kind.AREA else point.name


@needs("see_cockpit")
@require_GET
def baseline(request: Request) -> HttpResponse:
    """An area's year beside the mean of the same days of the three years before, and ozone's trend."""
    begin, end = _span(request)
    areas = sorted(scoped.area_points(request.user), key=lambda p: (len(p.area_code), p.area_code))
    point = next((p for p in areas if p.area_code == request.GET.get("area")), None)
    point = point or (areas[0] if areas else None)
    context: dict[str, Any] = {
        "areas": [(p.area_code, area_name(p.area_code)) for p in areas],
        "area": point.area_code if point else "",
        "first": begin,
        "last": end - timedelta(days=1),
    }
    if point is not None:
        rows = air_standing.baseline(point, begin, end)
        context["period"] = air.point_period(point, begin, end)
        context["rows"] = rows
        context["changes"] = {row.measure: row.change for row in rows}
        context["years"] = [year for year, _figure in rows[0].years]
        since = begin.replace(year=begin.year - air_standing.YEARS, month=1, day=1)
        context["trend"] = air_standing.ozone_trend(point, since, end)
        context["o3_unit"] = air.unit("o3")
        context["rolling"] = _rolling(point, end - timedelta(days=1))
        context["rolling_standard"] = air_rolling.STANDARD
    return render(request, "web/air/baseline.html", context)


def _rolling(point: Point, last: date) -> list[dict[str, Any]]:
    """The three-year moving means by the year they end with; the last is the last whole year."""
    whole = last.year if (last.month, last.day) == (12, 31) else last.year - 1
    rows: dict[int, list[dict[str, Any]]] = {}
    for mean in air_standing.rolling(point, whole):
        decimals = air.period_decimals(mean.factor, date(mean.year, 12, 31))
        rows.setdefault(mean.year, []).append(
            {
                "name": air.NAMES[mean.factor],
                "mean": None if mean.mean is None else printed(Fraction(mean.mean), decimals),
                "years": [
                    None if v is None else printed(Fraction(v), decimals) for v in mean.years
                ],
                "limit": plainly(mean.limit),
                "attained": mean.attained,
                "unit": air.unit(mean.factor),
            }
        )
    return [
        {"span": f"{year - air_rolling.YEARS + 1}—{year}", "factors": factors}
        for year, factors in rows.items()
    ]
