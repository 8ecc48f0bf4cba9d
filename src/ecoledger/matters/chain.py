"""The events' hash chains: one a matter, one through the whole house.

An event's hash covers everything it says, the files it names, the matter's event before it and the
house's event before it. A changed, removed or inserted row breaks a chain; a chain cut off at its end
no longer agrees with the head's count.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from ecoledger.matters.models import ChainHead, Event

HEAD = "events"


@dataclass(frozen=True, slots=True)
class Broken:
    """Where a chain does not hold. ``event_id`` is empty when events are missing at the end."""

    event_id: int | None
    why: str


def digest(event: Event) -> str:
    """SHA-256 over the event's content and its two predecessors, as hexadecimal."""
    content = [
        event.matter_id,
        event.at.astimezone(UTC).isoformat(timespec="microseconds"),
        event.person_id,
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
    text = json.dumps(content, cls=DjangoJSONEncoder, sort_keys=True, ensure_ascii=False)
    return hashlib.sha256(text.encode()).hexdigest()


def append(event: Event) -> Event:
    """Write ``event`` as the last of its matter and of all."""
    with transaction.atomic():
        head = _locked_head()
        last = Event.objects.filter(matter_id=event.matter_id).order_by("-id")
        _link(event, last.values_list("hash", flat=True).first() or "", head)
        event.save()
        head.save()
    return event


def append_all(events: Iterable[Event]) -> int:
    """Write the first events of new matters as the last of all, in bulk; how many."""
    with transaction.atomic():
        head = _locked_head()
        linked = [_link(event, "", head) for event in events]
        Event.objects.bulk_create(linked)
        head.save()
    return len(linked)


def _locked_head() -> ChainHead:
    ChainHead.objects.get_or_create(name=HEAD)
    return ChainHead.objects.select_for_update().get(name=HEAD)


def _link(event: Event, last_of_matter: str, head: ChainHead) -> Event:
    """Hash ``event`` after its predecessors, and move the head on to it."""
    # Through JSON once, so that the hash is of what a later reader gets back.
    event.form = json.loads(json.dumps(event.form, cls=DjangoJSONEncoder))
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
    previous, count = "", 0
    for event in Event.objects.order_by("id").iterator():
        if event.previous_overall != previous:
            return Broken(event.pk, "与全库上一条记录不衔接")
        if event.hash != digest(event):
            return Broken(event.pk, "内容与校验值不符")
        previous, count = event.hash, count + 1
    head = ChainHead.objects.filter(name=HEAD).first()
    if (head.hash, head.count) != (previous, count) if head else count:
        return Broken(None, "末尾的记录缺失")
    return None
