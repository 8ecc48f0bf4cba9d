"""The daily and the monthly bulletin of air, water and alarms of an area."""

from __future__ import annotations

from datetime import date, timedelta

from django.utils import timezone
from django.utils.translation import override

from ecoledger.accounts.models import Organisation
from ecoledger.entities.models import Area
from ecoledger.indicators import air, casework, targets, water
from ecoledger.indicators.declaring import Span
from ecoledger.monitoring.computing.evaluate import area_point
from ecoledger.reports import air_text, notes, target_text, water_text, work_text
from ecoledger.reports.content import Block, Bulletin, numbered
from ecoledger.standards import (
    air_evaluation,
    air_limits,
    air_ranking,
    aqi,
    catalogue,
    surface_water,
)
from ecoledger.standards.catalogue import Edition, Mark

DAILY, MONTHLY = "daily", "monthly"
_AIR_RULES = (aqi.AQI, air_limits.LIMITS, air_evaluation.EVALUATION, air_ranking.RANKING)
_WATER_RULES = (surface_water.RULE_SET, surface_water.METHOD_RULE_SET)


# Documents are in Chinese whatever language the person who opens them reads the pages in.
@override("zh-hans")
def daily(area_code: str, day: date) -> Bulletin:
    """The bulletin of one day."""
    name, point = _area_name(area_code), area_point(area_code)
    end = day + timedelta(days=1)
    today = air.point_period(point, day, end)
    so_far = targets.year(point, end)
    rivers = water.period(area_code, day, end)
    goals, _problem = _goals(area_code, day.year)
    sky: list[Block | None] = [
        *air_text.day_blocks(name, area_code, today),
        *air_text.year_blocks(
            name,
            so_far.now,
            so_far.before,
            *_as_of(so_far, day),
        ),
        target_text.short(targets.air_standings(so_far, goals)),
    ]
    return Bulletin(
        DAILY,
        f"{name}环境质量日报\n（{air_text.words(day)}）",
        f"{day.year}年第{day.timetuple().tm_yday}期",
        _issuer(area_code, name),
        area_code,
        day,
        end,
        numbered(
            (
                ("环境空气质量", [*sky, notes.rounding(sky)]),
                ("地表水环境质量", water_text.day_blocks(rivers)),
                ("预警与处置", _work("当日", area_code, day, end)),
            )
        ),
        *_standards(date(day.year, 1, 1), day),
    )


@override("zh-hans")
def monthly(area_code: str, year: int, month: int) -> Bulletin:
    """The bulletin of one month, beside the same month of the year before, and the year so far."""
    name, point = _area_name(area_code), area_point(area_code)
    begin = date(year, month, 1)
    end = date(year + month // 12, month % 12 + 1, 1)
    last = end - timedelta(days=1)
    complete = end <= timezone.localdate()
    now = air.point_period(point, begin, end)
    before = air.point_period(point, air.last_year(begin), air.last_year(end))
    before_as = air.point_period(point, air.last_year(begin), air.last_year(end), as_of=last)
    rivers = water.period(area_code, begin, end)
    rivers_before = water.period(area_code, air.last_year(begin), air.last_year(end))
    january = date(year, 1, 1)
    # A running month's year goes up to today, so that the days left are counted from today.
    until = end if complete else timezone.localdate()
    until = max(until, begin)
    rivers_year = water.year(area_code, january, end)
    so_far = targets.year(point, until)
    goals, problem = _goals(area_code, year)
    rivers_year_before = water.year(area_code, date(year - 1, 1, 1), air.last_year(end))
    sky: list[Block | None] = [
        *air_text.month_blocks(name, now, before, before_as, complete),
        *air_text.ranking_blocks(area_code, begin, end, complete),
    ]
    goal_blocks: list[Block | None] = [
        *air_text.year_blocks(
            name,
            so_far.now,
            so_far.before,
            *_as_of(so_far, until - timedelta(days=1)),
        ),
        *target_text.blocks(
            targets.standings(so_far, goals, rivers_year, rivers_year_before), problem
        ),
    ]
    streams: list[Block | None] = [
        *water_text.month_blocks(rivers, rivers_before, rivers_year),
        *water_text.open_work(rivers),
    ]
    return Bulletin(
        MONTHLY,
        f"{name}环境质量月报\n（{year}年{month}月）",
        f"{year}年第{month}期",
        _issuer(area_code, name),
        area_code,
        begin,
        end,
        numbered(
            (
                ("环境空气质量", [*sky, notes.rounding(sky)]),
                ("年度目标进展", [*goal_blocks, notes.rounding(goal_blocks)]),
                ("地表水环境质量", [*streams, notes.rounding(streams)]),
                ("预警与处置", _work("当月", area_code, begin, end)),
            )
        ),
        *_standards(january, last),
    )


def _work(when: str, area_code: str, begin: date, end: date) -> list[Block | None]:
    return work_text.blocks(
        when,
        casework.alarms(area_code, Span(begin, end)),
        casework.of_all_registers(area_code, begin, end),
    )


def _goals(area_code: str, year: int) -> tuple[list[targets.Target], str]:
    """The area's targets; with a faulty file none, and what is wrong with it."""
    try:
        return targets.of(area_code, year), ""
    except targets.TargetsError as wrong:
        return [], str(wrong)


def _as_of(so_far: targets.Year, day: date) -> tuple[air.AirPeriod, air.AirPeriod]:
    """This year so far and last year's same days, both judged by the editions in force on a day."""
    now, before = so_far.now, so_far.before
    return (
        air.point_period(now.point, now.begin, now.end, as_of=day),
        air.point_period(before.point, before.begin, before.end, as_of=day),
    )


def _area_name(area_code: str) -> str:
    return Area.objects.filter(code=area_code).values_list("name", flat=True).first() or area_code


def _issuer(area_code: str, name: str) -> str:
    bureau = Organisation.objects.filter(kind="bureau", area_code=area_code).first()
    return bureau.name if bureau else f"{name}生态环境局"


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
