"""Values of a table as the fields of the list's form clean them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django import forms
from django.core.validators import MaxLengthValidator, ProhibitNullCharactersValidator

from ecoledger.accounts.models import Person
from ecoledger.listings.forms import LookupField, field_of
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, Kind

_MANY = 5  # names in a column that are worth asking for together

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


class Cleaner:
    """Cleans values of a table column by column, as the fields of the list's form do; each distinct value of a reference
    once."""

    def __init__(
        self, listing: Listing, asks: Iterable[Ask], by: Person | None, there: Iterable[str]
    ) -> None:
        """``there``: the names of the columns that the table has."""
        asks, names = tuple(asks), frozenset(there)
        # A yes or no that is not asked of anybody is not answered with no.
        self.asks = tuple(a for a in asks if a.kind != Kind.BOOLEAN or a.name in names)
        self.fields = {ask.name: field_of(ask, listing.model, by) for ask in asks}
        self._keeps = {name: keeper(field) for name, field in self.fields.items()}
        self._texts: dict[str, dict[str, Any]] = {name: {} for name in self.fields}
        self._others: dict[tuple[str, type, str], Any] = {}

    def __call__(self, name: str, value: Any) -> Any:
        if type(value) is str:
            if self._keeps[name](value):
                return value
            known: dict[Any, Any] = self._texts[name]
            key: Any = value
        else:
            known, key = self._others, (name, type(value), repr(value))
        if key not in known:
            known[key] = self.fields[name].clean(value)
        return known[key]

    def keeps(self, name: str, text: str) -> bool:
        """Whether cleaning would give a text of a column back as it is."""
        return self._keeps[name](text)

    def expect(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Find with few questions what ``rows``, values by column, name of other tables."""
        rows = list(rows)
        for name, field in self.fields.items():
            if isinstance(field, LookupField):
                words = {word for row in rows if type(word := row.get(name)) is str and word}
                if len(words) >= _MANY:
                    field.expect(words)
