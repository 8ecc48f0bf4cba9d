"""What a page of the water line is asked: a month, a year, a division of the person's own."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone

from ecoledger.listings import asked
from ecoledger.web.access import Request

# A county's code; of a city's people the city is asked.
COUNTY = 6
# GB 3838-2002 judges data from June 2002 on; no limits are on file for years that it does not hold for as a whole.
FIRST, LAST = 2003, 2100


def month(request: Request) -> date:
    """First day of the month asked for (``2026-10``), else of the last one that is over."""
    try:
        said = date.fromisoformat(f"{request.GET.get('month', '')}-01")
    except ValueError:
        said = (timezone.localdate().replace(day=1) - timedelta(days=1)).replace(day=1)
    return said if FIRST <= said.year <= LAST else timezone.localdate().replace(day=1)


def after(first: date) -> date:
    """The first day of the month that follows."""
    return (first + timedelta(days=31)).replace(day=1)


def year(request: Request) -> int:
    """The year asked for, else this one."""
    said = asked.number(request.GET.get("year", ""))
    return said if said is not None and FIRST <= said <= LAST else timezone.localdate().year


def county(request: Request) -> str:
    """The county (or city) whose whole is computed; what of it is shown follows from the person's scope."""
    codes = sorted({code[:COUNTY] for code in request.user.area_codes}, key=len)
    wanted = request.GET.get("area", "")
    return wanted if wanted in codes else (codes[0] if codes else "-")
