"""What the form of somebody who works for a firm knows already: the firm, what it has only one of, and where it lies."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.listings.lookups import lookup_among
from ecoledger.listings.parts import Ask, Kind


def speaks_for_one(person: Person) -> bool:
    """Whether ``person`` sees one firm and no area."""
    own = person.has_role(Role.ENTERPRISE) and bool(person.entity_code)
    return own and not person.area_codes


def asks_for(person: Person, asks: Iterable[Ask]) -> tuple[Ask, ...]:
    """Of ``asks`` those that ``person`` can answer: a firm has no division to choose, it lies where it is entered."""
    alone = speaks_for_one(person)
    return tuple(ask for ask in asks if not (alone and ask.kind is Kind.AREA))


def known(person: Person, asks: Iterable[Ask]) -> dict[str, Any]:
    """What a new form of ``asks`` begins with: the firm itself, or the one row there is, where one is asked for."""
    if not speaks_for_one(person):
        return {}
    first = {}
    for ask in asks:
        if ask.to is None or not (ask.required or ask.name == "entity"):
            continue
        rows = lookup_among(ask.among, ask.to).open_rows(person)
        if any(field.name == "code" for field in rows.model._meta.fields):
            itself = rows.filter(code=person.entity_code)
            rows = itself if itself.exists() else rows
        some = list(rows[:2])
        if len(some) == 1:
            first[ask.name] = some[0]
    return first
