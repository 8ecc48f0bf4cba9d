"""The daily and the monthly bulletin of air, water and alarms of an area, declared by their sections."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils import timezone

from ecoledger.indicators import air, casework, targets, water
from ecoledger.indicators.declaring import Span
from ecoledger.listings.cells import area_name
from ecoledger.monitoring.computing.evaluate import area_point
from ecoledger.reports import air_text, notes, target_text, water_text, work_text
from ecoledger.reports.content import Block, Bulletin, Section
from ecoledger.reports.declaration import Part, SectionedReport, Word, declare
from ecoledger.reports.spoken import issuer
from ecoledger.standards import (
    air_evaluation,
    air_limits,
    air_ranking,
    aqi,
    catalogue,
    surface_water,
)
from ecoledger.standards.catalogue import Edition, Mark
from ecoledger.standards.time_limits import add_months

DAILY, MONTHLY = "daily", "monthly"
Blocks = Sequence[Block | None]
_AIR_RULES = (aqi.AQI, air_limits.LIMITS, air_evaluation.EVALUATION, air_ranking.RANKING)
_WATER_RULES = (surface_water.RULE_SET, surface_water.METHOD_RULE_SET)


@dataclass(frozen=True)
class _Gathered:
    """What the sections of a bulletin need, read once."""

    title: str
    number: str
    name: str
    area_code: str
    begin: date
    end: date

    def bulletin(self, kind: str, sections: tuple[Section, ...]) -> Bulletin:
        return Bulletin(
            kind,
            self.title,
            self.number,
            issuer(self.area_code),
            self.area_code,
            self.begin,
            self.end,
            sections,
            *_standards(date(self.begin.year, 1, 1), self.end - timedelta(days=1)),
        )


def _work(when: str, of: _Gathered) -> Blocks:
    return work_text.blocks(
        when,
        casework.alarms(of.area_code, Span(of.begin, of.end)),
        casework.of_all_registers(of.area_code, of.begin, of.end),
    )


@dataclass(frozen=True)
class _Day(_Gathered):
    today: air.AirPeriod
    so_far: targets.Year
    rivers: water.WaterPeriod
    goals: list[targets.Target]


def _gather_day(area_code: str, day: date) -> _Day:
    name, point = area_name(area_code), area_point(area_code)
    end = day + timedelta(days=1)
    return _Day(
        f"{name}环境质量日报\n（{air_text.words(day)}）",
        f"{day.year}年第{day.timetuple().tm_yday}期",
        name,
        area_code,
        day,
        end,
        today=air.point_period(point, day, end),
        so_far=targets.year(point, end),
        rivers=water.period(area_code, day, end),
        goals=_goals(area_code, day.year)[0],
    )


def _day_air(on: _Day) -> Blocks:
    sky: Blocks = [
        *air_text.day_blocks(on.name, on.area_code, on.today),
        *air_text.year_blocks(on.name, on.so_far.beside),
        target_text.short(targets.air_standings(on.so_far, on.goals)),
    ]
    return [*sky, *notes.of(sky)]


@dataclass(frozen=True)
class _Month(_Gathered):
    complete: bool
    sky: air.YearOnYear
    until: date
    so_far: targets.Year
    rivers: water.WaterPeriod
    rivers_before: water.WaterPeriod
    rivers_year: water.WaterYear
    rivers_year_before: water.WaterYear
    goals: list[targets.Target]
    problem: str


def _gather_month(area_code: str, begin: date) -> _Month:
    name, point = area_name(area_code), area_point(area_code)
    year, month = begin.year, begin.month
    begin = date(year, month, 1)
    end = add_months(begin, 1)
    complete = end <= timezone.localdate()
    last_begin, last_end = air.year_before(begin, end)
    # A running month's year goes up to today, so that the days left are counted from today.
    until = max(end if complete else timezone.localdate(), begin)
    goals, problem = _goals(area_code, year)
    return _Month(
        f"{name}环境质量月报\n（{year}年{month}月）",
        f"{year}年第{month}期",
        name,
        area_code,
        begin,
        end,
        complete=complete,
        sky=air.year_on_year(point, begin, end),
        until=until,
        so_far=targets.year(point, until),
        rivers=water.period(area_code, begin, end),
        rivers_before=water.period(area_code, last_begin, last_end),
        rivers_year=water.year(area_code, date(year, 1, 1), end),
        rivers_year_before=water.year(area_code, date(year - 1, 1, 1), last_end),
        goals=goals,
        problem=problem,
    )


def _month_air(of: _Month) -> Blocks:
    sky: Blocks = [
        *air_text.month_blocks(of.name, of.sky, of.complete),
        *air_text.ranking_blocks(of.area_code, of.begin, of.end, of.complete),
    ]
    return [*sky, *notes.of(sky)]


def _month_targets(of: _Month) -> Blocks:
    standings = targets.standings(of.so_far, of.goals, of.rivers_year, of.rivers_year_before)
    goals: Blocks = [
        *air_text.year_blocks(of.name, of.so_far.beside),
        *target_text.blocks(standings, of.problem),
    ]
    return [*goals, *notes.of(goals)]


def _month_water(of: _Month) -> Blocks:
    streams: Blocks = [
        *water_text.month_blocks(of.rivers, of.rivers_before, of.rivers_year),
        *water_text.open_work(of.rivers),
    ]
    return [*streams, *notes.of(streams)]


DAILY_REPORT = declare(
    SectionedReport(
        key=DAILY,
        label="环境质量日报",
        line="assessment",
        span="day",
        compact=True,
        steps=(),
        gather=_gather_day,
        sections=(
            Part("环境空气质量", _day_air),
            Part("地表水环境质量", lambda on: water_text.day_blocks(on.rivers)),
            Part("预警与处置", lambda on: _work("当日", on)),
        ),
    )
)
MONTHLY_REPORT = declare(
    SectionedReport(
        key=MONTHLY,
        label="环境质量月报",
        line="assessment",
        span="month",
        gather=_gather_month,
        words=(
            Word("存在问题", "lines", required=False, help="一行一段"),
            Word("下一步打算", "lines", required=False, help="一行一段"),
        ),
        sections=(
            Part("环境空气质量", _month_air),
            Part("年度目标进展", _month_targets),
            Part("地表水环境质量", _month_water),
            Part("预警与处置", lambda of: _work("当月", of)),
        ),
    )
)


def daily(area_code: str, day: date) -> Bulletin:
    """The bulletin of one day."""
    return DAILY_REPORT.compose(area_code, day)


def monthly(area_code: str, year: int, month: int) -> Bulletin:
    """The bulletin of one month, beside the same month of the year before, and the year so far."""
    return MONTHLY_REPORT.compose(area_code, date(year, month, 1))


def _goals(area_code: str, year: int) -> tuple[list[targets.Target], str]:
    """The area's targets; with a faulty file none, and what is wrong with it."""
    try:
        return targets.own(area_code, year), ""
    except targets.TargetsError as wrong:
        return [], str(wrong)


def _standards(begin: date, last: date) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What the days ``begin`` to ``last`` were judged by, and which of it is not sure.

    Editions that changed in between say from or until when they hold.
    """
    named: dict[str, None] = {}
    doubts: dict[str, None] = {}
    for rule_set in (*_AIR_RULES, *_WATER_RULES):
        for edition in catalogue.editions(rule_set):
            if not _holds(edition, begin, last):
                continue
            named[f"{edition.standard}《{edition.title}》{_limits(edition, begin, last)}"] = None
            if edition.mark not in (Mark.PRIMARY, Mark.TWO_PLACES):
                doubts[f"{edition.standard}：{edition.mark.label}"] = None
    return tuple(named), tuple(doubts)


def _holds(edition: Edition, begin: date, last: date) -> bool:
    return (edition.effective_from is None or edition.effective_from <= last) and (
        edition.effective_to is None or begin <= edition.effective_to
    )


def _limits(edition: Edition, begin: date, last: date) -> str:
    if edition.effective_from and edition.effective_from > begin:
        return f"（{air_text.words(edition.effective_from)}起）"
    if edition.effective_to and edition.effective_to < last:
        return f"（至{air_text.words(edition.effective_to)}）"
    return ""
