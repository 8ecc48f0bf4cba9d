"""上游溯源 (mechanisms Q16, W16): who lies upstream of a section or a place, and when each must have discharged."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.accounts.models import Person
from ecoledger.entities.inventory import label_of
from ecoledger.entities.models import Entity, Section
from ecoledger.indicators import doors
from ecoledger.indicators.records.declaring import Cell, Column, Page, Row
from ecoledger.listings import asked as listing_asked
from ecoledger.matters.register import visible_matters
from ecoledger.monitoring.models import Alarm
from ecoledger.registers.water import network
from ecoledger.registers.water.network import Network, Place, Upstream
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.rivers import asked

MOST = 200
SLOWEST, FASTEST = 0.01, 5.0


@dataclass(frozen=True, slots=True)
class Search:
    """What is asked: the place, when the water was seen there, the speed and how far back to look."""

    seen: datetime
    speed: float
    hours: float


def number(written: str, otherwise: float, low: float, high: float) -> float:
    try:
        value = float(written)
    except ValueError:
        return otherwise
    return min(max(value, low), high) if value == value else otherwise


def search_of(request: Request, seen: datetime | None = None) -> Search:
    """The search that an address asks for."""
    written = request.GET.get("seen", "")
    try:
        at = datetime.fromisoformat(written) if written else None
    except ValueError:
        at = None
    if at is None or not asked.FIRST <= at.year <= asked.LAST:
        at = seen or timezone.now()
    elif timezone.is_naive(at):
        at = timezone.make_aware(at)
    speed = number(request.GET.get("speed", ""), network.SPEED, SLOWEST, FASTEST)
    return Search(at, speed, number(request.GET.get("hours", ""), 48, 1, 720))


@needs("see_monitoring")
@require_GET
def page(request: Request) -> HttpResponse:
    """Upstream of a section that the person may see."""
    sections = scoped.sections(request.user).order_by("river__code", "chainage_km")
    pk = listing_asked.number(request.GET.get("section", ""))
    section = sections.filter(pk=pk).first() if pk is not None else None
    search = search_of(request)
    panels: list[tuple[str, Page]] = []
    if section is not None:
        net = network.of(request.user)
        place = net.places.get(section.pk)
        panels = found(net, place, search, request.user, leave_out=section)
    context = {
        "sections": [(choice.pk, f"{choice.river} · {choice.name}") for choice in sections],
        "section": section.pk if section else "",
        "search": search,
        "panels": panels,
    }
    return render(request, "web/rivers/upstream.html", context)


def found(
    net: Network, place: Place | None, search: Search, person: Person, *, leave_out: Entity | None = None
) -> list[tuple[str, Page]]:  # fmt: skip
    """The things upstream, sections apart from what may have discharged."""
    rows = (
        net.upstream(place, speed=search.speed, hours=search.hours, seen=search.seen)
        if place
        else []
    )
    rows = [row for row in rows if leave_out is None or row.thing.pk != leave_out.pk]
    sources = [row for row in rows if row.thing.kind in network.SOURCE_KINDS][:MOST]
    sections = [row for row in rows if row.thing.kind == Section.KIND][:MOST]
    return [
        ("可能的来源", _sources(sources, net, person)),
        ("上游断面", _sections(sections)),
    ]


def _window(row: Upstream) -> str:
    if row.released_from is None or row.released_to is None:
        return "—"
    first, last = (timezone.localtime(at) for at in (row.released_from, row.released_to))
    return f"{first:%m-%d %H:%M} – {last:%m-%d %H:%M}"


def _sources(rows: list[Upstream], net: Network, person: Person) -> Page:
    """Each with the time in which it must have discharged, and what is known of it in that time."""
    alarms, work = _known(rows, person)
    lines = [
        Row(
            (
                Cell(row.thing.name, opens=doors.ROW.opens(url=f"/entities/{row.thing.pk}")),
                Cell(_(label_of(row.thing.kind))), Cell(row.distance_km, "number", 2), Cell(row.hours, "number", 1),
                Cell(f"{row.hours_low:.1f}～{row.hours_high:.1f}"), Cell(_window(row)),
                Cell(alarms.get(row.thing.pk, 0), "number"), Cell(work.get(row.thing.pk, 0), "number"),
            ),
            {"source": row.thing.name},
            counted=bool(alarms.get(row.thing.pk)),
        )
        for row in sorted(rows, key=lambda upstream: (-alarms.get(upstream.thing.pk, 0), upstream.hours))
    ]  # fmt: skip
    notes = [
        _(
            "按流速推算，时段为流速上下浮动一半的范围；时段内有预警的排在前面。同一时段有预警只是线索，须现场核实。"
        )
    ]
    if net.unplaced:
        names = _("、").join(thing.name for thing in net.unplaced[:20])
        notes.append(_("知道排入河流但不知位置、没有列入的：%s。") % names)
    return Page(
        "",
        (
            Column("对象", lead=True), Column("类别"), Column("距离 km", "number"), Column("流达 h", "number"),
            Column("范围 h"), Column("应排放时段"), Column("时段内预警", "number"), Column("在办事项", "number"),
        ),
        lines,
        notes=tuple(notes),
        empty="上游没有登记的排污口或企业；请登记其坐标或“排入”关系。",
    )  # fmt: skip


def _known(rows: list[Upstream], person: Person) -> tuple[dict[int, int], dict[int, int]]:
    """Alarms of each thing (and its parts) in its window, and open work about it."""
    alarms: dict[int, int] = {}
    keys = {row.thing.pk: row for row in rows}
    seen = scoped.alarms(person).exclude(state__in=Alarm.QUIET)
    spans = [row for row in rows if row.released_from and row.released_to]
    if spans:
        first = min(row.released_from for row in spans if row.released_from) - timedelta(hours=1)
        last = max(row.released_to for row in spans if row.released_to)
        near = seen.filter(begin__lte=last).filter(Q(end=None) | Q(end__gte=first))
        parents = dict(Entity.objects.filter(pk__in=keys).values_list("pk", "parent_id"))
        by_entity: dict[int, list[Alarm]] = {}
        for alarm in near.select_related("point__entity"):
            entity = alarm.point.entity
            if entity is not None:
                by_entity.setdefault(entity.pk, []).append(alarm)
                if entity.parent_id:
                    by_entity.setdefault(entity.parent_id, []).append(alarm)
        for pk, row in keys.items():
            own = {
                a.pk: a for a in (*by_entity.get(pk, ()), *by_entity.get(parents.get(pk) or 0, ()))
            }
            alarms[pk] = sum(1 for alarm in own.values() if _overlaps(alarm, row))
    work: dict[int, int] = {}
    pairs = (
        visible_matters(person)
        .filter(phase="open", merged_into=None)
        .filter(Q(entity__in=list(keys)) | Q(enterprise__in=list(keys)))
        .values_list("entity_id", "enterprise_id")
    )
    for pair in pairs:
        for pk in set(pair):
            if pk in keys:
                work[pk] = work.get(pk, 0) + 1
    return alarms, work


def _overlaps(alarm: Alarm, row: Upstream) -> bool:
    if row.released_from is None or row.released_to is None:
        return False
    return alarm.begin <= row.released_to and (alarm.end is None or alarm.end >= row.released_from)


def _sections(rows: list[Upstream]) -> Page:
    lines = [
        Row(
            (
                Cell(row.thing.name, opens=doors.ROW.opens(url=f"/entities/{row.thing.pk}")), Cell(row.distance_km, "number", 2),
                Cell(row.hours, "number", 1), Cell(_window(row)),
            ),
            {"above": row.thing.name},
        )
        for row in rows
    ]  # fmt: skip
    return Page(
        "",
        (Column("断面", lead=True), Column("距离 km", "number"), Column("流达 h", "number"), Column("水团经过时段")),
        lines,
        empty="上游没有登记的断面。",
    )  # fmt: skip
