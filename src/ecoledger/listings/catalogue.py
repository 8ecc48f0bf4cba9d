"""Every declared list, of whatever kind, by its key."""

from __future__ import annotations

from typing import TypeVar

from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import DeclarationError

_listings: dict[str, Listing] = {}
L = TypeVar("L", bound=Listing)


def declare(listing: L) -> L:
    """Make a list known to pages, API, schedule and commands; returns it."""
    if listing.key in _listings:
        raise DeclarationError(f"{listing.key} is declared twice")
    _listings[listing.key] = listing
    return listing


def redeclare(listing: L) -> L:
    """Put a declaration in the place of the one of its key: its data were changed by the bureau."""
    if listing.key not in _listings:
        raise DeclarationError(f"{listing.key} is not declared")
    _listings[listing.key] = listing
    return listing


def all_listings() -> tuple[Listing, ...]:
    """Every declared list, in the order of declaration."""
    return tuple(_listings.values())


def listings_of(cls: type[L]) -> tuple[L, ...]:
    """The declared lists of one kind, in the order of declaration."""
    return tuple(listing for listing in _listings.values() if isinstance(listing, cls))


def listing_of(key: str) -> Listing:
    """The list called ``key``. Raises ``KeyError``."""
    return _listings[key]
