"""Values of a table as the fields of the list's form clean them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from ecoledger.accounts.models import Person
from ecoledger.listings.forms import field_of
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask

Cleaner = Callable[[str, Any], Any]


def cleaner(listing: Listing, asks: Iterable[Ask], by: Person | None) -> Cleaner:
    """Cleans values column by column, each distinct value of a reference once."""
    fields = {ask.name: field_of(ask, listing.model, by) for ask in asks}
    texts: dict[str, dict[str, Any]] = {name: {} for name in fields}
    others: dict[tuple[str, type, str], Any] = {}

    def clean(name: str, value: Any) -> Any:
        if type(value) is str:
            known: dict[Any, Any] = texts[name]
            key: Any = value
        else:
            known, key = others, (name, type(value), repr(value))
        if key not in known:
            known[key] = fields[name].clean(value)
        return known[key]

    return clean
