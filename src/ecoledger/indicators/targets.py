"""Yearly targets of the bureau's profile (``profile/targets.toml``), and how the year stands against them.

The file names what the plan of the year set::

    [[target]]
    indicator = "good_day_ratio"   # 优良天数比例, percent of valid days
    year = 2026
    value = 92.5

    [[target]]
    indicator = "pm2_5_mean"       # PM2.5 年均浓度, µg/m³
    year = 2026
    value = 30

    [[target]]
    indicator = "good_day_ratio"   # a town's own target: its division code
    year = 2026
    value = 90
    area = "990181005"

It is checked when it is read; :class:`TargetsError` lists everything that is wrong in it.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import Any

from django.conf import settings

from ecoledger.indicators import air, behaviours, catalogue, doors, water
from ecoledger.indicators.declaring import Indicator, with_targets
from ecoledger.indicators.figures import (
    PERCENT,
    Change,
    Figure,
    Records,
    absent,
    printed,
    quantity,
    written,
)
from ecoledger.monitoring.computing.evaluate import COUNTY_DIGITS
from ecoledger.monitoring.models import Point
from ecoledger.standards.percent import exact

FILE = "targets.toml"


INDICATORS = with_targets()
#: What every year is looked at for, target or none.
ALWAYS = tuple(one.key for one in INDICATORS.values() if one.always)


class TargetsError(ValueError):
    """The file of targets says something that cannot be; each line of the message names a place."""


@dataclass(frozen=True, slots=True)
class Target:
    """What an indicator should be in a year; ``area`` is empty for the bureau's whole area."""

    indicator: Indicator
    year: int
    value: Fraction
    area: str = ""

    @property
    def shown(self) -> str:
        return f"{float(self.value):.10g}"


def file() -> Path:
    """Where the bureau keeps its targets."""
    return Path(settings.PROFILE) / FILE


def read() -> tuple[Target, ...]:
    """Every target of the profile; none without the file. Raises :class:`TargetsError`."""
    path = file()
    return _read(path, path.stat().st_mtime_ns) if path.exists() else ()


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> tuple[Target, ...]:
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise TargetsError(f"{path.name}：无法读取，{error}") from error
    return parsed(table)


def parsed(table: Mapping[str, Any]) -> tuple[Target, ...]:
    """The targets a table says. Raises :class:`TargetsError` with a line for each thing wrong."""
    entries = table.get("target", [])
    wrong = [f"{FILE}：不认识的部分 {name}" for name in table if name != "target"]
    if not isinstance(entries, list):
        raise TargetsError(f"{FILE}：每个目标应写成一段 [[target]]")
    found: dict[tuple[str, int, str], Target] = {}
    for number, entry in enumerate(entries, 1):
        where = f"{FILE} 第{number}个目标"
        problems = list(_problems(entry))
        wrong += [f"{where}：{problem}" for problem in problems]
        if problems:
            continue
        target = Target(
            INDICATORS[entry["indicator"]],
            entry["year"],
            exact(entry["value"]),
            entry.get("area", ""),
        )
        key = (target.indicator.key, target.year, target.area)
        if key in found:
            wrong.append(f"{where}：{target.indicator.name} {target.year} 年的目标重复")
        found[key] = target
    if wrong:
        raise TargetsError("\n".join(wrong))
    return tuple(found.values())


def _problems(entry: Any) -> Iterator[str]:
    if not isinstance(entry, dict):
        yield "应写成一段 [[target]]"
        return
    if unknown := set(entry) - {"indicator", "year", "value", "area"}:
        yield f"不认识 {'、'.join(sorted(unknown))}；可写 indicator、year、value、area"
    indicator = INDICATORS.get(str(entry.get("indicator", "")))
    if indicator is None:
        known = "、".join(INDICATORS)
        yield f"indicator 为 {entry.get('indicator')!r}；应为其中之一：{known}"
    year = entry.get("year")
    if not isinstance(year, int) or isinstance(year, bool) or not 2000 <= year <= 2100:
        yield f"year 为 {year!r}；应为四位年份，如 2026"
    value = entry.get("value")
    if not isinstance(value, int | float) or isinstance(value, bool) or not math.isfinite(value):
        yield f"value 为 {value!r}；应为数字"
    elif value < 0 or (indicator is not None and value > indicator.highest):
        limit = "" if indicator is None or indicator.highest == math.inf else indicator.highest
        yield f"value 为 {value}；应在 0{f' 与 {limit:g} 之间' if limit else '以上'}"
    area = entry.get("area", "")
    if not isinstance(area, str) or (area and not area.isdigit()):
        yield f"area 为 {area!r}；应为加引号的行政区划代码"


def of(area_code: str, year: int) -> list[Target]:
    """An area's targets of a year: its own, else those without an area."""
    chosen: dict[str, Target] = {}
    for target in read():
        fits = target.year == year and target.area in ("", area_code)
        if fits and (target.area or target.indicator.key not in chosen):
            chosen[target.indicator.key] = target
    return [chosen[key] for key in INDICATORS if key in chosen]


def own(area_code: str, year: int) -> list[Target]:
    """Those that a document of a division speaks of: what is set for the bureau's whole area is no town's own."""
    return [goal for goal in of(area_code, year) if goal.area or len(area_code) <= COUNTY_DIGITS]


