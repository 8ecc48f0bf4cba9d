"""The bell: what is asked of one person, and what they are told.

A notice ends with its task: the bell counts matters that wait for the person and whose notice they have not
opened, so what somebody else has done meanwhile drops out by itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from ecoledger.accounts.models import Person
from ecoledger.matters import inbox
from ecoledger.matters.models import Event, Matter, Notice, Urgency
from ecoledger.web.access import Request
from ecoledger.web.work import DueRow, due_rows, load_of

NEWEST = 100


def unopened(person: Person) -> QuerySet[Matter]:
    """Matters that wait for the person and whose notice they have not opened."""
    # What waits for a digest disturbs nobody.
    mine = {"notices__person": person, "notices__read_at": None, "notices__in_digest": False}
    return inbox.waiting(person).filter(**mine).distinct()


def pressing(person: Person) -> QuerySet[Notice]:
    """Unread messages about no matter that are more than information."""
    return Notice.objects.filter(person=person, matter=None, read_at=None).exclude(
        urgency=Urgency.INFO
    )


@never_cache
def bell(request: Request) -> HttpResponse:
    """How many live asks are not yet opened, for the top of every page."""
    count = unopened(request.user).count() if request.user.may("see_matters") else 0
    count += pressing(request.user).count()
    return render(request, "web/office/_bell.html", {"count": count})


@dataclass(frozen=True)
class Ask:
    """What one matter asks of the person, with the newest notice about it."""

    row: DueRow
    notice: Notice | None


@dataclass(frozen=True)
class Told:
    """A message that asks nothing now; ``done`` is the step that ended what it asked."""

    notice: Notice
    done: Event | None = None


def page(request: Request) -> HttpResponse:
    person = request.user
    notices = list(
        Notice.objects.filter(person=person).select_related("matter").order_by("-pk")[:NEWEST]
    )
    waiting = inbox.waiting_for(person, NEWEST) if person.may("see_matters") else []
    newest: dict[int, Notice] = {}
    for notice in notices:
        if notice.matter_id:
            newest.setdefault(notice.matter_id, notice)
    asks = [Ask(row, newest.get(row.matter.pk)) for row in due_rows(waiting, timezone.now())]
    live = {matter.pk for matter in waiting}
    copies, ended = [], []
    moves = _moves([pk for pk in newest if pk not in live])
    for notice in notices:
        if notice.matter_id in live:
            continue
        move = moves.get(notice.matter_id or 0)
        if move is not None and move.at > notice.created_at:
            if newest.get(notice.matter_id or 0) is notice:
                ended.append(Told(notice, move))
        else:
            copies.append(Told(notice))
    today = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
    held = Notice.objects.filter(person=person, in_digest=True, created_at__gte=today).count()
    return render(
        request,
        "web/office/notices.html",
        {
            "asks": asks,
            # All that waits; the page lists what is due first.
            "waiting": load_of(request).waiting,
            "copies": copies,
            "ended": ended,
            "held": held,
        },
    )


def _moves(matters: list[int]) -> dict[int, Event]:
    """The last event of each matter that changed its state."""
    events = Event.objects.filter(matter__in=matters).select_related("person").order_by("pk")
    return {e.matter_id: e for e in events if e.from_state != e.to_state}


@require_POST
def opened(request: Request, pk: int) -> HttpResponse:
    """Mark what is told of one thing as read, and go to it."""
    notice = get_object_or_404(Notice, person=request.user, pk=pk)
    same = Notice.objects.filter(person=request.user, read_at=None)
    same = same.filter(matter=notice.matter_id) if notice.matter_id else same.filter(pk=pk)
    same.update(read_at=timezone.now())
    if notice.matter is not None:
        return redirect("matter", notice.matter.register, notice.matter_id)
    # A path of this site, written by the system itself.
    if notice.link.startswith("/") and not notice.link.startswith("//"):
        return redirect(notice.link)
    return redirect("notices")


@require_POST
def all_read(request: Request) -> HttpResponse:
    Notice.objects.filter(person=request.user, read_at=None).update(read_at=timezone.now())
    return redirect(reverse("notices"))
