"""对象档案: every sort of thing the bureau keeps a file on, with how many there are in the person's scope."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from ecoledger.accounts.scope import visible
from ecoledger.entities.models import Enterprise, Entity
from ecoledger.listings.catalogue import listing_of
from ecoledger.monitoring.models import Point
from ecoledger.web import navigation, scoped
from ecoledger.web.access import Request, needs


@needs("see_monitoring")
def page(request: Request) -> HttpResponse:
    person = request.user
    enterprises = scoped.enterprises(person)
    sorts: list[dict[str, Any]] = [
        {"label": _("企业"), "url": reverse("enterprises"), "count": enterprises.count()}
    ]
    counts = dict(
        scoped.points(person)
        .filter(enabled=True)
        .order_by()
        .values_list("kind")
        .annotate(Count("pk"))
    )
    points = [
        {"label": label, "url": f"{reverse('stations')}?kind={kind}", "count": counts[kind]}
        for kind, label in Point.Kind.choices
        if kind in counts
    ]
    kept = dict(
        visible(Entity.objects.filter(until=None), person, "area_code", None)
        .order_by()
        .values_list("kind")
        .annotate(Count("pk"))
    )
    sorts += [
        {"label": book.label, "url": book.url, "count": kept.get(_kind_of(book.key))}
        for book in navigation.books(person)
        if book.kind == "Inventory" and _kind_of(book.key) != Enterprise.KIND
    ]
    return render(request, "web/entities/archive.html", {"sorts": sorts, "points": points})


def _kind_of(key: str) -> str:
    """The kind of entity whose rows a book holds; "" of a book about something else."""
    return str(getattr(listing_of(key).model, "KIND", ""))
