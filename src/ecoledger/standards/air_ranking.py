"""Composite index (综合指数) and ranking of places by air quality, 环办监测〔2018〕19号.

The composite index is the sum over the six factors of a period's statistic divided by the class II limit
in force: the mean for SO2, NO2, PM10 and PM2.5, the 95th percentile for CO, the 90th of the daily
maximum 8-hour mean for O3. The lower the better.

>>> from datetime import date
>>> stats = {"so2": 6, "no2": 28, "o3": 140, "co": 1.0, "pm10": 56, "pm2_5": 35}
>>> index = composite_index(stats, on=date(2025, 12, 31))
>>> index.show(), index.largest
('3.72', ('pm2_5',))
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from ecoledger.standards import air_limits, catalogue, data_files
from ecoledger.standards.air_limits import FACTORS
from ecoledger.standards.percent import Percent, exact, shown

RANKING = "air-ranking"

catalogue.declare_from(
    RANKING,
    lambda: air_limits.editions_of(data_files.read("air_ranking")["edition"], RANKING, None),
)

#: Averaging time of the limit each factor's statistic is divided by.
LIMIT_OF = {
    **dict.fromkeys(("so2", "no2", "pm10", "pm2_5"), "year"),
    "co": "day",
    "o3": "eight_hour",
}


def weights(name: str = "default") -> dict[str, Fraction]:
    """Weights of the single indices by the name they have in ``air_ranking.toml``.

    Raises ``KeyError`` for an unknown name. ``weighted-2026`` carries the mark ``?``.
    """
    known = data_files.read("air_ranking")["weights"]
    if name not in known:
        raise KeyError(f"no weights named {name!r}; known: {', '.join(sorted(known))}")
    return {factor: exact(known[name][factor]) for factor in FACTORS}


def index_limits(on: date) -> dict[str, float]:
    """The class II limits that the single indices are formed with for data of the day ``on``."""
    return {factor: air_limits.limit(factor, LIMIT_OF[factor], on=on) for factor in FACTORS}


@dataclass(frozen=True, slots=True)
class CompositeIndex:
    """Composite index with its parts, exact.

    ``largest``: the factors with the highest single index (最大指数对应污染物). ``mark`` is the surest
    thing that can be said of the weights.
    """

    value: Fraction
    parts: dict[str, Fraction]
    largest: tuple[str, ...]
    standard: str
    mark: str

    def show(self, decimals: int = 2) -> str:
        """As printed, rounded once."""
        return shown(self.value, decimals)


def composite_index(
    statistics: Mapping[str, float | None], *, on: date, weighting: str = "default"
) -> CompositeIndex | None:
    """Composite index of one place and period, or ``None`` when a factor's statistic is missing.

    ``statistics`` holds the period's statistic of each factor (CO in mg/m³), rounded or unrounded as the
    caller publishes it; ``on`` is the day whose limits hold, as a rule the last of the period.
    """
    if any(statistics.get(factor) is None for factor in FACTORS):
        return None
    edition = catalogue.in_force(RANKING, on)
    factors = weights(weighting)
    limits = index_limits(on)
    parts = {
        f: factors[f] * exact(float(statistics[f] or 0)) / exact(float(limits[f])) for f in FACTORS
    }
    single = {f: parts[f] / factors[f] if factors[f] else Fraction(0) for f in FACTORS}
    top = max(single.values())
    return CompositeIndex(
        value=sum(parts.values(), Fraction(0)),
        parts=parts,
        largest=tuple(f for f in FACTORS if single[f] == top),
        standard=edition.standard,
        mark=str(data_files.read("air_ranking")["weights"][weighting]["mark"]),
    )


OUTSIDE = "不参加排名，仅列示"


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a ranking. ``rank`` is ``None`` for what is not ranked, with the ``reason`` why."""

    name: str
    value: Fraction | None
    rank: int | None
    shown: str
    reason: str = ""


def rank(
    values: Mapping[str, float | Fraction | None],
    *,
    decimals: int = 2,
    highest_first: bool = False,
    captured: Mapping[str, int] | None = None,
    required: int = 0,
    outside: Collection[str] = (),
) -> list[Place]:
    """Rank places by a value, best (lowest) first; equal printed values share a rank (1, 2, 2, 4).

    Values are compared as printed, with ``decimals`` places. ``captured`` gives the valid days of each
    place: below ``required`` it is listed last, unranked, with the reason, as are those of ``outside``, which do not
    compete. ``highest_first`` turns the order round (good-day ratio, improvement as a positive number).

    >>> [(p.name, p.rank) for p in rank({"东区": 3.114, "西区": 3.106, "南区": 2.9, "北区": None})]
    [('南区', 1), ('东区', 2), ('西区', 2), ('北区', None)]
    """
    ranked: list[tuple[int, str, Fraction]] = []
    left_out: list[Place] = []
    for name, value in values.items():
        if value is None:
            left_out.append(Place(name, None, None, "", "缺少评价值"))
            continue
        number = value if isinstance(value, Fraction) else exact(float(value))
        if name in outside:
            left_out.append(Place(name, number, None, shown(number, decimals), OUTSIDE))
            continue
        have = required if captured is None else captured.get(name, 0)
        if have < required:
            reason = f"有效天数 {have} 天，少于 {required} 天"
            left_out.append(Place(name, number, None, shown(number, decimals), reason))
            continue
        ranked.append((round(number * 10**decimals), name, number))
    ranked.sort(key=lambda entry: entry[0], reverse=highest_first)
    places: list[Place] = []
    for position, (key, name, number) in enumerate(ranked, start=1):
        tied = places and round((places[-1].value or 0) * 10**decimals) == key
        place_rank = places[-1].rank if tied else position
        places.append(Place(name, number, place_rank, shown(number, decimals)))
    return places + left_out


def rank_change(
    now: Mapping[str, float | Fraction | None],
    before: Mapping[str, float | Fraction | None],
    *,
    decimals: int = 2,
    captured: Mapping[str, int] | None = None,
    required: int = 0,
    outside: Collection[str] = (),
) -> list[Place]:
    """Rank places by their relative change against an earlier period, greatest fall first.

    The change (I − I0) / I0 is in percent, from the values as given. A place without an earlier value, or
    with an earlier value of zero, is listed last.
    """
    changes: dict[str, float | Fraction | None] = {}
    for name, value in now.items():
        earlier = before.get(name)
        if value is None or earlier is None or earlier == 0:
            changes[name] = None
            continue
        first, last = (v if isinstance(v, Fraction) else exact(float(v)) for v in (earlier, value))
        changes[name] = Percent.of(last - first, first).value
    return rank(changes, decimals=decimals, captured=captured, required=required, outside=outside)
