"""Keeps the search table: an entry follows its thing when that is saved, and whatever was put in past the
signals (imports of many rows at once) is caught up with.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from django.db.models import Exists, Model, OuterRef, Q, QuerySet, Value
from django.db.models.functions import StrIndex
from django.db.models.signals import post_delete, post_save

from ecoledger.accounts import inserting
from ecoledger.entities.inventory import Inventory, all_inventories, inventory_of, own_row
from ecoledger.entities.models import Entity, EntityState, Identifier
from ecoledger.listings import lookups, selecting
from ecoledger.listings.importing import accepting
from ecoledger.listings.listing import Listing
from ecoledger.listings.pinyin import initials
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, register_of
from ecoledger.monitoring.models import Point
from ecoledger.reports.models import IssuedDocument
from ecoledger.web.models import SearchEntry
from ecoledger.web.search import signs

Kind = SearchEntry.Kind
_entry_with = inserting.maker(SearchEntry)
BATCH = 2000
WORDS = 5  # looked for together
# So many rows are named one by one.
FEW = 5000
# So many entries that may hold a word are named one by one, so many are looked up; of a commoner word those that hold
# it are soon met wherever one begins.
NAMED, LOOKED_UP = 5000, 20_000
# Entries whose signs are made anew in one round.
SIGNED = 20_000
# Longer texts are sentences, which nobody looks for by initials.
SPELT = 60
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
            more = _searched(register_of(thing.register), thing)
            owner = thing.enterprise.code if thing.enterprise else ""
            return _made(kind, thing, thing.title, thing.number, more, owner)
        case _:
            return _made(kind, thing, str(thing), thing.number, [thing.addressee], "")


def _entity(entity: Entity) -> SearchEntry:
    own = _own(entity)
    more = [entity.address, *_searched(inventory_of(entity.kind), own)]
    more += [identifier.value for identifier in entity.identifiers.all()]
    # Former names stand in its states.
    more += [str(state.values.get("name", "")) for state in entity.states.all()]
    return _made(Kind.ENTITY, entity, entity.name, entity.code, more, _owner(entity))


def _own(entity: Entity) -> Entity:
    """The entity with its kind's own fields, fetched with it where many are (:func:`_related`)."""
    cached = entity._state.fields_cache.get(f"as_{entity.kind}")
    return cached or own_row(entity)


def _searched(listing: Listing, thing: Any) -> list[str]:
    """What the list's own search looks into, as far as it is hidden from nobody. Numbers stand beside."""
    paths = (path.split("__") for path in listing.plain_search if path != "identifiers__value")
    return [value for path in paths if (value := _at(thing, path))]


def _at(thing: Any, steps: list[str]) -> str:
    for step in steps:
        thing = getattr(thing, step, None)
    return str(thing or "")


def holding(typed: str) -> QuerySet[SearchEntry]:
    """Entries that hold each word of ``typed``. SQLite looks for letters and digits twice as fast by a pattern, for
    characters by their place."""
    entries = SearchEntry.objects.all()
    for n, word in enumerate(typed.split()[:WORDS]):
        entries = _likely(entries, word)
        if word.isascii():
            entries = entries.filter(words__contains=word)
        else:
            place = {f"place_{n}": StrIndex("words", Value(word))}
            entries = entries.alias(**place).filter(**{f"place_{n}__gt": 0})
    return entries


def _likely(entries: QuerySet[SearchEntry], word: str) -> QuerySet[SearchEntry]:
    """Those of ``entries`` among which those that hold ``word`` are, as few as is quickly said."""
    if (likely := signs.may_hold(word)) is None:
        return entries
    found = SearchEntry.objects.filter(likely).order_by().values("pk")
    keys = list(found.values_list("pk", flat=True)[: LOOKED_UP + 1])
    if len(keys) > LOOKED_UP:
        return entries
    return entries.filter(pk__in=keys) if len(keys) <= NAMED else entries.filter(pk__in=found)


def finder(listing: Listing, word: str) -> Q | None:
    """Rows of an inventory or a register that hold ``word``, by their entries; of another list, rows of things that do."""
    if not isinstance(listing, Inventory | Register):
        return _of_things(listing, word)
    kind = Kind.MATTER if isinstance(listing, Register) else Kind.ENTITY
    held = holding(word.lower())
    # Not of the other kinds: by an index of kinds each entry would be looked up, which takes longer than to read all.
    others = [other for other in Kind.values if other != kind]
    only = SearchEntry.objects.exclude(kind__in=others) & held
    few = list(only.order_by().values_list("target", flat=True)[: FEW + 1])
    if len(few) <= FEW:
        return Q(pk__in=few)
    # Of a common word the list's own order finds a page soon.
    return Q(Exists(held.filter(kind=kind, target=OuterRef("pk"))))


