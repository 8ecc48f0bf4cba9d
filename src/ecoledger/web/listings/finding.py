"""The list that an address names, if this person may know of it."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404
from django.urls import reverse

from ecoledger.listings.catalogue import listing_of
from ecoledger.listings.listing import Listing
from ecoledger.listings.refusals import Refused
from ecoledger.web.access import Request


def the_listing(request: Request, key: str, *, to_enter: bool = False) -> Listing:
    """The declared list; for who may not see it the page does not exist, unless he comes ``to_enter`` what he may."""
    try:
        listing = listing_of(key)
    except KeyError as error:
        raise Http404 from error
    if not request.user.may(listing.see) and not (to_enter and listing.may_open(request.user)):
        raise Http404
    return listing


def way_back(request: Request, listing: Listing) -> str:
    """The list, or the guided page for who enters things and sees none (a system administrator)."""
    return listing.url if request.user.may(listing.see) else reverse("beginning")


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
