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
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from ecoledger.indicators import air, water
from ecoledger.indicators.figures import (
    PERCENT,
    Change,
    Figure,
    Records,
    absent,
    count,
    printed,
    quantity,
)
from ecoledger.monitoring.models import Point
from ecoledger.standards import air_targets
from ecoledger.standards.percent import exact

FILE = "targets.toml"


@dataclass(frozen=True, slots=True)
class Indicator:
    """Something a yearly plan sets a number for. ``factor`` is the pollutant of a concentration."""

    key: str
    name: str
    unit: str
    higher_is_better: bool
    factor: str = ""
    highest: float = math.inf

    @property
    def word(self) -> str:
        return "不低于" if self.higher_is_better else "不高于"


INDICATORS = {
    one.key: one
    for one in (
        Indicator("good_day_ratio", "优良天数比例", PERCENT, True, highest=100),
        Indicator("pm2_5_mean", "PM2.5平均浓度", "µg/m³", False, "pm2_5"),
        Indicator("pm10_mean", "PM10平均浓度", "µg/m³", False, "pm10"),
        Indicator("no2_mean", "NO2平均浓度", "µg/m³", False, "no2"),
        Indicator("so2_mean", "SO2平均浓度", "µg/m³", False, "so2"),
        Indicator("o3_p90", "O3日最大8小时平均第90百分位数", "µg/m³", False, "o3"),
        Indicator("co_p95", "CO日均值第95百分位数", "mg/m³", False, "co"),
        Indicator("heavy_days", "重污染天数", "天", False, highest=366),
        Indicator("water_good_ratio", "优良（Ⅰ～Ⅲ类）断面比例", PERCENT, True, highest=100),
        Indicator("water_inferior_ratio", "劣Ⅴ类断面比例", PERCENT, False, highest=100),
        Indicator("water_attained_ratio", "断面达标率", PERCENT, True, highest=100),
    )
}


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
        one = Target(
            INDICATORS[entry["indicator"]],
            entry["year"],
            exact(entry["value"]),
            entry.get("area", ""),
        )
        key = (one.indicator.key, one.year, one.area)
        if key in found:
            wrong.append(f"{where}：{one.indicator.name} {one.year} 年的目标重复")
        found[key] = one
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


@dataclass(frozen=True)
class Standing:
    """How an indicator stands in the year so far.

    ``now`` and ``before`` are this year's and last year's value of the same days. ``target`` is absent
    where the plan sets none. ``gap`` is ``now`` less ``target`` (in percentage points for shares), ``met``
    whether the value so far keeps to the target. ``rest``: what the remaining days may have;
    ``projected``: the year's value if they are like last year's same days. Both say in words what they are
    (``rest_words``, ``projected_words``).
    """

    indicator: Indicator
    now: Figure
    before: Figure
    target: Figure
    gap: Figure
    met: bool | None
    remaining: int
    rest: Figure | None = None
    rest_words: str = ""
    projected: Figure | None = None
    projected_words: str = ""

    @property
    def change(self) -> Change:
        return Change(self.now, self.before, max(self.now.decimals, 1))


@dataclass(frozen=True)
class Year:
    """The year so far at an area: its air, that of last year's same days and of the rest of last year,
    the last one judged by the editions now in force, as what is to come will be."""

    area_code: str
    begin: date
    end: date
    now: air.AirPeriod
    before: air.AirPeriod
    rest_before: air.AirPeriod

    @property
    def records(self) -> Records:
        """The page that shows how targets, gaps and allowances come about."""
        return Records("targets", {"area": self.area_code, "end": self.end.isoformat()})

    @property
    def remaining(self) -> int:
        """Days of the year from ``end`` on."""
        return (date(self.begin.year + 1, 1, 1) - self.end).days


