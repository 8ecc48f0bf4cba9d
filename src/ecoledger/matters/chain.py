"""The events' hash chains: one a matter, one through the whole house.

An event's hash covers everything it says, the files it names, the matter's event before it and the
house's event before it. A changed, removed or inserted row breaks a chain; a chain cut off at its end
no longer agrees with the head's count.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC
from pathlib import Path

from django.db import transaction
from django.db.models import F, OuterRef, Subquery

from ecoledger.accounts import acting, chain, inserting
from ecoledger.accounts.chain import Broken
from ecoledger.accounts.models import ChainHead
from ecoledger.matters.models import Event, Matter

HEAD = "events"


def digest(event: Event) -> str:
    """The seal over the event's content and its two predecessors."""
    content = [
        event.matter_id,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.person_id,
        event.deputy_id,
        event.transition,
        event.label,
        event.from_state,
        event.to_state,
        event.cycle,
        event.note,
        event.form,
        event.evidence,
        event.shown_to_enterprise,
        event.previous_hash,
        event.previous_overall,
    ]
    return chain.seal(content)


def append(event: Event) -> Event:
    """Write ``event`` as the last of its matter and of all."""
    with transaction.atomic():
        head = chain.locked_head(HEAD)
        last = Event.objects.filter(matter_id=event.matter_id).order_by("-id")
        _link(event, last.values_list("hash", flat=True).first() or "", head)
        event.save()
        head.save()
    return event


def append_all(events: Iterable[Event]) -> int:
    """Write the first events of new matters as the last of all, in bulk; how many."""
    with transaction.atomic():
        head = chain.locked_head(HEAD)
        linked = [_link(event, "", head) for event in events]
        inserting.insert(Event, linked)
        head.save()
    return len(linked)


def _link(event: Event, last_of_matter: str, head: ChainHead) -> Event:
    """Hash ``event`` after its predecessors, and move the head on to it."""
    if event.person_id is not None and event.deputy_id is None:
        event.deputy = acting.deputy()
    event.form = chain.as_stored(event.form)
    event.previous_hash = last_of_matter
    event.previous_overall = head.hash
    event.hash = digest(event)
    head.hash = event.hash
    head.count += 1
    return event


def first_broken(matter_id: int) -> Broken | None:
    """Where the chain of one matter breaks; ``None`` when it holds."""
    previous = ""
    for event in Event.objects.filter(matter_id=matter_id).order_by("id"):
        if event.previous_hash != previous:
            return Broken(event.pk, "与本事项上一条记录不衔接")
        if event.hash != digest(event):
            return Broken(event.pk, "内容与校验值不符")
        previous = event.hash
    return None


def first_broken_overall() -> Broken | None:
    """Where the chain of all events breaks; ``None`` when it holds, end included."""
    rows = Event.objects.order_by("id").iterator()
    return chain.first_broken(HEAD, rows, lambda e: (e.pk, e.previous_overall, e.hash), digest)


def against_notes(path: Path) -> Broken | None:
    """Whether the events still hold what was noted of them outside."""
    seals = Event.objects.order_by("id").values_list("hash", flat=True)
    return chain.against_notes(path, HEAD, seals.iterator())


def out_of_step() -> list[int]:
    """Matters whose state is not the one their last event says: changed past the actions."""
    last = Event.objects.filter(matter_id=OuterRef("pk")).order_by("-id").values("to_state")[:1]
    said = Matter.objects.annotate(said=Subquery(last)).exclude(said=F("state"))
    return list(said.values_list("pk", flat=True)[:1000])
