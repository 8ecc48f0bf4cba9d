"""首页: what waits for a leader to decide, the year against its plan, and who is late.

Work first, figures second; every number opens what it counts.
"""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.db.models import Case, When
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.cache import never_cache

from ecoledger.accounts.models import Organisation, Person
from ecoledger.entities.models import Area
from ecoledger.matters import inbox
from ecoledger.matters.actions import urging
from ecoledger.matters.register import OPEN_WORK, visible_matters
from ecoledger.reports import drafting, visible
from ecoledger.web.access import Request, needs
from ecoledger.web.figures.targets import standings
from ecoledger.web.matters.in_hand import OVERDUE, TOWN, WEEK, address
from ecoledger.web.monitoring import filings
from ecoledger.web.navigation import first_page
from ecoledger.web.office import beginning
from ecoledger.web.scenes import cockpit, sentences
from ecoledger.web.work import due_rows, load_of

TO_DECIDE = 6


@never_cache
def page(request: Request) -> HttpResponse:
    person = request.user
    if not person.may("see_cockpit"):
        return redirect(first_page(person))
    if request.GET.get("view") == "wall":
        return redirect("wall")
    now = timezone.now()
    load = load_of(request, by_area=True)
    to_decide, to_do = load.parted(person)
    # What nobody but the person may decide comes first; who has nothing to decide sees what there is to do.
    first = to_decide if to_decide.waiting else to_do
    rows, goals = places(load), standings(request)
    sums, filed = totals(person, rows), filings.waiting(person)
    context: dict[str, Any] = {
        "sentences": sentences.home(
            to_decide.waiting,
            to_do.waiting,
            goals["standings"],
            sums,
            rows,
            filed["count"],
            unfinished=person.may("edit_registry") and not beginning.is_done(),
        ),
        "waiting_count": first.waiting,
        "waiting": load.waiting,
        "decides": first is to_decide,
        "to_do": to_do.waiting,
        "decide": due_rows(inbox.waiting_for(person, TO_DECIDE, first), now, first.requests),
        "places": rows,
        "totals": sums,
        "may_urge": person.has_role(*urging.URGERS),
        "overdue_url": address(due=OVERDUE),
        "open_url": address(),
        "week_url": address(due=WEEK),
        "targets": goals,
        "air": cockpit.air(request),
        "water": cockpit.water(request),
        "alarms": cockpit.alarms(request),
        "now": now,
        "filings_waiting": filed,
        "papers": drafting.waiting_for(person, visible.drafts(person))
        if person.may("see_documents")
        else [],
    }
    return render(request, "web/scenes/home.html", context)


# What counts the whole day of every device (``arrival``) is fetched beside the page.
PARTS = {
    "air": cockpit.air,
    "water": cockpit.water,
    "alarms": cockpit.alarms,
    "arrival": cockpit.arrival,
}


@needs("see_cockpit")
@never_cache
def part(request: Request, name: str) -> HttpResponse:
    """One card anew, when something it shows has changed."""
    if name not in PARTS:
        raise Http404
    return render(request, f"web/scenes/home/{name}.html", {name: PARTS[name](request)})


def totals(person: Person, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Work in hand in the person's scope, summed over its :func:`places`: how much, how much is late and since when."""
    counts = {name: sum(row[name] for row in rows) for name in ("open", "overdue", "week")}
    oldest = min((row["oldest"] for row in rows if row["oldest"]), default=None)
    late = visible_matters(person).filter(OPEN_WORK, due__lte=oldest) if oldest else None
    return counts | {"oldest": late.order_by("due", "pk").first() if late is not None else None}


def places(load: inbox.Load) -> list[dict[str, Any]]:
    """Work in hand by place, the most overdue first, with whom to ring there."""
    towns: defaultdict[str, inbox.InHand] = defaultdict(inbox.InHand)
    for code, area_load in load.areas.items():
        towns[code[:TOWN]].add(area_load.open, area_load.late, area_load.week, area_load.oldest)
    rows = sorted(towns.items(), key=lambda row: (-row[1].late, -row[1].open, row[0]))
    names = dict(Area.objects.filter(code__in=towns).values_list("code", "name"))
    chiefs = _chiefs(list(towns))
    most = max((place.late for place in towns.values()), default=0)
    return [
        {
            "town": town,
            "open": one.open,
            "overdue": one.late,
            "week": one.week,
            "oldest": one.oldest,
            "name": names.get(town, town),
            "share": one.late / most if most else 0,
            "chief": chiefs.get(town),
            "open_url": address(place=town),
            "overdue_url": address(place=town, due=OVERDUE),
        }
        for town, one in rows
    ]


def _chiefs(towns: list[str]) -> dict[str, Person]:
    """Who answers in each town: the first of its people with a telephone, else the first."""
    people = (
        Person.objects.filter(
            is_active=True,
            organisation__kind=Organisation.Kind.TOWN,
            organisation__area_code__in=towns,
        )
        .select_related("organisation")
        .order_by(Case(When(phone="", then=1), default=0), "pk")
    )
    chiefs: dict[str, Person] = {}
    for person in people:
        if person.organisation is not None:
            chiefs.setdefault(person.organisation.area_code, person)
    return chiefs
