"""The page of a line of business: the day in a sentence, what is to be done, and its books by kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from ecoledger.accounts.models import Organisation
from ecoledger.matters import inbox
from ecoledger.matters.register import OPEN_WORK, visible_matters
from ecoledger.web import navigation
from ecoledger.web.access import Request
from ecoledger.web.matters.in_hand import OVERDUE, address
from ecoledger.web.models import pin
from ecoledger.web.scenes import sentences
from ecoledger.web.work import due_rows, load_of

TO_DO = 12


@dataclass(frozen=True)
class Shelf:
    """The books of one kind."""

    label: str
    books: tuple[dict[str, Any], ...]


def page(request: Request, key: str) -> HttpResponse:
    line = navigation.line_of(key)
    all_books = list(navigation.books(request.user))
    if line is None or line not in navigation.lines_of(request.user, all_books):
        raise Http404
    books = [book for book in all_books if book.line == key]
    keys = [book.key for book in books if book.kind == "Register"]
    now = timezone.now()
    matters = visible_matters(request.user).filter(OPEN_WORK, register__in=keys)
    counts = matters.aggregate(
        open=Count("pk"),
        overdue=Count("pk", filter=Q(due__lt=now)),
        week=Count("pk", filter=Q(due__gte=now, due__lt=now + timedelta(days=7))),
    )
    to_do = inbox.nearest(matters, TO_DO)
    oldest = next((m for m in to_do if m.due is not None and m.due < now), None)
    return render(
        request,
        "web/scenes/line.html",
        {
            "line": line,
            "shelves": _shelves(request, books),
            "book_count": len(books),
            "counts": counts,
            "sentence": sentences.line(key, counts, oldest),
            "rows": due_rows(to_do, now),
            "units": _by_unit(key, matters, now),
            "all_url": address(line=key),
        },
    )


def _shelves(request: Request, books: Iterable[navigation.Book]) -> list[Shelf]:
    counts, uses = load_of(request).open, navigation.uses_of(request.user)
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for book in books:
        use = uses.get(book.key)
        shown = {"book": book, "count": counts.get(book.key), "pinned": bool(use and use.pinned)}
        by_kind.setdefault(book.kind, []).append(shown)
    return [
        Shelf(str(label), tuple(by_kind[kind]))
        for kind, label in navigation.KINDS.items()
        if kind in by_kind
    ]


def _by_unit(key: str, matters: Any, now: Any) -> list[dict[str, Any]]:
    """Work in hand by the unit that answers, the most overdue first."""
    rows = list(
        matters.order_by()
        .values(unit=Coalesce("owner_organisation_id", 0))
        .annotate(open=Count("pk"), overdue=Count("pk", filter=Q(due__lt=now)))
        .order_by("-overdue", "-open")[:TO_DO]
    )
    names = dict(
        Organisation.objects.filter(pk__in=[r["unit"] for r in rows]).values_list("pk", "name")
    )
    return [
        row
        | {
            "name": names.get(row["unit"], ""),
            "open_url": address(line=key, unit=row["unit"]),
            "overdue_url": address(line=key, unit=row["unit"], due=OVERDUE),
        }
        for row in rows
    ]


@require_POST
def pin_book(request: Request, key: str) -> HttpResponse:
    """Keep a book at the top of its line in the menu, or no longer."""
    books = {book.key: book for book in navigation.books(request.user)}
    if key not in books:
        raise Http404
    pin(request.user, key, request.POST.get("pinned") == "1")
    return redirect(reverse("line", args=[books[key].line]))
