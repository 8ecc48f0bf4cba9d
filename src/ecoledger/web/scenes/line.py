"""The page of a line of business: the day in a sentence, what is to be done, and its books by kind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Count, Q
from django.db.models.functions import Coalesce
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from ecoledger.accounts.models import Organisation, Person
from ecoledger.books.duty import Duty, owed_soon
from ecoledger.listings.catalogue import listings_of
from ecoledger.matters import inbox
from ecoledger.matters.register import OPEN_WORK, visible_matters
from ecoledger.web import navigation
from ecoledger.web.access import Request
from ecoledger.web.matters.in_hand import OVERDUE, address
from ecoledger.web.models import pin
from ecoledger.web.monitoring import filings
from ecoledger.web.scenes import cockpit, sentences
from ecoledger.web.work import due_rows

TO_DO = 12
# More books than this stand side by side below the work: a column beside it would be longer than two screens.
SIDE_BY_SIDE = 24
# The line whose page is the desk of the monitoring station.
MONITORING = "monitoring"


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
    matters = visible_matters(request.user, keys).filter(OPEN_WORK)
    counted = _counted(matters, now)
    counts = _sums(counted)
    to_do = inbox.nearest(matters, TO_DO)
    oldest = next((m for m in to_do if m.due is not None and m.due < now), None)
    return render(
        request,
        "web/scenes/line.html",
        {
            "line": line,
            "shelves": _shelves(request, books, _by(counted, "register")),
            "book_count": len(books),
            "many": len(books) > SIDE_BY_SIDE,
            "counts": counts,
            "sentence": sentences.line(key, counts, oldest),
            "rows": due_rows(to_do, now),
            "units": _by_unit(key, _by(counted, "unit")),
            "all_url": address(line=key),
            "filings_waiting": filings.waiting(request.user) if key == MONITORING else None,
            "alarms": cockpit.alarms(request) if _watches(request.user, key) else None,
        },
    )


COUNTS = ("open", "overdue", "week")


def _counted(matters: Any, now: datetime) -> list[dict[str, Any]]:
    """Work in hand by register and by the unit that answers, counted in one pass."""
    grouped = matters.order_by().values("register", unit=Coalesce("owner_organisation_id", 0))
    return list(
        grouped.annotate(
            open=Count("pk"),
            overdue=Count("pk", filter=Q(due__lt=now)),
            week=Count("pk", filter=Q(due__gte=now, due__lt=now + timedelta(days=7))),
        )
    )


def _sums(rows: list[dict[str, Any]]) -> dict[str, int]:
    return {name: sum(row[name] for row in rows) for name in COUNTS}


def _by(rows: list[dict[str, Any]], name: str) -> dict[Any, dict[str, int]]:
    """The counts summed for each register, or each unit."""
    groups: dict[Any, list[dict[str, Any]]] = {}
    for row in rows:
        groups.setdefault(row[name], []).append(row)
    return {value: _sums(group) for value, group in groups.items()}


def _watches(person: Person, key: str) -> bool:
    """Whether the page begins with the warnings that go on now: that of monitoring, for whoever sees them."""
    return key == MONITORING and person.may("see_monitoring")


def _shelves(
    request: Request, books: Iterable[navigation.Book], counts: dict[str, dict[str, int]]
) -> list[Shelf]:
    uses = navigation.uses_of(request.user)
    books = list(books)
    keys = {book.key for book in books}
    owed = owed_soon([d for d in listings_of(Duty) if d.key in keys], request.user)
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for book in books:
        use = uses.get(book.key)
        shown = {
            "book": book,
            "count": counts.get(book.key, {}).get("open"),
            "owed": owed.get(book.key),
            "pinned": bool(use and use.pinned),
        }
        by_kind.setdefault(book.kind, []).append(shown)
    return [
        Shelf(str(label), tuple(by_kind[kind]))
        for kind, label in navigation.KINDS.items()
        if kind in by_kind
    ]


def _by_unit(key: str, units: dict[int, dict[str, int]]) -> list[dict[str, Any]]:
    """Work in hand by the unit that answers, the most overdue first."""
    worst = sorted(units.items(), key=lambda unit: (-unit[1]["overdue"], -unit[1]["open"]))[:TO_DO]
    names = dict(
        Organisation.objects.filter(pk__in=[pk for pk, _counts in worst]).values_list("pk", "name")
    )
    return [
        counts
        | {
            "unit": pk,
            "name": names.get(pk, ""),
            "open_url": address(line=key, unit=pk),
            "overdue_url": address(line=key, unit=pk, due=OVERDUE),
        }
        for pk, counts in worst
    ]


@require_POST
def pin_book(request: Request, key: str) -> HttpResponse:
    """Keep a book at the top of its line in the menu, or no longer."""
    books = {book.key: book for book in navigation.books(request.user)}
    if key not in books:
        raise Http404
    pin(request.user, key, request.POST.get("pinned") == "1")
    return redirect(reverse("line", args=[books[key].line]))