@dataclass(frozen=True)
class Standing:
    """How an indicator stands in the year so far.

    ``now`` is this year's value, ``change`` how it stands to last year's of the same days. ``target`` is absent
    where the plan sets none. ``gap`` is ``now`` less ``target`` (in percentage points for shares), ``met``
    whether the value so far keeps to the target. ``rest``: what the remaining days may have;
    ``projected``: the year's value if they are like last year's same days. Both say in words what they are
    (``rest_words``, ``projected_words``).
    """

    indicator: Indicator
    now: Figure
    change: Change
    target: Figure
    gap: Figure
    met: bool | None
    remaining: int
    rest: Figure | None = None
    rest_words: str = ""
    projected: Figure | None = None
    projected_words: str = ""


@dataclass(frozen=True)
class Year:
    """The year so far at an area: its air beside that of last year's same days, and the rest of last year,
    judged by the editions now in force, as what is to come will be."""

    area_code: str
    begin: date
    end: date
    beside: air.YearOnYear
    rest_before: air.AirPeriod

    @property
    def now(self) -> air.AirPeriod:
        return self.beside.now

    @property
    def records(self) -> Records:
        """The page that shows how targets, gaps and allowances come about."""
        return doors.TARGETS.opens(area=self.area_code, end=self.end.isoformat())

    @property
    def remaining(self) -> int:
        """Days of the year from ``end`` on."""
        return (date(self.begin.year + 1, 1, 1) - self.end).days


def year(point: Point, end: date) -> Year:
    """The air of the year that the day before ``end`` lies in, up to that day."""
    begin = date((end - timedelta(days=1)).year, 1, 1)
    beside = air.year_on_year(point, begin, end)
    return Year(
        point.area_code,
        begin,
        end,
        beside,
        air.point_period(point, beside.before.end, begin, as_of=end - timedelta(days=1)),
    )


Rivers = water.WaterPeriod | water.WaterYear


def air_standings(found: Year, goals: Sequence[Target]) -> list[Standing]:
    """The air indicators among ``goals``, and :data:`ALWAYS`, in the order of :data:`INDICATORS`."""
    return [
        standing(
            indicator, found, next((goal for goal in goals if goal.indicator is indicator), None)
        )
        for indicator in INDICATORS.values()
        if indicator.source is catalogue.AIR
        and (indicator.always or any(goal.indicator is indicator for goal in goals))
    ]


def standings(
    found: Year, goals: Sequence[Target], rivers: Rivers, rivers_before: Rivers
) -> list[Standing]:
    """The same with the water indicators among ``goals``."""
    return air_standings(found, goals) + [
        standing(goal.indicator, found, goal, rivers, rivers_before)
        for goal in goals
        if goal.indicator.source is catalogue.RIVERS
    ]


def standing_at(point: Point, end: date, goals: Sequence[Target]) -> list[Standing]:
    """How the area of ``point`` stands before ``end``; its sections are reckoned only where a target names them."""
    found = year(point, end)
    if not any(goal.indicator.source is catalogue.RIVERS for goal in goals):
        return air_standings(found, goals)
    rivers = water.year(found.area_code, found.begin, end)
    last = found.beside.before
    before = water.year(found.area_code, last.begin, last.end)
    return standings(found, goals, rivers, before)


def standing(
    indicator: Indicator,
    found: Year,
    target: Target | None = None,
    rivers: Rivers | None = None,
    rivers_before: Rivers | None = None,
) -> Standing:
    """One indicator beside its target. The water indicators need the sections' years."""
    is_air = indicator.source is catalogue.AIR
    now = _value(indicator, found.now if is_air else rivers)
    decimals = max(now.decimals, 1)
    change = (
        found.beside.change(indicator.read, decimals)
        if is_air
        else Change(now, _value(indicator, rivers_before), decimals)
    )
    records = found.records
    label = f"{indicator.name}年度目标"
    if target is None:
        nothing = absent(label, records, f"未在 {FILE} 中设定")
        gap = absent(f"{indicator.name}与目标之差", records, nothing.missing)
        return Standing(indicator, now, change, nothing, gap, None, found.remaining)
    goal = Figure(
        label, target.value, written(target.shown, indicator.unit), records, indicator.unit
    )
    behaviour = indicator.behaviour
    rest = projected = behaviours.NOTHING
    if indicator.progress is not None:
        so_far = replace(indicator.progress(found, now), name=indicator.name, unit=indicator.unit)
        if so_far.days and so_far.remaining:
            rest = behaviour.rest(so_far, target.value)
            projected = behaviour.projection(so_far)
    return Standing(
        indicator,
        now,
        change,
        goal,
        _gap(indicator, now, goal, records),
        behaviour.met(now, target.value, higher=indicator.higher_is_better),
        found.remaining,
        *rest,
        *projected,
    )


def _value(indicator: Indicator, source: Any) -> Figure:
    if source is None:
        return absent(indicator.name, doors.TARGETS.opens(), "未计算")
    return indicator.read(source)


def _gap(indicator: Indicator, now: Figure, goal: Figure, records: Records) -> Figure:
    label = f"{indicator.name}与目标之差"
    if now.value is None or goal.value is None:
        return absent(label, records, now.missing)
    difference = now.value - goal.value
    decimals = max(now.decimals, 1)
    # What would print as nothing is printed finer, so that a missed target does not look met.
    while difference and decimals < 4 and not float(printed(difference, decimals)):
        decimals += 1
    unit = "个百分点" if indicator.unit == PERCENT else indicator.unit
    if unit == "天":
        decimals = 0
    made = quantity(label, difference, decimals, unit, records)
    sign = "+" if difference > 0 else ""
    return Figure(
        label,
        difference,
        f"{sign}{made.display}",
        records,
        unit,
        standard=now.standard,
        decimals=decimals,
    )
