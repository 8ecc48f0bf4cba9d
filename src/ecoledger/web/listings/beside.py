"""上一件 / 下一件: the rows beside one that was opened from a list, in the list's own order and narrowing.

A page that is opened from a list knows it by the address that its request came from; the links to its neighbours carry
the list in their own address (``among=problem?open=1&sort=due``). By any other way there are none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

from django.db.models import Model, QuerySet
from django.http import QueryDict

from ecoledger.accounts.models import Person
from ecoledger.listings import selecting
from ecoledger.listings.catalogue import all_listings, listing_of
from ecoledger.listings.listing import Listing
from ecoledger.listings.neighbours import neighbours
from ecoledger.matters.register import Register, headers
from ecoledger.web.access import Request

AMONG = "among"
_LONGEST = 1500


@dataclass(frozen=True)
class Beside:
    """Where the list, the row before and the row after are; "" at an end of the list. ``here``: the row's own address
    with the list in it."""

    here: str
    back: str
    before: str
    after: str


@dataclass(frozen=True)
class Walk:
    """A list that is no declared book, whose rows lead to each other all the same: work in hand of all books, documents.

    ``rows``: what the list's address asks, in its order, by columns alone.
    """

    key: str
    url: str
    model: type[Model]
    rows: Callable[[Person, QueryDict], QuerySet[Any]]
    url_of: Callable[[Any], str]


_walks: dict[str, Walk] = {}


def walk(way: Walk) -> Walk:
    """Let the rows of a page's own list lead to each other."""
    _walks[way.key] = way
    return way


def _said(request: Request) -> str:
    """Which list, as ``key?query``: of the address, or of the list that the request came from."""
    if said := request.GET.get(AMONG, ""):
        return said[:_LONGEST]
    try:
        came = urlsplit(request.headers.get("referer", ""))
    except ValueError:  # no address at all
        return ""
    if came.netloc != request.get_host():
        return ""
    if said := QueryDict(came.query).get(AMONG, ""):  # a step of the same row was done and led back
        return said[:_LONGEST] if request.path.startswith(came.path) else ""
    lists: Iterable[Listing | Walk] = (*all_listings(), *_walks.values())
    key = next((shown.key for shown in lists if shown.url == came.path), "")
    return f"{key}?{came.query}"[:_LONGEST] if key else ""


def _rows(request: Request, listing: Listing | Walk, query: QueryDict) -> Any:
    person, sort = request.user, query.get("sort", "")
    if isinstance(listing, Walk):
        return listing.rows(person, query)
    rows = selecting.select(listing, person, query)
    if isinstance(listing, Register):
        own = {field.name for field in listing.model._meta.local_fields}
        if sort.lstrip("-") not in own:
            rows = headers(listing, person, query)
    return selecting.ordered(listing, person, rows, sort)


def beside(request: Request, row: Any) -> Beside | None:
    """What stands beside ``row`` in the list that it was opened from; ``None`` without a list, or one of other things."""
    key, _mark, asked = _said(request).partition("?")
    if not key:
        return None
    try:
        listing = _walks.get(key) or listing_of(key)
    except KeyError:
        return None
    if not isinstance(row, listing.model):
        return None
    if isinstance(listing, Listing) and not request.user.may(listing.see):
        return None
    if isinstance(listing, Register) and getattr(row, "register", "") != listing.key:
        return None
    query = QueryDict(asked, mutable=True)
    query.pop("exact", None)
    back = f"{listing.url}?{query.urlencode()}"
    # The page is of the list, not of the row: one walks on past its end.
    query.pop("page", None)
    pks = neighbours(listing.model, _rows(request, listing, query), row.pk)
    rows = listing.model._default_manager.in_bulk([pk for pk in pks if pk is not None])
    tail = f"?{AMONG}={quote(f'{key}?{query.urlencode()}')}"
    before, after = (
        f"{listing.url_of(rows[pk])}{tail}" if pk is not None and pk in rows else "" for pk in pks
    )
    own = request.GET.copy()
    own[AMONG] = f"{key}?{query.urlencode()}"
    return Beside(f"{request.path}?{own.urlencode()}", back, before, after)
