"""How places stand in the air: ranked by value and by improvement, and beside the three years before.

Ranking follows 环办监测〔2018〕19号 (``standards.air_ranking``): equal printed values share a place, and who lacks
days is listed last with the reason. The baseline is the mean of the same days of the three years before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction
from typing import TypedDict

import polars as pl

from ecoledger.indicators import air
from ecoledger.indicators.figures import Change, Figure
from ecoledger.monitoring.models import Point
from ecoledger.science import trends
from ecoledger.science.air_table import TableError
from ecoledger.standards import air_evaluation, air_ranking, air_rolling, trend
from ecoledger.standards.air_ranking import Place
from ecoledger.standards.air_rolling import Rolling

YEARS = 3
_CAPTURE = 60  # percent of a month's days
# What is ranked: key -> whether the highest comes first.
MEASURES = {
    "composite": False,
    "pm2_5": False,
    "pm10": False,
    "o3": False,
    "no2": False,
    "so2": False,
    "co": False,
    "good_days": True,
}


def names() -> dict[str, str]:
    """What a measure is called."""
    return {"composite": "综合指数", **air.NAMES, "good_days": "优良天数比例"}


def of(period: air.AirPeriod, measure: str) -> Figure:
    """A measure's figure of a period."""
    if measure == "composite":
        return period.composite
    return period.good_days if measure == "good_days" else period.values[measure]


@dataclass(frozen=True, slots=True)
class Ranked:
    """One place: by value and by improvement; its valid days of those required."""

    point: Point
    period: air.AirPeriod
    value: Place
    change: Place
    figure: Figure
    before: Figure
    days: int
    required: int


def stations(area_code: str = "") -> list[Point]:
    """Those that may be ranked: micro-stations are clues and never are."""
    every = air.stations(area_code)
    return [p for p in every if p.entity is None or p.entity.as_station.level != "micro"]


def only_listed(points: Sequence[Point]) -> set[int]:
    """A city or county beside its own towns, a station that does not count in the evaluation: keys of points."""
    within = {p.area_code[:n] for p in points for n in range(6, len(p.area_code))}
    of_areas = {p.pk for p in points if p.kind == Point.Kind.AREA and p.area_code in within}
    return of_areas | {p.pk for p in points if p.kind == Point.Kind.AIR and not air.counts(p)}


class _Shared(TypedDict):
    """Who competes in a ranking: valid days of each, how many are asked for, who is only listed."""

    captured: dict[str, int]
    required: int
    outside: list[str]


def ranking(points: Sequence[Point], measure: str, begin: date, end: date) -> list[Ranked]:
    """Places by the measure over ``begin <= day < end``, best first, and by change on the same days of the year before.

    Those that are :func:`only_listed` stand below without a place.
    """
    # Both years by the editions of today's year, so that a change is one of the air. What is no share of days is judged
    # by the last day's edition as it is.
    last = end - timedelta(days=1)
    now = air.periods(points, begin, end, as_of=last if measure == "good_days" else None)
    before = air.periods(points, *air.year_before(begin, end), as_of=last)
    required = days_required(begin, end)
    outside = only_listed(points)
    keys = {str(p.pk): p for p in points}
    values = {key: of(now[p.pk], measure).value for key, p in keys.items()}
    earlier = {key: of(before[p.pk], measure).value for key, p in keys.items()}
    captured = {key: now[p.pk].valid_of(measure) for key, p in keys.items()}
    shared: _Shared = {
        "captured": captured,
        "required": required,
        "outside": [key for key, p in keys.items() if p.pk in outside],
    }
    highest = MEASURES[measure]
    decimals = next((of(now[p.pk], measure).decimals for p in points), 2)
    by_value = air_ranking.rank(values, decimals=decimals, highest_first=highest, **shared)
    by_change = {place.name: place for place in _by_change(values, earlier, highest, shared)}
    return [
        Ranked(
            keys[place.name],
            now[keys[place.name].pk],
            place,
            by_change[place.name],
            of(now[keys[place.name].pk], measure),
            of(before[keys[place.name].pk], measure),
            captured[place.name],
            required,
        )
        for place in by_value
    ]


def _by_change(
    now: dict[str, Fraction | None],
    before: dict[str, Fraction | None],
    highest: bool,
    shared: _Shared,
) -> list[Place]:
    """Places by improvement: percent of the year before, of a share its percentage points."""
    if not highest:
        return air_ranking.rank_change(now, before, **shared)
    points: dict[str, float | Fraction | None] = {}
    for key, value in now.items():
        earlier = before[key]
        points[key] = None if value is None or earlier is None else value - earlier
    return air_ranking.rank(points, decimals=1, highest_first=True, **shared)


