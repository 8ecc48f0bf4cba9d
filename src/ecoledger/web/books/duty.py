"""The calendar of a duty: who owes what until when, and saying that it was done."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.books import duty as duties
from ecoledger.books.duty import Duty
from ecoledger.listings import asked
from ecoledger.web.access import Request
from ecoledger.web.books.finding import book_of, needs_editor, row_of, says_refusals

SHOWN = 200


@require_GET
def calendar(request: Request, key: str) -> HttpResponse:
    """What is owed now, the nearest first; how the terms of the last year stood."""
    book = book_of(Duty, key, request)
    today = timezone.localdate()
    rows = book.visible_to(request.user).select_related("entity")
    terms = {}
    for begin, end, due in (
        rows.filter(due__gte=today - timedelta(days=370))
        .order_by("-due")
        .values_list("begin", "end", "due")
        .distinct()[:24]
    ):
        terms[(begin, end, due)] = duties.completion(rows.filter(begin=begin, due=due), today)
    owed = rows.filter(state="due").order_by("due", "entity__name")
    return render(
        request,
        "web/books/calendar.html",
        {
            "book": book,
            "owed": owed[:SHOWN],
            "owed_count": owed.count(),
            "terms": [
                {"begin": begin, "end": end, "due": due, "stood": stood}
                for (begin, end, due), stood in terms.items()
            ],
            "today": today,
            "may_change": book.may_change(request.user),
        },
    )


@require_POST
@says_refusals
def settle(request: Request, key: str, pk: int) -> HttpResponse:
    """Say that one term was fulfilled, or excuse it with a reason."""
    book = book_of(Duty, key, request)
    needs_editor(book, request)
    row = row_of(book.visible_to(request.user), pk)
    note = request.POST.get("note", "").strip()
    if request.POST.get("action") == "waive":
        duties.waive(book, row, by=request.user, reason=note)
        messages.success(request, _("已免除：%s。") % row.entity)
    else:
        on = asked.day(request.POST.get("on", ""))
        duties.fulfil(book, row, by=request.user, on=on, note=note)
        messages.success(request, _("已履行：%s。") % row.entity)
    return redirect("duty-calendar", book.key)
