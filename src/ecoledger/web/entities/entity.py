"""The file of any entity (一企一档): head, health by reasons, tabs by what happened to it, and one timeline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.entities import file, relations
from ecoledger.entities.about import about
from ecoledger.entities.file import File, Tab
from ecoledger.entities.inventory import Inventory, inventory_of, own_row
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.entities.validity import in_force
from ecoledger.listings import cells
from ecoledger.matters.knowing import its_matters
from ecoledger.matters.register import OPEN_WORK, register_of, state_of
from ecoledger.monitoring import runtime
from ecoledger.monitoring.models import Limit, Point
from ecoledger.monitoring.points import limits, parameters
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.entities.health import Health
from ecoledger.web.listings.beside import beside
from ecoledger.web.monitoring import readings
from ecoledger.web.work import left_of

# Rows of each part before "more", facts of the head, lines of the timeline.
SHOWN, HEAD, HAPPENINGS = 20, 6, 80
OVERVIEW = "overview"


def the_entity(person: Person, pk: int) -> Entity:
    """The entity with its kind's fields, if this person may know of it; otherwise the page does not exist."""
    thing = Entity.objects.filter(pk=pk).select_related("parent").first()
    if thing is None:
        raise Http404
    try:
        book = inventory_of(thing)
    except KeyError as error:
        raise Http404 from error
    if not book.visible_to(person).filter(pk=pk).exists():
        raise Http404
    return own_row(thing)


@needs("see_monitoring")
def page(request: Request, pk: int) -> HttpResponse:
    return shown(request, the_entity(request.user, pk))


def shown(request: Request, thing: Entity) -> HttpResponse:
    """The file of a thing that the person may know of."""
    person, book = request.user, inventory_of(thing)
    its = File.of(thing, person)
    shelves, happenings = its.shelves(), its.timeline()
    points, parts = _points(its), _parts(its)
    steps, links = its.once(file.successions), relations.of(thing)
    own = {
        Tab.DATA: len(points) + sum(part["count"] for part in parts),
        Tab.LISTS: len(links),
        Tab.PAST: len(steps),
    }
    tabs = _tabs(shelves, own)
    tab = request.GET.get("tab", OVERVIEW)
    if tab not in {name for name, _label, _count in tabs}:
        tab = OVERVIEW
    rows = happenings if tab == OVERVIEW else [row for row in happenings if row.tab == tab]
    facts = its.facts()
    lists = [fact for fact in facts if fact.label == _("名录")]
    # Its kind and its lists stand above; what the head has no room for stands under 基本情况.
    told = [fact for fact in facts if fact not in lists][1:]
    return render(
        request,
        "web/entities/entity.html",
        {
            "entity": thing,
            "book": book,
            "area": cells.area_name(thing.area_code),
            "head": told[:HEAD],
            "lists": lists,
            "tab": tab,
            "neighbours": beside(request, thing),
            "tabs": tabs,
            "shelves": [shelf for shelf in shelves if shelf.tab == tab],
            "happenings": rows[:HAPPENINGS],
            "more": len(rows) - HAPPENINGS,
            "parts": parts,
            "relations": links,
            "successions": steps,
            "may_edit": person.may("edit_registry") and book.may_change(person),
            "edit_url": reverse("entity-edit", args=[book.key, thing.pk]),
            "may_check": isinstance(thing, Enterprise)
            and register_of("inspection").may_open(person),
        }
        | _content(its, book, tab, points, facts, told[HEAD:]),
    )


def _tabs(
    shelves: Sequence[file.Shelf], own: Mapping[Tab, int]
) -> list[tuple[str, str, int | None]]:
    """The tabs with something under them: name, words, how much."""
    counts = {tab: own.get(tab, 0) for tab in Tab}
    for shelf in shelves:
        counts[Tab(shelf.tab)] += shelf.count
    overview: list[tuple[str, str, int | None]] = [(OVERVIEW, _("概览"), None)]
    return overview + [(tab.value, _(str(tab.label)), counts[tab]) for tab in Tab if counts[tab]]


