"""Every declared list, of whatever kind, by its key."""

from __future__ import annotations

from typing import TypeVar, cast

from ecoledger.listings.listing import Listing
from ecoledger.listings.parts import DeclarationError

_listings: dict[str, Listing] = {}
# What was declared when last asked, how often that had changed, and the lists of each kind among it.
_known: tuple[Listing, ...] = ()
_edition = 0
_of_kind: dict[type[Listing], tuple[Listing, ...]] = {}
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


def edition() -> int:
    """Grows when other lists are declared than before: what was worked out of them holds while it stays the same."""
    global _known, _edition
    declared = tuple(_listings.values())
    if declared != _known:
        _known = declared
        _edition += 1
        _of_kind.clear()
    return _edition


def all_listings() -> tuple[Listing, ...]:
    """Every declared list, in the order of declaration."""
    return tuple(_listings.values())


def listings_of(cls: type[L]) -> tuple[L, ...]:
    """The declared lists of one kind, in the order of declaration."""
    edition()
    if cls not in _of_kind:
        _of_kind[cls] = tuple(listing for listing in _known if isinstance(listing, cls))
    return cast("tuple[L, ...]", _of_kind[cls])


def listing_of(key: str) -> Listing:
    """The list called ``key``. Raises ``KeyError``."""
    return _listings[key]
