"""What of the matters a person may know of: conditions by area, role and circulation."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from django.db.models import Q, QuerySet

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import STAFF, Role
from ecoledger.accounts.scope import within
from ecoledger.matters.models import NARROW, TOLD, Circulation, Matter

if TYPE_CHECKING:
    from ecoledger.matters.register import Register

NOTHING = Q(pk__in=[])


def sees_all_events(person: Person) -> bool:
    """Whether ``person`` sees the whole timeline of a matter, not only what is meant for enterprises."""
    return person.has_role(*STAFF, Role.THIRD_PARTY)


def seen_by(person: Person, registers: Iterable[Register]) -> Q:
    """Condition on matters of ``registers``: what ``person`` may see by area, role and circulation."""
    books = [r for r in registers if person.is_active and person.may(r.see)]
    rows = Q(register__in=[r.key for r in books], withdrawn_at=None)
    inside = within(person, "area_code", "enterprise__code")
    if person.has_role(Role.ENTERPRISE) and person.entity_code:
        inside |= _as_counterpart(person, books)
    if person.has_role(*STAFF):
        inside |= answered_for(person)
    rows &= inside
    unrestricted = ~Q(circulation__in=NARROW)
    # What a firm confided is known to its circle alone, whoever was given it.
    unrestricted |= Q(owner=person) & ~Q(circulation=Circulation.CONFIDED)
    if person.has_role(*STAFF):
        circle = [r.key for r in books if person.has_role(*r.circle)]
        return rows & (unrestricted | Q(register__in=circle))
    if person.has_role(Role.THIRD_PARTY):
        # A contractor works on what it was given, and sees what it handed in; nothing else of the area.
        return rows & Q(pk__in=_of_contractor(person)) & unrestricted
    return rows & Q(circulation__in=TOLD)


def _as_counterpart(person: Person, books: Iterable[Register]) -> Q:
    """Condition on matters that are before the person's firm as the other one of two."""
    rows = NOTHING
    for book in books:
        if book.counterpart:
            firm = {f"{book.counterpart}__code": person.entity_code, "state__in": book.shared}
            rows |= Q(pk__in=book.model._default_manager.filter(**firm).order_by().values("pk"))
    return rows


def answered_for(person: Person) -> Q:
    """Condition on matters that ``person`` answers for wherever they lie: his own, and those his unit was given outside its
    own area.

    Inside it the areas granted to him say how much of the unit's work is his; of who has handed a matter on, they alone.
    """
    mine = Q(owner=person)
    unit = person.organisation
    if unit is None:
        return mine
    given = Q(owner_organisation=unit)
    return mine | (given & ~Q(area_code__startswith=unit.area_code) if unit.area_code else given)


def _of_contractor(person: Person) -> QuerySet[Any]:
    """Keys of what a contractor was given or handed in: found by an index each, where one condition of both would read
    every matter."""
    keys = Matter.objects.order_by().values("pk")
    unit = person.organisation_id
    if unit is None:
        return keys.filter(created_by=person)
    people = Person.objects.filter(organisation_id=unit).order_by().values("pk")
    return keys.filter(owner_organisation_id=unit).union(keys.filter(created_by__in=people))
