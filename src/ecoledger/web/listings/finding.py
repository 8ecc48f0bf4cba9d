"""The list that an address names, if this person may know of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404

from ecoledger.listings.catalogue import listing_of
from ecoledger.listings.listing import Listing
from ecoledger.listings.refusals import Refused
from ecoledger.web.access import Request


def the_listing(request: Request, key: str) -> Listing:
    """The declared list; for who may not see it the page does not exist."""
    try:
        listing = listing_of(key)
    except KeyError as error:
        raise Http404 from error
    if not request.user.may(listing.see):
        raise Http404
    return listing


def the_row(request: Request, key: str, pk: int) -> tuple[Listing, Any]:
    """The list and one of its rows in this person's scope."""
    listing = the_listing(request, key)
    row = listing.visible_to(request.user).filter(pk=pk).first()
    if row is None:
        raise Http404
    return listing, row


def say(request: Request, refused: Refused) -> None:
    """Why something was not done, on the next page."""
    details = [m for ms in refused.fields.values() for m in ms] if refused.code == "form" else []
    messages.error(request, " ".join(filter(None, (refused.why, *details, refused.remedy))))
