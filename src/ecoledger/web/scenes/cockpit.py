"""The cockpit (驾驶舱): today's air and water, targets, work, alarms and data arrival.

Every card is a part of its own that can be fetched again when something it shows has changed.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from ecoledger.indicators import targets
from ecoledger.matters.register import OPEN_WORK, all_registers, visible_matters
from ecoledger.monitoring.models import Alarm, Point, PointParameter
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.figures.targets import area_point
from ecoledger.web.monitoring import readings
from ecoledger.web.navigation import first_page


def air(request: Request) -> dict[str, Any]:
    # Hundreds of them where there are micro stations, of which a card says the name and the index.
    points = scoped.points(request.user).filter(kind="air", enabled=True)
    stations = list(points.select_related(None).only("name"))
    area = area_point(request)
    now = readings.air_now(stations)
    found = sorted(now, key=lambda a: (a.value is None or a.stale, -(a.value or 0)))
    fresh = [a.level.level for a in now if not a.stale and a.level]
    levels = Counter(fresh)
    return {
        "area": area,
        "area_now": readings.air_now([area])[0] if area else None,
        "area_day": readings.last_air_day(area) if area else None,
        "stations": found,
        "levels": sorted(levels.items()),
        "silent": len(now) - len(fresh),
    }


def water(request: Request) -> dict[str, Any]:
    points = scoped.points(request.user).filter(kind="water", enabled=True)
    points = points.select_related("entity__as_station__section__river")
    rows = []
    for found in readings.water_now(list(points)):
        station = getattr(found.point.entity, "as_station", None)
        section = station.section if station else None
        target = section.target_class if section else None
        met = None if found.rank is None or target is None else found.rank <= target
        rows.append((found, section, target, met))
    # What misses its target comes first, the worst of it at the top.
    rows.sort(key=lambda row: (row[3] is not False, -(row[0].rank or 0)))
    verdicts = [row[3] for row in rows if row[3] is not None]
    return {
        "rows": [
            dict(zip(("water", "section", "target", "met"), row, strict=True)) for row in rows
        ],
        "judged": len(verdicts),
        "met": sum(verdicts),
    }


def year(request: Request) -> dict[str, Any]:
    area = area_point(request)
    today = timezone.localdate()
    # On 1 January no day of the new year is over yet: the card still shows the old one.
    shown = (today - timedelta(days=1)).year
    goals: list[targets.Target] = []
    problem = ""
    try:
        goals = targets.of(area.area_code if area else "", shown)
    except targets.TargetsError as wrong:
        problem = str(wrong)
    return {
        "area": area,
        "year": shown,
        "standings": targets.standing_at(area, today, goals) if area else [],
        "target_file": targets.FILE,
        "has_targets": bool(goals),
        "problem": problem,
    }


def work(request: Request) -> dict[str, Any]:
    now = timezone.now()
    counted = (
        visible_matters(request.user)
        .filter(OPEN_WORK)
        .order_by()
        .values("register")
        .annotate(
            open=Count("pk"),
            late=Count("pk", filter=Q(due__lt=now)),
            soon=Count("pk", filter=Q(due__gte=now, due__lt=now + timedelta(days=1))),
        )
    )
    counts = {row["register"]: row for row in counted}
    registers = [register for register in all_registers() if request.user.may(register.see)]
    rows: list[dict[str, Any]] = [
        {**counts[register.key], "register": register}
        for register in registers
        if register.key in counts
    ]
    # What is late comes first; a book with nothing in hand says nothing here.
    rows.sort(key=lambda row: (-row["late"], -row["soon"], -row["open"]))
    return {
        "rows": rows,
        "idle": len(registers) - len(rows),
        "open": sum(row["open"] for row in rows),
        "overdue": sum(row["late"] for row in rows),
    }


def alarms(request: Request) -> dict[str, Any]:
    rows = scoped.alarms(request.user)
    opened = rows.filter(state=Alarm.State.OPEN)
    counts = dict(opened.order_by().values_list("level").annotate(Count("pk")))
    return {
        "alarms": opened.order_by("-severity", "-last")[:6],
        "counts": [(v, label, counts.get(v, 0)) for v, label in reversed(Alarm.Level.choices)],
        "open": sum(counts.values()),
        "today": rows.filter(raised_at__date=timezone.localdate()).count(),
        "silenced": rows.filter(
            state=Alarm.State.SILENCED, raised_at__date=timezone.localdate()
        ).count(),
    }


def arrival(request: Request) -> dict[str, Any]:
    points = scoped.points(request.user).filter(enabled=True)
    declared = PointParameter.objects.filter(point__in=points)
    by_kind = readings.arrived_by_kind(declared, readings.today(), readings.now())
    rows = [
        (kind, label, received, expected, received / expected if expected else None)
        for kind, label in Point.Kind.choices
        if kind in by_kind
        for received, expected in [by_kind[kind]]
    ]
    received = sum(row[2] for row in rows)
    expected = sum(row[3] for row in rows)
    return {
        "rows": rows,
        "received": received,
        "expected": expected,
        "share": received / expected if expected else None,
    }


PARTS = {
    "air": air,
    "water": water,
    "year": year,
    "work": work,
    "alarms": alarms,
    "arrival": arrival,
}


def page(request: Request) -> HttpResponse:
    if not request.user.may("see_cockpit"):
        return redirect(first_page(request.user))
    # What counts the whole day of every device is fetched beside the page.
    context = {name: make(request) for name, make in PARTS.items() if name != "arrival"}
    return render(request, "web/scenes/cockpit.html", context | {"now": readings.now()})


@needs("see_cockpit")
@never_cache
def part(request: Request, name: str) -> HttpResponse:
    """One card anew."""
    if name not in PARTS:
        raise Http404
    return render(request, f"web/scenes/cockpit/{name}.html", {name: PARTS[name](request)})
