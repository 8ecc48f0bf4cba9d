"""站网按镇街 (mechanism Q9): which stations a town owns, who answers for them, what arrives and what sounds there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.db.models import Count, Q
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ecoledger.entities.models import Charge, Station
from ecoledger.listings.cells import area_name
from ecoledger.live import times
from ecoledger.monitoring import runtime
from ecoledger.monitoring.computing import data_rates
from ecoledger.monitoring.computing.data_rates import Rates
from ecoledger.monitoring.models import Alarm, Point
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs

TOWN = 9  # digits of a town's division code
ALARM_DAYS = 30
MEDIA = {Station.Medium.WATER: Point.Kind.WATER, Station.Medium.AIR: Point.Kind.AIR,
         Station.Medium.NOISE: Point.Kind.NOISE}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Owned:
    """One station of a town: who answers for it, a week of its data, its alarms."""

    point: Point
    section: str
    chief: str
    rates: Rates
    open_alarms: int
    alarms: int


@dataclass(frozen=True, slots=True)
class Town:
    """A town's stations."""

    code: str
    name: str
    stations: tuple[Owned, ...]

    @property
    def rates(self) -> Rates:
        return data_rates.total(station.rates for station in self.stations)

    @property
    def open_alarms(self) -> int:
        return sum(station.open_alarms for station in self.stations)

    @property
    def alarms(self) -> int:
        return sum(station.alarms for station in self.stations)

    @property
    def without_chief(self) -> int:
        return sum(not station.chief for station in self.stations)


@needs("see_monitoring")
@require_GET
def page(request: Request) -> HttpResponse:
    """The stations of a medium, town by town; those with open alarms first."""
    medium = request.GET.get("medium", "")
    medium = medium if medium in Station.Medium.values else Station.Medium.WATER
    points = list(
        scoped.points(request.user)
        .filter(kind=MEDIA[Station.Medium(medium)], enabled=True)
        .exclude(entity__as_station=None)
        .select_related("entity__as_station__section")
        .order_by("area_code", "name")
    )
    now = times.now()
    rates = data_rates.of_points(points, now - timedelta(days=7), now) if runtime.is_open() else {}
    chiefs = _chiefs([p.entity_id for p in points if p.entity_id])
    alarms = _alarms(points)
    by_town: dict[str, list[Owned]] = {}
    for point in points:
        station = point.entity.as_station  # type: ignore[union-attr]
        still_open, told = alarms.get(point.pk, (0, 0))
        by_town.setdefault(point.area_code[:TOWN], []).append(
            Owned(
                point,
                str(station.section or ""),
                chiefs.get(point.entity_id or 0, ""),
                rates.get(point.pk, Rates()),
                still_open,
                told,
            )
        )
    towns = [Town(code, area_name(code), tuple(own)) for code, own in by_town.items()]
    towns.sort(key=lambda town: (-town.open_alarms, town.code))
    context = {
        "towns": towns,
        "medium": medium,
        "media": Station.Medium.choices,
        "stations": len(points),
        "without_chief": sum(town.without_chief for town in towns),
        "open_alarms": sum(town.open_alarms for town in towns),
        "rates": data_rates.total(town.rates for town in towns),
        "days": ALARM_DAYS,
    }
    return render(request, "web/monitoring/towns.html", context)


def _chiefs(stations: list[int]) -> dict[int, str]:
    """Who answers for each station today, by name."""
    today = timezone.localdate()
    charges = Charge.objects.filter(
        Q(until=None) | Q(until__gte=today),
        Q(since=None) | Q(since__lte=today),
        entity__in=stations,
    ).select_related("person", "organisation")
    names: dict[int, list[str]] = {}
    for charge in charges:
        names.setdefault(charge.entity_id, []).append(str(charge.person or charge.organisation))
    return {pk: "、".join(dict.fromkeys(own)) for pk, own in names.items()}


def _alarms(points: list[Point]) -> dict[int, tuple[int, int]]:
    """Open alarms of each point, and those told in the last days."""
    since = timezone.now() - timedelta(days=ALARM_DAYS)
    rows = (
        Alarm.objects.filter(point__in=points)
        .exclude(state__in=Alarm.QUIET)
        .values("point")
        .annotate(
            open=Count("pk", filter=Q(state=Alarm.State.OPEN)),
            told=Count("pk", filter=Q(begin__gte=since)),
        )
    )
    return {row["point"]: (row["open"], row["told"]) for row in rows}
