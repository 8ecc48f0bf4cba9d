"""Rows offered while somebody types a name, a code or pinyin initials into a look-up field."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ecoledger.listings.lookups import lookup_of
from ecoledger.web.access import Request


@require_GET
def rows(request: Request, key: str) -> HttpResponse:
    """At most a dozen rows of look-up ``key`` for the words in ``q`` or in the field's own box."""
    try:
        lookup = lookup_of(key)
    except KeyError as error:
        raise Http404 from error
    if not request.user.is_active:
        raise Http404
    words = request.GET.get("q") or _ending(request, "_text")
    beside = _ending(request, lookup.beside[0]) if lookup.beside[0] else ""
    found = [
        {"value": lookup.value_of(row), "text": str(row), "under": lookup.under(row)}
        for row in lookup.search(str(words)[:60], request.user, beside)
    ]
    return render(request, "web/listings/lookup_rows.html", {"rows": found, "words": words})


def _ending(request: Request, end: str) -> str:
    """The value of the first field whose name ends so: forms of one page tell theirs apart by a beginning."""
    names = (name for name in request.GET if name.endswith(end))
    return str(request.GET.get(next(names, ""), ""))
