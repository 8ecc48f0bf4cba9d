"""The file of any entity (一档): head, health by reasons, charges, relations, limits, work, documents, one timeline."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from ecoledger.accounts.models import Person
from ecoledger.entities import charges, file, relations, succession
from ecoledger.entities.inventory import inventory_of, own_row
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.entities.validity import in_force
from ecoledger.listings import cells
from ecoledger.matters.register import register_of, state_of, visible_matters
from ecoledger.monitoring.models import Limit
from ecoledger.monitoring.points import limits, parameters
from ecoledger.reports import visible
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs

# Rows of each part before "more".
SHOWN, HAPPENINGS = 20, 60


def the_entity(person: Person, pk: int) -> Entity:
    """The entity with its kind's fields, if this person may know of it; otherwise the page does not exist."""
    thing = Entity.objects.filter(pk=pk).first()
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
    person, thing = request.user, the_entity(request.user, pk)
    book = inventory_of(thing)
    health = file.health_of(thing, person)
    happenings = file.timeline_of(thing, person)
    own = [(c.label, cells.text_of(thing, c)) for c in book.open_columns(person)]
    told = {"name", "code", "parent", "area_code"}
    return render(
        request,
        "web/entities/entity.html",
        {
            "entity": thing,
            "book": book,
            "area": cells.area_name(thing.area_code),
            "facts": file.facts_of(thing, person),
            "own": [
                pair
                for pair, column in zip(own, book.open_columns(person), strict=True)
                if pair[1] and column.name not in told
            ],
            "health": health,
            "word": file.word_of(health),
            "worst": int(health[0].mark) if health else int(file.Mark.UNKNOWN),
            "charges": charges.charges_of(thing),
            "relations": relations.of(thing),
            "parts": _parts(person, thing),
            "points": scoped.points(person).filter(entity=thing)[:SHOWN],
            "limits": _limits(thing),
            "matters": _matters(person, thing),
            "documents": visible.documents(person).filter(matter__entity=thing)[:SHOWN],
            "successions": succession.history_of(thing),
            "happenings": happenings[:HAPPENINGS],
            "more": len(happenings) - HAPPENINGS,
            "may_edit": person.may("edit_registry") and book.may_change(person),
            "edit_url": reverse("entity-edit", args=[book.key, thing.pk]),
            "is_enterprise": isinstance(thing, Enterprise),
        },
    )


def _parts(person: Person, thing: Entity) -> list[dict[str, Any]]:
    """What belongs to it, by kind, as far as the person may see it."""
    parts = []
    for kind in thing.children.order_by().values_list("kind", flat=True).distinct():
        book = inventory_of(kind)
        rows = book.visible_to(person).filter(parent_id=thing.pk)
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
    shown = []
    for row in rows:
        place = row.entity or (row.point.entity if row.point else None)
        kind = row.point.kind if row.point else limits.kind_at(row.entity) if row.entity else ""
        text = str(row).removeprefix(f"{row.parameter} ")
        name = parameters.label(row.parameter, kind)
        shown.append(
            {"limit": row, "place": place, "name": name, "text": text, "now": row.pk in current}
        )
    return sorted(shown, key=lambda one: not one["now"])


def _matters(person: Person, thing: Entity) -> list[dict[str, Any]]:
    rows = visible_matters(person).filter(entity_id=thing.pk) | visible_matters(person).filter(
        enterprise_id=thing.pk
    )
    return [
        {"matter": m, "register": register_of(m.register), "state": state_of(m).label}
        for m in rows.order_by("-opened_at")[:SHOWN]
    ]
