"""What a row points at is not always for whoever sees the row: a sweep's cause in another town, a complaint's original.

A room that keeps things secret row by row says who may know of them (:func:`guard`). Every face that draws rows takes them
through :func:`over` or :func:`of`; of a reference that is not for the person neither text nor path is shown.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from django.core.exceptions import FieldDoesNotExist
from django.db.models import Model, QuerySet

from ecoledger.accounts.models import Person
from ecoledger.listings.derive import related_to
from ecoledger.listings.listing import Listing

# (person, keys asked for, whether the list tells of what is not restricted) -> the keys the person may know of.
Readable = Callable[[Person, QuerySet[Any], bool], set[int]]
_guards: dict[type[Model], Readable] = {}


def guard(model: type[Model], readable: Readable) -> None:
    """Let references to ``model`` be shown to those alone who may know of the row. To be called once, at the start."""
    _guards[model] = readable


@cache
def _guarded(listing: Listing) -> dict[str, Readable]:
    """The names of a list's references that are guarded."""
    heads = {part.name.split("__")[0] for part in (*listing.columns, *listing.details)}
    guarded = {}
    for head in sorted(heads):
        try:
            remote = related_to(listing.model._meta.get_field(head))
        except FieldDoesNotExist:
            continue
        for model, readable in _guards.items():
            if remote is not None and issubclass(remote, model):
                guarded[head] = readable
    return guarded


def of(listing: Listing, person: Person) -> Callable[[Any], Any]:
    """A function that tells a row which of its references are not for the person: one question a guarded name."""
    guarded = _guarded(listing)
    known: dict[str, set[int]] = {}

    def is_known(head: str, key: int) -> bool:
        if head not in known:
            asked = listing.visible_to(person).exclude(**{head: None}).order_by()
            keys = asked.values(f"{head}_id")
            known[head] = guarded[head](person, keys, head in listing.tells)
        return key in known[head]

    def veiled(row: Any) -> Any:
        keys = {head: getattr(row, f"{head}_id", None) for head in guarded}
        closed = {h for h, key in keys.items() if key is not None and not is_known(h, key)}
        if closed:
            row.veiled = frozenset(closed)
        return row

    return veiled


def over(listing: Listing, person: Person, rows: Iterable[Any]) -> Iterator[Any]:
    """The rows, each told which of its references are not for the person."""
    return map(of(listing, person), rows)
