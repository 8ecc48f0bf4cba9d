"""Every declared list, of whatever kind, by its key."""

from __future__ import annotations

from typing import TypeVar, cast

from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import DeclarationError

_listings: dict[str, Listing] = {}
# Asked many times a page: the lists of each kind, until another is declared; how often that happened.
_of_kind: dict[type[Listing], tuple[Listing, ...]] = {}
_edition = 0
L = TypeVar("L", bound=Listing)


def declare(listing: L) -> L:
    """Make a list known to pages, API, schedule and commands; returns it."""
    if listing.key in _listings:
        raise DeclarationError(f"{listing.key} is declared twice")
    _put(listing)
    return listing


def redeclare(listing: L) -> L:
    """Put a declaration in the place of the one of its key: its data were changed by the bureau."""
    if listing.key not in _listings:
        raise DeclarationError(f"{listing.key} is not declared")
    _put(listing)
    return listing


def _put(listing: Listing) -> None:
    global _edition
    _listings[listing.key] = listing
    _of_kind.clear()
    _edition += 1


def edition() -> int:
    """Grows with each declaration: what was worked out of them earlier holds while it stays the same."""
    return _edition


def all_listings() -> tuple[Listing, ...]:
    """Every declared list, in the order of declaration."""
    return tuple(_listings.values())


def listings_of(cls: type[L]) -> tuple[L, ...]:
    """The declared lists of one kind, in the order of declaration."""
    if cls not in _of_kind:
        _of_kind[cls] = tuple(one for one in _listings.values() if isinstance(one, cls))
    return cast("tuple[L, ...]", _of_kind[cls])


def listing_of(key: str) -> Listing:
    """The list called ``key``. Raises ``KeyError``."""
    return _listings[key]