def _of_things(listing: Listing, word: str) -> Q | None:
    """Rows whose own texts hold ``word``, or whose things and points go by it: initials, former names, codes."""
    named = [path.split("__") for path in listing.plain_search if path.split("__")[-1] == "name"]
    things = {"__".join(steps[:-1]): _kind_at(listing.model, steps[:-1]) for steps in named}
    if not any(things.values()):
        return None
    match = Q()
    for path in listing.plain_search:
        match |= Q(**{f"{path}__icontains": word})
    held = holding(word.lower()).order_by()
    for head, kind in things.items():
        few = (
            list(held.filter(kind=kind).values_list("target", flat=True)[: FEW + 1]) if kind else []
        )
        # A word that so many hold is one of names, which the texts themselves find.
        if 0 < len(few) <= FEW:
            match |= Q(**{f"{head}__in" if head else "pk__in": few})
    return match


def offered(model: type[Model], typed: str) -> list[Q] | None:
    """By what rows of ``model`` go in the search: initials from their beginning, then within, then any words, which may be
    those of what a row belongs to; of no other model."""
    kind = next((kind for kind, one in MODELS.items() if issubclass(model, one)), None)
    if kind is None:
        return None
    word = typed.lower()
    entries = SearchEntry.objects.filter(kind=kind)
    begin = entries.filter(initials__gte=word, initials__lt=word + "\uffff")
    # One Latin letter is in everything.
    held = [holding(word).filter(kind=kind)] if len(word) > 1 or not word.isascii() else []
    own = [some.filter(initials__contains=word) for some in held if word.isascii()]
    return [Q(pk__in=some.order_by().values("target")) for some in (begin, *own, *held)]


def _kind_at(model: type[Model], steps: Iterable[str]) -> str:
    """The kind of entry of what stands at a path; empty where it is neither a thing nor a point."""
    for step in steps:
        field = model._meta.get_field(step)
        model = field.related_model  # type: ignore[assignment]  # a path of the declaration leads on
    kinds = {Kind.ENTITY: Entity, Kind.POINT: Point}
    return next((kind for kind, one in kinds.items() if issubclass(model, one)), "")


def _owner(entity: Entity) -> str:
    """Code of the enterprise an entity is or belongs to."""
    firm = entity.enterprise
    return firm.code if firm else ""


def _made(
    kind: str, thing: Any, name: str, code: str, more: Iterable[str], owner: str
) -> SearchEntry:
    first = initials(name)[:120]
    more = [text for text in dict.fromkeys(more) if text not in (name, code)]
    spelt = (initials(text) for text in more if len(text) <= SPELT and not text.isascii())
    words = [name, first, code, *more, *spelt]
    serial = SERIAL.search(code) if kind == Kind.MATTER else None
    held = "\n".join(dict.fromkeys(word.lower() for word in words if word))
    return _entry_with(
        kind=kind,
        target=thing.pk,
        name=name[:200],
        initials=first,
        code=code[:60],
        serial=int(serial[1]) if serial and len(serial[1]) < 9 else None,
        words=held,
        area_code=thing.area_code,
        enterprise_code=owner,
        **dict(zip(signs.FIELDS, signs.of(held), strict=True)),
    )


def keep(entries: Iterable[SearchEntry]) -> int:
    """Write entries over those of the same things; returns how many."""
    # In one order, lest two processes each wait for a row that the other holds.
    batch = sorted(entries, key=lambda entry: (entry.kind, entry.target))
    inserting.insert(SearchEntry, batch, over=("kind", "target"))
    return len(batch)


def catch_up(limit: int | None = None) -> int:
    """Enter what has no entry yet, and drop entries of what is gone; returns how many were entered."""
    _sign()
    done = sum(enter_missing(kind, limit) for kind in MODELS)
    for kind, model in MODELS.items():
        there = model._default_manager.filter(pk=OuterRef("target"))
        # Looked for before anything is locked.
        gone = list(
            SearchEntry.objects.filter(~Exists(there), kind=kind).values_list("pk", flat=True)
        )
        if gone:
            SearchEntry.objects.filter(pk__in=gone).delete()
    return done


def _sign() -> None:
    """Give signs to entries of a time when there were none."""
    unsigned = SearchEntry.objects.filter(sign_0=signs.ANYTHING).order_by()[:SIGNED]
    for entry in (entries := list(unsigned)):
        for name, number in zip(signs.FIELDS, signs.of(entry.words), strict=True):
            setattr(entry, name, number)
    if entries:
        keep(entries)


def enter_missing(kind: str, limit: int | None = None) -> int:
    """Enter the things of a kind that have no entry yet; returns how many."""
    done, model = 0, MODELS[kind]
    entries = SearchEntry.objects.filter(kind=kind, target=OuterRef("pk"))
    missing = model._default_manager.filter(~Exists(entries)).order_by("pk")
    while limit is None or done < limit:
        things = _matters(missing) if kind == Kind.MATTER else _related(kind, missing)
        if not things:
            break
        done += keep(entry_of(kind, thing) for thing in things)
    return done


def _made_in_bulk(things: list[Any]) -> None:
    """Enter matters that were just made, without reading them again, as far as all is at hand that their entries read."""
    matters = [thing for thing in things if isinstance(thing, Matter) and _is_at_hand(thing)]
    if matters:
        keep(entry_of(Kind.MATTER, matter) for matter in matters)


