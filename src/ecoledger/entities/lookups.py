"""How divisions and entities are found by what a person types."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.db.models import Case, Q, QuerySet, When

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.identifiers import FORMER_NAME
from ecoledger.entities.inventory import all_inventories, label_of
from ecoledger.entities.models import Area, Enterprise, Entity
from ecoledger.entities.validity import in_force
from ecoledger.listings.lookups import Lookup, UnitLookup, declare_lookup
from ecoledger.standards.identifiers import short_division

_WHOLE = re.compile(r"全[市县区]|[市县区](?:本级|直)|[市县区]级")


def areas_of(person: Person | None) -> QuerySet[Area]:
    """The areas granted to ``person`` and all inside them; every area for the schedule and the rules."""
    if person is None:
        return Area.objects.all()
    inside = Q(pk__in=[])
    for code in person.area_codes:
        inside |= Q(code__startswith=code)
    return Area.objects.filter(inside)


def _entities(person: Person | None) -> QuerySet[Any]:
    """Things of the person's areas and the wider ones these lie in (a river, a section); a firm's own. Of a kind whose
    book the person neither reads nor writes there are none.
    """
    rows = Entity.objects.filter(in_force()).order_by("code")
    if person is None:
        return rows
    books = all_inventories()
    known = [book.key for book in books if person.may(book.see) or book.may_open(person)]
    if len(known) < len(books):
        rows = rows.filter(kind__in=known)
    inside = Q(pk__in=[])
    for code in person.area_codes:
        wider = ["", *(code[:n] for n in range(2, len(code)))]
        inside |= Q(area_code__startswith=code)
        inside |= Q(area_code__in=wider) & Q(kind__in=_SHARED)
    if person.has_role(Role.ENTERPRISE) and person.entity_code:
        inside |= Q(code=person.entity_code) | Q(parent__code=person.entity_code)
    return rows.filter(inside)


# What a place shares with its neighbours; all else is chosen by those in whose area it lies.
_SHARED = ("area", "river", "section", "road", "station")


class _AreaLookup(UnitLookup):
    """Divisions answer to their codes filled with noughts, to former names, to their government's name, and to the place
    of a village inside them."""

    def alike(self, rows: QuerySet[Any], words: str) -> list[Any]:
        if _WHOLE.fullmatch(words.strip()):
            return list(rows.filter(level=Area.Level.COUNTY)[:2])
        if (code := short_division(words.strip())) != words:
            return list(rows.filter(code=code))
        if found := super().alike(rows, words):
            return found
        inside = [row for row in rows if len(row.name) >= 3 and words.startswith(row.name)]
        longest = max((len(row.name) for row in inside), default=0)
        return [row for row in inside if len(row.name) == longest]

    def named(self, rows: QuerySet[Any]) -> Iterable[tuple[Any, tuple[str, ...]]]:
        for row in rows.prefetch_related("identifiers"):
            former = (i.value for i in row.identifiers.all() if i.scheme == FORMER_NAME)
            yield row, (row.name, *former)


AREAS = declare_lookup(
    _AreaLookup(
        key="area",
        model=Area,
        label="行政区划",
        rows=areas_of,
        exact=("code", "name"),
        value="code",
        few=True,
    )
)
ENTITIES = declare_lookup(
    Lookup(
        key="entity",
        model=Entity,
        label="对象",
        rows=_entities,
        exact=("name", "identifiers__value"),
        begins=("code",),
        under=lambda row: " · ".join(filter(None, (label_of(row.kind), row.code, row.address))),
        value="code",
        # Firms before what bears their name (outlets, permits) and before the places that theirs begins with.
        offered=(Case(When(kind=Enterprise.KIND, then=0), default=1), "code"),
    )
)
