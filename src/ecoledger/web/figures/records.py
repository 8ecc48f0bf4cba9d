"""The records behind a figure: one page draws every declared table of them."""

from __future__ import annotations

from typing import cast
from urllib.parse import urlencode

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse

from ecoledger.indicators import doors
from ecoledger.indicators import records as _tables  # noqa: F401  declares the tables
from ecoledger.indicators.figures import Records
from ecoledger.indicators.records.declaring import A_PAGE, Asked, NotThere, Rows, Sight, table_of
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs


def address(records: Records) -> str:
    """Where the records of a figure are shown."""
    query = dict(records.query)
    match records.kind:
        case doors.STATION.key:
            url = reverse("station", args=[query.pop("point")])
        case doors.ALARM.key:
            url = reverse("alarm", args=[query.pop("id")])
        case doors.MATTERS.key:
            url = reverse("matter-list", args=[query.pop("register")])
        case doors.ROW.key:
            return query["url"]
        case doors.MATTER.key:
            url = reverse("matter", args=[query.pop("register"), query.pop("id")])
        case key:
            url = reverse("records", args=[key])
    return f"{url}?{urlencode(query)}" if query else url


@needs("see_monitoring")
def page(request: Request, kind: str) -> HttpResponse:
    """The table behind a door, drawn as any other."""
    asked = Asked(request.GET.dict(), request.user, cast(Sight, scoped))
    try:
        found = table_of(kind)(asked)
    except NotThere as wrong:
        raise Http404 from wrong
    rows, pages = found.rows, None
    if isinstance(rows, Rows):
        pages = Paginator(rows.queryset, A_PAGE).get_page(request.GET.get("page"))
        rows = [found.rows.row(one) for one in pages]  # type: ignore[union-attr]
    return render(
        request, "web/figures/records.html", {"found": found, "rows": rows, "page": pages}
    )
