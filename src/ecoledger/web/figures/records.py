"""The records behind a figure: one address a kind of record, chosen by the figure itself.

Each list shows exactly the rows a figure was made from, as far as the person may see them, and says again
what they come to.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

import polars as pl
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse

from ecoledger.indicators import air, targets, water, work
from ecoledger.indicators.figures import Records
from ecoledger.listings import asked
from ecoledger.monitoring.models import Alarm, AlarmRule, Point
from ecoledger.registers.alarms.alarm_case import REGISTER, AlarmCase
from ecoledger.standards import aqi, surface_water
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs

ALARMS_A_PAGE = 200
# Longer than this no figure looks back; keeps a hand-written address from reading everything.
LONGEST = timedelta(days=3 * 366)


def address(records: Records) -> str:
    """Where the records of a figure are shown."""
    query = dict(records.query)
    match records.kind:
        case "station":
            url = reverse("station", args=[query.pop("point")])
        case "matters":
            url = reverse("matter-list", args=[query.pop("register")])
        case "matter":
            url = reverse("matter", args=[query.pop("register"), query.pop("id")])
        case kind:
            url = reverse("records", args=[kind])
    return f"{url}?{urlencode(query)}" if query else url


@needs("see_monitoring")
def page(request: Request, kind: str) -> HttpResponse:
    """A list of records, by kind."""
    if kind not in _KINDS:
        raise Http404
    template, content = _KINDS[kind]
    return render(request, template, content(request))


def _day(request: Request, name: str) -> date:
    try:
        day = date.fromisoformat(request.GET[name])
    except (KeyError, ValueError) as wrong:
        raise Http404 from wrong
    if not 2000 <= day.year <= 2100:
        raise Http404
    return day


def _span(request: Request) -> tuple[date, date]:
    begin, end = _day(request, "begin"), _day(request, "end")
    if not begin < end or end - begin > LONGEST:
        raise Http404
    return begin, end


def _area(request: Request) -> str:
    area = request.GET.get("area", "")
    if not area.isdigit():
        raise Http404
    return area


def _air_points(request: Request) -> Any:
    """Stations in scope, and the computed points of the divisions around the person."""
    points = Point.objects.filter(kind__in=(Point.Kind.AIR, Point.Kind.AREA))
    own = scoped.points(request.user).values("pk")
    around = scoped.area_points(request.user).values("pk")
    return points.filter(pk__in=own) | points.filter(pk__in=around)


def _air_days(request: Request) -> dict[str, Any]:
    """Days of one point or area, those of a level when the figure counts them."""
    number = asked.number(request.GET.get("point", ""))
    point = get_object_or_404(_air_points(request), pk=number)
    begin, end = _span(request)
    as_of = _day(request, "as_of") if "as_of" in request.GET else None
    found = air.point_period(point, begin, end, as_of)
    chosen = request.GET.get("level", "")
    least = {"valid": -1, "polluted": air.GOOD, "heavy": air.HEAVY}.get(chosen)
    if least is not None:
        days = [_with_level(row) for row in _rows(found.days.filter(pl.col("aqi") > least))]
    else:
        known = {row["day"]: row for row in _rows(found.days)}
        days = [
            _with_level(known.get(day, {"day": day}))
            for n in range(found.calendar_days)
            if (day := begin + timedelta(days=n))
        ]
    factor = request.GET.get("factor", "")
    return {
        "point": point,
        "period": found,
        "begin": begin,
        "last": end - timedelta(days=1),
        "days": days,
        "factor": factor,
        "figure": found.values.get(factor),
        "factors": air.NAMES,
        "as_of": as_of,
    }


def _rows(table: pl.DataFrame) -> list[dict[str, Any]]:
    return table.to_dicts()


def _with_level(row: dict[str, Any]) -> dict[str, Any]:
    index = row.get("aqi")
    return {
        **row,
        "aqi": index,
        "level": None if index is None else aqi.level_of(round(index)),
        "primary": air.primary_names(row.get("primary")),
        "values": [(f, row.get(f), air.day_decimals(f)) for f in air.NAMES],
    }


def _air_stations(request: Request) -> dict[str, Any]:
    """What each station of an area had on a day, and the area's own values, made from their means."""
    day, area = _day(request, "day"), _area(request)
    mine = set(scoped.points(request.user).filter(kind="air").values_list("pk", flat=True))
    points = [point for point in air.stations(area) if point.pk in mine]
    around = scoped.area_points(request.user).filter(area_code=area).first()
    rows = {
        row["point"]: row
        for row in _rows(air.station_day([*points, *([around] if around else [])], day))
    }
    return {
        "day": day,
        "factors": air.NAMES,
        "stations": [(p, _with_level(rows.get(p.pk, {}))) for p in points],
        "area": around,
        "mean": _with_level(rows.get(around.pk, {})) if around else None,
    }


# Whether a section of a class and with a target counts in the numerator of a share.
_COUNTED: dict[str, Callable[[int, int], bool]] = {
    "good": lambda rank, target: rank <= 3,
    "inferior": lambda rank, target: rank == surface_water.INFERIOR,
    "attained": lambda rank, target: rank <= target,
    "months": lambda rank, target: rank <= target,
}


def _not_counted(rank: int, target: int) -> bool:
    return False


