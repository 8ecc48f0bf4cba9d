"""What lies around an event: firms, people, depots and teams within a distance, by their drawn outlines (mechanism E10)."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import Q, QuerySet

from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import visible
from ecoledger.entities import shapes
from ecoledger.entities.models import Enterprise
from ecoledger.entities.validity import in_force
from ecoledger.registers.emergency.around_it import SENSITIVE, TEAMS
from ecoledger.registers.emergency.depots import BATCHES, DEPOTS, material
from ecoledger.registers.emergency.plan_filings import FILINGS, ON_FILE
from ecoledger.standards.rounding import plainly


@dataclass(frozen=True, slots=True)
class Near:
    """A thing and how far it is, in metres."""

    thing: Any
    metres: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What lies within a distance of a place, nearest first; ``people`` counts the points that say how many they are."""

    metres: int
    ring: dict[str, Any]
    firms: tuple[Near, ...]
    sensitive: tuple[Near, ...]
    depots: tuple[Near, ...]
    teams: tuple[Near, ...]

    @property
    def people(self) -> int:
        return sum(near.thing.people or 0 for near in self.sensitive)

    @property
    def uncounted(self) -> int:
        """Sensitive points of people whose number nobody has said."""
        without = ("intake", "nature", "farm")
        return sum(
            near.thing.people is None and near.thing.sort not in without for near in self.sensitive
        )


def _box(lon: float, lat: float, metres: float) -> Q:
    """What may lie within the distance, by its own box: asked of the index before anything is measured."""
    high = metres / 110_000
    wide = high / max(math.cos(math.radians(lat)), 0.1)
    return Q(
        west__lte=lon + wide, east__gte=lon - wide, south__lte=lat + high, north__gte=lat - high
    )


def within(rows: QuerySet[Any], lon: float, lat: float, metres: float) -> list[tuple[Any, int]]:
    """The things of ``rows`` within ``metres`` of a place, with their distance: to their outline where they have one."""
    place = {"type": "Point", "coordinates": [lon, lat]}
    result = []
    for thing in rows.filter(_box(lon, lat, metres)).exclude(lon=None):
        own = thing.geometry or {"type": "Point", "coordinates": [thing.lon, thing.lat]}
        away = shapes.distance_m(own, place)
        if away <= metres:
            result.append((thing, round(away)))
    return sorted(result, key=lambda pair: (pair[1], str(pair[0])))


def around(person: Person, lon: float, lat: float, metres: int) -> Surroundings:
    """What ``person`` may see within ``metres``. Depots and teams come from farther away: the nearest within ten times that."""
    far = metres * 10
    firms = within(
        visible(Enterprise.objects.filter(in_force()), person, "area_code", "code"),
        lon,
        lat,
        metres,
    )
    risks = _risks(person, [firm.pk for firm, _m in firms])
    depots = within(DEPOTS.visible_to(person).filter(in_force()), lon, lat, far)
    stock = _stock(person, [depot.pk for depot, _m in depots])
    place = {"type": "Point", "coordinates": [lon, lat]}
    return Surroundings(
        metres=metres,
        ring=shapes.buffered(place, metres),
        firms=tuple(Near(firm, m, risks.get(firm.pk, "")) for firm, m in firms),
        sensitive=_nears(within(SENSITIVE.visible_to(person).filter(in_force()), lon, lat, metres)),
        depots=tuple(Near(depot, m, stock.get(depot.pk, "")) for depot, m in depots),
        teams=_nears(within(TEAMS.visible_to(person).filter(in_force()), lon, lat, far)),
    )


def _nears(pairs: Iterable[tuple[Any, int]]) -> tuple[Near, ...]:
    return tuple(Near(thing, m) for thing, m in pairs)


def _risks(person: Person, firms: list[int]) -> dict[int, str]:
    """The risk grade of firms by their plans on file."""
    rows = FILINGS.visible_to(person).filter(entity__in=firms, state__in=ON_FILE)
    return {row.entity_id: row.get_risk_display() for row in rows.order_by("filed_on", "pk")}


def _stock(person: Person, depots: list[int]) -> dict[int, str]:
    """What is in depots, in words."""
    found: dict[int, dict[str, Any]] = {}
    rows = BATCHES.visible_to(person).filter(parent__in=depots, until=None)
    for batch in rows.prefetch_related("holdings"):
        there = batch.balance
        if there:
            own = found.setdefault(batch.parent_id, {})
            own[batch.material] = own.get(batch.material, 0) + there
    return {
        depot: "；".join(
            f"{(row := material(key))['label']} {plainly(quantity)} {row['unit']}"
            for key, quantity in own.items()
        )
        for depot, own in found.items()
    }
