"""我的工作: what waits for the person, grouped by what is asked and nearest due first; and what they handed on."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.db.models import Count, F, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from ecoledger.accounts.models import Person
from ecoledger.matters import inbox
from ecoledger.matters.models import Event, Matter
from ecoledger.matters.register import OPEN_WORK, register_of, visible_matters
from ecoledger.web.access import Request, needs
from ecoledger.web.work import ask_of, due_rows, load_of

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
    asks, load = asks_waiting(person), load_of(request)
    ask = request.GET.get("ask", "")
    ask = ask if ask in asks else ""
    waiting, overdue = inbox.waiting(person), request.GET.get("overdue") == "1"
    if ask:
        waiting = waiting.filter(asks[ask].states)
    if overdue:
        waiting = waiting.filter(due__lt=now)
    rows = due_rows(inbox.nearest(waiting, shown), now)
    number = len(rows) if len(rows) < shown else min(waiting.count(), MOST)
    # By the index of who began it: of what is in hand, each would be looked up.
    own = Matter.objects.filter(created_by=person).order_by().values("pk")
    begun = visible_matters(person).filter(OPEN_WORK, pk__in=own)
    begun = begun.exclude(pk__in=[row.matter.pk for row in rows])
    return {
        "rows": rows,
        "cards": rows[:CARDS],
        "rest": rows[CARDS:],
        "groups": sorted(asks.items(), key=lambda one: -one[1].count),
        "chosen": ask,
        "only_overdue": overdue,
        "count": load.waiting,
        "waiting": load.waiting,
        "overdue": load.overdue,
        "further": number - len(rows),
        "begun": due_rows(inbox.nearest(begun, OTHERS), now),
        "done": _done(person),
    }


@dataclass
class Ask:
    """One thing asked: of how many matters, and the states in which it is asked."""

    count: int = 0
    states: Q = field(default_factory=lambda: Q(pk__in=[]))


def asks_waiting(person: Person) -> dict[str, Ask]:
    """What waits for the person by what is asked, all of it, however many are shown."""
    counted = inbox.waiting(person).order_by().values_list("register", "state")
    asks: dict[str, Ask] = {}
    for key, state, number in counted.annotate(number=Count("pk")):
        one = asks.setdefault(ask_of(register_of(key), state), Ask())
        one.count += number
        one.states |= Q(register=key, state=state)
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
