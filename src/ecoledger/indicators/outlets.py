"""内河入江口 (mechanism Q16): will the year's target hold? 以月保季、以季保年, told in two ways that are never mixed.

Annual-mean attainment: the mean of the months against the class. Month-count attainment: the months that attain, of those
with data. A mean may pass while months fail (the S0 report's own contradiction), so both stand side by side. What is left:
for each section the mean that the months left of the quarter and of the year must bring; the county's share can still come
to at least what holds whatever the rest brings (each month like the worst so far), and at most what is still possible.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from ecoledger.entities.models import Section
from ecoledger.indicators import doors, water
from ecoledger.indicators.figures import Figure, ratio
from ecoledger.registers.water import outlets as books
from ecoledger.registers.water.outlet_models import RiverMouth
from ecoledger.standards import surface_water, water_periods
from ecoledger.standards.surface_water import Waterbody
from ecoledger.standards.water_periods import Needed

HOLDS, OPEN, LOST, NO_DATA = "稳定达标", "有望达标", "难以达标", "数据缺"


@dataclass(frozen=True, slots=True)
class Mouth:
    """One outlet's year so far. ``outlook``: 稳定达标 (kept though every month left were like the worst), 有望达标, 难以达标."""

    line: RiverMouth
    section: Section
    months: dict[date, int]
    rank: int | None
    quarter_rank: int | None
    quarter_needed: tuple[Needed, ...]
    year_needed: tuple[Needed, ...]
    outlook: str

    @property
    def target(self) -> int:
        return self.line.target_class

    @property
    def attains(self) -> bool | None:
        return None if self.rank is None else self.rank <= self.target

    @property
    def months_met(self) -> int:
        return sum(1 for rank in self.months.values() if rank <= self.target)

    @property
    def differs(self) -> bool:
        """Whether the mean passes while months fail."""
        return bool(self.attains) and self.months_met < len(self.months)


@dataclass(frozen=True, slots=True)
class Mouths:
    """The outlets of a county: both attainments, how many are beyond Ⅴ, and what the share may still come to."""

    rows: tuple[Mouth, ...]
    by_mean: Figure
    by_months: Figure
    inferior_months: Figure
    least: Figure
    most: Figure
    goal: float
    mark: str

    @property
    def verdict(self) -> bool | None:
        """Whether the year's target holds: ``True`` whatever comes, ``False`` when it cannot, ``None`` open."""
        if self.least.value is None or self.most.value is None:
            return None
        if self.least.value >= self.goal:
            return True
        return None if self.most.value >= self.goal else False


def of(area_code: str, begin: date, end: date) -> Mouths:
    """The outlets on the list in force, from 1 January ``begin`` to before ``end`` (the first of a month)."""
    said = books.rules()
    lines = books.assessed(area_code, end - timedelta(days=1))
    sections = Section.objects.select_related("river").in_bulk([line.entity_id for line in lines])
    rows = tuple(_mouth(line, sections[line.entity_id], begin, end) for line in lines if line.entity_id in sections)  # fmt: skip
    judged = [row for row in rows if row.rank is not None]
    span = {"area": area_code, "begin": f"{begin}", "end": f"{end}"}
    door = doors.WATER_MONTHS.opens(**span, only="attained")
    standard = surface_water.limits_on(begin)[0].standard

    def share(label: str, part: int, whole: int) -> Figure:
        return ratio(label, part, whole, door, standard=standard, missing=water.NO_DATA, judged=True)  # fmt: skip

    months = [(row, rank) for row in rows for rank in row.months.values()]
    return Mouths(
        rows,
        share("内河入江口达标率（累计均值）", sum(1 for row in judged if row.attains), len(judged)),
        share("内河入江口达标率（月次）", sum(1 for row, rank in months if rank <= row.target), len(months)),
        share("内河入江口劣Ⅴ类月次比例", sum(1 for _row, rank in months if rank == surface_water.INFERIOR), len(months)),
        share("全年至少可达", sum(1 for row in judged if row.outlook == HOLDS), len(judged)),
        share("全年至多可达", sum(1 for row in judged if row.outlook != LOST), len(judged)),
        float(said["good_share"]),
        str(said["mark"]),
    )  # fmt: skip


def _mouth(line: RiverMouth, section: Section, begin: date, end: date) -> Mouth:
    body: Waterbody = "lake" if section.is_lake else "river"
    days = water.section_days(section, begin, end)
    means = {month: dict(mean.unrounded) for month, mean, _rank in days.months}
    months = {month: rank for month, _mean, rank in days.months if rank is not None}
    if not months:
        return Mouth(line, section, {}, None, None, (), (), NO_DATA)
    last = max(means)
    target = line.target_class
    parts = [means[month] for month in sorted(means)]
    # The running month is not over: its mean may still move, so it counts among those left.
    over = {month: mean for month, mean in sorted(means.items()) if _after(month) <= end}
    done = list(over.values())
    left = 12 - (end.month - 1) if end.year == begin.year else 0
    now = end - timedelta(days=1)
    quarter = [mean for month, mean in over.items() if _quarter(month) == _quarter(now)]
    first = date(now.year, 3 * _quarter(now) - 2, 1)
    in_quarter = sum(1 for n in range(3) if _after(_plus(first, n)) > end)
    year_needed = water_periods.needed(
        done, target, total_months=len(done) + left, on=last, waterbody=body
    )
    quarter_needed = water_periods.needed(
        quarter, target, total_months=len(quarter) + in_quarter, on=last, waterbody=body
    )
    return Mouth(
        line, section, months, _class(parts, last, body, "year"),
        _class(quarter, last, body, "quarter") if quarter else None,
        _binding(quarter_needed, quarter), _binding(year_needed, done),
        _outlook(done, left, target, year_needed, last, body),
    )  # fmt: skip


def _after(month: date) -> date:
    """The first day of the month that follows."""
    return (month + timedelta(days=31)).replace(day=1)


def _plus(month: date, n: int) -> date:
    for _n in range(n):
        month = _after(month)
    return month


def _quarter(day: date) -> int:
    return (day.month - 1) // 3 + 1


def _class(parts: Sequence[dict[str, Any]], on: date, body: Waterbody, period: Any) -> int | None:
    mean = water_periods.period_mean(parts, period=period, on=on, waterbody=body)
    return surface_water.classify(mean.values, on=on, waterbody=body).class_


def _binding(needed: Sequence[Needed], parts: Sequence[dict[str, Any]]) -> tuple[Needed, ...]:
    """Those that ask something of the months left: where a month like the worst so far would not do."""
    asked = []
    for need in needed:
        values = [part[need.item] for part in parts if need.item in part]
        if need.months_left == 0:
            continue
        too_high = need.at_most is not None and max(values) > need.at_most
        too_low = need.at_least is not None and min(values) < need.at_least
        if not need.possible or too_high or too_low:
            asked.append(need)
    return tuple(asked)


def _outlook(
    parts: Sequence[dict[str, Any]], left: int, target: int, needed: Sequence[Needed], on: date, body: Waterbody
) -> str:  # fmt: skip
    if not parts:
        return OPEN
    if any(not need.possible for need in needed):
        return LOST
    if left == 0:
        return HOLDS
    # The rest like the worst so far, item by item: what holds then holds.
    limits = surface_water.limits_on(on)[1].of(body)
    worst = {
        key: (min if limits[key].at_least else max)(part[key] for part in parts if key in part)
        for key in dict.fromkeys(key for part in parts for key in part)
        if key in limits
    }
    rank = _class([*parts, *[worst] * left], on, body, "year")
    return HOLDS if rank is not None and rank <= target else OPEN