def year(point: Point, end: date) -> Year:
    """The air of the year that the day before ``end`` lies in, up to that day."""
    begin = date((end - timedelta(days=1)).year, 1, 1)
    first = date(begin.year - 1, 1, 1)
    same = air.last_year(end - timedelta(days=1)) + timedelta(days=1)
    return Year(
        point.area_code,
        begin,
        end,
        air.point_period(point, begin, end),
        air.point_period(point, first, same),
        air.point_period(point, same, begin, as_of=end - timedelta(days=1)),
    )


#: What every year is looked at for, target or none.
ALWAYS = ("good_day_ratio", "pm2_5_mean")


def air_standings(found: Year, goals: Sequence[Target]) -> list[Standing]:
    """The air indicators among ``goals``, and :data:`ALWAYS`, in the order of :data:`INDICATORS`."""
    return [
        standing(one, found, next((goal for goal in goals if goal.indicator == one), None))
        for one in INDICATORS.values()
        if not one.key.startswith("water_")
        and (one.key in ALWAYS or any(goal.indicator == one for goal in goals))
    ]


def standings(
    found: Year,
    goals: Sequence[Target],
    rivers: water.WaterYear,
    rivers_before: water.WaterYear,
) -> list[Standing]:
    """The same with the water indicators among ``goals``."""
    return air_standings(found, goals) + [
        standing(goal.indicator, found, goal, rivers, rivers_before)
        for goal in goals
        if goal.indicator.key.startswith("water_")
    ]


def standing(
    indicator: Indicator,
    found: Year,
    target: Target | None = None,
    rivers: water.WaterYear | None = None,
    rivers_before: water.WaterYear | None = None,
) -> Standing:
    """One indicator beside its target. The water indicators need the sections' years."""
    now, before = (
        _value(indicator, found.now, rivers),
        _value(indicator, found.before, rivers_before),
    )
    records = found.records
    label = f"{indicator.name}年度目标"
    if target is None:
        nothing = absent(label, records, f"未在 {FILE} 中设定")
        gap = absent(f"{indicator.name}与目标之差", records, nothing.missing)
        return Standing(indicator, now, before, nothing, gap, None, found.remaining)
    space = "" if indicator.unit in (PERCENT, "天") else " "
    goal = Figure(
        label, target.value, f"{target.shown}{space}{indicator.unit}", records, indicator.unit
    )
    met = _met(indicator, now, target)
    rest, rest_words = _rest(indicator, found, target)
    projected, projected_words = _projected(indicator, found)
    return Standing(
        indicator,
        now,
        before,
        goal,
        _gap(indicator, now, goal, records),
        met,
        found.remaining,
        rest,
        rest_words,
        projected,
        projected_words,
    )


def _value(indicator: Indicator, period: air.AirPeriod, rivers: water.WaterYear | None) -> Figure:
    if indicator.key == "good_day_ratio":
        return period.good_days
    if indicator.key == "heavy_days":
        return period.heavy_days
    if indicator.factor:
        return period.values[indicator.factor]
    if rivers is None:
        return absent(indicator.name, Records("targets", {}), "未计算")
    return {
        "water_good_ratio": rivers.good,
        "water_inferior_ratio": rivers.inferior,
        "water_attained_ratio": rivers.attained,
    }[indicator.key]


def _met(indicator: Indicator, now: Figure, target: Target) -> bool | None:
    """Concentrations are compared as rounded (HJ 663), shares and counts exactly."""
    if now.value is None:
        return None
    value = now.value
    if indicator.factor:
        value = Fraction(now.display.split(" ")[0])
    return value >= target.value if indicator.higher_is_better else value <= target.value


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
    shown = made.display.replace(" 个百分点", "个百分点").replace(" 天", "天")
    return Figure(
        label,
        difference,
        f"{sign}{shown}",
        records,
        unit,
        standard=now.standard,
        decimals=decimals,
    )


