"""Adding and changing a row of a plain list, with its entry in the audit trail."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.core.exceptions import NON_FIELD_ERRORS, ObjectDoesNotExist, ValidationError
from django.db import IntegrityError, transaction
from django.db.models import BinaryField, ProtectedError, RestrictedError
from django.utils.translation import gettext as _

from ecoledger.accounts import audit, inserting
from ecoledger.accounts.models import Person
from ecoledger.listings.forms import as_json
from ecoledger.listings.refusals import Refused, refuse
from ecoledger.listings.unchanged import same

if TYPE_CHECKING:
    from ecoledger.listings.listing import Listing


@contextmanager
def kept_once() -> Iterator[None]:
    """What the database keeps once, and has, is refused in words: also what another has kept a moment ago."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        raise _repeated() from error


def _repeated(fields: Mapping[str, list[str]] | None = None) -> Refused:
    return Refused("form", _("与台账中的一行重复，或有内容无法保存。"), _("请核对后改正。"), fields)


def _keep(row: Any) -> None:
    """Save a row; one that repeats another is refused by the fields in which it does."""
    told: dict[str, list[str]] = {}
    for check in (row.validate_unique, row.validate_constraints):
        try:
            check()
        except ValidationError as error:
            for name, faults in error.error_dict.items():
                for fault in faults:
                    names = (fault.params or {}).get("unique_check", (name,))
                    field = names[0] if name == NON_FIELD_ERRORS else name
                    told.setdefault(field, []).extend(fault.messages)
    if told:
        raise _repeated(told)
    row.save()


@kept_once()
def open_row(
    listing: Listing, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
) -> Any:
    refuse(listing.wrong({n: v for n, v in values.items() if v not in (None, "")}, by))
    row = listing.model(**values, **more)
    _keep(row)
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


@kept_once()
def change_row(
    listing: Listing, row: Any, values: Mapping[str, Any], by: Person | None, at: datetime
) -> Any:
    row = listing.model._default_manager.select_for_update().get(pk=row.pk)
    if by is not None and (refused := listing.refusal_to_change(by, row)):
        raise refused
    refuse(listing.wrong_beside(row, values, by))
    changes = {}
    for name, value in values.items():
        before = getattr(row, name)
        if not same(before, value):
            changes[name] = [as_json(before), as_json(value)]
            setattr(row, name, value)
    if changes:
        _keep(row)
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
        try:
            held = as_json(getattr(row, column.name))
        except ObjectDoesNotExist:  # what it points to was withdrawn just before
            held = getattr(row, column.attname)
        plain = held is None or isinstance(held, str | int | float | list | dict)
        if held not in (None, "", [], {}) and not isinstance(column, BinaryField):
            said[column.name] = held if plain else column.value_to_string(row)
    return said
