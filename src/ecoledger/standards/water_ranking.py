"""City water-quality index (CWQI) and the ranking of cities by it and by its change.

``CWQI = Σ C/S`` over the 21 counted items with the class Ⅲ limits (dissolved oxygen ``S/C``, pH by its
distance from neutral); a city's index weighs rivers and lakes by their number of points
(环办监测〔2017〕51号).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from ecoledger.standards import surface_water
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.rounding import half_even
from ecoledger.standards.rule_data import compiled, declare_file
from ecoledger.standards.surface_water import Waterbody

RULE_SET = "surface-water-city-index"


@dataclass(frozen=True, slots=True)
class _Rules:
    reference_class: int
    ph_neutral: float
    unranked_change_class: int
    decimals: int
    mark: Mark


@compiled("water_ranking")
def _rules(content: dict[str, Any]) -> _Rules:
    basis = content["basis"]
    declare_file(RULE_SET, content)
    return _Rules(**content["rules"], mark=Mark(basis["mark"]))


_rules()


def item_indices(
    means: Mapping[str, float | None], *, on: date, waterbody: Waterbody = "river"
) -> dict[str, float]:
    """``C/S`` of each counted item from its mean over sections and months (mg/L).

    Raises ``ValueError`` for dissolved oxygen that is not positive.
    """
    rules = _rules()
    _, limits = surface_water.limits_on(on)
    _, method = surface_water.method_on(on)
    result: dict[str, float] = {}
    for key, item in limits.of(waterbody).items():
        value = means.get(key)
        if value is None or key in method.not_counted:
            continue
        limit = item.limit(rules.reference_class)
        if limit is None:
            low, high = item.low[0], item.high[0]
            bound = low if value <= rules.ph_neutral else high
            result[key] = abs(value - rules.ph_neutral) / abs(bound - rules.ph_neutral)
        elif item.at_least:
            if value <= 0:
                raise ValueError(f"{item.name}: {value} must be positive to be indexed")
            result[key] = limit / value
        else:
            result[key] = value / limit
    return result


@dataclass(frozen=True, slots=True)
class CityIndex:
    """A city's index, unrounded, with its parts; ``items`` counts the items each part sums."""

    index: float
    river: float | None
    lake: float | None
    river_points: int
    lake_points: int
    river_items: int
    lake_items: int
    mark: Mark


def city_index(
    *,
    on: date,
    river_means: Mapping[str, float | None] | None = None,
    river_points: int = 0,
    lake_means: Mapping[str, float | None] | None = None,
    lake_points: int = 0,
) -> CityIndex:
    """CWQI of a city from the means of its river sections and of its lake points.

    Raises ``ValueError`` when a kind has points and no means, or the city has neither. An index is only
    comparable with one of the same items: see ``river_items`` and ``lake_items``.
    """
    if not river_points + lake_points:
        raise ValueError("a city needs at least one river section or lake point")
    parts: dict[Waterbody, float] = {}
    counts: dict[Waterbody, int] = {"river": 0, "lake": 0}
    given: tuple[tuple[Waterbody, Mapping[str, float | None] | None, int], ...] = (
        ("river", river_means, river_points),
        ("lake", lake_means, lake_points),
    )
    for kind, means, points in given:
        if not points:
            continue
        indices = item_indices(means or {}, on=on, waterbody=kind)
        if not indices:
            raise ValueError(f"{points} {kind} points but no means of them")
        parts[kind] = sum(indices.values())
        counts[kind] = len(indices)
    river, lake = parts.get("river"), parts.get("lake")
    total = (river or 0.0) * river_points + (lake or 0.0) * lake_points
    return CityIndex(
        index=total / (river_points + lake_points),
        river=river,
        lake=lake,
        river_points=river_points,
        lake_points=lake_points,
        river_items=counts["river"],
        lake_items=counts["lake"],
        mark=_rules().mark,
    )


def ranking(indices: Mapping[str, float]) -> list[tuple[int, str, float]]:
    """Cities by index, the best (lowest) first: (rank, city, index rounded as told); equals share a rank.

    >>> ranking({"甲": 4.1, "乙": 3.5, "丙": 4.1})
    [(1, '乙', 3.5), (2, '甲', 4.1), (2, '丙', 4.1)]
    """
    told = {city: half_even(index, _rules().decimals) for city, index in indices.items()}
    ordered = sorted(told, key=lambda city: told[city])
    values = sorted(told.values())
    return [(values.index(told[city]) + 1, city, told[city]) for city in ordered]


def change(before: float, after: float) -> float:
    """ΔCWQI in percent, unrounded; negative is better."""
    if before <= 0:
        raise ValueError("the index of the earlier period must be positive")
    return (after - before) / before * 100


def change_ranking(
    before: Mapping[str, float],
    after: Mapping[str, float],
    *,
    classes: Mapping[str, Iterable[int | None]] | None = None,
) -> tuple[list[tuple[int, str, float]], tuple[str, ...]]:
    """Cities by change of their index, the greatest improvement first, and those left out.

    ``classes`` gives every section class of a city in both periods; a city all of whose are Ⅱ or better
    is not ranked for change. Left out too are cities without an index in both periods.
    """
    rules = _rules()
    out = [
        city
        for city in (*before, *(after.keys() - before.keys()))
        if city not in after or city not in before
    ]
    for city, ranks in (classes or {}).items():
        known = [rank for rank in ranks if rank]
        if known and max(known) <= rules.unranked_change_class and city not in out:
            out.append(city)
    changes = {
        city: change(before[city], after[city])
        for city in before
        if city in after and city not in out
    }
    return ranking(changes), tuple(out)


def main_items(indices: Mapping[str, float], count: int = 3) -> Sequence[str]:
    """The items that contribute most to an index, the greatest first."""
    return sorted(indices, key=lambda key: -indices[key])[:count]
