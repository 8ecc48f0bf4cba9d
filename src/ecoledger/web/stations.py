"""All monitoring points, with what they say now and whether they say it in time."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.paginator import Paginator
from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render

from ecoledger.monitoring.models import Alarm, Point, PointParameter
from ecoledger.registry.models import Area, Station
from ecoledger.web import readings, scoped
from ecoledger.web.access import Request, needs

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
    def last(self) -> object:
        return max((entry.start for entry in self.latest if entry.start), default=None)


def area_names(codes: set[str]) -> dict[str, str]:
    return dict(Area.objects.filter(code__in=codes).values_list("code", "name"))


@needs("see_monitoring")
def page(request: Request) -> HttpResponse:
    points = scoped.points(request.user).filter(enabled=True)
    kinds = dict(points.order_by().values_list("kind").annotate(Count("pk")))
    kind = request.GET.get("kind", "")
    if kind in kinds:
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
    shown = Paginator(points.order_by("id"), PAGE).get_page(request.GET.get("page"))
    rows = list(shown)
    airs = {a.point.pk: a for a in readings.air_now([p for p in rows if p.kind == "air"])}
    waters = {w.point.pk: w for w in readings.water_now([p for p in rows if p.kind == "water"])}
    declared: list[PointParameter] = [one for point in rows for one in point.parameters.all()]
    came: dict[int, list[readings.Arrival]] = {}
    for arrival in readings.arrivals(declared, readings.today(), readings.now()):
        came.setdefault(arrival.parameter.point_id, []).append(arrival)
    names = area_names({point.area_code for point in rows})
    latest = readings.latest_of(rows)
    return render(
        request,
        "web/stations.html",
        {
            "rows": [
                Row(
                    point,
                    names.get(point.area_code, point.area_code),
                    airs.get(point.pk),
                    waters.get(point.pk),
                    latest[point.pk],
                    readings.total(came.get(point.pk, ())),
                )
                for point in rows
            ],
            "shown": shown,
            "kinds": [(k, label, kinds[k]) for k, label in Point.Kind.choices if k in kinds],
            "kind": kind,
            "levels": Station.Level.choices,
            "areas": scoped.areas(request.user),
        },
    )
