"""The book of a page and its rows: what the person may see of them, or 404."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _

from ecoledger.listings.catalogue import listing_of
from ecoledger.listings.listing import Listing
from ecoledger.listings.refusals import Refused
from ecoledger.web.access import Request

L = TypeVar("L", bound=Listing)


def book_of(kind: type[L], key: str, request: Request) -> L:
    """The declared book called ``key``, of this kind, that the person may see; or 404."""
    try:
        book = listing_of(key)
    except KeyError:
        raise Http404 from None
    if not isinstance(book, kind) or not request.user.may(book.see):
        raise Http404
    return book


def row_of(rows: QuerySet[Any], pk: int) -> Any:
    """One of ``rows``, or 404 as for what does not exist."""
    return get_object_or_404(rows, pk=pk)


def needs_editor(book: Listing, request: Request) -> None:
    """Refuse who may look at the book but not write in it."""
    if not book.may_change(request.user):
        raise Refused("role", _("您的岗位不能修改这本台账。"), _("需要时请联系本台账的管理单位。"))


def says_refusals(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """A refused action leads back to the page it was asked on, which says why and what would help."""

    @wraps(view)
    def guarded(request: Request, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            return view(request, *args, **kwargs)
        except Refused as refused:
            said = [str(refused), *(text for texts in refused.fields.values() for text in texts)]
            # What a device sends on later must not take a page that leads back for a success.
            if request.headers.get("X-Sent-By"):
                kind = "text/plain; charset=utf-8"
                return HttpResponse(" ".join(said), status=422, content_type=kind)
            messages.error(request, " ".join(said))
            back = request.POST.get("back", "")
            # Only a path of this site: the page that holds the form.
            return redirect(back if back.startswith("/") and not back.startswith("//") else "/")

    return guarded
