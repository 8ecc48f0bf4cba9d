"""What a list's own export holds, and what each of its columns is to an import: what went out comes in again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import Ask, Column, Kind
from ecoledger.listings.tables.headers import fold


def columns_of(listing: Listing, person: Person | None) -> tuple[Column, ...]:
    """The list's columns open to ``person``. Where tables are taken in, each row is named by its number, so that it is known
    again; for whoever takes them in follows what every table must say and the list does not show."""
    shown = listing.columns if person is None else listing.open_columns(person)
    if listing.imports is None:
        return shown
    number = listing.numbered_by
    if number and number not in {column.name for column in shown}:
        shown = (*shown, listing.derive.column(number))
    if person is not None and not listing.may_open(person):
        return shown
    asks = [ask for ask in listing.import_asks if person is None or _is_open(listing, ask, person)]
    said = {ask.name for column in shown for ask in asks if _says(column, ask)}
    # What a list says where nothing stands is nothing to an import.
    shown = tuple(replace(column, nothing="") if column.nothing else column for column in shown)
    return (*shown, *_further(listing, [ask for ask in asks if ask.name not in said], shown))


def meaning(listing: Listing, person: Person | None, headers: Iterable[str]) -> dict[str, str]:
    """Header -> name of the template's column, "" for none, of a table that has every column that the list shows: its own
    export, whatever else the same words would mean in another's."""
    there = {fold(header): header for header in headers}
    columns = columns_of(listing, person)
    shown = listing.columns if person is None else listing.open_columns(person)
    if not shown or not all(fold(_(str(column.label))) in there for column in shown):
        return {}
    meant: dict[str, str] = {}
    for column in columns:
        if (header := there.get(fold(_(str(column.label))))) is not None:
            asks = (ask.name for ask in listing.import_asks if _says(column, ask))
            name = column.ask or next((name for name in asks if name not in meant.values()), "")
            meant.setdefault(header, name)
    return meant


def _is_open(listing: Listing, ask: Ask, person: Person) -> bool:
    return listing.is_open(ask.stores or ask.name, person)


def _says(column: Column, ask: Ask) -> bool:
    """Whether a column shows what the ask takes."""
    if column.ask:
        return column.ask == ask.name
    return ask.initial is None and ask.stores in (column.name, column.name.removesuffix("__name"))


def _further(listing: Listing, asks: Iterable[Ask], shown: Iterable[Column]) -> Iterator[Column]:
    """What no table may lack, and what tells its rows apart where no number does."""
    assert listing.imports is not None  # noqa: S101 - asked for by who calls
    key = () if listing.numbered_by else listing.imports.key
    labels = {str(column.label) for column in shown}
    for ask in asks:
        must = ask.required and ask.kind is not Kind.BOOLEAN
        if not (must or ask.name in key) or not (ask.stores or ask.within or ask.initial):
            continue
        label = str(ask.label) if str(ask.label) not in labels else f"{ask.label}（{_('填报')}）"
        kept = Column(ask.stores or ask.name, label, ask.kind, choices=ask.choices, ask=ask.name)
        if ask.initial is not None:
            kept = replace(kept, reads=ask.initial)
        elif not ask.stores:
            kept = replace(kept, reads=_answer(ask))
        yield kept


def _answer(ask: Ask) -> Callable[[Any], Any]:
    return lambda row: (getattr(row, ask.within, None) or {}).get(ask.name)
