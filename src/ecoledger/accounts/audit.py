"""The audit trail: who did what to which record, chained by hash so that a removed or edited row shows."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction
from django.db.models import Model

from ecoledger.accounts.models import AuditEntry, AuditHead, Person


def _digest(entry: AuditEntry) -> str:
    content = json.dumps(
        {
            "at": entry.at.astimezone(UTC).isoformat(),
            "person": entry.person_id,
            "action": entry.action,
            "object": [entry.object_type, entry.object_id],
            "area": entry.area_code,
            "address": entry.address,
            "details": entry.details,
            "previous": entry.previous_hash,
        },
        cls=DjangoJSONEncoder,
        sort_keys=True,
        ensure_ascii=False,
    )
    return hashlib.sha256(content.encode()).hexdigest()


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
        AuditHead.objects.get_or_create(pk=1)
        head = AuditHead.objects.select_for_update().get(pk=1)
        entry = AuditEntry(
            person=person,
            action=action,
            object_type=obj._meta.label_lower if obj is not None else "",
            object_id=str(obj.pk) if obj is not None else "",
            area_code=getattr(obj, "area_code", "") or "",
            # Through JSON once, so that the digest is of what a later reader gets back.
            details=json.loads(json.dumps(details or {}, cls=DjangoJSONEncoder)),
            address=address,
            previous_hash=head.hash,
        )
        entry.hash = _digest(entry)
        entry.save(force_insert=True)
        head.hash, head.count = entry.hash, head.count + 1
        head.save()
    return entry


def first_broken() -> AuditEntry | None:
    """The first entry whose hash does not fit its content or its predecessor; ``None`` when the chain holds."""
    previous = ""
    for entry in AuditEntry.objects.order_by("id").iterator():
        if entry.previous_hash != previous or entry.hash != _digest(entry):
            return entry
        previous = entry.hash
    return None


def cut_off() -> bool:
    """Whether entries are missing at the trail's end: its head knows a later one than is there."""
    head = AuditHead.objects.filter(pk=1).first()
    last = AuditEntry.objects.order_by("-id").first()
    there = (last.hash if last else "", AuditEntry.objects.count())
    return there != ((head.hash, head.count) if head else ("", 0))
