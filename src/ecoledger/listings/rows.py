"""Adding and changing a row of a plain list, with its entry in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Model

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person

if TYPE_CHECKING:
    from ecoledger.listings.listing import Listing


def as_said(value: Any) -> Any:
    """A value as the trail keeps it: readable without the row it points at."""
    return {"id": value.pk, "text": str(value)} if isinstance(value, Model) else value


@transaction.atomic
def open_row(
    listing: Listing, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
) -> Any:
    row = listing.model(**values, **more)
    row.save()
    details = {name: as_said(value) for name, value in values.items()}
    audit.record(by, f"{listing.key}.open", row, details=details)
    return row


@transaction.atomic
def change_row(
    listing: Listing, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
) -> Any:
    row = listing.model._default_manager.select_for_update().get(pk=row.pk)
    changes = {}
    for name, value in values.items():
        before = getattr(row, name)
        if before != value:
            changes[name] = [as_said(before), as_said(value)]
            setattr(row, name, value)
    if changes:
        row.save()
        audit.record(by, f"{listing.key}.change", row, details=changes)
    return row