def _rest(indicator: Indicator, found: Year, target: Target) -> tuple[Figure | None, str]:
    """What the remaining days may have, and in words; all of them are taken to be valid."""
    now, left = found.now, found.remaining
    valid = int(now.valid_days.value or 0)
    if not valid or not left:
        return None, ""
    if indicator.key in ("good_day_ratio", "heavy_days"):
        bad, used = gettext_noop("污染天"), int(now.polluted_days.value or 0)
        if indicator.key == "heavy_days":
            bad, used = gettext_noop("重污染天"), int(now.heavy_days.value or 0)
            allowed = int(target.value) - used
        else:
            allowed = air_targets.bad_days_allowed(
                target=target.value, good=valid - used, valid=valid, remaining=left
            ).allowed
        figure = count(f"余下可有的{bad}", allowed, found.records, "天")
        if allowed < 0:
            figure = replace(figure, display=f"已多{-allowed}天")
        words = {"days": left, "allowed": allowed, "bad": _(bad)}
        if allowed < 0:
            return figure, _("余下%(days)d天全部优良也达不到目标") % words
        if allowed < left:
            return figure, _("余下%(days)d天最多还可有%(allowed)d个%(bad)s") % words
        return figure, _("余下%(days)d天即使全部为%(bad)s也可达到目标") % words
    if not indicator.factor:
        return None, ""
    values = now.days[indicator.factor].drop_nulls()
    records = found.records
    if air.STATISTIC[indicator.factor] != "mean":
        share = 90 if indicator.factor == "o3" else 95
        total = air_targets.exceedances_allowed(values.len() + left, share)
        used = int((values > float(target.value)).sum())
        figure = count(f"余下可高于目标值的天数（{indicator.name}）", total - used, records, "天")
        if total < used:
            figure = replace(figure, display=f"已多{used - total}天")
            return figure, _("高于目标值的已有%(used)d天，多于全年可有的%(total)d天") % {
                "used": used,
                "total": total,
            }
        return figure, _("余下%(days)d天最多还可有%(allowed)d天高于目标值") % {
            "days": left,
            "allowed": total - used,
        }
    mean = now.values[indicator.factor].value
    if mean is None:
        return None, ""
    allowed_mean = air_targets.allowance(
        target=target.value, mean=mean, days=values.len(), remaining=left
    )
    label = f"余下日均浓度上限（{indicator.name}）"
    if allowed_mean is None:
        return None, ""
    if allowed_mean <= 0:
        figure = replace(
            quantity(label, allowed_mean, 1, indicator.unit, records), display="无法达到"
        )
        return figure, _("余下%(days)d天无论多低，年均值也达不到目标") % {"days": left}
    # Down to the safe side: keeping to the printed number keeps to the target.
    safe = Fraction(math.floor(allowed_mean * 10), 10)
    figure = Figure(
        label,
        allowed_mean,
        f"{float(safe):.1f} {indicator.unit}",
        records,
        indicator.unit,
        decimals=1,
    )
    return figure, _("余下%(days)d天平均须不高于%(value)s") % {"days": left, "value": figure}


def _projected(indicator: Indicator, found: Year) -> tuple[Figure | None, str]:
    """The year's value if the remaining days are like the same days of last year."""
    now, rest, left = found.now, found.rest_before, found.remaining
    valid = int(now.valid_days.value or 0)
    label = f"{indicator.name}全年预计"
    if not valid or not left:
        return None, ""
    if indicator.key == "good_day_ratio":
        mine, expected = now.good_days, rest.good_days
    elif indicator.factor and air.STATISTIC[indicator.factor] == "mean":
        mine, expected = now.values[indicator.factor], rest.values[indicator.factor]
        valid = now.days[indicator.factor].drop_nulls().len()
    else:
        return None, ""
    if mine.value is None or expected.value is None:
        return None, _("上年同期没有数据，不作预计")
    value = air_targets.projection(
        mean=mine.value, days=valid, remaining=left, expected=expected.value
    )
    figure = quantity(label, value, max(mine.decimals, 1), indicator.unit, found.records)
    return figure, _("余下%(days)d天如与上年同期相同（%(expected)s），全年预计为%(value)s") % {
        "days": left,
        "expected": expected,
        "value": figure,
    }
