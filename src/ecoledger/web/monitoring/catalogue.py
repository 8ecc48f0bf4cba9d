"""The data catalogue (数据目录): what is measured, whose it is, how often it comes, and what is missing today."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Paginator
from django.db.models import Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.entities.models import Enterprise
from ecoledger.listings.workbook import Head
from ecoledger.monitoring.models import Point, PointParameter
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.export import download
from ecoledger.web.monitoring import readings
from ecoledger.web.monitoring.stations import area_names
from ecoledger.web.templatetags.show import span, tr

PAGE = 100


def _chosen(request: Request) -> list[readings.Arrival]:
    """What should come from the points that fit the filters, and how much of it came today."""
    points = scoped.points(request.user).filter(enabled=True)
    if (kind := request.GET.get("kind", "")) in Point.Kind.values:
        points = points.filter(kind=kind)
    if area := request.GET.get("area", ""):
        points = points.filter(area_code__startswith=area)
    if words := request.GET.get("q", "").strip():
        points = points.filter(
            Q(name__icontains=words)
            | Q(mn__icontains=words)
            | Q(parameters__name__icontains=words)
            | Q(parameters__code__icontains=words)
        ).distinct()
    every = PointParameter.objects.filter(point__in=points).select_related("point", "point__entity")
    arrivals = readings.arrivals(every, readings.today(), readings.now())
    if request.GET.get("missing"):
        return [arrival for arrival in arrivals if arrival.missing]
    return arrivals


def _whereabouts(rows: Sequence[readings.Arrival]) -> dict[str, Any]:
    """Names of the divisions and the enterprises behind ``rows``, by code."""
    owners = {row.parameter.point.owner_code for row in rows} - {""}
    return {
        "names": area_names({row.parameter.point.area_code for row in rows}),
        "owners": {e.code: e for e in Enterprise.objects.filter(code__in=owners)},
    }


@needs("see_monitoring")
def page(request: Request) -> HttpResponse:
    arrivals = _chosen(request)
    received, expected = readings.total(arrivals)
    shown = Paginator(arrivals, PAGE).get_page(request.GET.get("page"))
    rows = list(shown)
    return render(
        request,
        "web/monitoring/catalogue.html",
        {
            "rows": rows,
            "shown": shown,
            "areas": scoped.areas(request.user),
            "kinds": Point.Kind.choices[:-1],
            "received": received,
            "expected": expected,
            "share": received / expected if expected else None,
        }
        | _whereabouts(rows),
    )


@needs("see_monitoring")
@require_GET
def export(request: Request) -> HttpResponse:
    rows = _chosen(request)
    where = _whereabouts(rows)
    heads = [
        Head(_("监测点"), width=32),
        Head(_("类别"), width=10),
        Head(_("因子"), width=16),
        Head(_("因子编码"), width=10),
        Head(_("单位"), width=9),
        Head(_("所属"), width=28),
        Head(_("上报周期"), width=11),
        Head(_("最近数据"), "datetime"),
        Head(_("今日到达"), "percent"),
        Head(_("今日缺"), "number"),
    ]
    cells = (
        [
            (point := row.parameter.point).name,
            tr(point.get_kind_display()),
            tr(row.parameter.name),
            row.parameter.code,
            row.parameter.unit,
            where["owners"][point.owner_code].name
            if point.owner_code in where["owners"]
            else where["names"].get(point.area_code, ""),
            span(row.parameter.interval_seconds),
            row.last or _("从未收到"),
            row.share,
            row.missing,
        ]
        for row in rows
    )
    return download(request, "catalogue", _("数据目录"), heads, cells, len(rows))
