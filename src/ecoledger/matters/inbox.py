"""My work: what waits for a person, in every register, what is due first on top."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone

from ecoledger.accounts.models import Person
from ecoledger.matters.models import Event, Matter
from ecoledger.matters.register import Register, all_registers, visible_matters


def _turn(register: Register, person: Person) -> Q:
    """Matters of one register whose next step is the person's: by role, owner and second person."""
    turn = Q(pk__in=[])
    for state in register.workflow.states:
        if not person.has_role(*state.waits_for):
            continue
        condition = Q(register=register.key, state=state.name)
        if state.by_owner:
            condition &= Q(owner=person) | Q(
                owner=None,
                owner_organisation__isnull=False,
                owner_organisation_id=person.organisation_id,
            )
        ways = [
            t for t in register.workflow.leaving(state.name) if t.main and person.has_role(*t.by)
        ]
        # Where every way on needs another person than one who has done an earlier step, and the
        # person did, it is not their turn.
        if ways and all(t.other_person_than for t in ways):
            own = Event.objects.filter(
                matter_id=OuterRef("pk"),
                person=person,
                cycle=OuterRef("reopened"),
                transition__in={n for t in ways for n in t.other_person_than},
            )
            condition &= Q(~Exists(own))
        turn |= condition
    return turn


def waiting(person: Person) -> QuerySet[Matter]:
    """The matters of every register that wait for the person, as one query."""
    turn = Q(pk__in=[])
    for register in all_registers():
        turn |= _turn(register, person)
    phases = {s.phase.value for r in all_registers() for s in r.workflow.states if s.waits_for}
    return visible_matters(person).filter(turn, merged_into=None, phase__in=phases)


def count(person: Person, now: datetime | None = None) -> tuple[int, int]:
    """How many matters wait for the person, and how many of them are overdue."""
    counts = waiting(person).aggregate(
        waiting=Count("pk"),
        overdue=Count("pk", filter=Q(due__lt=now or timezone.now())),
    )
    return counts["waiting"], counts["overdue"]


def waiting_for(person: Person, limit: int = 200) -> list[Matter]:
    """What waits for the person: overdue and due first, what has no deadline last."""
    rows = waiting(person).select_related("owner", "owner_organisation", "entity")
    return list(rows.order_by(F("due").asc(nulls_last=True), "opened_at")[:limit])
