"""The audit trail: who did what to which record, chained by hash so that a removed or edited row shows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC
from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models import Model, QuerySet

from ecoledger.accounts import acting, chain, inserting
from ecoledger.accounts.models import AuditEntry, ChainHead, Person

NAME = "audit"


def _sealed(entry: AuditEntry) -> str:
    return chain.seal(
        {
            "at": entry.at.astimezone(UTC).isoformat(),
            "person": entry.person_id,
            "deputy": entry.deputy_id,
            "action": entry.action,
            "object": [entry.object_type, entry.object_id],
            "area": entry.area_code,
            "address": entry.address,
            "details": entry.details,
            "previous": entry.previous_hash,
        }
    )


def record(
    person: Person | None,
    action: str,
    obj: Model | None = None,
    *,
    details: dict[str, Any] | None = None,
    address: str = "",
) -> AuditEntry:
    """Append one entry. Runs inside the caller's transaction, so a change without its entry cannot commit."""
    with transaction.atomic():
        head = chain.locked_head(NAME)
        entry = _linked(head, person, action, obj, details or {}, address)
        entry.save(force_insert=True)
        head.save()
    return entry


def record_all(
    person: Person | None, action: str, things: Iterable[tuple[Model, dict[str, Any]]]
) -> None:
    """Append an entry about each of many things, with its details, as :func:`record` would one after the other."""
    with transaction.atomic():
        head = chain.locked_head(NAME)
        inserting.insert(
            AuditEntry,
            [_linked(head, person, action, thing, details, "") for thing, details in things],
        )
        head.save()


def _linked(
    head: ChainHead,
    person: Person | None,
    action: str,
    obj: Model | None,
    details: dict[str, Any],
    address: str,
) -> AuditEntry:
    """A new entry, sealed after those before it; the head moves on to it."""
    entry = AuditEntry(
        person=person,
        deputy=acting.deputy() if person is not None else None,
        action=action,
        object_type=obj._meta.label_lower if obj is not None else "",
        object_id=str(obj.pk) if obj is not None else "",
        area_code=getattr(obj, "area_code", "") or "",
        details=chain.as_stored(details),
        address=address,
        previous_hash=head.hash,
    )
    entry.hash = _sealed(entry)
    head.hash, head.count = entry.hash, head.count + 1
    return entry


def of(obj: Model, *actions: str) -> QuerySet[AuditEntry]:
    """What the trail says was done to a thing by one of ``actions``, the first first."""
    rows = AuditEntry.objects.filter(
        action__in=actions, object_type=obj._meta.label_lower, object_id=str(obj.pk)
    )
    return rows.select_related("person").order_by("pk")


def who_changed(obj: Model, name: str, *actions: str) -> Person | None:
    """Who last made ``name`` of a thing another by one of ``actions``; ``None`` where the trail does not say."""
    for entry in of(obj, *actions).reverse():
        said, before = entry.details, entry.details.get("before", {})
        after = said.get("after", {})
        changed = {other for other in after if after[other] != before.get(other)}
        if name in changed or name in said or name in said.get("changed", {}):
            return entry.person
    return None


def hands_of(obj: Model, *actions: str) -> frozenset[int]:
    """Who did one of ``actions`` to a thing, by the trail: the people named, and those who acted in their place."""
    return hands_on([obj], *actions)[obj.pk]


def hands_on(things: Sequence[Model], *actions: str) -> dict[Any, frozenset[int]]:
    """:func:`hands_of` for many things of one table, by their keys: one query."""
    hands: dict[str, set[int]] = {str(thing.pk): set() for thing in things}
    if things:
        rows = AuditEntry.objects.filter(
            action__in=actions, object_type=things[0]._meta.label_lower, object_id__in=list(hands)
        )
        for key, person, deputy in rows.values_list("object_id", "person", "deputy"):
            hands[key] |= {pk for pk in (person, deputy) if pk}
    return {thing.pk: frozenset(hands[str(thing.pk)]) for thing in things}


def first_broken() -> chain.Broken | None:
    """Where the trail breaks, its end included; ``None`` when it holds."""
    rows = AuditEntry.objects.order_by("id").iterator()
    return chain.first_broken(NAME, rows, lambda e: (e.pk, e.previous_hash, e.hash), _sealed)


def against_notes(path: Path) -> chain.Broken | None:
    """Whether the trail still holds what was noted of it outside."""
    seals = AuditEntry.objects.order_by("id").values_list("hash", flat=True)
    return chain.against_notes(path, NAME, seals.iterator())
