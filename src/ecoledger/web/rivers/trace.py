"""水污染溯源 (mechanism W16): the search of one event upstream, what the water reaches downstream, and the list of suspects."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.entities.inventory import label_of
from ecoledger.entities.models import Section
from ecoledger.indicators import doors
from ecoledger.indicators.records.declaring import Cell, Column, Page, Row
from ecoledger.listings import asked as listing_asked
from ecoledger.listings.refusals import Refused
from ecoledger.registers.water import network, traces
from ecoledger.registers.water.network import Upstream
from ecoledger.registers.water.trace_models import WaterTrace
from ecoledger.registers.water.traces import TRACES
from ecoledger.web.access import Request, needs
from ecoledger.web.rivers import upstream


def _trace(request: Request, pk: int) -> WaterTrace:
    found = TRACES.visible_to(request.user).filter(pk=pk).first()
    if not isinstance(found, WaterTrace):
        raise Http404
    return found


@needs("see_matters")
@require_GET
def page(request: Request, pk: int) -> HttpResponse:
    """Upstream and downstream of where it was seen."""
    trace = _trace(request, pk)
    net, rows = traces.upstream_of(trace, request.user)
    search = upstream.Search(trace.seen_at, trace.speed or network.SPEED, trace.look_back_hours)
    place = traces.place_of(trace)
    panels = upstream.found(net, place, search, request.user)
    known = set(trace.suspects.values_list("thing_id", flat=True))
    to_choose = [
        (row, row.thing.pk in known) for row in rows if row.thing.kind in network.SOURCE_KINDS
    ][: upstream.MOST]
    context = {
        "trace": trace,
        "place": place is not None,
        "to_choose": to_choose if TRACES.may_open(request.user) and trace.phase == "open" else [],
        "panels": [*panels, ("下游将到达", _arrivals(traces.downstream_of(trace, request.user)))],
    }
    return render(request, "web/rivers/trace.html", context)


@needs("see_matters")
@require_POST
def suspect(request: Request, pk: int) -> HttpResponse:
    """Take what was ticked onto the list of suspects."""
    trace = _trace(request, pk)
    keys = [
        key
        for text in request.POST.getlist("thing")
        if (key := listing_asked.number(text)) is not None
    ]
    try:
        traces.suspect(trace, keys, by=request.user)
        messages.success(request, _("已列入排查。"))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("water-trace", pk)


def _arrivals(rows: list[Upstream]) -> Page:
    """Sections and intakes that the water reaches, the nearest first."""
    met = [row for row in rows if row.thing.kind in {Section.KIND, *network.SENSITIVE_KINDS}]
    lines = [
        Row(
            (
                Cell(row.thing.name, opens=doors.ROW.opens(url=f"/entities/{row.thing.pk}")), Cell(_(label_of(row.thing.kind))),
                Cell(row.distance_km, "number", 2), Cell(row.hours, "number", 1),
                Cell(f"{row.hours_low:.1f}～{row.hours_high:.1f}"),
            ),
            {"arrival": row.thing.name},
        )
        for row in met
    ]  # fmt: skip
    return Page(
        "",
        (
            Column("对象", lead=True), Column("类别"), Column("距离 km", "number"), Column("流达 h", "number"), Column("范围 h"),
        ),
        lines,
        notes=(_("自发现位置起算，未计扩散和降解。"),),
        empty="下游没有登记的断面和水源地。",
    )  # fmt: skip