def _content(
    its: File,
    book: Inventory,
    tab: str,
    points: list[Point],
    facts: list[file.Fact],
    further: list[file.Fact],
) -> dict[str, Any]:
    """What only the tab that is open asks the database for."""
    thing, person = its.entity, its.person
    if tab == OVERVIEW:
        return {
            "health": Health(its.health()),
            "facts": further,
            "own": _own(thing, book, person, facts),
            "identifiers": thing.identifiers.exclude(scheme__in=book.numbers.values()),
            "in_hand": _in_hand(its),
            "points": _latest(points[:SHOWN]),
            "charges": its.once(file.answering),
        }
    if tab == Tab.DATA:
        return {"points": _latest(points), "limits": _limits(thing)}
    if tab == Tab.LISTS:
        return {"charges": its.once(file.answering)}
    return {}


def _own(
    thing: Entity, book: Inventory, person: Person, facts: list[file.Fact]
) -> list[tuple[Any, str]]:
    """What its kind's list shows of it and neither a fact nor the chips of the head have said."""
    told = {said for fact in facts for said in (fact.label, fact.value)}
    plain = {"name", "code", "parent", "area_code", "is_key"}
    pairs = [(c, cells.text_of(thing, c)) for c in book.open_columns(person) if c.name not in plain]
    return [
        (c.label, text)
        for c, text in pairs
        if text and text not in told and _(str(c.label)) not in told
    ]


def _points(its: File) -> list[Point]:
    """The points at a thing and at its parts; of a firm all that are its own."""
    person, thing = its.person, its.entity
    rows = scoped.points(person).filter(enabled=True).prefetch_related("parameters")
    if isinstance(thing, Enterprise):
        return list(rows.filter(owner_code=thing.code).order_by("name"))
    return list(rows.filter(about(its)).order_by("name")[:100])


@dataclass(frozen=True)
class PointRow:
    """A point with what it said last."""

    point: Point
    latest: list[readings.Latest]
    water: readings.Water | None = None

    @property
    def worst(self) -> readings.Latest | None:
        """The value to show where there is room for one: over its limit, or the first that there is."""
        heard = [reading for reading in self.latest if reading.value is not None]
        return next((reading for reading in heard if reading.over), heard[0] if heard else None)


def _latest(points: list[Point]) -> list[PointRow]:
    if not runtime.is_open():
        return [PointRow(point, []) for point in points]
    latest = readings.latest_of(points)
    classes = readings.water_now([p for p in points if p.kind == Point.Kind.WATER])
    water = {kind.point.pk: kind for kind in classes}
    return [PointRow(point, latest[point.pk], water.get(point.pk)) for point in points]


def _parts(its: File) -> list[dict[str, Any]]:
    """What belongs to it, by kind, as far as the person may see it."""
    person, thing, parts = its.person, its.entity, []
    every = Entity.objects.filter(pk__in=its.once(file.with_parts)).exclude(pk=thing.pk)
    for kind in every.order_by().values_list("kind", flat=True).distinct():
        book = inventory_of(kind)
        rows = book.visible_to(person).filter(book.about(thing.pk))
        if count := rows.count():
            parts.append({"book": book, "count": count, "rows": rows.order_by("code")[:SHOWN]})
    return parts


def _limits(thing: Entity) -> list[dict[str, Any]]:
    """The limits of an outlet, of the points at a thing, and of its parts: in force first, then the past."""
    of_thing = Limit.objects.filter(entity_id=thing.pk) | Limit.objects.filter(
        point__entity_id=thing.pk
    )
    of_parts = Limit.objects.filter(entity__parent_id=thing.pk)
    rows = (of_thing | of_parts).select_related("entity", "point__entity").distinct()
    current = set(rows.filter(in_force()).values_list("pk", flat=True))
    rows_shown = []
    for row in rows:
        place = row.entity or (row.point.entity if row.point else None)
        kind = row.point.kind if row.point else limits.kind_at(row.entity) if row.entity else ""
        text = str(row).removeprefix(f"{row.parameter} ")
        name = parameters.label(row.parameter, kind)
        rows_shown.append(
            {"limit": row, "place": place, "name": name, "text": text, "now": row.pk in current}
        )
    return sorted(rows_shown, key=lambda one: not one["now"])


def _in_hand(its: File) -> list[dict[str, Any]]:
    """The matters in hand about it, due first."""
    now = timezone.now()
    rows = its_matters(its).filter(OPEN_WORK).order_by("due", "pk")[:SHOWN]
    return [
        {
            "matter": m,
            "register": register_of(m.register),
            "state": state_of(m).label,
            "left": left_of(m.due, now),
            "late": m.overdue,
        }
        for m in rows
    ]
