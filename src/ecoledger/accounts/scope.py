"""Data scope: what of a table a person may see, by area and, for enterprises, by their own file."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, Q, QuerySet

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role

M = TypeVar("M", bound=Model)


def within(person: Person, area_field: str = "area_code", entity_field: str | None = None) -> Q:
    """Condition on a table whose ``area_field`` holds division codes.

    ``entity_field`` names the path to the owning enterprise's code; without it an enterprise user sees
    nothing. Someone with neither area nor enterprise sees nothing: scope is granted, never assumed.
    """
    nothing: dict[str, Any] = {"pk__in": []}
    if not person.is_active:
        return Q(**nothing)
    condition = Q(**nothing)
    if person.has_role(*STAFF, Role.THIRD_PARTY):
        for code in person.area_codes:
            condition |= Q(**{f"{area_field}__startswith": code})
    if entity_field and person.has_role(Role.ENTERPRISE) and person.entity_code:
        condition |= Q(**{entity_field: person.entity_code})
    return condition


def covers(person: Person, area_code: str) -> bool:
    """Whether ``area_code`` lies in one of the areas granted to ``person``."""
    return any(area_code.startswith(code) for code in person.area_codes)


def covers_person(person: Person, other: Person) -> bool:
    """Whether all that ``other`` may see by area lies in the scope of ``person``."""
    return bool(other.area_codes) and all(covers(person, code) for code in other.area_codes)


def visible(
    queryset: QuerySet[M],
    person: Person,
    area_field: str = "area_code",
    entity_field: str | None = None,
) -> QuerySet[M]:
    """Rows of ``queryset`` inside the person's data scope."""
    return queryset.filter(within(person, area_field, entity_field))
