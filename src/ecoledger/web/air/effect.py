"""扣除气象后的成效 (mechanisms A14, A17, E18): what a measure changed beside the weather, and how far the model is to be believed."""

from __future__ import annotations

import json
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.indicators import without_weather
from ecoledger.jobs.models import Job
from ecoledger.jobs.running import Failed, Outcome, Progress, begin, work
from ecoledger.listings import asked
from ecoledger.monitoring import runtime
from ecoledger.monitoring.anomalies import FACTORS
from ecoledger.monitoring.models import Point
from ecoledger.science.air_table import TableError
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.days_asked import days_asked

KIND = "weather_effect"
DAYS = 30


def address(first: date, last: date, *, parameter: str = "a34004", **where: Any) -> str:
    """The page for a station (``station``) or an area (``area``) and the days of a measure."""
    query = {
        **where,
        "parameter": parameter,
        "first": f"{first:%Y-%m-%d}",
        "last": f"{last:%Y-%m-%d}",
    }
    return f"{reverse('air-effect')}?{urlencode(query)}"


@needs("see_cockpit")
def page(request: Request) -> HttpResponse:
    """The evaluation of the days asked for, or the button that begins it."""
    today = timezone.localdate()
    first, last = days_asked(request, today, lambda last: last - timedelta(days=DAYS - 1))
    parameter = request.GET.get("parameter", "")
    parameter = parameter if parameter in FACTORS else "a34004"
    points = _points(request)
    arguments: dict[str, Any] = {
        "points": sorted(p.pk for p in points),
        "parameter": parameter,
        "first": first.isoformat(),
        "last": last.isoformat(),
    }
    if request.method == "POST" and points:
        title = _("扣除气象评估 %(first)s 至 %(last)s") % {"first": first, "last": last}
        begin(KIND, title, request.user, link=request.get_full_path(), **arguments)
        return redirect(request.get_full_path())
    job = Job.objects.filter(
        kind=KIND, person=request.user, **{f"arguments__{name}": v for name, v in arguments.items()}
    ).first()
    done = job is not None and job.state == Job.State.DONE and job.file.exists()
    context = {
        "first": first,
        "last": last,
        "parameter": parameter,
        "factors": FACTORS.items(),
        "station": request.GET.get("station", ""),
        "area": request.GET.get("area", ""),
        "points": points,
        "job": job,
        "effect": json.loads(job.file.read_text("utf-8")) if job is not None and done else None,
        "unit": "mg/m³" if parameter == "a21005" else "µg/m³",
    }
    return render(request, "web/air/effect.html", context)


def _points(request: Request) -> list[Point]:
    rows = scoped.points(request.user).filter(kind=Point.Kind.AIR, enabled=True)
    station, area = request.GET.get("station", ""), request.GET.get("area", "")
    if (number := asked.number(station)) is not None:
        rows = rows.filter(entity=number)
    elif area:
        rows = rows.filter(area_code__startswith=area.rstrip("0") or area)
    return [
        p for p in rows if getattr(getattr(p.entity, "as_station", None), "level", "") != "micro"
    ]


@work(KIND)
def evaluate(
    progress: Progress, *, points: list[int], parameter: str, first: str, last: str, link: str
) -> Outcome:
    """Fit the model; its figures as JSON."""
    if not runtime.is_open():
        raise Failed(_("监测数据未打开。"))
    progress.at(0, 1)
    try:
        effect = without_weather.evaluate(
            points, parameter, date.fromisoformat(first), date.fromisoformat(last)
        )
    except TableError as lacking:
        raise Failed(_("数据不足，无法扣除气象影响：%s") % lacking) from lacking
    note = _("扣除气象后变化 %(percent).1f %%") % {"percent": effect.percent}
    content = json.dumps(without_weather.told(effect), ensure_ascii=False).encode()
    return Outcome(note, link[:200], "effect.json", content)
