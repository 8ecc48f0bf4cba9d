"""指标与目标: how the year stands against its plan, each figure a door to its records."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from ecoledger.indicators import targets
from ecoledger.indicators.targets import Standing
from ecoledger.monitoring.models import Point
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs


def area_point(request: Request) -> Point | None:
    """The widest division that has an index: the city's own, where there is one. Asked once for a page."""
    if not hasattr(request, "_area_point"):
        points = scoped.area_points(request.user)
        widest = min(points, key=lambda p: (len(p.area_code), p.area_code), default=None)
        request._area_point = widest  # type: ignore[attr-defined]
    found: Point | None = request._area_point  # type: ignore[attr-defined]
    return found


def standings(request: Request) -> dict[str, Any]:
    """The year's standings of the person's area, as template variables."""
    area = area_point(request)
    today = timezone.localdate()
    # On 1 January no day of the new year is over yet: the page still shows the old one.
    last = today - timedelta(days=1)
    goals: list[targets.Target] = []
    problem = ""
    try:
        goals = targets.of(area.area_code if area else "", last.year)
    except targets.TargetsError as wrong:
        problem = str(wrong)
    rows: list[Standing] = targets.standing_at(area, today, goals) if area else []
    return {
        "area": area,
        "year": last.year,
        "as_of": last,
        "day_of_year": last.timetuple().tm_yday,
        "days_of_year": 366 if last.replace(month=12, day=31).timetuple().tm_yday == 366 else 365,
        "standings": [{"standing": row, "pace": pace(row)} for row in rows],
        "target_file": targets.FILE,
        "has_targets": bool(goals),
        "problem": problem,
    }


def pace(row: Standing) -> dict[str, Any] | None:
    """How a progress bar is drawn: shares of the bar for today's value and for the target, and its tone.

    Where more is better the bar runs to the target; where less is better it runs to the limit and shows
    what exceeds it in red.
    """
    if row.now.value is None or row.target.value is None or not row.target.value:
        return None
    share = float(row.now.value / row.target.value)
    if row.indicator.higher_is_better:
        return {"fill": min(share, 1) * 96, "over": 0, "end": 96, "met": bool(row.met)}
    # The limit stands at four fifths, so that an excess has room.
    end = 80.0
    return {
        "fill": min(share, 1) * end,
        "over": min(max(share - 1, 0) * end, 96 - end),
        "end": end,
        "met": bool(row.met),
    }


@needs("see_cockpit")
def page(request: Request) -> HttpResponse:
    return render(request, "web/figures/targets.html", {"targets": standings(request)})
