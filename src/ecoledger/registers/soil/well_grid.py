"""区块地下水趋势与等值线 (mechanism S-3): of a site's wells whether an item rises, what its limit is, and where it stands.

The trend is Mann-Kendall's with Sen's slope over every result of the well (``standards.trend``); the lines are those of
``science.isolines`` through the wells' last results up to a day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from ecoledger.live import times
from ecoledger.registers.soil.wells import Well, WellSample, rules
from ecoledger.science import isolines
from ecoledger.standards import groundwater
from ecoledger.standards.readings import parse
from ecoledger.standards.trend import KendallTrend, mann_kendall

_YEAR = timedelta(days=365.25)
# Wells sampled longer ago than this speak of another time.
ROUND = timedelta(days=183)


@dataclass(frozen=True, slots=True)
class Course:
    """An item in a well: its results in order of time, its trend (``None``: too few), and the limit of the alarm's class.

    ``beyond``: the last result is beyond the limit. ``years``: in how many the trend takes it there; ``None`` where it
    does not rise, or is there already. ``below``: results below detection, which enter with half the limit.
    """

    well: Well
    results: tuple[tuple[date, float], ...]
    trend: KendallTrend | None
    limit: float | None
    below: int

    @property
    def last(self) -> float:
        return self.results[-1][1]

    @property
    def last_on(self) -> date:
        return self.results[-1][0]

    @property
    def beyond(self) -> bool:
        return self.limit is not None and self.last > self.limit

    @property
    def rises(self) -> bool:
        """Whether it rises significantly over enough results."""
        enough = len(self.results) >= int(rules()["alarm"]["least"])
        return enough and self.trend is not None and self.trend.direction == "rising"

    @property
    def years(self) -> float | None:
        if not self.rises or self.beyond or self.limit is None or self.trend is None:
            return None
        return (self.limit - self.last) / self.trend.slope if self.trend.slope > 0 else None

    @property
    def warns(self) -> str:
        """Why it warns: "beyond" the limit, "rising" towards it within the bureau's years; "" where it does not."""
        if self.beyond:
            return "beyond"
        years = self.years
        return "rising" if years is not None and years <= float(rules()["alarm"]["years"]) else ""


def limit_of(item: str, on: date) -> float | None:
    """The limit of the alarm's class for an item on a day; ``None`` for what has none (pH)."""
    try:
        _edition, scheme = groundwater.scheme_on(on)
    except LookupError:
        return None
    declared = scheme.items.get(item)
    if declared is None or item == "ph":
        return None
    return declared.limit(int(rules()["alarm"]["class"]))


def course(well: Well, item: str, until: date) -> Course | None:
    """An item in a well up to a day; ``None`` where it was never measured."""
    rows = WellSample.objects.filter(entity=well.pk, current=True)
    return _course(well, item, rows.filter(at__date__lte=until).order_by("at", "pk"))


def _course(well: Well, item: str, rows: Iterable[WellSample]) -> Course | None:
    by_day: dict[date, list[float]] = {}
    below = 0
    for row in rows:
        reading = parse(row.readings.get(item))
        if reading.value is None:
            continue
        below += reading.below_detection
        by_day.setdefault(timezone.localdate(row.at), []).append(reading.value)
    results = tuple((day, sum(v) / len(v)) for day, v in sorted(by_day.items()))
    if not results:
        return None
    trend = None
    if len(results) >= 4:
        years = [(day - results[0][0]) / _YEAR for day, _value in results]
        alpha = float(rules()["alarm"]["alpha"])
        trend = mann_kendall([value for _day, value in results], alpha, at=years)
    return Course(well, results, trend, limit_of(item, results[-1][0]), below)


def courses(wells: QuerySet[Well], item: str, until: date) -> list[Course]:
    """The item in every well that it was measured in, those that warn first."""
    by_key = {well.pk: well for well in wells}
    end = times.midnight(until + timedelta(1))
    rows: dict[int, list[WellSample]] = {}
    for row in WellSample.objects.filter(
        entity__in=list(by_key), current=True, at__lt=end
    ).order_by("at", "pk"):
        rows.setdefault(row.entity_id, []).append(row)
    found = [_course(by_key[key], item, some) for key, some in rows.items()]
    order = {"beyond": 0, "rising": 1, "": 2}
    return sorted(
        (measured for measured in found if measured is not None),
        key=lambda measured: (order[measured.warns], -measured.last, measured.well.name),
    )


def lines_of(found: list[Course], until: date) -> tuple[list[isolines.Isoline], str]:
    """Lines of equal concentration through the last results not older than half a year, and why there are none.

    Levels: the limit and its halves and multiples that the results span.
    """
    placed = [
        measured for measured in found
        if measured.well.lon is not None and measured.well.lat is not None and until - measured.last_on <= ROUND
    ]  # fmt: skip
    if not placed:
        return [], "none"
    values = [measured.last for measured in placed]
    limit = next((measured.limit for measured in placed if measured.limit), None)
    base = limit or max(values) / 2
    levels = [
        f * base for f in (0.1, 0.25, 0.5, 1, 2, 5, 10, 50) if min(values) < f * base < max(values)
    ]
    places = [(float(measured.well.lon), float(measured.well.lat)) for measured in placed]  # type: ignore[arg-type]
    try:
        return isolines.isolines(places, values, levels), ""
    except ValueError:
        return [], "few"


def sites(wells: QuerySet[Well]) -> list[str]:
    """The sites that have wells."""
    rows: Any = wells.exclude(site="").order_by("site").values_list("site", flat=True).distinct()
    return list(rows)
