"""Messages inside the system: who is told what, and once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.utils.translation import gettext_noop as noop

from ecoledger.accounts import deputies, grants
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.matters.models import Circulation, Matter, Notice, Urgency
from ecoledger.matters.register import register_of


def people_with(roles: Iterable[Role], area_code: str) -> list[Person]:
    """Active people holding one of ``roles`` whose data scope covers ``area_code``."""
    return list(grants.people_with(roles, area_code).select_related("organisation"))


def whose_turn(matter: Matter) -> list[Person]:
    """The people the matter waits for in its present state, and who may see it."""
    state = register_of(matter.register).state_of(matter)
    if not state.waits_for:
        return []
    people: list[Person] = []
    if state.by_owner and matter.owner is not None:
        people = [matter.owner]
    elif state.by_owner and matter.owner_organisation_id is not None:
        people = list(
            grants.people_with(state.waits_for).filter(organisation_id=matter.owner_organisation_id)
        )
    else:
        people = people_with(state.waits_for, matter.area_code)
        if Role.ENTERPRISE in state.waits_for and matter.enterprise is not None:
            people += grants.people_with((Role.ENTERPRISE,)).filter(
                organisation__entity_code=matter.enterprise.code
            )
    if matter.circulation == Circulation.RESTRICTED:
        register = register_of(matter.register)
        people = [p for p in people if register.visible_to(p).filter(pk=matter.pk).exists()]
    return people


def tell(
    people: Iterable[Person],
    text: str,
    *,
    matter: Matter | None = None,
    urgency: Urgency = Urgency.INFO,
    link: str = "",
    at: datetime,
    but: Person | None = None,
) -> int:
    """Leave ``text`` for each of ``people`` (not for ``but``, who did it); returns how many."""
    told = {p.pk: p for p in people if but is None or p.pk != but.pk}
    for row in deputies.deputies_of(list(told)):
        told.setdefault(row.deputy_id, row.deputy)
    Notice.objects.bulk_create(
        Notice(
            person=person,
            text=text[:400],
            urgency=urgency,
            matter_id=matter.pk if matter else None,
            link=link,
            created_at=at,
        )
        for person in told.values()
    )
    return len(told)


def tell_next(matter: Matter, by: Person | None, at: datetime) -> None:
    """Tell those the matter waits for now, but not ``by``, who brought it there."""
    text = noop("%(number)s 等待您办理：%(state)s") % {
        "number": matter.number,
        "state": register_of(matter.register).state_of(matter).label,
    }
    tell(whose_turn(matter), text, matter=matter, at=at, but=by)
