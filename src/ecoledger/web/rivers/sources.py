"""饮用水水源地 (mechanism Q12): attainment by number and by volume, files and zones, who answers, patrols and problems."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.accounts.scope import covers
from ecoledger.entities.charges import charges_of
from ecoledger.entities.validity import in_force
from ecoledger.indicators import doors, sources
from ecoledger.indicators.figures import Figure
from ecoledger.indicators.records import sources as tables
from ecoledger.indicators.records.declaring import Cell, Column, Page, Row
from ecoledger.live import times
from ecoledger.matters.workflow import COMPLETED
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.water import sources as books
from ecoledger.registers.water.samples import SAMPLES
from ecoledger.registers.water.source_models import ProtectionZone, WaterSource
from ecoledger.web.access import Request, needs
from ecoledger.web.rivers import asked

# Firms in the zones that a page lists before all are asked for.
SHOWN = 12


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """A month of the sources, and each one's card."""
    begin = asked.month(request)
    end, person = asked.after(begin), request.user
    found = sources.of(asked.county(request), begin, end)
    so_far = sources.of(asked.county(request), begin.replace(month=1), end)
    rows = [row for row in found.rows if covers(person, row.source.area_code)]
    own = [row.source for row in rows]
    context = {
        "heading": "饮用水水源地水质",
        "month": begin,
        "figures": (
            ("by-number", found.by_number), ("by-volume", found.by_volume),
            ("by-number-year", _so_far(so_far.by_number)), ("by-volume-year", _so_far(so_far.by_volume)),
        ),
        "panels": (
            ("本月水质", tables.months(rows)), ("一源一档", _cards(request, own, begin)), ("保护区内企业", _inside(own, request)),
        ),
        "doors": tuple(
            (book.label, book.url)
            for book in (books.SOURCES, books.ZONES, SAMPLES, books.INTAKES, books.PATROLS, books.CAMPAIGN)
        ),
    }  # fmt: skip
    return render(request, "web/rivers/month.html", context)


def _so_far(figure: Figure) -> Figure:
    return replace(figure, label=_("本年累计：%s") % _(figure.label))


def _cards(request: Request, own: list[WaterSource], begin: date) -> Page:
    """What a file holds and lacks, who answers, how often it was looked at this month, its problems."""
    first = times.midnight(begin)
    last = times.midnight(asked.after(begin))
    patrols = dict(
        books.PATROLS.visible_to(request.user)
        .filter(at__gte=first, at__lt=last)
        .order_by()
        .values_list("entity")
        .annotate(n=Count("pk"))
    )
    problems = {
        row["entity"]: row
        for row in PROBLEMS.visible_to(request.user)
        .filter(entity__in=[source.pk for source in own], merged_into=None)
        .order_by()
        .values("entity")
        .annotate(n=Count("pk"), done=Count("pk", filter=Q(phase__in=COMPLETED)))
    }
    zones: dict[int, list[str]] = {}
    for zone in ProtectionZone.objects.filter(in_force(), parent__in=[source.pk for source in own]):
        words = _(zone.get_grade_display())
        zones.setdefault(zone.parent_id or 0, []).append(words if zone.geometry else words + _("（无边界）"))  # fmt: skip
    lines = []
    for source in own:
        chiefs = _("、").join(
            c.who for c in charges_of(source, roles=("source_chief",), also=False)
        )
        told = problems.get(source.pk, {"n": 0, "done": 0})
        door = doors.ROW.opens(url=f"{PROBLEMS.url}?about={source.pk}")
        lacking = [
            name
            for name, there in (
                (_("批复"), source.zone_paper), (_("标志"), source.signed), (_("隔离"), source.fenced), (_("应急预案"), source.plan_paper),
            )
            if not there
        ]  # fmt: skip
        lines.append(
            Row(
                (
                    Cell(source.name, opens=doors.ROW.opens(url=f"/entities/{source.pk}")), Cell(chiefs or "—"),
                    Cell(_("、").join(sorted(zones.get(source.pk, []))) or "—"), Cell(_("、").join(lacking) or _("齐全")),
                    Cell(source.linked or "—"), Cell(patrols.get(source.pk, 0), "number"),
                    Cell(f"{told['done']} / {told['n']}", opens=door),
                ),
                {"card": source.name},
            )
        )  # fmt: skip
    return Page(
        "",
        (
            Column("水源地", lead=True), Column("责任人"), Column("保护区"), Column("档案缺项"), Column("联动部门"),
            Column("本月巡查", "number"), Column("已销号 / 问题"),
        ),
        lines,
        empty="还没有饮用水水源地。",
    )  # fmt: skip


def _inside(own: list[WaterSource], request: Request) -> Page:
    """The firms in the zones: some, and all of them where they are asked for."""
    lines = [
        Row(
            (
                Cell(source.name),
                Cell(firm.name, opens=doors.ROW.opens(url=f"/entities/{firm.pk}")),
                Cell(_(zone.get_grade_display())), Cell(firm.industry or "—"),
            ),
            {"inside": firm.name},
        )
        for source in own
        for firm, zone in books.firms_inside(source, request.user)
    ]  # fmt: skip
    notes: list[str | Cell] = [
        _("按企业坐标落在保护区边界内判断；没有边界的保护区、没有坐标的企业不在其中。")
    ]
    if len(lines) > SHOWN and request.GET.get("inside") != "all":
        query = request.GET.copy()
        query["inside"] = "all"
        door = doors.ROW.opens(url=f"{request.path}?{query.urlencode()}")
        notes.insert(0, Cell(_("全部 %d 家") % len(lines), opens=door))
        lines = lines[:SHOWN]
    return Page(
        "",
        (Column("水源地", lead=True), Column("企业"), Column("所在保护区"), Column("行业")),
        lines,
        notes=notes,
        empty="保护区边界内没有登记的企业。",
    )  # fmt: skip
