"""Whether a year will keep its targets (以月保季、以季保年): what the rest must be, and what earlier years let expect.

The year is put together from its own days so far and the rest of each of the three years before, every day judged
by the edition now in force. Each earlier year is a scenario; together they say what may come, how far they lie
apart, and how many of them keep the target. Two readings stand side by side:

* as measured: the rest is as it was then;
* carried on (按今年形势调整): each pollutant of the rest is changed by the ratio that this year so far has to the same
  days of that year, so that a change that has begun goes on.

How far each reading is to be trusted is told by trying it on the earlier years themselves: each is projected from
its own days up to the same date and the rests of the others, and compared with what it came to (回算误差).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

import polars as pl

from ecoledger.indicators import air, targets
from ecoledger.indicators.figures import Figure, printed
from ecoledger.monitoring.models import Point
from ecoledger.standards import air_limits

YEARS = 3
# Of the days of a rest, so many must be valid; of a ratio's days, so many on each side.
_ENOUGH, _LEAST_DAYS = Fraction(3, 4), 20
# A ratio beyond this says more of the data than of the air.
_RATIO = 2.0

Read = Callable[[air.AirPeriod | None], Figure | None]


@dataclass(frozen=True, slots=True)
class Scenario:
    """The year if its rest is like that of ``year``: ``rest`` as it was then, ``whole`` and ``carried`` what the
    year comes to by both readings."""

    year: int
    rest: Figure
    whole: Figure
    met: bool | None
    carried: Figure | None
    carried_met: bool | None


@dataclass(frozen=True, slots=True)
class Spread:
    """What scenarios come to: lowest, mean and highest, as printed, and how many of them keep the target.

    ``error``: mean distance of hindcasts from what the years came to, printed; "" with fewer than two years.
    """

    low: str
    mean: str
    high: str
    kept: int
    of: int
    error: str


@dataclass(frozen=True, slots=True)
class Assurance:
    """One target: how it stands, what each scenario leads to, and both readings of them together."""

    standing: targets.Standing
    scenarios: tuple[Scenario, ...]
    measured: Spread | None
    carried: Spread | None

    @property
    def nearer(self) -> str:
        """Which reading hindcasts better: ``"measured"``, ``"carried"``, or "" where it cannot be told."""
        if not (self.measured and self.carried and self.measured.error and self.carried.error):
            return ""
        return "carried" if float(self.carried.error) < float(self.measured.error) else "measured"


def of(point: Point, end: date, goals: Sequence[targets.Target]) -> list[Assurance]:
    """Every air target of the year that the day before ``end`` lies in."""
    found = targets.year(point, end)
    wanted = [s for s in targets.air_standings(found, goals) if s.target.value is not None]
    if not wanted:
        return []
    ensemble = _Ensemble(point, found.begin, end)
    return [_assurance(standing, ensemble) for standing in wanted]


class _Ensemble:
    """The daily values of a year so far and of the years before, and the years that can be made of them."""

    def __init__(self, point: Point, begin: date, end: date) -> None:
        self.point, self.begin, self.end = point, begin, end
        self.as_of = end - timedelta(days=1)
        first = date(begin.year - YEARS, 1, 1)
        table = air.days([point.pk], first, end)
        self.edition = air.index_edition(self.as_of)
        self.days = table if table.is_empty() else air.judged_by(table, self.edition)
        self.years = [
            y for y in range(begin.year - 1, begin.year - 1 - YEARS, -1) if self._usable(y)
        ]
        self.rests = {y: self._period(self._rest(y), y) for y in self.years}
        self.wholes = {
            (carried, y): self._made(begin.year, y, carried)
            for y in self.years
            for carried in (False, True)
        }
        # Earlier years projected from each other, beside what they came to.
        complete = [y for y in self.years if self._begun(y)]
        self.came_to = {y: self._period(self._year(y), y) for y in complete}
        self.hindcasts = {
            (carried, y): [
                made
                for other in complete
                if other != y and (made := self._made(y, other, carried)) is not None
            ]
            for y in complete
            for carried in (False, True)
        }

    def _cut(self, year: int) -> date:
        """The day of another year on which its rest begins."""
        return date(year, self.end.month, min(self.end.day, 28)) if self.end.month == 2 else (
            self.end.replace(year=year)
        )  # fmt: skip

    def _between(self, first: date, last: date) -> pl.DataFrame:
        return self.days.filter((pl.col("day") >= first) & (pl.col("day") < last))

    def _so_far(self, year: int) -> pl.DataFrame:
        return self._between(date(year, 1, 1), self._cut(year))

    def _rest(self, year: int) -> pl.DataFrame:
        return self._between(self._cut(year), date(year + 1, 1, 1))

    def _year(self, year: int) -> pl.DataFrame:
        return self._between(date(year, 1, 1), date(year + 1, 1, 1))

    def _usable(self, year: int) -> bool:
        if self.end.year != self.begin.year:  # the year is over
            return False
        due = (date(year + 1, 1, 1) - self._cut(year)).days
        return self._rest(year)["aqi"].count() >= _ENOUGH * due

    def _begun(self, year: int) -> bool:
        due = (self._cut(year) - date(year, 1, 1)).days
        return self._so_far(year)["aqi"].count() >= _ENOUGH * due

    def _period(self, table: pl.DataFrame, year: int) -> air.AirPeriod:
        first, last = self._cut(year), date(year + 1, 1, 1)
        return air.of_days([self.point], first, last, table, self.as_of)[self.point.pk]

    def _made(self, year: int, rest_of: int, carried: bool) -> air.AirPeriod | None:
        """``year`` so far with the rest of another; ``None`` where no ratio can be taken."""
        rest = self._rest(rest_of)
        if carried:
            ratios = self._ratios(year, rest_of)
            if ratios is None:
                return None
            rest = air.judged_by(
                rest.with_columns(pl.col(factor) * ratio for factor, ratio in ratios.items()),
                self.edition,
            )
        # The days are only counted; those of the rest get dates of their own that meet no others.
        shift = (date(year, 1, 1) - date(rest_of, 1, 1)).days
        rest = rest.with_columns(pl.col("day") + pl.duration(days=shift))
        so_far = self._so_far(year)
        rest = rest.filter(~pl.col("day").is_in(so_far["day"].implode()))
        return self._period(pl.concat([so_far, rest]).sort("day"), year)

    def _ratios(self, year: int, other: int) -> dict[str, float] | None:
        now, then = self._so_far(year), self._so_far(other)
        ratios: dict[str, float] = {}
        for factor in air_limits.FACTORS:
            a, b = now[factor].drop_nulls(), then[factor].drop_nulls()
            if min(len(a), len(b)) < _LEAST_DAYS:
                continue
            here, there = float(a.mean() or 0), float(b.mean() or 0)  # type: ignore[arg-type]
            if here > 0 and there > 0:
                ratios[factor] = min(max(here / there, 1 / _RATIO), _RATIO)
        return ratios or None


def _assurance(standing: targets.Standing, ensemble: _Ensemble) -> Assurance:
    indicator = standing.indicator

    def read(period: air.AirPeriod | None) -> Figure | None:
        if period is None:
            return None
        figure = indicator.read(period)
        return figure if figure.value is not None else None

    def met(figure: Figure | None) -> bool | None:
        if figure is None or standing.target.value is None:
            return None
        return indicator.behaviour.met(
            figure, standing.target.value, higher=indicator.higher_is_better
        )

    scenarios: list[Scenario] = []
    for year in ensemble.years:
        rest, whole = read(ensemble.rests[year]), read(ensemble.wholes[False, year])
        if rest is None or whole is None:
            continue
        carried = read(ensemble.wholes[True, year])
        scenarios.append(Scenario(year, rest, whole, met(whole), carried, met(carried)))

    def spread(carried: bool) -> Spread | None:
        figures = [s.carried if carried else s.whole for s in scenarios]
        verdicts = [s.carried_met if carried else s.met for s in scenarios]
        values = [f.value for f in figures if f is not None and f.value is not None]
        if not values:
            return None
        decimals = max(standing.now.decimals, 1)
        error = _error(ensemble, carried, read)
        return Spread(
            printed(min(values), decimals),
            printed(sum(values, Fraction(0)) / len(values), decimals),
            printed(max(values), decimals),
            sum(1 for verdict in verdicts if verdict),
            len(values),
            "" if error is None else printed(error, decimals),
        )

    return Assurance(standing, tuple(scenarios), spread(False), spread(True))


def _error(ensemble: _Ensemble, carried: bool, read: Read) -> Fraction | None:
    """Mean distance of each earlier year's projection from what it came to; of two years at least."""
    distances: list[Fraction] = []
    for year, came_to in ensemble.came_to.items():
        truth = read(came_to)
        figures = [read(period) for period in ensemble.hindcasts[carried, year]]
        made = [f.value for f in figures if f is not None and f.value is not None]
        if truth is not None and truth.value is not None and made:
            distances.append(abs(sum(made, Fraction(0)) / len(made) - truth.value))
    return sum(distances, Fraction(0)) / len(distances) if len(distances) > 1 else None
