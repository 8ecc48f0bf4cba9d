"""Messages inside the system: who is told what, and once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction
from django.db.models import Count
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts import deputies, grants
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Entity
from ecoledger.matters.models import NARROW, Matter, Notice, Urgency
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
        if not state.of_firm or matter.enterprise is None:
            people = people_with(state.waits_for, matter.area_code)
            unit = matter.owner_organisation
            if (
                unit is not None
                and unit.area_code
                and not matter.area_code.startswith(unit.area_code)
            ):
                # Whoever has it from outside works on it as well.
                given = grants.people_with(state.waits_for).filter(organisation=unit)
                people += given.select_related("organisation")
            people = [p for p in people if not _is_anothers(matter, p)]
        elif matter.owner_organisation_id is not None:
            inside = state.waits_for - {Role.ENTERPRISE}
            people = list(
                grants.people_with(inside).filter(organisation_id=matter.owner_organisation_id)
            )
        if Role.ENTERPRISE in state.waits_for:
            people += _of_firm(register_of(matter.register).firm_on_turn(matter))
    # Firms and contractors see single matters of their area; of restricted ones so does everybody.
    asked = {p.pk for p in people}
    if matter.circulation not in NARROW:
        outside = {Role.ENTERPRISE, Role.THIRD_PARTY} & set(state.waits_for)
        rows = grants.people_with(outside).filter(pk__in=asked) if outside else ()
        asked = {p.pk for p in rows}
    register = register_of(matter.register)
    return [
        p
        for p in people
        if p.may(register.see)
        and (p.pk not in asked or register.visible_to(p).filter(pk=matter.pk).exists())
    ]


def _of_firm(firm: Entity | None) -> list[Person]:
    """The people of ``firm``."""
    if firm is None:
        return []
    people = grants.people_with((Role.ENTERPRISE,))
    return list(people.filter(organisation__entity_code=firm.code))


def _is_anothers(matter: Matter, person: Person) -> bool:
    """Whether every usual way on is another unit's, by whom it was given it or by where it lies."""
    register = register_of(matter.register)
    leaving = register.workflow.leaving(matter.state)
    ways = [t for t in leaving if t.main and person.has_role(*t.by)]
    return bool(ways) and all(
        register.held_elsewhere(person, matter, t) or register.leads_elsewhere(person, matter, t)
        for t in ways
    )


def tell(
    people: Iterable[Person],
    text: str,
    *,
    matter: Matter | None = None,
    urgency: Urgency = Urgency.INFO,
    link: str = "",
    at: datetime,
    but: Person | None = None,
    most_a_day: int | None = None,
) -> int:
    """Leave ``text`` for each of ``people`` (not for ``but``, who did it); returns how many.

    ``most_a_day``: of notices told with it a person is disturbed by so many a day; the others wait for the next digest.
    """
    told = {p.pk: p for p in people if but is None or p.pk != but.pk}
    for row in deputies.deputies_of(list(told)):
        told.setdefault(row.deputy_id, row.deputy)
    beyond = set() if most_a_day is None else _had_enough(list(told), most_a_day, at)
    Notice.objects.bulk_create(
        Notice(
            person=person,
            text=text[:400],
            urgency=urgency,
            matter_id=matter.pk if matter else None,
            link=link,
            created_at=at,
            bounded=most_a_day is not None,
            in_digest=person.pk in beyond,
        )
        for person in told.values()
    )
    return len(told)


def _had_enough(people: list[int], most: int, at: datetime) -> set[int]:
    """Those of ``people`` who were disturbed by ``most`` bounded notices on the day of ``at`` already."""
    day = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    rows = (
        Notice.objects.filter(person__in=people, bounded=True, in_digest=False, created_at__gte=day)
        .order_by()
        .values_list("person")
        .annotate(number=Count("pk"))
    )
    had = dict(rows)
    return {pk for pk in people if had.get(pk, 0) >= most}


@transaction.atomic
def send_digest(at: datetime, until: datetime) -> int:
    """Gather what waits since before ``until`` into one notice a person; how many people got one."""
    waiting = Notice.objects.select_for_update().filter(
        in_digest=True, digest=None, created_at__lt=until
    )
    by_person: dict[int, list[Notice]] = {}
    for notice in waiting.order_by("pk"):
        by_person.setdefault(notice.person_id, []).append(notice)
    for person, rows in by_person.items():
        matters = Matter.objects.filter(pk__in={n.matter_id for n in rows if n.matter_id})
        levels = Counter(matter.get_level_display() for matter in matters if matter.level)
        text = _("预警汇总：超过每日提醒上限的 %(count)d 条（%(levels)s），逐条列在消息页。") % {
            "count": len(rows),
            "levels": "、".join(f"{_(level)} {n}" for level, n in levels.items()) or _("未分级"),
        }
        digest = Notice.objects.create(
            person_id=person, text=text, urgency=Urgency.SOON, link="/notices", created_at=at
        )
        Notice.objects.filter(pk__in=[n.pk for n in rows]).update(digest=digest)
    return len(by_person)


def tell_next(matter: Matter, by: Person | None, at: datetime) -> None:
    """Tell those the matter waits for now, but not ``by``, who brought it there."""
    text = noop("%(number)s 等待您办理：%(state)s") % {
        "number": matter.number,
        "state": register_of(matter.register).state_of(matter).label,
    }
    register = register_of(matter.register)
    most = register.notices_a_day(matter) if register.notices_a_day else None
    tell(whose_turn(matter), text, matter=matter, at=at, but=by, most_a_day=most)


def tell_firm(matter: Matter, by: Person | None, at: datetime) -> None:
    """Tell the firm what became of what it applied for, and of anything about it that has ended; its turn it hears of
    as everybody does."""
    register = register_of(matter.register)
    state = register.state_of(matter)
    applied = matter.created_by is not None and matter.created_by.has_role(Role.ENTERPRISE)
    if state.of_firm or (state.open and not applied):
        return
    seeing = [
        p
        for p in _of_firm(matter.enterprise)
        if register.visible_to(p).filter(pk=matter.pk).exists()
    ]
    text = noop("%(number)s 有新的进展：%(state)s") % {
        "number": matter.number,
        "state": state.label,
    }
    tell(seeing, text, matter=matter, at=at, but=by)
