"""My work: what waits for a person, in every register, what is due first on top."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from ecoledger.accounts.models import Person
from ecoledger.matters.models import Event
from ecoledger.matters.register import Register, all_registers


@dataclass(frozen=True)
class Waiting:
    """One matter that waits for the person."""

    register: Register
    matter: Any

    @property
    def state_label(self) -> str:
        return str(self.register.state_of(self.matter).label)

    @property
    def overdue(self) -> bool:
        return bool(self.matter.overdue)


def waiting_in(register: Register, person: Person) -> QuerySet[Any]:
    """The matters of one register whose next step is the person's: by role, owner and second person."""
    turn = Q(pk__in=[])
    for state in register.workflow.states:
        if not person.has_role(*state.waits_for):
            continue
        condition = Q(state=state.name)
        if state.by_owner:
            condition &= Q(owner=person) | Q(
                owner=None,
                owner_organisation__isnull=False,
                owner_organisation_id=person.organisation_id,
            )
        ways = [
            t for t in register.workflow.leaving(state.name) if t.main and person.has_role(*t.roles)
        ]
        # Where every way on needs another person than one who has done an earlier step, and the
        # person did, it is not their turn.
        if ways and all(t.other_person_than for t in ways):
            own = Event.objects.filter(
                register=register.key,
                matter_id=OuterRef("pk"),
                person=person,
                cycle=OuterRef("reopened"),
                transition__in={n for t in ways for n in t.other_person_than},
            )
            condition &= Q(~Exists(own))
        turn |= condition
    return register.visible_to(person).filter(turn, merged_into=None)


def count(person: Person, now: datetime | None = None) -> tuple[int, int]:
    """How many matters wait for the person, and how many of them are overdue."""
    now = now or timezone.now()
    waiting = overdue = 0
    for register in all_registers():
        rows = waiting_in(register, person)
        waiting += rows.count()
        overdue += rows.filter(due__lt=now).count()
    return waiting, overdue


def waiting_for(person: Person, limit: int = 200) -> list[Waiting]:
    """What waits for the person: overdue and due first, what has no deadline last."""
    found = [
        Waiting(register, matter)
        for register in all_registers()
        for matter in waiting_in(register, person)
        .select_related("owner", "owner_organisation", "entity")
        .order_by(F("due").asc(nulls_last=True), "opened_at")[:limit]
    ]
    far = timezone.make_aware(datetime(9999, 1, 1))
    found.sort(key=lambda w: (w.matter.due or far, w.matter.opened_at))
    return found[:limit]
