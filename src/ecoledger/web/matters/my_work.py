"""我的工作: what waits for the person, grouped by what is asked and nearest due first; and what they handed on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from ecoledger.accounts.models import Person
from ecoledger.matters import inbox
from ecoledger.matters.models import Event, Matter
from ecoledger.matters.register import OPEN_WORK, register_of, visible_matters
from ecoledger.reports import drafting, visible
from ecoledger.web.access import Request, needs
from ecoledger.web.monitoring import filings
from ecoledger.web.work import ask_of, due_rows, load_of

# Cards with buttons on the phone; the rest is a list.
CARDS = 5
# Rows at first, and all that can be asked for: what is due first comes first.
AT_ONCE = 40
MOST = 400
OTHERS = 30
DONE = 10
# What the first page counts apart: to be decided, to be done.
TURNS = DECIDE, DO = "decide", "do"


def _work(request: Request) -> dict[str, Any]:
    person, now = request.user, timezone.now()
    shown = MOST if request.GET.get("all") == "1" else AT_ONCE
    load = load_of(request)
    if (turn := request.GET.get("turn", "")) in TURNS:
        load = load.parted(person)[TURNS.index(turn)]
    else:
        turn = ""
    asks, overdue = asks_waiting(load), request.GET.get("overdue") == "1"
    ask = request.GET.get("ask", "")
    ask = ask if ask in asks else ""
    chosen = asks[ask] if ask else load
    waiting = inbox.waiting(person, chosen)
    if overdue:
        waiting = waiting.filter(due__lt=now)
    rows = due_rows(inbox.nearest(waiting, shown), now, chosen.requests)
    number = min(chosen.overdue if overdue else chosen.waiting, MOST)
    # By the index of who began it: of what is in hand, each would be looked up.
    own = Matter.objects.filter(created_by=person).order_by().values("pk")
    begun = visible_matters(person).filter(OPEN_WORK, pk__in=own)
    begun = begun.exclude(pk__in=[row.matter.pk for row in rows])
    return {
        "rows": rows,
        "cards": rows[:CARDS],
        "rest": rows[CARDS:],
        "groups": sorted(asks.items(), key=lambda pair: -pair[1].waiting),
        "chosen": ask,
        "only_overdue": overdue,
        "turn": turn,
        "count": load.waiting,
        "waiting": load_of(request).waiting,
        "overdue": load.overdue,
        "further": max(0, number - len(rows)),
        "begun": due_rows(inbox.nearest(begun, OTHERS), now),
        "done": _done(person),
        "filings_waiting": filings.waiting(person),
        "papers": drafting.waiting_for(person, visible.drafts(person))
        if person.may("see_documents")
        else [],
    }


def asks_waiting(load: inbox.Load) -> dict[str, inbox.Load]:
    """What waits by what is asked, all of it, however many are shown."""
    asks: dict[str, inbox.Load] = {}
    for pk, request in load.requests.items():
        ask = asks.setdefault(request.label, replace(load, places={}, requests={}))
        asks[request.label] = replace(ask, requests={**ask.requests, pk: request})
    for (key, state), number in load.places.items():
        ask = asks.setdefault(
            ask_of(register_of(key), state), replace(load, places={}, requests={})
        )
        ask.places[key, state] = number
    return asks


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
