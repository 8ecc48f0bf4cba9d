"""A register's statistics: its numbers, units and divisions, and how long each stage takes."""

from __future__ import annotations

from datetime import datetime, time
from urllib.parse import quote

from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.listings import asked
from ecoledger.listings.selecting import select
from ecoledger.matters import statistics
from ecoledger.matters.register import Register, headers
from ecoledger.web.access import Request, needs
from ecoledger.web.matters.filters import shown_filters
from ecoledger.web.matters.finding import the_register

# More matters than this are counted by state beside the page, not before it.
AT_ONCE = 20_000


def _opens(key: str, base: str, query: str) -> str:
    """Address of the rows behind a number: another book's, or the register's list with its condition."""
    if query.startswith("/"):
        return query
    return f"{reverse('matter-list', args=[key])}?{'&'.join(filter(None, (base, query)))}"


@needs("see_matters")
def statistics_page(request: Request, key: str) -> HttpResponse:
    register = _counted(request, key)
    query = request.GET.copy()
    query["merged"] = "all"
    rows, all_matters = (take(register, request.user, query) for take in (select, headers))
    on = asked.day(request.GET.get("on", "")) if register.as_of else None
    now = timezone.now()
    if on is not None:
        now = min(now, timezone.make_aware(datetime.combine(on, time.max)))
    # Numbers open the list with the page's own filters and their own condition.
    kept = {k: v for k, v in request.GET.items() if v and k not in ("page", "sort", "merged", "on")}
    base = "&".join(f"{quote(k)}={quote(str(v))}" for k, v in kept.items())
    organisations = statistics.by_organisation(register, all_matters, now)
    many = sum(unit.total for unit in organisations) > AT_ONCE
    return render(
        request,
        "web/matters/statistics.html",
        {
            "register": register,
            "filters": (filters := shown_filters(register, request.user, request.GET)),
            "more_filters": any(f.value or f.until for f in filters[3:]),
            "numbers": [
                {"s": s, "url": _opens(key, base, s.query)}
                for s in statistics.of(register, rows, now)
            ],
            "many": many,
            "durations": [] if many else statistics.stage_durations(register, all_matters),
            "breakdowns": register.breakdowns(rows, now) if register.breakdowns else [],
            "organisations": organisations,
            "base": base,
            "on": f"{timezone.localtime(now):%Y-%m-%d}" if register.as_of else "",
        },
    )


@needs("see_matters")
@require_GET
def durations_part(request: Request, key: str) -> HttpResponse:
    """How long matters stayed in each state, for a book so large that it is counted beside the page."""
    register = _counted(request, key)
    query = request.GET.copy()
    query["merged"] = "all"
    durations = statistics.stage_durations(register, headers(register, request.user, query))
    return render(request, "web/matters/_durations.html", {"durations": durations})


def _counted(request: Request, key: str) -> Register:
    register = the_register(request, key)
    if not request.user.may("see_statistics"):
        raise PermissionDenied(_("统计供管理部门使用。"))
    return register
