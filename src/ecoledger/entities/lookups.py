"""How divisions and entities are found by what a person types."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet

from ecoledger.accounts.models import Person
from ecoledger.entities.inventory import label_of
from ecoledger.entities.models import Area, Entity
from ecoledger.entities.validity import in_force
from ecoledger.listings.lookups import Lookup, declare_lookup


def areas_of(person: Person | None) -> QuerySet[Area]:
    """The areas granted to ``person`` and all inside them; every area for the schedule and the rules."""
    if person is None:
        return Area.objects.all()
    inside = Q(pk__in=[])
    for code in person.area_codes:
        inside |= Q(code__startswith=code)
    return Area.objects.filter(inside)


def _entities(person: Person | None) -> QuerySet[Any]:
    return Entity.objects.filter(in_force()).order_by("code")


AREAS = declare_lookup(
    Lookup(
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
    )
)
