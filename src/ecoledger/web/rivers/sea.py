"""近岸海域、湾段、入海河流 (mechanisms Q11, T19): a year of the sea and of what flows into it."""

from __future__ import annotations

from datetime import date

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET

from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import covers
from ecoledger.entities.charges import charges_of
from ecoledger.indicators import doors, sea
from ecoledger.indicators.records import sea as tables
from ecoledger.indicators.records.declaring import Cell, Column, Page, Row
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.water import sea as books
from ecoledger.web.access import Request, needs
from ecoledger.web.rivers import asked


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """Bays by their areas, stations by survey, rivers by quality and load, and who answers for each bay."""
    year, county, person = asked.year(request), asked.county(request), request.user
    found = sea.of(county, year)
    rivers = sea.rivers(county, year, max(tables.end_of(year), date(year, 1, 2)))
    bays = [row for row in found.bays if covers(person, row.bay.area_code)]
    rows = [row for row in rivers.rows if covers(person, row.river.area_code)]
    context = {
        "heading": "近岸海域与入海河流",
        "year": year,
        "figures": (
            ("sea-good", found.good), ("bays-attained", found.attained), ("sea-stations", found.stations),
            ("rivers-attained", rivers.attained), ("rivers-inferior", rivers.inferior),
        ),
        "panels": (
            ("湾段", tables.bays(bays)), ("湾长与问题", _chiefs(bays, person)), ("海水监测点", tables.stations(bays)),
            ("入海河流", tables.rivers(rows, year)), (noop("入海污染物总量"), tables.loads(rows, year)),
        ),
        "doors": tuple(
            (book.label, book.url)
            for book in (books.BAYS, books.STATIONS, books.RIVERS, books.SAMPLES, books.SURVEYS)
        ),
    }  # fmt: skip
    return render(request, "web/rivers/month.html", context)


def _chiefs(bays: list[sea.BayYear], person: Person) -> Page:
    """Each bay's card in a line: its goal, who answers for it, and its problems."""
    counted = sea.problems_of([row.bay for row in bays], person)
    lines = []
    for row in bays:
        chiefs = charges_of(row.bay, roles=("bay_chief",), also=False)
        n = counted[row.bay.pk]
        said = _("、").join(f"{charge.who}{f'（{charge.post}）' if charge.post else ''}" for charge in chiefs)  # fmt: skip
        door = doors.ROW.opens(url=f"{PROBLEMS.url}?about={row.bay.pk}&open=1")
        lines.append(
            Row(
                (
                    Cell(row.bay.name, opens=doors.ROW.opens(url=f"/entities/{row.bay.pk}")), Cell(said or "—"),
                    Cell(row.bay.goal or "—"), Cell(n["all"], "number"), Cell(n["open"], "number", opens=door),
                    Cell(n["late"], "number"), Cell(n["closed"], "number"),
                ),
                {"card": row.bay.name},
            )
        )  # fmt: skip
    return Page(
        "",
        (
            Column("湾段", lead=True), Column("湾长"), Column("规划目标"), Column("问题", "number"), Column("在办", "number"),
            Column("超期", "number"), Column("已销号", "number"),
        ),
        lines,
        empty="还没有湾段。",
    )  # fmt: skip
