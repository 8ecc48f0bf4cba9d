"""我的工作: what waits for the person, grouped by what is asked and nearest due first; and what they handed on."""

from __future__ import annotations

from typing import Any

from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from ecoledger.accounts.models import Person
from ecoledger.matters import inbox
from ecoledger.matters.models import Event, Matter
from ecoledger.matters.register import OPEN_WORK, visible_matters
from ecoledger.web.access import Request, needs
from ecoledger.web.work import DueRow, due_rows, load_of

# Cards with buttons on the phone; the rest is a list.
CARDS = 5
# Rows at first, and all that can be asked for: what is due first comes first.
AT_ONCE = 40
MOST = 400
OTHERS = 30
DONE = 10


def _work(request: Request) -> dict[str, Any]:
    person, now = request.user, timezone.now()
    shown = MOST if request.GET.get("all") == "1" else AT_ONCE
    rows, load = due_rows(inbox.waiting_for(person, shown), now), load_of(request)
    # By the index of who began it: of what is in hand, each would be looked up.
    own = Matter.objects.filter(created_by=person).order_by().values("pk")
    begun = visible_matters(person).filter(OPEN_WORK, pk__in=own)
    begun = begun.exclude(pk__in=[row.matter.pk for row in rows])
    return {
        "rows": rows,
        "cards": rows[:CARDS],
        "rest": rows[CARDS:],
        "groups": _by_ask(rows),
        "count": load.waiting,
        "waiting": load.waiting,
        "overdue": load.overdue,
        "further": min(load.waiting, MOST) - len(rows),
        "begun": due_rows(inbox.nearest(begun, OTHERS), now),
        "done": _done(person),
    }


def _by_ask(rows: list[DueRow]) -> list[tuple[str, int]]:
    """How many wait for each thing asked, in the order of the first due."""
    counts: dict[str, int] = {}
    for row in rows:
        counts[row.ask] = counts.get(row.ask, 0) + 1
    return list(counts.items())


def _done(person: Person) -> list[Event]:
    """The last steps the person took that moved a matter on."""
    events = Event.objects.filter(person=person).exclude(from_state=F("to_state"))
    return list(events.select_related("matter").order_by("-pk")[:DONE])


@needs("see_matters")
@never_cache
def page(request: Request) -> HttpResponse:
    return render(request, "web/matters/my_work.html", _work(request))


@needs("see_matters")
@never_cache
def part(request: Request) -> HttpResponse:
    return render(request, "web/matters/_my_work.html", _work(request))
