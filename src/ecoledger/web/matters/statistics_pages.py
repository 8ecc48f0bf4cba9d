"""A register's statistics: its numbers, units and divisions, and how long each stage takes."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from urllib.parse import quote

from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.listings import asked
from ecoledger.listings.selecting import select
from ecoledger.matters import statistics, year_before
from ecoledger.matters.register import Register, headers, seen_of
from ecoledger.web.access import Request, needs
from ecoledger.web.listings.chips import chips
from ecoledger.web.matters.finding import the_register

# More matters than this are counted by state beside the page, not before it.
AT_ONCE = 5_000
# Digits of a county's code; a town's are more. Nothing but digits stands in a code.
COUNTY = 6


def _opens(key: str, base: str, query: str) -> str:
    """Address of the rows behind a number: another book's, or the register's list with its condition."""
    if query.startswith("/"):
        return query
    return f"{reverse('matter-list', args=[key])}?{'&'.join(filter(None, (base, query)))}"


@needs("see_matters")
def statistics_page(request: Request, key: str) -> HttpResponse:
    register = _counted(request, key)
    now, all_matters = _until(register, request.GET), _asked(headers, register, request)
    organisations = statistics.by_organisation(register, all_matters, now)
    many = sum(unit.total for unit in organisations) > AT_ONCE
    context = chips(register, request) | {
        "listing": register,
        "register": register,
        "statistics_url": request.path,
        "many": many,
        "organisations": organisations,
        "on": f"{timezone.localtime(now):%Y-%m-%d}" if register.as_of else "",
    }
    if not many:
        context |= _figures(request, register, now)
        context["durations"] = statistics.stage_durations(register, all_matters)
    return render(request, "web/matters/statistics.html", context)


@needs("see_matters")
@require_GET
def figures_part(request: Request, key: str) -> HttpResponse:
    """The register's own numbers, for a book so large that they are counted beside the page."""
    register = _counted(request, key)
    figures = _figures(request, register, _until(register, request.GET))
    return render(request, "web/matters/_figures.html", figures)


@needs("see_matters")
@require_GET
def durations_part(request: Request, key: str) -> HttpResponse:
    """How long matters stayed in each state, for such a book."""
    register = _counted(request, key)
    durations = statistics.stage_durations(register, _asked(headers, register, request))
    return render(request, "web/matters/_durations.html", {"durations": durations})


def _asked(take: Any, register: Register, request: Request) -> QuerySet[Any]:
    """The matters of the page's filters, duplicates with them: they are counted apart."""
    query = request.GET.copy()
    query["merged"] = "all"
    rows: QuerySet[Any] = take(register, request.user, query)
    codes = request.user.area_codes
    if len(codes) == 1 and len(codes[0]) > COUNTY:
        # Said once more as a range: of a large book a town's few are found by the index of divisions.
        rows = rows.filter(area_code__gte=codes[0], area_code__lt=f"{codes[0]}:")
    return rows


def _until(register: Register, query: QueryDict) -> datetime:
    """The moment that is counted for: the end of the day asked for, or now."""
    now = timezone.now()
    on = asked.day(query.get("on", "")) if register.as_of else None
    return min(now, timezone.make_aware(datetime.combine(on, time.max))) if on else now


def _figures(request: Request, register: Register, now: datetime) -> dict[str, Any]:
    """The register's numbers and tables. Numbers open the list with the page's filters and their own condition."""
    rows, seen = _asked(select, register, request), seen_of(request.user)
    kept = {k: v for k, v in request.GET.items() if v and k not in ("page", "sort", "merged", "on")}
    base = "&".join(f"{quote(k)}={quote(str(v))}" for k, v in kept.items())
    return {
        "register": register,
        "numbers": [
            {"s": s, "url": _opens(register.key, base, s.query)}
            for s in statistics.of(register, rows, now, seen)
        ],
        "breakdowns": [
            *([compared] if (compared := year_before.of(register, rows, now)) else []),
            *(register.breakdowns(rows, now, seen) if register.breakdowns else []),
        ],
    }


def _counted(request: Request, key: str) -> Register:
    register = the_register(request, key)
    if not request.user.may("see_statistics"):
        raise PermissionDenied(_("统计供管理部门使用。"))
    return register
