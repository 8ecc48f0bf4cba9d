"""点位剩余空间 (mechanism T17): what each station with a point chief may still have this year so that its target holds.

A station is held to its own division's target, else to the bureau's (``profile/targets.toml``).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from ecoledger.entities import charges
from ecoledger.entities.models import Charge
from ecoledger.entities.validity import in_force
from ecoledger.indicators import targets
from ecoledger.monitoring.models import Point

ROLE = "point_chief"


@dataclass(frozen=True, slots=True)
class Space:
    """A station: who answers for it, and each of its targets with what the rest of the year may have."""

    point: Point
    chiefs: tuple[Charge, ...]
    standings: tuple[targets.Standing, ...]


def spaces(points: Iterable[Point], end: date) -> list[Space]:
    """Those of ``points`` that somebody is chief of, up to the day before ``end``. Raises ``TargetsError``."""
    rows: list[Space] = []
    chiefs: dict[int, list[Charge]] = {}
    for charge in Charge.objects.filter(in_force(), role=ROLE).select_related(
        "person", "organisation"
    ):
        chiefs.setdefault(charge.entity_id, []).append(charge)
    for point in points:
        if point.entity_id not in chiefs:
            continue
        year = targets.year(point, end)
        goals = targets.of(point.area_code, year.begin.year)
        standings = [s for s in targets.air_standings(year, goals) if s.target.value is not None]
        order = {level: n for n, level in enumerate(charges.LEVELS)}
        named = sorted(chiefs[point.entity_id], key=lambda c: order.get(c.level, 9))
        rows.append(Space(point, tuple(named), tuple(standings)))
    return sorted(rows, key=_scarcest)


def _scarcest(space: Space) -> tuple[bool, float]:
    """What is missed already first, then by how far the first target is kept."""
    missed = any(s.met is False for s in space.standings)
    first = next((s for s in space.standings if s.gap.value is not None), None)
    if first is None:
        return (True, 0.0)
    sign = 1 if first.indicator.higher_is_better else -1
    return (not missed, sign * float(first.gap.value or 0))
