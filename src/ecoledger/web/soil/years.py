"""The year's figures of the line: 地下水 by class (mechanism Q13), 耕地安全利用率 (mechanism S-4)."""

from __future__ import annotations

from datetime import date
from os.path import commonprefix
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ecoledger.entities.models import Area
from ecoledger.entities.validity import overlapping
from ecoledger.indicators import doors, of_books, target_book
from ecoledger.indicators.declaring import Span
from ecoledger.listings import asked
from ecoledger.registers.plan.target_book import TARGETS
from ecoledger.registers.soil import farmland, wells
from ecoledger.registers.soil.apportionments import APPORTIONMENTS
from ecoledger.registers.soil.farmland import FIELD_YEARS, FIELDS
from ecoledger.registers.soil.well_years import YEARS, WellYear
from ecoledger.registers.soil.wells import CLASSES, SAMPLES, WELLS
from ecoledger.standards.percent import Percent
from ecoledger.web.access import Request, needs


def _year(request: Request) -> int:
    year = asked.number(request.GET.get("year", ""))
    return year if year and 2000 <= year <= 2100 else timezone.localdate().year


def _share(part: int, whole: int) -> str:
    return Percent.of(part, whole).show(1) if whole else "—"


@needs("see_cockpit")
@require_GET
def groundwater(request: Request) -> HttpResponse:
    """The wells of a year by class, beside the year before; wells without a result are said."""
    year = _year(request)
    rows = list(YEARS.visible_to(request.user).filter(year=year).select_related("well"))
    rows.sort(key=lambda row: (-(row.rank or 0), row.well.name))
    judged = [row for row in rows if row.rank is not None]
    # A well that was given up, or was not there yet, owes the year nothing.
    standing = WELLS.visible_to(request.user).filter(
        overlapping(date(year, 1, 1), date(year, 12, 31))
    )
    without = standing.exclude(pk__in=[row.well_id for row in judged])
    n = len(judged)
    five = sum(row.rank == len(CLASSES) for row in judged)
    attained = sum(bool(row.attained) for row in judged)
    changes = {key: sum(row.change == key for row in judged) for key in WellYear.Change.values}
    context: dict[str, Any] = {
        "year": year,
        "rows": rows,
        "judged": n,
        "five": five,
        "five_share": _share(five, n),
        "attained": attained,
        "attained_share": _share(attained, n),
        "ranks": ",".join(str(rank) for rank, _label in CLASSES),
        "classes": [(label, sum(r.rank == k for r in judged)) for k, label in CLASSES],
        "changes": changes,
        "without": list(without.order_by("name")[:30]),
        "without_count": without.count(),
        "by": wells.rules()["year"],
        "mark": wells.rules()["mark"],
        "book": YEARS,
        "samples": SAMPLES,
        "wells": WELLS,
    }
    return render(request, "web/soil/groundwater.html", context)


def _reported(request: Request, year: int) -> list[target_book.Standing]:
    """Targets of the year of which another rate was reported than the fields come to."""
    rows = TARGETS.visible_to(request.user).filter(year=year, name=farmland.RATE)
    on = target_book.end_of(year, timezone.localdate())
    standings = target_book.standings(rows.exclude(reported=None), on, request.user)
    return [standing for standing in standings if standing.beside and request.user.may("see_plans")]


def _behind(area_code: str, year: int) -> str:
    """Where the fields are shown that the rate of an area divides."""
    rate = of_books.every_tally()[farmland.RATE_KEY]
    counting = of_books.Counting(
        FIELD_YEARS, area_code, Span(date(year, 1, 1), date(year + 1, 1, 1))
    )
    return doors.address(counting.records_of(rate))


@needs("see_cockpit")
@require_GET
def land(request: Request) -> HttpResponse:
    """The rate of safe use in a year, by town; what was not reported stands beside it."""
    year = _year(request)
    fields = FIELDS.visible_to(request.user)
    names = dict(Area.objects.values_list("code", "name"))
    codes = sorted(set(fields.order_by().values_list("area_code", flat=True)))
    towns = [
        (
            names.get(code, code),
            code,
            _behind(code, year),
            farmland.safe_use(fields.filter(area_code=code), year),
        )
        for code in codes
    ]
    context = {
        "year": year,
        "whole": farmland.safe_use(fields, year),
        "reported": _reported(request, year),
        "towns": [town for town in towns if town[3].polluted],
        "aim": farmland.rules()["aim"],
        "mark": farmland.rules()["mark"],
        # What all divisions lie in that the person sees.
        "behind": _behind(commonprefix(request.user.area_codes), year),  # noqa: RUF071  codes, not paths
        "fields": FIELDS,
        "book": FIELD_YEARS,
        "sources": APPORTIONMENTS,
    }
    return render(request, "web/soil/farmland.html", context)
