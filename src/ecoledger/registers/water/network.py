"""The river network as places and ways: who lies upstream of a section, and how long water takes from there.

Rivers are ordered by their distance from the head; one joins another where it is on record to. What discharges is placed on
the nearest river within half a kilometre of it, or where a relation says it discharges. Travel times of relations
(``upstream_of``) go before the speed that is assumed. The search itself is ``science.river_network``.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise

import polars as pl
from django.db.models import Q
from django.utils.translation import gettext as _
from shapely.geometry.base import BaseGeometry

from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import visible
from ecoledger.entities import along_rivers
from ecoledger.entities.models import Entity, Outlet, Relation, River, Section
from ecoledger.entities.validity import in_force
from ecoledger.science import river_network
from ecoledger.science.air_table import TableError

# What may discharge; a book of another kind adds its own.
SOURCE_KINDS = {"outlet", "river_outfall", "sewage_plant", "village_facility", "enterprise"}
# What water may reach that must be warned.
SENSITIVE_KINDS = {"water_source"}
# Farther from a river than this nothing is taken to discharge into it by its place alone.
NEAR_M = 500
SPEED, UNCERTAINTY = 0.3, 0.5  # m/s of a plain's river, and how far it may be off


@dataclass(frozen=True, slots=True)
class Place:
    """A place on the network: a river and the distance from its head."""

    river: int
    km: float

    @property
    def node(self) -> str:
        return f"{self.river}@{self.km:.4f}"


@dataclass(frozen=True, slots=True)
class Upstream:
    """A thing upstream: how far, how long water takes (with low and high), and when it must have discharged."""

    thing: Entity
    distance_km: float
    hours: float
    hours_low: float
    hours_high: float
    released_from: datetime | None = None
    released_to: datetime | None = None


@dataclass
class Network:
    """The ways of water as edges, and where each thing stands."""

    edges: list[tuple[str, str, float, float | None]] = field(default_factory=list)
    places: dict[int, Place] = field(default_factory=dict)
    # What has a place and may be named: water runs past sections that the reader does not see.
    things: dict[int, Entity] = field(default_factory=dict)
    # Known to discharge into a river, not where.
    unplaced: list[Entity] = field(default_factory=list)

    @property
    def frame(self) -> pl.DataFrame:
        return pl.DataFrame(
            self.edges,
            schema={"from_node": pl.String, "to_node": pl.String, "length": pl.Float64, "speed": pl.Float64},
            orient="row",
        )  # fmt: skip

    def upstream(
        self,
        place: Place,
        *,
        speed: float = SPEED,
        uncertainty: float = UNCERTAINTY,
        hours: float | None = None,
        seen: datetime | None = None,
    ) -> list[Upstream]:
        """Everything upstream of a place, the nearest in time first. Empty where the place has no water above it."""
        try:
            table = river_network.upstream(
                self.frame, place.node, speed=speed, uncertainty=uncertainty, hours=hours, seen=seen
            )
        except TableError:
            return []
        ways = {row["node"]: row for row in table.iter_rows(named=True)}
        result = []
        for pk, at in self.places.items():
            row = ways.get(at.node)
            if row is None or pk not in self.things:
                continue
            result.append(
                Upstream(
                    self.things[pk], row["distance"] / 1000, row["hours"], row["hours_low"], row["hours_high"],
                    row.get("released_from"), row.get("released_to"),
                )
            )  # fmt: skip
        return sorted(result, key=lambda reached: (reached.hours, reached.thing.pk))

    def downstream(self, place: Place, *, speed: float = SPEED) -> list[Upstream]:
        """Everything that water reaches from a place, with its time of arrival."""
        try:
            table = river_network.downstream(
                self.frame, place.node, speed=speed, uncertainty=UNCERTAINTY
            )
        except TableError:
            return []
        ways = {row["node"]: row for row in table.iter_rows(named=True)}
        found = [
            Upstream(
                self.things[pk], ways[at.node]["distance"] / 1000, ways[at.node]["hours"],
                ways[at.node]["hours_low"], ways[at.node]["hours_high"],
            )
            for pk, at in self.places.items() if at.node in ways and pk in self.things
        ]  # fmt: skip
        return sorted(found, key=lambda reached: (reached.hours, reached.thing.pk))


def of(person: Person | None, extra: Mapping[int, Place] | None = None) -> Network:
    """The network with what ``person`` may see on it; rivers run through every division. ``extra``: further places that
    the ways must lead through, such as that of an incident."""
    rivers = {river.pk: river for river in River.objects.filter(in_force())}
    sections = list(Section.objects.filter(in_force()).select_related("river"))
    net = Network()
    stops: dict[int, set[float]] = defaultdict(set)
    lines = along_rivers.lines_of(rivers.values())

    def put(thing: Entity, place: Place) -> None:
        net.places[thing.pk], net.things[thing.pk] = place, thing
        stops[place.river].add(round(place.km, 4))

    for section in sections:
        if section.river_id in rivers:
            put(section, Place(section.river_id, round(section.chainage_km, 4)))
    if person is not None:
        seen = visible(Section.objects.all(), person).values_list("pk", flat=True)
        for pk in net.things.keys() - set(seen):
            del net.things[pk]
    _put_sources(net, put, rivers, lines, person)
    for place in (extra or {}).values():
        stops[place.river].add(round(place.km, 4))
    _lead(net, rivers, stops)
    _measured(net)
    return net


def place_of(thing: Entity, net: Network) -> Place | None:
    """Where a thing stands on the network: itself, or the section or river it is about."""
    return net.places.get(thing.pk)


def nearest(lon: float, lat: float, within_m: float = 2000) -> Place | None:
    """The place on the nearest river, such as that of an incident found from the bank."""
    rivers = {river.pk: river for river in River.objects.filter(in_force())}
    return _on(rivers, along_rivers.lines_of(rivers.values()), lon, lat, within_m)


def _on(
    rivers: Mapping[int, River], lines: Mapping[int, BaseGeometry], lon: float, lat: float, within_m: float
) -> Place | None:  # fmt: skip
    place = along_rivers.nearest(rivers, lines, lon, lat, within_m)
    return Place(place[0], round(place[1], 4)) if place else None


def _put_sources(net: Network, put: Callable[[Entity, Place], None], rivers: Mapping[int, River], lines: Mapping[int, BaseGeometry], person: Person | None) -> None:  # fmt: skip
    rows = Entity.objects.filter(in_force(), kind__in=SOURCE_KINDS | SENSITIVE_KINDS)
    rows = visible(rows, person) if person is not None else rows
    things = {thing.pk: thing for thing in rows.order_by("pk")}
    gas = set(
        Outlet.objects.filter(pk__in=things, medium=Outlet.Medium.GAS).values_list("pk", flat=True)
    )
    told: dict[int, Entity] = {}
    relations = Relation.objects.filter(in_force(), kind="discharges_into", a__in=things)
    for relation in relations.select_related("b"):
        told[relation.a_id] = relation.b
    # A firm whose water outlets are on record discharges there, not at its gate.
    by_outlet = {
        thing.parent_id
        for thing in things.values()
        if thing.kind == "outlet" and thing.pk not in gas
    }
    for pk, thing in things.items():
        if pk in gas or (thing.kind == "enterprise" and pk in by_outlet):
            continue
        into = told.get(pk)
        where = None
        if thing.lon is not None and thing.lat is not None:
            among = {into.pk: lines[into.pk]} if into is not None and into.pk in lines else lines
            within = NEAR_M if into is None else 20_000
            where = _on(rivers, among, thing.lon, thing.lat, within)
        if where is None and into is not None:
            where = net.places.get(into.pk)
        if where is not None:
            put(thing, where)
        elif into is not None:
            net.unplaced.append(thing)


def _lead(net: Network, rivers: Mapping[int, River], stops: Mapping[int, set[float]]) -> None:
    """Edges along each river from stop to stop, and from each mouth into the river it joins."""
    points = {pk: {0.0, *stops.get(pk, ())} for pk in rivers}
    for pk, river in rivers.items():
        if river.length_km is not None:
            points[pk].add(round(river.length_km, 4))
        if river.flows_into_id in points and river.joins_at_km is not None:
            points[river.flows_into_id].add(round(river.joins_at_km, 4))
    for pk, river in rivers.items():
        ordered = sorted(points[pk])
        for before, after in pairwise(ordered):
            net.edges.append(
                (Place(pk, before).node, Place(pk, after).node, 1000 * (after - before), None)
            )
        if river.flows_into_id in points:
            main = points[river.flows_into_id]
            joins = round(river.joins_at_km, 4) if river.joins_at_km is not None else max(main)
            net.edges.append(
                (Place(pk, ordered[-1]).node, Place(river.flows_into_id, joins).node, 0.0, None)
            )


def _measured(net: Network) -> None:
    """Ways whose travel time is on record; the quicker of two ways to a place is taken."""
    rows = Relation.objects.filter(
        in_force(), Q(kind="upstream_of"), a__in=net.places, b__in=net.places
    )
    for row in rows:
        hours, km = row.travel_hours, row.distance_km
        start, end = net.places[row.a_id], net.places[row.b_id]
        if not hours or start.node == end.node:
            continue
        length = 1000 * (km or abs(end.km - start.km) or 1)
        net.edges.append((start.node, end.node, length, length / (hours * 3600)))


def said(reached: Upstream) -> str:
    """How far and how long, in words."""
    return _("上游 %(km).1f km，流达约 %(hours).1f h（%(low).1f～%(high).1f h）") % {
        "km": reached.distance_km, "hours": reached.hours, "low": reached.hours_low, "high": reached.hours_high,
    }  # fmt: skip
