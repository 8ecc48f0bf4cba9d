"""我的环保状态: where an enterprise stands today: limits and last values, its own alarms, what it has to do, what it filed."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from ecoledger.accounts.roles import Role
from ecoledger.matters import inbox
from ecoledger.monitoring.filing_book import FILINGS
from ecoledger.monitoring.models import Alarm, Filing
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.monitoring import readings
from ecoledger.web.work import due_rows, load_of

_TASKS = 8
_ALARMS = 6


@needs("see_monitoring")
@never_cache
def page(request: Request) -> HttpResponse:
    if not request.user.has_role(Role.ENTERPRISE):
        raise Http404
    return render(request, "web/scenes/my_status.html", _status(request))


@needs("see_monitoring")
@never_cache
def part(request: Request) -> HttpResponse:
    """The page's content anew, when something it shows has changed."""
    if not request.user.has_role(Role.ENTERPRISE):
        raise Http404
    return render(request, "web/scenes/_my_status.html", _status(request))


def _status(request: Request) -> dict[str, Any]:
    person, now = request.user, timezone.now()
    points = list(scoped.points(person).filter(enabled=True).prefetch_related("parameters"))
    latest = readings.latest_of(points)
    rows = [(point, latest.get(point.pk, [])) for point in points]
    over = sum(any(value.over for value in values) for _point, values in rows)
    alarms = scoped.alarms(person).filter(state=Alarm.State.OPEN).order_by("-last")
    load = load_of(request)
    running = Q(end=None) | Q(end__gt=now)
    filings = FILINGS.visible_to(person).filter(running, withdrawn_at=None).order_by("-begin")
    return {
        "points": rows,
        "silent": sum(not any(value.start for value in values) for _point, values in rows),
        "over": over,
        "alarms": alarms[:_ALARMS],
        "alarm_count": alarms.count(),
        "tasks": due_rows(inbox.waiting_for(person, _TASKS, load), now),
        "count": load.waiting,
        "overdue": load.overdue,
        "filings": filings[:5],
        "waiting_filings": filings.filter(decision=Filing.Decision.WAITING).count(),
        "now": now,
    }
