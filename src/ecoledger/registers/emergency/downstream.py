"""Where a spill goes and when it arrives: the rivers on record as a network for ``science.river_network`` (mechanism E10).

A river is known by its head, its length, and where it joins another; sections and intakes lie on it by their distance
from the head. An intake or an event that only has a place is put on the nearest drawn river within reach.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import polars as pl
from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import visible
from ecoledger.entities import along_rivers
from ecoledger.entities.models import River, Section
from ecoledger.registers.emergency.around_it import SENSITIVE, SensitivePoint
from ecoledger.science import river_network

# Farther from a river's line than this, a place is not on it, metres.
REACH = 2000.0
SPEED, UNCERTAINTY = 0.5, 0.5


@dataclass(frozen=True, slots=True)
class Stop:
    """Something that lies on a river: at which distance from its head."""

    river: int
    km: float
    thing: Any


@dataclass(frozen=True, slots=True)
class Arrival:
    """What a spill reaches: how far down, and after how many hours, between which bounds."""

    stop: Stop
    thing: Any
    km: float
    hours: float
    low: float
    high: float
    at: datetime
    from_at: datetime
    until_at: datetime
    # Whether the reader may see the thing's own file; of others only distance and hour are told.
    known: bool = True

    @property
    def name(self) -> str:
        """What it is called, to whom may see it."""
        if self.known:
            return str(self.thing)
        return _("辖区外的断面") if isinstance(self.thing, Section) else _("辖区外的敏感点")


def on_river(
    rivers: Iterable[River], lon: float, lat: float, lines: Mapping[int, BaseGeometry] | None = None
) -> Stop | None:
    """The place on the nearest drawn river within :data:`REACH`; ``None`` where there is none."""
    known = {river.pk: river for river in rivers}
    drawn = along_rivers.lines_of(known.values()) if lines is None else lines
    place = along_rivers.nearest(known, drawn, lon, lat, REACH)
    return Stop(place[0], round(place[1], 3), None) if place else None


def stops_on(rivers: Sequence[River]) -> list[Stop]:
    """The sections of ``rivers``, and the intakes that lie at them."""
    keys = [river.pk for river in rivers]
    stops = [
        Stop(section.river_id, section.chainage_km, section)
        for section in Section.objects.filter(river__in=keys, until=None)
    ]
    lines = along_rivers.lines_of(rivers)
    wet = (SensitivePoint.Sort.INTAKE, SensitivePoint.Sort.FARM)
    for point in SensitivePoint.objects.filter(sort__in=wet, until=None).exclude(lon=None):
        if point.lon is None or point.lat is None:
            continue
        place = on_river(rivers, point.lon, point.lat, lines)
        if place is not None:
            stops.append(Stop(place.river, place.km, point))
    return stops


def network(rivers: Sequence[River], stops: Iterable[Stop]) -> pl.DataFrame:
    """The reaches between stops, heads, mouths and joints, in the direction of flow: ``from_node, to_node, length``."""
    places: dict[int, set[float]] = {}
    known = {river.pk: river for river in rivers}
    for river in rivers:
        own = places.setdefault(river.pk, {0.0})
        if river.length_km:
            own.add(float(river.length_km))
        below = river.flows_into_id
        if below is not None and below in known and river.joins_at_km is not None:
            places.setdefault(below, {0.0}).add(float(river.joins_at_km))
    for stop in stops:
        places.setdefault(stop.river, {0.0}).add(stop.km)
    rows = []
    for river in rivers:
        ordered = sorted(places[river.pk])
        rows += [
            (node(river.pk, a), node(river.pk, b), (b - a) * 1000) for a, b in pairwise(ordered)
        ]
        below = river.flows_into_id
        if below is not None and below in known and river.joins_at_km is not None:
            mouth = node(river.pk, ordered[-1])
            rows.append((mouth, node(below, float(river.joins_at_km)), 0.0))
    schema = {"from_node": pl.String, "to_node": pl.String, "length": pl.Float64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def node(river: int, km: float) -> str:
    """The name of a place on a river."""
    return f"{river}@{km:.3f}"


def arrivals(
    start: Stop,
    rivers: Sequence[River],
    at: datetime,
    *,
    person: Person,
    speed: float = SPEED,
    uncertainty: float = UNCERTAINTY,
) -> list[Arrival]:
    """Sections and intakes downstream of ``start``, the soonest first; ``at`` is when it went into the river.

    Water runs beyond a person's scope: what lies there is reached as well, and not named.
    """
    stops = stops_on(rivers)
    edges = network(rivers, [*stops, start])
    if edges.is_empty():
        return []
    reached = river_network.downstream(
        edges, node(start.river, start.km), speed=speed, uncertainty=uncertainty
    )
    by_node = {row["node"]: row for row in reached.iter_rows(named=True)}
    known = _known(stops, person)
    rows = []
    for stop in stops:
        row = by_node.get(node(stop.river, stop.km))
        if row is None:
            continue
        rows.append(
            Arrival(
                stop, stop.thing, row["distance"] / 1000, row["hours"], row["hours_low"], row["hours_high"],
                at + timedelta(hours=row["hours"]), at + timedelta(hours=row["hours_low"]),
                at + timedelta(hours=row["hours_high"]), stop.thing.pk in known,
            )
        )  # fmt: skip
    return sorted(rows, key=lambda arrival: (arrival.hours, arrival.name))


def _known(stops: Iterable[Stop], person: Person) -> set[int]:
    """Those of the things whose files ``person`` may see."""
    keys = [stop.thing.pk for stop in stops]
    sections = visible(Section.objects.filter(pk__in=keys), person)
    points = SENSITIVE.visible_to(person).filter(pk__in=keys)
    return {*sections.values_list("pk", flat=True), *points.values_list("pk", flat=True)}
