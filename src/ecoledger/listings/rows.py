"""Adding and changing a row of a plain list, with its entry in the audit trail."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import BinaryField, ProtectedError, RestrictedError

from ecoledger.accounts import audit, inserting
from ecoledger.accounts.models import Person
from ecoledger.listings.forms import as_json

if TYPE_CHECKING:
    from ecoledger.listings.listing import Listing


@transaction.atomic
def open_row(
    listing: Listing, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
) -> Any:
    row = listing.model(**values, **more)
    row.save()
    details = {name: as_json(value) for name, value in values.items()}
    audit.record(by, f"{listing.key}.open", row, details=details)
    return row


@transaction.atomic
def open_rows(
    listing: Listing, many: Sequence[Mapping[str, Any]], by: Person | None, at: datetime
) -> list[Any]:
    """:func:`open_row` for many, written at once."""
    made = [listing.model(**values) for values in many]
    inserting.insert_things(made)
    details = [{name: as_json(value) for name, value in values.items()} for values in many]
    audit.record_all(by, f"{listing.key}.open", zip(made, details, strict=True))
    return made


@transaction.atomic
def change_row(
    listing: Listing, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
) -> Any:
    row = listing.model._default_manager.select_for_update().get(pk=row.pk)
    changes = {}
    for name, value in values.items():
        before = getattr(row, name)
        if before != value:
            changes[name] = [as_json(before), as_json(value)]
            setattr(row, name, value)
    if changes:
        row.save()
        audit.record(by, f"{listing.key}.change", row, details=changes)
    return row


def withdraw_row(listing: Listing, row: Any, by: Person | None) -> bool:
    """Delete a row that an import made, unless something else has come to rest on it; the trail keeps what it said."""
    try:
        with transaction.atomic():
            details = {"text": str(row), **_said_by(row)}
            audit.record(by, f"{listing.key}.withdraw", row, details=details)
            row.delete()
    except (ProtectedError, RestrictedError):
        return False
    return True


def _said_by(row: Any) -> dict[str, Any]:
    """Everything that stands in a row, by attribute."""
    said = {}
    for column in row._meta.concrete_fields:
        held = as_json(getattr(row, column.name))
        plain = held is None or isinstance(held, str | int | float | list | dict)
        if held not in (None, "", [], {}) and not isinstance(column, BinaryField):
            said[column.name] = held if plain else column.value_to_string(row)
    return said
