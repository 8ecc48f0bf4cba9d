"""Counts by effort (mechanism G1): independent events a hundred camera days (RAI), groups met a hundred kilometres.

Only what an expert confirmed is counted; effort counts whether or not anything was seen.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Count, QuerySet, Sum

from ecoledger.accounts.models import Person
from ecoledger.listings import own_data
from ecoledger.registers.nature.candidates import REGISTER
from ecoledger.registers.nature.detections import (
    DEPLOYMENTS,
    DETECTIONS,
    Deployment,
    independent,
)
from ecoledger.registers.nature.surveys import SIGHTINGS, TRIPS


@dataclass(frozen=True, slots=True)
class Abundance:
    """One species on cameras, or on recorders: events over effort, and at how many places of all."""

    name: str
    events: int
    days: float
    places: int
    of_places: int

    @property
    def rai(self) -> float | None:
        """Independent events a hundred device days; ``None`` without effort."""
        return 100 * self.events / self.days if self.days else None


@dataclass(frozen=True, slots=True)
class Effort:
    """What was put in over a span."""

    camera_days: float
    cameras: int
    sound_days: float
    recorders: int
    km: float
    trips: int


@dataclass(frozen=True, slots=True)
class Encounter:
    """A species met on surveys: groups and heads over the kilometres of the surveys."""

    name: str
    groups: int
    individuals: int | None
    km: float

    @property
    def per_hundred(self) -> float | None:
        return 100 * self.groups / self.km if self.km else None


def working(
    person: Person, sort: str, begin: datetime, end: datetime
) -> list[tuple[Deployment, float]]:
    """The devices of a kind that worked between two moments, each with how many days."""
    places = DEPLOYMENTS.visible_to(person).filter(sort=sort, begin__lt=end)
    worked = ((place, place.days_within(begin, end)) for place in places)
    return [(place, days) for place, days in worked if days > 0]


def _days(person: Person, sort: str, begin: datetime, end: datetime) -> tuple[float, int]:
    worked = working(person, sort, begin, end)
    return sum(days for _place, days in worked), len(worked)


def minutes_apart() -> int:
    """So many minutes after an event another of the same species at the same place is one of its own."""
    return int(own_data.read(__package__, "biodiversity")["independent_minutes"])


def confirmed(person: Person, sort: str) -> dict[int, str]:
    """The candidates on devices of a kind that an expert confirmed, and as what."""
    rows = REGISTER.visible_to(person).filter(state="confirmed", deployment__sort=sort)
    return {row.pk: row.name for row in rows}


def surveyed(rows: QuerySet[Any], begin: datetime, end: datetime) -> QuerySet[Any]:
    """Of surveys, or what was met on them, those of a span."""
    return rows.filter(on__gte=begin.date(), on__lt=end.date())


def effort(person: Person, begin: datetime, end: datetime) -> Effort:
    """Device days, and kilometres of surveys, from ``begin`` to ``end`` (aware)."""
    cameras, sound = (
        _days(person, sort, begin, end) for sort in (Deployment.Sort.CAMERA, Deployment.Sort.SOUND)
    )
    trips = surveyed(TRIPS.visible_to(person), begin, end)
    n = trips.aggregate(n=Count("pk"), km=Sum("km"))
    return Effort(*cameras, *sound, float(n["km"] or 0), n["n"])


def abundances(person: Person, sort: str, begin: datetime, end: datetime) -> list[Abundance]:
    """Every confirmed species on devices of one kind, the most frequent first."""
    minutes, names = minutes_apart(), confirmed(person, sort)
    days, places = _days(person, sort, begin, end)
    rows = DETECTIONS.visible_to(person).filter(
        candidate__in=list(names), at__gte=begin, at__lt=end
    )
    # By species and place: two candidates may have proved to be one species.
    moments: dict[tuple[str, int], list[datetime]] = defaultdict(list)
    for candidate, place, at in rows.values_list("candidate", "deployment", "at"):
        moments[names[candidate], place].append(at)
    events: dict[str, int] = defaultdict(int)
    where: dict[str, set[int]] = defaultdict(set)
    for (name, place), seen in moments.items():
        events[name] += len(independent(seen, minutes))
        where[name].add(place)
    made = [Abundance(name, n, days, len(where[name]), places) for name, n in events.items()]
    return sorted(made, key=lambda species: (-species.events, species.name))


def encounters(person: Person, begin: datetime, end: datetime) -> list[Encounter]:
    """Every species met on surveys, over the kilometres of all surveys of the span."""
    trips = surveyed(TRIPS.visible_to(person), begin, end)
    km = float(trips.aggregate(n=Sum("km"))["n"] or 0)
    rows = (
        surveyed(SIGHTINGS.visible_to(person), begin, end)
        .order_by()
        .values("name")
        .annotate(n=Sum("groups"), heads=Sum("individuals"))
    )
    made = [Encounter(row["name"], row["n"], row["heads"], km) for row in rows]
    return sorted(made, key=lambda species: (-species.groups, species.name))