def days_required(begin: date, end: date) -> int:
    """Valid days that whole months between need; of a span of parts of months, three quarters of its days."""
    if begin.day == 1 and end.day == 1:
        months, month = 0, begin
        while month < end:
            months += air.days_required(month)
            month = (month.replace(day=28) + timedelta(days=4)).replace(day=1)
        return months
    return -(-3 * (end - begin).days // 4)


@dataclass(frozen=True, slots=True)
class Baseline:
    """A measure now, in each of the years before (the latest first), their mean, and by how much it differs."""

    measure: str
    name: str
    unit: str
    now: Figure
    years: tuple[tuple[int, Figure], ...]
    mean: float | None
    better: bool | None

    @property
    def change(self) -> Change:
        """Against the same days of the year before: shares in percentage points, other values in their unit."""
        decimals = 0 if self.unit == "天" else max(self.now.decimals, 1)
        return Change(self.now, self.years[0][1], decimals, word="")

    @property
    def difference(self) -> float | None:
        return (
            None
            if self.mean is None or self.now.value is None
            else float(self.now.value) - self.mean
        )


def baseline(point: Point, begin: date, end: date) -> list[Baseline]:
    """Good days, concentrations and heavy days of an area beside the same days of the three years before.

    All of them are judged by the editions of the last day, today's year as well: it may have begun under another one.
    The mean is of the years that have a value, and there is none with fewer than three.
    """
    spans = [(begin, end)]
    for _n in range(YEARS):
        spans.append(air.year_before(*spans[-1]))
    as_of = end - timedelta(days=1)
    periods = [air.point_period(point, *span, as_of=as_of) for span in spans]
    rows = []
    for measure in (*MEASURES, "heavy_days"):
        figures = [p.heavy_days if measure == "heavy_days" else of(p, measure) for p in periods]
        known = [float(f.value) for f in figures[1:] if f.value is not None]
        mean = sum(known) / YEARS if len(known) == YEARS else None
        now = figures[0]
        higher = measure == "good_days"
        better = None if mean is None or now.value is None else (now.value > mean) == higher
        rows.append(
            Baseline(
                measure,
                {**names(), "heavy_days": "重污染天数"}[measure],
                now.unit,
                now,
                tuple((span[0].year, f) for span, f in zip(spans[1:], figures[1:], strict=True)),
                mean,
                better,
            )
        )
    return rows


def rolling(point: Point, last: int) -> list[Rolling]:
    """Three-year moving means of a point that end with the year ``last`` and the two before it."""
    begin = date(last - 2 * (YEARS - 1), 1, 1)
    table = air.days([point.pk], begin, date(last + 1, 1, 1))
    if table.is_empty():
        return []
    evaluated = air_evaluation.evaluate(table.drop("standard", "primary"), every="year", by="point")
    return air_rolling.rolling(evaluated, last)


@dataclass(frozen=True, slots=True)
class OzoneTrend:
    """Of monthly 90th percentiles of the daily 8-hour maximum: Theil-Sen slope (µg/m³ a year) with its 95 % interval,
    the p of the seasonal Mann-Kendall test and what both come to in a word."""

    months: int
    slope: float
    lower: float
    upper: float
    p: float
    word: str


def ozone_trend(point: Point, begin: date, end: date) -> OzoneTrend | None:
    """Whether ozone rises over ``begin <= day < end``; ``None`` with fewer than 25 months between first and last."""
    table = (
        air.days([point.pk], begin, end)
        .select(date=pl.col("day").cast(pl.Datetime("us")), o3=pl.col("o3"))
        .drop_nulls()
        .sort("date")
    )
    if table.height < 2:
        return None
    try:
        months = trends.monthly(
            table, "o3", statistic="percentile", percentile=90, capture=_CAPTURE
        )
        if months.height <= 2 * 12:
            return None
        slope = trends.theil_sen(
            table, "o3", deseason=True, statistic="percentile", percentile=90, capture=_CAPTURE
        )
    except TableError:  # too few months with enough days
        return None
    test = trend.seasonal_mann_kendall(months["value"].to_list())
    word = {"rising": "上升", "falling": "下降"}.get(test.direction, "无显著变化")
    return OzoneTrend(months.height, slope.slope, slope.lower, slope.upper, test.p, word)