def _is_at_hand(matter: Matter) -> bool:
    """Whether what an entry reads of other tables is known of a matter."""
    fields = _read_through(register_of(matter.register))
    return all(getattr(matter, f.attname) is None or f.is_cached(matter) for f in fields)


@cache
def _read_through(register: Register) -> list[Any]:
    """The columns of a register's rows through which an entry reads other tables."""
    heads = {path.split("__")[0] for path in register.plain_search}
    related = {"enterprise", *heads} & _foreign(register.model)
    return [register.model._meta.get_field(name) for name in related]


def _after_import(listing: Listing) -> None:
    for kind, model in MODELS.items():
        if issubclass(listing.model, model):
            enter_missing(kind)


def _related(kind: str, rows: Any, kinds: Iterable[str] | None = None) -> list[Any]:
    """The next things with what their entries read of them, fetched at once; ``kinds``: all that the entities are of."""
    if kind == Kind.ENTITY:
        if kinds is None:
            kinds = [book.model.KIND for book in all_inventories()]
        own = [f"as_{own_kind}" for own_kind in kinds]
        rows = rows.select_related("parent__parent", *own).prefetch_related("identifiers", "states")
    return list(rows[:BATCH])


def _matters(rows: Any) -> list[Any]:
    """The next matters as their registers' own models: a query a register for a whole batch."""
    keys: dict[str, list[int]] = {}
    for pk, key in rows.values_list("pk", "register")[:BATCH]:
        keys.setdefault(key, []).append(pk)
    whole: list[Any] = []
    for key, some in keys.items():
        register = register_of(key)
        heads = {p.split("__")[0] for p in register.plain_search}
        own = register.model._default_manager.filter(pk__in=some)
        fields = {field.name for field in register.model._meta.fields}
        related = {"entity", "enterprise", *heads} & _foreign(register.model)
        # Of a wide table only what the entries read.
        read = fields & (READ | heads | {"register"})
        whole += own.select_related(*related).only(*read)
    return whole


def _foreign(model: type[Model]) -> set[str]:
    return {field.name for field in model._meta.fields if field.is_relation}


# Fields of which an entry is made beside those that the list's own search looks into.
READ = {"name", "code", "title", "number", "address", "area_code", "entity", "enterprise", "mn",
        "owner_code"}  # fmt: skip


def _read(instance: Any) -> set[str]:
    match instance:
        case Matter():
            paths = register_of(instance.register).plain_search
        case Entity():
            paths = inventory_of(instance.kind).plain_search
        case _:
            paths = ()
    return READ | {path.split("__")[0] for path in paths}


# What was saved while things are entered together: kind -> keys.
_noted: ContextVar[defaultdict[str, set[int]] | None] = ContextVar("_noted", default=None)


@contextmanager
def together() -> Iterator[None]:
    """What is saved meanwhile is entered at the end, all at once: a row of a table saves a thing, its numbers, its state."""
    noted: defaultdict[str, set[int]] = defaultdict(set)
    token = _noted.set(noted)
    try:
        yield
    finally:
        _noted.reset(token)
    for kind, found in noted.items():
        keys = sorted(found)
        for at in range(0, len(keys), BATCH):
            rows = MODELS[kind]._default_manager.filter(pk__in=keys[at : at + BATCH])
            kinds = set(rows.values_list("kind", flat=True)) if kind == Kind.ENTITY else None
            things = _matters(rows) if kind == Kind.MATTER else _related(kind, rows, kinds)
            keep(entry_of(kind, thing) for thing in things)


def _enter(kind: str, key: int, thing: Any = None) -> None:
    """Make the entry of a thing, now or together with others."""
    if (noted := _noted.get()) is not None:
        noted[kind].add(key)
    else:
        keep([entry_of(kind, thing or MODELS[kind]._default_manager.get(pk=key))])


def _on_save(
    sender: type[Model],
    instance: Any,
    raw: bool = False,
    update_fields: frozenset[str] | None = None,
    **_: Any,
) -> None:
    if raw or (update_fields is not None and not _read(instance) & set(update_fields)):
        return
    if issubclass(sender, Identifier | EntityState):
        _enter(Kind.ENTITY, instance.entity_id)
        return
    for kind, model in MODELS.items():
        if issubclass(sender, model):
            _enter(kind, instance.pk, instance)


def _on_delete(sender: type[Model], instance: Any, **_: Any) -> None:
    for kind, model in MODELS.items():
        if issubclass(sender, model):
            SearchEntry.objects.filter(kind=kind, target=instance.pk).delete()


def follow() -> None:
    """Have entries follow their things; called once when the pages start."""
    post_save.connect(_on_save, dispatch_uid="search entry follows")
    post_delete.connect(_on_delete, dispatch_uid="search entry goes")
    selecting.finders.append(finder)
    lookups.finders.append(offered)
    accepting.in_bulk.append(_made_in_bulk)
    accepting.afterwards.append(_after_import)
    accepting.around.append(together)
