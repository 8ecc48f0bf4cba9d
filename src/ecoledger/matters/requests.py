"""What somebody asked of those who may allow it, and nobody has answered: more time, or that another unit takes a matter.

A request waits in the work of whoever may answer it, like a step of a matter's own way.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from ecoledger.accounts import acting
from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import covers
from ecoledger.matters import deadlines
from ecoledger.matters.models import Event, Extension, Matter
from ecoledger.matters.register import OPEN_WORK, register_of, visible_matters

MORE_TIME, ANOTHER_UNIT = noop("审批延期"), noop("审批转办")
# Steps of the trail: asked that another unit take it, that it may not, and that the owner changed otherwise.
ASKED, DECLINED, LAPSED = "transfer_asked", "transfer_declined", "transfer_lapsed"


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be said to what was asked, and whether the matter is overdue."""

    label: str
    late: bool


def waiting(person: Person, now: datetime | None = None) -> dict[int, Request]:
    """What ``person`` may answer, by the matter's key."""
    now = now or timezone.now()
    found: dict[int, Request] = {}
    # Each page asks, and seldom is there anything: first whether there is.
    if _askings().exists():
        for event in pending_transfers():
            if register_of(event.matter.register).manages(person, event.matter):
                found[event.matter_id] = Request(ANOTHER_UNIT, _late(event.matter, now))
    undecided = Extension.objects.filter(approved=None)
    pending = undecided.filter(clock__stopped_at=None).select_related("clock__matter")
    for extension in pending if undecided.exists() else ():
        if may_decide(extension, person):
            matter = extension.clock.matter
            found[matter.pk] = Request(MORE_TIME, _late(matter, now))
    if not found:
        return {}
    seen = visible_matters(person).filter(OPEN_WORK, pk__in=found)
    return {pk: found[pk] for pk in seen.order_by("pk").values_list("pk", flat=True)}


def _late(matter: Matter, now: datetime) -> bool:
    return matter.due is not None and matter.due < now


def may_decide(extension: Extension, person: Person) -> bool:
    """Whether ``person`` may say yes or no to it: by role, in his areas, and as another hand than who asked."""
    rule = deadlines.rule_of(extension.clock)
    return (
        rule is not None
        and person.has_role(*rule.extend_by)
        and covers(person, extension.clock.matter.area_code)
        and is_another_hand(extension, person)
    )


def is_another_hand(extension: Extension, person: Person) -> bool:
    """Whether ``person`` may decide what another asked: neither who asked nor the deputy by whom it was asked."""
    events = Event.objects.filter(
        matter_id=extension.clock.matter_id, transition="extension_asked", at=extension.asked_at
    )
    asked = {extension.asked_by_id, *events.values_list("deputy", flat=True)}
    return asked.isdisjoint(acting.hand(person))


def _askings() -> QuerySet[Event]:
    """Every asking for another unit, answered or not."""
    return Event.objects.filter(transition=ASKED)


def pending_transfers() -> QuerySet[Event]:
    """The askings for another unit that nothing has answered: neither a word, nor a step of the matter, nor another owner."""
    answered = Event.objects.filter(matter_id=OuterRef("matter_id"), pk__gt=OuterRef("pk")).filter(
        Q(transition__in=("assign", DECLINED, LAPSED))
        | ~Q(from_state=F("to_state"))
        # A later table that names the unit.
        | Q(transition="followed", form__before__has_any_keys=["owner_organisation", "owner"])
    )
    return (
        _askings()
        .filter(~Exists(answered), matter__merged_into=None)
        .select_related("matter", "person")
        .order_by("pk")
    )


def transfer_asked(matter: Matter) -> Event | None:
    """The asking that stands on ``matter``."""
    if not _askings().filter(matter=matter).exists():
        return None
    return pending_transfers().filter(matter=matter).last()