def _water_sections(request: Request) -> dict[str, Any]:
    """Sections of an area with the means their class was judged by."""
    begin, end = _span(request)
    only = request.GET.get("only", "")
    allowed = set(scoped.sections(request.user).values_list("pk", flat=True))
    found = water.period(_area(request), begin, end).sections
    sections = [s for s in found if s.section.pk in allowed]
    counted = _COUNTED.get(only, _not_counted)
    return {
        "begin": begin,
        "end": end,
        "last": end - timedelta(days=1),
        "sections": [
            (s, s.rank is not None and counted(s.rank, s.section.target_class)) for s in sections
        ],
        "judged": sum(1 for s in sections if s.rank is not None),
        "only": only,
    }


def _water_months(request: Request) -> dict[str, Any]:
    """Each section's class of every month and of the mean of the months."""
    begin, end = _span(request)
    only = request.GET.get("only", "")
    allowed = set(scoped.sections(request.user).values_list("pk", flat=True))
    found = water.year(_area(request), begin, end)
    sections = [s for s in found.sections if s.section.pk in allowed]
    months = sorted({month for s in sections for month in s.months})
    counted = _COUNTED.get(only, _not_counted)
    return {
        "begin": begin,
        "end": end,
        "last": end - timedelta(days=1),
        "months": months,
        "only": only,
        "sections": [
            (
                s,
                [
                    (rank, rank is not None and rank <= s.section.target_class)
                    for rank in (s.months.get(month) for month in months)
                ],
                s.rank is not None and counted(s.rank, s.section.target_class),
            )
            for s in sections
        ],
        "judged": sum(1 for s in sections if s.rank is not None),
        "section_months": sum(len(s.months) for s in sections),
        "section_months_attained": sum(s.months_attained for s in sections),
    }


def _water_days(request: Request) -> dict[str, Any]:
    """One section's days, their month means and the mean its class was judged by."""
    begin, end = _span(request)
    number = asked.number(request.GET.get("section", ""))
    section = get_object_or_404(scoped.sections(request.user), pk=number)
    found = water.section_days(section, begin, end)
    limits = surface_water.limits_on(end)[1].of("lake" if section.is_lake else "river")
    items = [(key, limits[key].name, limits[key].decimals) for key in found.items]
    return {
        "section": section,
        "found": found,
        "begin": begin,
        "last": end - timedelta(days=1),
        "items": items,
        "days": [
            (row["time"], [(row.get(key), decimals) for key, _, decimals in items])
            for row in found.days
        ],
        "months": [
            (month, rank, mean.parts, [(mean.values.get(k), d) for k, _, d in items])
            for month, mean, rank in found.months
        ],
        "mean": [(found.period.mean.values.get(key), decimals) for key, _, decimals in items]
        if found.period.mean
        else [],
    }


def _alarms(request: Request) -> dict[str, Any]:
    """Alarms raised in a period; ``state``: those that filings silenced, or the others."""
    begin, end = _span(request)
    mine = scoped.alarms(request.user).values("pk")
    rows = work.raised(_area(request), begin, end).filter(pk__in=mine)
    state = request.GET.get("state", "")
    if state == "silenced":
        rows = rows.filter(state=Alarm.State.SILENCED)
    elif state == "loud":
        rows = rows.exclude(state=Alarm.State.SILENCED)
    detector = request.GET.get("detector", "")
    if detector in AlarmRule.Detector.values:
        rows = rows.filter(rule__detector=detector)
    rows = rows.select_related("rule", "point").order_by("-raised_at", "-pk")
    return {
        "begin": begin,
        "last": end - timedelta(days=1),
        "state": state,
        "detector": dict(AlarmRule.Detector.choices).get(detector, ""),
        "page": Paginator(rows, ALARMS_A_PAGE).get_page(request.GET.get("page")),
    }


def _verified_cases(request: Request) -> dict[str, Any]:
    """Cases opened in a period that were found true or false: both parts of the share."""
    begin, end = _span(request)
    cases = REGISTER.visible_to(request.user).filter(area_code__startswith=_area(request))
    rows = list(work.verified(cases, begin, end).select_related("point").order_by("opened_at"))
    return {
        "begin": begin,
        "last": end - timedelta(days=1),
        "cases": rows,
        "true": sum(1 for case in rows if case.verdict == AlarmCase.Verdict.CONFIRMED),
    }


def _targets(request: Request) -> dict[str, Any]:
    """How targets, gaps, allowances and projections come about."""
    end, area = _day(request, "end"), _area(request)
    point = get_object_or_404(scoped.area_points(request.user), area_code=area)
    found = targets.year(point, end)
    january = found.begin
    problem = ""
    goals: list[targets.Target] = []
    try:
        goals = targets.of(area, january.year)
    except targets.TargetsError as wrong:
        problem = str(wrong)
    rivers = water.year(area, january, end)
    before = water.year(area, found.before.begin, found.before.end)
    return {
        "point": point,
        "year": found,
        "last": end - timedelta(days=1),
        "standings": targets.standings(found, goals, rivers, before),
        "problem": problem,
        "file": targets.FILE,
    }


_KINDS = {
    "air-days": ("web/figures/records_air_days.html", _air_days),
    "air-stations": ("web/figures/records_air_stations.html", _air_stations),
    "water-sections": ("web/figures/records_water.html", _water_sections),
    "water-months": ("web/figures/records_water_months.html", _water_months),
    "water-days": ("web/figures/records_water_days.html", _water_days),
    "alarms": ("web/figures/records_alarms.html", _alarms),
    "verified-cases": ("web/figures/records_cases.html", _verified_cases),
    "targets": ("web/figures/records_targets.html", _targets),
}
