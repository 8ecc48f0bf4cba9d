"""Values of a table as the fields of the list's form clean them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator

from ecoledger.accounts.models import Person
from ecoledger.listings.forms import field_of
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask

Cleaner = Callable[[str, Any], Any]

# What a field of plain text asks of it.
_OF_TEXT = {MaxLengthValidator, ProhibitNullCharactersValidator}


def keeper(field: forms.Field) -> Callable[[str], bool]:
    """Tells of a text that cleaning would give it back as it is. Most cells of a ledger are such."""
    if type(field) is not forms.CharField or not field.strip:
        return _never
    if not _OF_TEXT.issuperset(map(type, field.validators)):
        return _never
    most = field.max_length or sys.maxsize

    def keeps(text: str) -> bool:
        return 0 < len(text) <= most and text.strip() == text and "\0" not in text

    return keeps


def _never(text: str) -> bool:
    return False


def cleaner(listing: Listing, asks: Iterable[Ask], by: Person | None) -> Cleaner:
    """Cleans values column by column, each distinct value of a reference once."""
    fields = {ask.name: field_of(ask, listing.model, by) for ask in asks}
    as_it_is = {name: keeper(field) for name, field in fields.items()}
    texts: dict[str, dict[str, Any]] = {name: {} for name in fields}
    others: dict[tuple[str, type, str], Any] = {}

    def clean(name: str, value: Any) -> Any:
        if type(value) is str:
            if as_it_is[name](value):
                return value
            known: dict[Any, Any] = texts[name]
            key: Any = value
        else:
            known, key = others, (name, type(value), repr(value))
        if key not in known:
            known[key] = fields[name].clean(value)
        return known[key]

    return clean
