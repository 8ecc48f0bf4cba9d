"""The records behind a figure: one address a kind of record, chosen by the figure itself."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import polars as pl
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from ecoledger.indicators import air, water
from ecoledger.indicators.figures import Records
from ecoledger.standards import aqi
from ecoledger.web import scoped
from ecoledger.web.access import needs


def address(records: Records) -> str:
    """Where the records of a figure are shown."""
    query = dict(records.query)
    match records.kind:
        case "station":
            url = reverse("station", args=[query.pop("point")])
        case "matters":
            url = reverse("matter-list", args=[query.pop("register")])
        case "alarms":
            url = reverse("alarms")
        case kind:
            url = reverse("records", args=[kind])
    return f"{url}?{urlencode(query)}" if query else url


@needs("see_monitoring")
def page(request: HttpRequest, kind: str) -> HttpResponse:
    """A list of records, by kind."""
    if kind not in _KINDS:
        raise Http404
    template, content = _KINDS[kind]
    return render(request, template, content(request))


def _day(request: HttpRequest, name: str) -> date:
    try:
        return date.fromisoformat(request.GET[name])
    except (KeyError, ValueError) as wrong:
        raise Http404 from wrong


def _points(request: HttpRequest) -> Any:
    return scoped.points(request.user) | scoped.area_points(request.user).select_related("entity")


def _air_days(request: HttpRequest) -> dict[str, Any]:
    """Days of one point or area, those of a level when the figure counts them."""
    number = request.GET.get("point", "")
    if not number.isdigit():
        raise Http404
    point = get_object_or_404(_points(request).distinct(), pk=int(number))
    begin, end = _day(request, "begin"), _day(request, "end")
    rows = air.days([point.pk], begin, end)
    above = {"polluted": 100, "heavy": 200}.get(request.GET.get("level", ""))
    if above is not None:
        rows = rows.filter(pl.col("aqi") > above)
    return {
        "point": point,
        "begin": begin,
        "last": end - timedelta(days=1),
        "days": [_with_level(row) for row in rows.iter_rows(named=True)],
        "factor": request.GET.get("factor", ""),
        "valid": rows.filter(pl.col("aqi").is_not_null()).height,
        "calendar": (end - begin).days,
        "factors": air.NAMES,
    }


def _with_level(row: dict[str, Any]) -> dict[str, Any]:
    index = row["aqi"]
    return {
        **row,
        "level": None if index is None else aqi.level_of(round(index)),
        "primary": air.primary_names(row["primary"]),
        "values": [(f, row.get(f), air.DECIMALS[f]) for f in air.NAMES],
    }


def _air_stations(request: HttpRequest) -> dict[str, Any]:
    """What each station of an area had on a day: the area's index comes from their means."""
    day = _day(request, "day")
    points = [
        point
        for point in air.stations(request.GET.get("area", "-"))
        if scoped.points(request.user).filter(pk=point.pk).exists()
    ]
    rows = {row["point"]: row for row in air.station_day(points, day).iter_rows(named=True)}
    nothing = {"aqi": None, "primary": "", **dict.fromkeys(air.NAMES)}
    return {
        "day": day,
        "factors": air.NAMES,
        "stations": [(p, _with_level(rows.get(p.pk, nothing))) for p in points],
    }


def _water_sections(request: HttpRequest) -> dict[str, Any]:
    """Sections of an area with the means their class was judged by."""
    begin, end = _day(request, "begin"), _day(request, "end")
    allowed = set(scoped.points(request.user).values_list("pk", flat=True))
    found = water.period(request.GET.get("area", "-"), begin, end).sections
    chosen = {
        "good": lambda s: s.rank is not None and s.rank <= 3,
        "inferior": lambda s: s.rank == 6,
        "attained": lambda s: bool(s.attains),
    }.get(request.GET.get("only", ""))
    sections = [s for s in found if s.point.pk in allowed]
    return {
        "begin": begin,
        "last": end - timedelta(days=1),
        "sections": [(s, chosen is not None and chosen(s)) for s in sections],
        "only": request.GET.get("only", ""),
    }


_KINDS = {
    "air-days": ("web/records_air_days.html", _air_days),
    "air-stations": ("web/records_air_stations.html", _air_stations),
    "water-sections": ("web/records_water.html", _water_sections),
}
