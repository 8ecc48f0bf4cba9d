"""Keeps the search table: an entry follows its thing when that is saved, and whatever was put in past the
signals (imports of many rows at once) is caught up with.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.db.models import Exists, Model, OuterRef
from django.db.models.signals import post_delete, post_save

from ecoledger.entities.models import Enterprise, Entity, EntityState, Identifier
from ecoledger.listings.pinyin import initials
from ecoledger.matters.models import Matter
from ecoledger.monitoring.models import Point
from ecoledger.reports.models import IssuedDocument
from ecoledger.web.models import SearchEntry

Kind = SearchEntry.Kind
BATCH = 2000
SERIAL = re.compile(r"(\d+)\s*号?$")
MODELS: dict[str, type[Model]] = {
    Kind.ENTITY: Entity,
    Kind.POINT: Point,
    Kind.MATTER: Matter,
    Kind.DOCUMENT: IssuedDocument,
}


def entry_of(kind: str, thing: Any) -> SearchEntry:
    """The entry of an entity, point, matter or document."""
    match kind:
        case Kind.ENTITY:
            return _entity(thing)
        case Kind.POINT:
            return _made(kind, thing, thing.name, thing.mn or "", [], thing.owner_code)
        case Kind.MATTER:
            more = [thing.address, str(thing.entity or "")]
            owner = thing.enterprise.code if thing.enterprise else ""
            return _made(kind, thing, thing.title, thing.number, more, owner)
        case _:
            return _made(kind, thing, str(thing), thing.number, [thing.addressee], "")


def _entity(entity: Entity) -> SearchEntry:
    more = [entity.address, *(one.value for one in entity.identifiers.all())]
    # Former names stand in its states.
    more += [str(state.values.get("name", "")) for state in entity.states.all()]
    own: Any = entity if isinstance(entity, Enterprise) else getattr(entity, "as_enterprise", None)
    if own is not None:
        more += [own.uscc, own.permit_no]
    owner = _owner(entity)
    return _made(Kind.ENTITY, entity, entity.name, entity.code, more, owner)


def _owner(entity: Entity) -> str:
    """Code of the enterprise an entity is or belongs to."""
    firm = entity.enterprise
    return firm.code if firm else ""


def _made(
    kind: str, thing: Any, name: str, code: str, more: Iterable[str], owner: str
) -> SearchEntry:
    first = initials(name)[:120]
    words = [name, first, code, *more, *(initials(m) for m in more if m and not m.isascii())]
    serial = SERIAL.search(code) if kind == Kind.MATTER else None
    return SearchEntry(
        kind=kind,
        target=thing.pk,
        name=name[:200],
        initials=first,
        code=code[:60],
        serial=int(serial[1]) if serial and len(serial[1]) < 9 else None,
        words="\n".join(dict.fromkeys(word.lower() for word in words if word)),
        area_code=thing.area_code,
        enterprise_code=owner,
    )


KEPT = ["name", "initials", "code", "serial", "words", "area_code", "enterprise_code"]


def keep(entries: Iterable[SearchEntry]) -> int:
    """Write entries over those of the same things; returns how many."""
    batch = list(entries)
    SearchEntry.objects.bulk_create(
        batch,
        batch_size=500,
        update_conflicts=True,
        unique_fields=["kind", "target"],
        update_fields=KEPT,
    )
    return len(batch)


def catch_up(limit: int | None = None) -> int:
    """Enter what has no entry yet, and drop entries of what is gone; returns how many were entered."""
    done = 0
    for kind, model in MODELS.items():
        entries = SearchEntry.objects.filter(kind=kind, target=OuterRef("pk"))
        missing = _related(kind, model._default_manager.filter(~Exists(entries)).order_by("pk"))
        while limit is None or done < limit:
            things = list(missing[:BATCH])
            if not things:
                break
            done += keep(entry_of(kind, thing) for thing in things)
        gone = model._default_manager.filter(pk=OuterRef("target"))
        SearchEntry.objects.filter(~Exists(gone), kind=kind).delete()
    return done


def _related(kind: str, rows: Any) -> Any:
    """What an entry reads of its thing, fetched at once."""
    match kind:
        case Kind.ENTITY:
            rows = rows.select_related("parent__parent", "as_enterprise")
            return rows.prefetch_related("identifiers", "states")
        case Kind.MATTER:
            return rows.select_related("entity", "enterprise")
        case _:
            return rows


# What an entry is made of; a save of other fields alone changes nothing in it.
READ = {
    "name",
    "code",
    "title",
    "number",
    "address",
    "area_code",
    "entity",
    "enterprise",
    "mn",
    "owner_code",
}


def _on_save(
    sender: type[Model],
    instance: Any,
    raw: bool = False,
    update_fields: frozenset[str] | None = None,
    **_: Any,
) -> None:
    if raw or (update_fields is not None and not READ & set(update_fields)):
        return
    if issubclass(sender, Identifier | EntityState):
        keep([_entity(Entity.objects.get(pk=instance.entity_id))])
        return
    for kind, model in MODELS.items():
        if issubclass(sender, model):
            keep([entry_of(kind, instance)])


def _on_delete(sender: type[Model], instance: Any, **_: Any) -> None:
    for kind, model in MODELS.items():
        if issubclass(sender, model):
            SearchEntry.objects.filter(kind=kind, target=instance.pk).delete()


def follow() -> None:
    """Have entries follow their things; called once when the pages start."""
    post_save.connect(_on_save, dispatch_uid="search entry follows")
    post_delete.connect(_on_delete, dispatch_uid="search entry goes")
