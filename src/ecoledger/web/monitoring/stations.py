"""All monitoring points, with what they say now and whether they say it in time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.entities.models import Area, Station
from ecoledger.listings.workbook import Head
from ecoledger.monitoring.models import Alarm, Point, PointParameter
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.export import download
from ecoledger.web.monitoring import readings
from ecoledger.web.templatetags.show import reading, tr, water_class

PAGE = 60


@dataclass(frozen=True)
class Row:
    """One point as the list shows it."""

    point: Point
    area: str
    air: readings.Air | None
    water: readings.Water | None
    latest: list[readings.Latest]
    arrival: tuple[int, int]

    @property
    def share(self) -> float | None:
        received, expected = self.arrival
        return received / expected if expected else None

    @property
    def last(self) -> datetime | None:
        return max((entry.start for entry in self.latest if entry.start), default=None)


def area_names(codes: set[str]) -> dict[str, str]:
    return dict(Area.objects.filter(code__in=codes).values_list("code", "name"))


def _chosen(request: Request) -> QuerySet[Point]:
    """The points in scope that fit the filters in the address, in the order of the list."""
    points = scoped.points(request.user).filter(enabled=not request.GET.get("off"))
    if (kind := request.GET.get("kind", "")) in Point.Kind.values:
        points = points.filter(kind=kind)
    if area := request.GET.get("area", ""):
        points = points.filter(area_code__startswith=area)
    if level := request.GET.get("level", ""):
        points = points.filter(entity__as_station__level=level)
    if words := request.GET.get("q", "").strip():
        points = points.filter(
            Q(name__icontains=words) | Q(mn__icontains=words) | Q(entity__name__icontains=words)
        )
    if request.GET.get("alarm"):
        points = points.filter(alarms__state=Alarm.State.OPEN).distinct()
    points = points.annotate(
        open_alarms=Count("alarms", filter=Q(alarms__state=Alarm.State.OPEN))
    ).prefetch_related("parameters")
    return points.order_by("id")


def _rows(points: Sequence[Point]) -> list[Row]:
    airs = {a.point.pk: a for a in readings.air_now([p for p in points if p.kind == "air"])}
    waters = {w.point.pk: w for w in readings.water_now([p for p in points if p.kind == "water"])}
    declared: list[PointParameter] = [one for point in points for one in point.parameters.all()]
    came: dict[int, list[readings.Arrival]] = {}
    for arrival in readings.arrivals(declared, readings.today(), readings.now()):
        came.setdefault(arrival.parameter.point_id, []).append(arrival)
    names = area_names({point.area_code for point in points})
    latest = readings.latest_of(points)
    return [
        Row(
            point,
            names.get(point.area_code, point.area_code),
            airs.get(point.pk),
            waters.get(point.pk),
            latest[point.pk],
            readings.total(came.get(point.pk, ())),
        )
        for point in points
    ]


@needs("see_monitoring")
def page(request: Request) -> HttpResponse:
    seen = scoped.points(request.user).filter(enabled=True)
    kinds = dict(seen.order_by().values_list("kind").annotate(Count("pk")))
    shown = Paginator(_chosen(request), PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "web/monitoring/stations.html",
        {
            "rows": _rows(list(shown)),
            "shown": shown,
            "kinds": [(k, label, kinds[k]) for k, label in Point.Kind.choices if k in kinds],
            "kind": request.GET.get("kind", "") if request.GET.get("kind") in kinds else "",
            "levels": Station.Level.choices,
            "areas": scoped.areas(request.user),
            "may_register": request.user.may("edit_registry"),
        },
    )


@needs("see_monitoring")
@require_GET
def export(request: Request) -> HttpResponse:
    rows = _rows(list(_chosen(request)))
    heads = [
        Head(_("监测点"), width=32),
        Head("MN", width=26),
        Head(_("类别"), width=10),
        Head(_("属地")),
        Head(_("现状"), width=40),
        Head(_("最近数据"), "datetime"),
        Head(_("今日到达"), "percent"),
        Head(_("预警"), "number"),
    ]
    cells = (
        [
            row.point.name,
            row.point.mn,
            tr(row.point.get_kind_display()),
            row.area,
            _now_text(row),
            row.last,
            row.share,
            row.point.open_alarms,  # type: ignore[attr-defined]  # annotated
        ]
        for row in rows
    )
    return download(request, "stations", _("监测点"), heads, cells, len(rows))


def _now_text(row: Row) -> str:
    """What the list's column 现状 says, in one line of text."""
    if row.air is not None:
        level = "" if row.air.stale or not row.air.level else tr(row.air.level.category)
        words = [str(row.air.value) if row.air.value is not None else "", level]
        stale = row.air.stale
    elif row.water is not None:
        words = [water_class(row.water.rank)]
        stale = row.water.stale and bool(row.water.rank)
    else:
        words = [
            " · ".join(
                f"{tr(one.label)} {reading(one.shown, one.parameter.decimals)}"
                for one in row.latest[:3]
            )
        ]
        stale = False
    return " ".join([word for word in words if word] + ([_("非最新")] if stale else []))
