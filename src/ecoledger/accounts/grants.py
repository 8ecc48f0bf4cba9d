"""Roles and areas as rows with a beginning and an end: who holds what now, set anew, and who covers a place."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.apps import apps
from django.db.models import Model, Q, QuerySet
from django.utils import timezone

from ecoledger.accounts.roles import Role

if TYPE_CHECKING:
    from ecoledger.accounts.models import Person

# What is granted, by the column that names it: the table, and the way to it from a person.
_TABLES = {"role": ("RoleGrant", "role_grants"), "area_code": ("AreaGrant", "area_grants")}


def in_force(at: datetime | None = None, path: str = "") -> Q:
    """Condition on rows with ``since`` and ``until``: in force at a moment (now). ``path`` leads to them."""
    at = at or timezone.now()
    return Q(**{f"{path}since__lte": at}) & (
        Q(**{f"{path}until": None}) | Q(**{f"{path}until__gt": at})
    )


def names(person: Person, column: str) -> list[str]:
    """What is granted to a person now, in the order it was granted."""
    if person.pk is None:
        return []
    now = timezone.now()
    return [
        getattr(row, column)
        for row in getattr(person, _TABLES[column][1]).all()
        if row.since <= now and (row.until is None or row.until > now)
    ]


def set_names(person: Person, column: str, values: Iterable[str]) -> None:
    """Grant what is new and end what is left out, now. What stays keeps its beginning."""
    table: Any = apps.get_model("accounts", _TABLES[column][0])
    wanted = list(dict.fromkeys(values))
    now = timezone.now()
    rows = table.objects.filter(in_force(now), person=person)
    held = set(rows.values_list(column, flat=True))
    rows.exclude(**{f"{column}__in": wanted}).update(until=now)
    table.objects.bulk_create(
        table(person=person, **{column: value}) for value in wanted if value not in held
    )


def prefixes(area_code: str) -> list[str]:
    """The codes of all divisions that hold this one, itself included."""
    return [area_code[:length] for length in range(2, len(area_code) + 1)]


def _holders(table: str, condition: Q) -> QuerySet[Model]:
    model: Any = apps.get_model("accounts", table)
    rows: QuerySet[Model] = model.objects.filter(condition, in_force()).values("person")
    return rows


def people_with(
    roles: Iterable[Role], area_code: str | None = None, *, line: str = ""
) -> QuerySet[Person]:
    """Active people who hold one of ``roles`` now and, with ``area_code``, cover that place: one query.

    ``line`` leaves out section chiefs of another line of business; a chief without one heads all.
    """
    person: Any = apps.get_model("accounts", "Person")
    condition = Q(role__in=[role.value for role in roles])
    if line:
        condition &= Q(line__in=("", line)) | ~Q(role=Role.SECTION_CHIEF.value)
    people: QuerySet[Person] = person.objects.filter(
        is_active=True, pk__in=_holders("RoleGrant", condition)
    )
    if area_code is not None:
        covered = Q(area_code__in=prefixes(area_code))
        people = people.filter(pk__in=_holders("AreaGrant", covered))
    return people.order_by("pk")


def roles_held(roles: Iterable[Role], area_code: str) -> set[Role]:
    """Those of ``roles`` that somebody holds now who covers a place: one query."""
    roles = list(roles)
    table: Any = apps.get_model("accounts", "RoleGrant")
    rows = table.objects.filter(
        in_force(),
        role__in=[role.value for role in roles],
        person__in=people_with(roles, area_code).order_by(),
    )
    return {Role(role) for role in rows.values_list("role", flat=True).distinct()}
