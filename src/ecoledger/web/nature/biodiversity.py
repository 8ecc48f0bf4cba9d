"""生物多样性监测 (mechanism G1): the species on the list, and what was counted by effort over a span."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ecoledger.live import times
from ecoledger.registers.nature import abundance
from ecoledger.registers.nature.candidates import REGISTER
from ecoledger.registers.nature.detections import DEPLOYMENTS, DETECTIONS, Deployment
from ecoledger.registers.nature.species import SPECIES, Species
from ecoledger.registers.nature.surveys import SIGHTINGS, TRIPS
from ecoledger.web.access import Request, needs
from ecoledger.web.days_asked import days_asked, year_so_far


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """Species by group and level; effort; abundance on cameras and recorders; encounters on surveys."""
    today = timezone.localdate()
    first, last = days_asked(request, today, year_so_far)
    begin = times.midnight(first)
    end = times.midnight(last + timedelta(days=1))
    rows = SPECIES.visible_to(request.user)
    n = rows.aggregate(
        all=Count("pk"),
        birds=Count("pk", filter=Q(group=Species.Group.BIRD)),
        first=Count("pk", filter=Q(level="1")),
        second=Count("pk", filter=Q(level="2")),
        new=Count("pk", filter=Q(new_record=True, first_on__range=(first, last))),
    )
    counted = dict(rows.order_by().values_list("group").annotate(n=Count("pk")))
    waiting = REGISTER.open_to(request.user)
    context = {
        "first": first,
        "last": last,
        "n": n,
        "groups": [
            (key, label, counted[key]) for key, label in Species.Group.choices if key in counted
        ],
        "effort": abundance.effort(request.user, begin, end),
        "cameras": abundance.abundances(request.user, Deployment.Sort.CAMERA, begin, end),
        "sounds": abundance.abundances(request.user, Deployment.Sort.SOUND, begin, end),
        "met": abundance.encounters(request.user, begin, end),
        "minutes": abundance.minutes_apart(),
        # What opens the rows behind a number: of which days.
        "span": f"begin={first}&end={last + timedelta(days=1)}",
        "waiting": waiting.count(),
        "books": [SPECIES, REGISTER, DETECTIONS, DEPLOYMENTS, TRIPS, SIGHTINGS],
        "species": SPECIES,
        "register": REGISTER,
    }
    return render(request, "web/nature/biodiversity.html", context)
