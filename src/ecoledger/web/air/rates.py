"""监测点数据捕集率 by station and month (mechanism Q1), and 在线监控传输有效率 by enterprise and quarter (A11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.entities.models import Enterprise, Station
from ecoledger.indicators import air
from ecoledger.listings import asked
from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.monitoring.computing import data_rates
from ecoledger.monitoring.computing.data_rates import Rates
from ecoledger.monitoring.models import Point
from ecoledger.standards import air_evaluation
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs

# Percent of the hours below which a month or an enterprise is marked (asked of operators by contract; mark M).
LEAST = 90.0
EMISSION = (Point.Kind.FLUE_GAS, Point.Kind.WASTEWATER)


@dataclass(frozen=True, slots=True)
class StationYear:
    """One station's year: its months (``None`` before it began), the whole, and its valid days of those a year needs."""

    point: Point
    level: str
    months: tuple[Rates | None, ...]
    whole: Rates
    days: int


@needs("see_cockpit")
@require_GET
def capture(request: Request) -> HttpResponse:
    """Captured hours of every air station by month, and its valid days."""
    now = times.now()
    year = asked.number(request.GET.get("year", "")) or now.year
    year = year if 2013 <= year <= now.year else now.year
    begin, end = datetime(year, 1, 1), datetime(year + 1, 1, 1)
    points = list(
        scoped.points(request.user)
        .filter(kind=Point.Kind.AIR, enabled=True)
        .select_related("entity__as_station")
        .order_by("area_code", "pk")
    )
    level = request.GET.get("level", "")
    if level in Station.Level.values:
        points = [p for p in points if _level(p) == level]
    rows = _years(points, begin, end) if runtime.is_open() else []
    months = list(range(1, (12 if year < now.year else now.month) + 1))
    context = {
        "year": year,
        "years": range(now.year, now.year - 5, -1),
        "level": level,
        "levels": Station.Level.choices,
        "months": months,
        "rows": rows,
        "whole": data_rates.total(row.whole for row in rows),
        "least": LEAST,
        "year_days": air_evaluation.rules(begin.date()).year_days,
    }
    return render(request, "web/air/capture.html", context)


def _level(point: Point) -> str:
    return str(getattr(getattr(point.entity, "as_station", None), "level", ""))


def _years(points: list[Point], begin: datetime, end: datetime) -> list[StationYear]:
    by_factor = data_rates.by_month(points, begin, end)
    of_point: dict[int, dict[datetime, Rates]] = {}
    for (point, _code), months in by_factor.items():
        own = of_point.setdefault(point, {})
        for month, rates in months.items():
            own[month] = own.get(month, Rates()) + rates
    days = air.days([p.pk for p in points], begin.date(), end.date())
    valid = (
        dict(days.drop_nulls("aqi").group_by("point").len().iter_rows())
        if not days.is_empty()
        else {}
    )
    labels = dict(Station.Level.choices)
    last = max((month.month for own in of_point.values() for month in own), default=0)
    return [
        StationYear(
            point,
            labels.get(_level(point), ""),
            tuple(
                of_point.get(point.pk, {}).get(datetime(begin.year, n, 1))
                for n in range(1, last + 1)
            ),
            data_rates.total(of_point.get(point.pk, {}).values()),
            valid.get(point.pk, 0),
        )
        for point in points
    ]


@dataclass(frozen=True, slots=True)
class FirmQuarter:
    """One enterprise's quarter: its points and their rates together."""

    firm: Enterprise
    points: tuple[tuple[Point, Rates], ...]
    rates: Rates


@needs("see_cockpit")
@require_GET
def transmission(request: Request) -> HttpResponse:
    """Transmission, validity and their product by enterprise, the lowest first."""
    begin, end = _quarter(request.GET.get("quarter", ""))
    points = list(
        scoped.points(request.user)
        .filter(kind__in=EMISSION, enabled=True)
        .exclude(owner_code="")
        .select_related("entity__parent")
        .order_by("owner_code", "pk")
    )
    rates = data_rates.of_points(points, begin, end) if runtime.is_open() else {}
    by_firm: dict[str, list[Point]] = {}
    for point in points:
        by_firm.setdefault(point.owner_code, []).append(point)
    firms = Enterprise.objects.in_bulk(list(by_firm), field_name="code")
    rows = [
        FirmQuarter(
            firms[code],
            tuple((p, rates.get(p.pk, Rates())) for p in own),
            data_rates.total(rates.get(p.pk, Rates()) for p in own),
        )
        for code, own in by_firm.items()
        if code in firms
    ]
    rows.sort(key=lambda row: (row.rates.effective is None, row.rates.effective or 0.0))
    judged = [row for row in rows if row.rates.effective is not None]
    context: dict[str, Any] = {
        "rows": rows,
        "quarter": _key(begin),
        "quarters": _quarters(),
        "whole": data_rates.total(row.rates for row in rows),
        "least": LEAST,
        "judged": len(judged),
        "reached": sum((row.rates.effective or 0) >= LEAST for row in judged),
    }
    return render(request, "web/air/transmission.html", context)


def _key(begin: datetime) -> str:
    return f"{begin.year}-{(begin.month + 2) // 3}"


def _quarter(said: str) -> tuple[datetime, datetime]:
    """Begin and end of the quarter said as 2026-3; this one when it is none."""
    now = times.now()
    year, number = now.year, (now.month + 2) // 3
    parts = [asked.number(part) for part in said.split("-")]
    if len(parts) == 2:
        asked_year, asked_number = (part or 0 for part in parts)
        if 2000 <= asked_year <= now.year and 1 <= asked_number <= 4:
            year, number = asked_year, asked_number
    begin = datetime(year, 3 * number - 2, 1)
    end = datetime(year + 1, 1, 1) if number == 4 else datetime(year, 3 * number + 1, 1)
    return begin, end


def _quarters() -> list[tuple[str, str]]:
    """The last eight quarters, the newest first."""
    now = times.now()
    first = now.year * 4 + (now.month - 1) // 3
    keys = [divmod(first - n, 4) for n in range(8)]
    return [
        (f"{year}-{n + 1}", _("%(year)d年第%(n)d季度") % {"year": year, "n": n + 1})
        for year, n in keys
    ]
