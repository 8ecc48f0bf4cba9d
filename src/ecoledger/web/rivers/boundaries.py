"""镇街交接断面 (mechanism Q10): a month of the sections between towns, and the towns by what they did to the water."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ecoledger.accounts.scope import covers
from ecoledger.entities.inventories.sections import SECTIONS
from ecoledger.indicators import boundaries, doors
from ecoledger.indicators.boundaries import Crossing
from ecoledger.indicators.figures import Records
from ecoledger.indicators.records import boundaries as tables
from ecoledger.registers.water.samples import FLOWS, SAMPLES
from ecoledger.web.access import Request, needs
from ecoledger.web.rivers import asked


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """Every town takes its place among all; who sees one town reads its place among the county's."""
    begin = asked.month(request)
    end = asked.after(begin)
    found = boundaries.of(asked.county(request), begin, end)
    person = request.user
    seen = [town for town in found.towns if covers(person, town.town)]
    rows = [c for c in found.crossings if covers(person, c.upper) or covers(person, c.lower)]

    def days(crossing: Crossing) -> Records:
        section = str(crossing.period.section.pk)
        return doors.WATER_DAYS.opens(section=section, begin=f"{begin}", end=f"{end}")

    context = {
        "heading": "镇街交接断面",
        "month": begin,
        "figures": (("attained", found.attained), ("passed", found.passed)),
        "panels": (
            ("镇街排名", tables.towns(found, seen)),
            ("交接断面", tables.sections(rows, days)),
        ),
        "doors": (
            ("断面台账", SECTIONS.url),
            (SAMPLES.label, SAMPLES.url),
            (FLOWS.label, FLOWS.url),
        ),
    }
    return render(request, "web/rivers/month.html", context)
