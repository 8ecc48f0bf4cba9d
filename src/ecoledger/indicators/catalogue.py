"""The indicators of air and water that plans set numbers for."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from django.utils.translation import gettext_noop as noop

from ecoledger.indicators import air, boundaries, doors, outlets, sea, sources, water
from ecoledger.indicators.behaviours import Progress
from ecoledger.indicators.declaring import (
    HIGHER,
    LOWER,
    Indicator,
    Source,
    Span,
    declare,
    indicator,
)
from ecoledger.indicators.figures import PERCENT, Figure, absent, count, ratio
from ecoledger.registers.water import balance
from ecoledger.registers.water.sewage_models import SewageRegion

if TYPE_CHECKING:
    from datetime import date

    from ecoledger.indicators.targets import Year


def _air(area_code: str, span: Span, as_of: date | None) -> air.AirPeriod:
    return air.period(area_code, span.begin, span.end, as_of)


def _rivers(area_code: str, span: Span, as_of: date | None) -> water.WaterPeriod | water.WaterYear:
    """A month, or less, by its days; what has several months by the means of its months, and each month by itself."""
    if span.begin.day == 1 and (span.end - span.begin).days > 31:
        return water.year(area_code, span.begin, span.end)
    return water.period(area_code, span.begin, span.end)


AIR = Source("air", _air, touched_by="air")
RIVERS = Source("rivers", _rivers, touched_by="water")


def _days(year: Year, now: Figure, **more: object) -> Progress:
    period = year.now
    return Progress(
        now.label, now.unit, now, year.remaining, int(period.valid_days.value or 0), year.records,
        **more,  # type: ignore[arg-type]
    )  # fmt: skip


def _good_day_progress(year: Year, now: Figure) -> Progress:
    return _days(
        year,
        now,
        against=int(year.now.polluted_days.value or 0),
        against_name="污染天",
        expected=year.rest_before.good_days,
    )


def _heavy_day_progress(year: Year, now: Figure) -> Progress:
    return _days(year, now, against=int(year.now.heavy_days.value or 0), against_name="重污染天")


@indicator(
    key="good_day_ratio", name="优良天数比例", unit=PERCENT, better=HIGHER, line="air", source=AIR,
    target="ratio_of_days", progress=_good_day_progress, highest=100, always=True,
)  # fmt: skip
def good_day_ratio(period: air.AirPeriod) -> Figure:
    return period.good_days


def _concentration(key: str, name: str, factor: str, *, always: bool = False) -> Indicator:
    """A pollutant's mean or percentile; what it is follows from HJ 663."""
    mean = air.STATISTIC[factor] == "mean"

    def progress(year: Year, now: Figure) -> Progress:
        return _days(
            year,
            now,
            daily=year.now.days[factor].drop_nulls().to_list(),
            percent=95 if factor == "co" else 90,
            expected=year.rest_before.values[factor],
        )

    def read(period: air.AirPeriod) -> Figure:
        return period.values[factor]

    return declare(
        Indicator(
            key=key,
            name=name,
            unit=air.unit(factor),
            better=LOWER,
            line="air",
            source=AIR,
            read=read,
            target="mean" if mean else "percentile",
            progress=progress,
            always=always,
        )
    )


PM2_5_MEAN = _concentration("pm2_5_mean", "PM2.5平均浓度", "pm2_5", always=True)
PM10_MEAN = _concentration("pm10_mean", "PM10平均浓度", "pm10")
NO2_MEAN = _concentration("no2_mean", "NO2平均浓度", "no2")
SO2_MEAN = _concentration("so2_mean", "SO2平均浓度", "so2")
O3_P90 = _concentration("o3_p90", "O3日最大8小时平均第90百分位数", "o3")
CO_P95 = _concentration("co_p95", "CO日均值第95百分位数", "co")


@indicator(
    key="heavy_days", name="重污染天数", unit="天", better=LOWER, line="air", source=AIR,
    target="count", progress=_heavy_day_progress, highest=366,
)  # fmt: skip
def heavy_days(period: air.AirPeriod) -> Figure:
    return period.heavy_days


@indicator(
    key="water_good_ratio", name="优良（Ⅰ～Ⅲ类）断面比例", unit=PERCENT, better=HIGHER, line="water",
    source=RIVERS, per=("month", "year"), target="ratio", highest=100,
)  # fmt: skip
def water_good_ratio(rivers: water.WaterPeriod | water.WaterYear) -> Figure:
    return rivers.good


@indicator(
    key="water_inferior_ratio", name="劣Ⅴ类断面比例", unit=PERCENT, better=LOWER, line="water",
    source=RIVERS, per=("month", "year"), target="ratio", highest=100,
)  # fmt: skip
def water_inferior_ratio(rivers: water.WaterPeriod | water.WaterYear) -> Figure:
    return rivers.inferior


@indicator(
    key="water_attained_ratio", name="断面达标率", unit=PERCENT, better=HIGHER, line="water",
    source=RIVERS, per=("month", "year"), target="ratio", highest=100,
)  # fmt: skip
def water_attained_ratio(rivers: water.WaterPeriod | water.WaterYear) -> Figure:
    return rivers.attained


# ---- counts beside the shares --------------------------------------------------------------------


def _air_count(key: str, name: str, attribute: str, better: str) -> Indicator:
    def read(period: air.AirPeriod) -> Figure:
        figure: Figure = getattr(period, attribute)
        return figure

    return declare(
        Indicator(key=key, name=name, unit="天", better=better, line="air", source=AIR, read=read)
    )


VALID_DAYS = _air_count("air_valid_days", "有效监测天数", "valid_days", HIGHER)


@indicator(
    key="air_calendar_days", name="日历天数", unit="天", better=HIGHER, line="air", source=AIR
)
def air_calendar_days(period: air.AirPeriod) -> Figure:
    """Shown beside the valid days, which are the denominator of every share of days."""
    return count("日历天数", period.calendar_days, period.valid_days.records, "天")


POLLUTED_DAYS = _air_count("air_polluted_days", "污染天数", "polluted_days", LOWER)


@indicator(
    key="air_good_days_count", name="优良天数", unit="天", better=HIGHER, line="air", source=AIR,
    target="", highest=366,
)  # fmt: skip
def air_good_days_count(period: air.AirPeriod) -> Figure:
    good = period.good_days
    if good.value is None:
        return replace(good, label="优良天数")
    days = int(good.numerator or 0)
    return count("优良天数", days, good.records, "天", standard=good.standard, judged=True)


@indicator(
    key="air_composite", name="环境空气质量综合指数", unit="", better=LOWER, line="air", source=AIR
)
def air_composite(period: air.AirPeriod) -> Figure:
    return period.composite


@indicator(key="air_aqi_max", name="AQI最高值", unit="", better=LOWER, line="air", source=AIR)
def air_aqi_max(period: air.AirPeriod) -> Figure:
    """Read from the same days as the range that a summary prints (AQI为21-140)."""
    highest, door = period.days["aqi"].max(), period.good_days.records
    if highest is None:
        return absent("AQI最高值", door, noop("没有有效天"))
    standard = period.good_days.standard
    return count("AQI最高值", int(highest), door, standard=standard, judged=True)  # type: ignore[arg-type]


@indicator(key="air_aqi_min", name="AQI最低值", unit="", better=LOWER, line="air", source=AIR)
def air_aqi_min(period: air.AirPeriod) -> Figure:
    lowest, door = period.days["aqi"].min(), period.good_days.records
    if lowest is None:
        return absent("AQI最低值", door, noop("没有有效天"))
    standard = period.good_days.standard
    return count("AQI最低值", int(lowest), door, standard=standard, judged=True)  # type: ignore[arg-type]


def _primary_days(factor: str) -> Indicator:
    """Polluted days on which a pollutant was the primary one."""
    name = f"{air.NAMES[factor]}为首要污染物的污染天数"

    def read(period: air.AirPeriod) -> Figure:
        polluted = period.polluted_days
        if polluted.value is None:
            return replace(polluted, label=name)
        bad = period.days.filter(period.days["aqi"] > air.GOOD)
        days = [
            row for row in bad["primary"].to_list() if row and air.NAMES[factor] in row.split(",")
        ]
        return count(
            name, len(days), polluted.records, "天", standard=polluted.standard, judged=True
        )

    return declare(
        Indicator(
            key=f"air_primary_{factor}", name=name, unit="天", better=LOWER, line="air", source=AIR, read=read
        )
    )  # fmt: skip


for _factor in air.FACTORS:
    _primary_days(_factor)


def _water_count(key: str, name: str, share: str, better: str) -> Indicator:
    def read(rivers: water.WaterPeriod | water.WaterYear) -> Figure:
        figure: Figure = getattr(rivers, share)
        if figure.numerator is None:
            return replace(figure, label=name)
        return count(name, int(figure.numerator), figure.records, "个", standard=figure.standard)

    return declare(
        Indicator(
            key=key, name=name, unit="个", better=better, line="water", source=RIVERS, read=read,
            per=("month", "year"),
        )
    )  # fmt: skip


WATER_GOOD_COUNT = _water_count("water_good_count", "优良（Ⅰ～Ⅲ类）断面数", "good", HIGHER)
WATER_INFERIOR_COUNT = _water_count("water_inferior_count", "劣Ⅴ类断面数", "inferior", LOWER)
WATER_ATTAINED_COUNT = _water_count("water_attained_count", "达标断面数", "attained", HIGHER)


@indicator(
    key="water_judged_count", name="有评价结果的断面数", unit="个", better=HIGHER, line="water",
    source=RIVERS, per=("month", "year"),
)  # fmt: skip
def water_judged_count(rivers: water.WaterPeriod | water.WaterYear) -> Figure:
    return count("有评价结果的断面数", len(rivers.judged), rivers.good.records, "个")


@indicator(
    key="water_months_attained_ratio", name="断面逐月达标率", unit=PERCENT, better=HIGHER, line="water",
    source=RIVERS, per=("year",),
)  # fmt: skip
def water_months_attained_ratio(rivers: water.WaterPeriod | water.WaterYear) -> Figure:
    """By section and month, beside the attainment of their mean: a mean may pass while months fail."""
    if isinstance(rivers, water.WaterYear):
        return rivers.months_attained
    return absent("断面逐月达标率", rivers.attained.records, noop("期间不足两个月，不按月次评价"))


def _boundaries(area_code: str, span: Span, as_of: date | None) -> boundaries.Boundaries:
    return boundaries.of(area_code, span.begin, span.end)


BOUNDARIES = Source("boundaries", _boundaries, touched_by="water")


@indicator(
    key="boundary_attained_ratio", name="镇街交接断面达标率", unit=PERCENT, better=HIGHER, line="water",
    source=BOUNDARIES, per=("month", "quarter", "year"),
)  # fmt: skip
def boundary_attained_ratio(found: boundaries.Boundaries) -> Figure:
    return found.attained


@indicator(
    key="boundary_passed_ratio", name="出境水质达标或不劣于入境的镇街比例", unit=PERCENT, better=HIGHER, line="water",
    source=BOUNDARIES, per=("month", "quarter", "year"),
)  # fmt: skip
def boundary_passed_ratio(found: boundaries.Boundaries) -> Figure:
    return found.passed


def _sea(area_code: str, span: Span, as_of: date | None) -> sea.SeaYear:
    return sea.of(area_code, span.begin.year)


def _sea_rivers(area_code: str, span: Span, as_of: date | None) -> sea.Rivers:
    return sea.rivers(area_code, span.begin.year, span.end)


def _sources(area_code: str, span: Span, as_of: date | None) -> sources.Sources:
    return sources.of(area_code, span.begin, span.end)


SEA = Source("sea", _sea, touched_by="sea")
SEA_RIVERS = Source("sea_rivers", _sea_rivers, touched_by="water")
SOURCES = Source("water_sources", _sources, touched_by="water")


@indicator(
    key="sea_good_ratio", name="近岸海域优良（一、二类）面积比例", unit=PERCENT, better=HIGHER, line="water",
    source=SEA, per=("year",),
)  # fmt: skip
def sea_good_ratio(year: sea.SeaYear) -> Figure:
    return year.good


@indicator(
    key="bays_attained_ratio", name="达到自身目标的湾段比例", unit=PERCENT, better=HIGHER, line="water",
    source=SEA, per=("year",),
)  # fmt: skip
def bays_attained_ratio(year: sea.SeaYear) -> Figure:
    return year.attained


@indicator(
    key="sea_rivers_attained_ratio", name="入海河流控制断面达标率", unit=PERCENT, better=HIGHER, line="water",
    source=SEA_RIVERS, per=("year",),
)  # fmt: skip
def sea_rivers_attained_ratio(rivers: sea.Rivers) -> Figure:
    return rivers.attained


@indicator(
    key="sea_rivers_inferior_ratio", name="入海河流劣Ⅴ类比例", unit=PERCENT, better=LOWER, line="water",
    source=SEA_RIVERS, per=("year",),
)  # fmt: skip
def sea_rivers_inferior_ratio(rivers: sea.Rivers) -> Figure:
    return rivers.inferior


@indicator(
    key="source_attained_ratio", name="水源地达标率（按水源次数）", unit=PERCENT, better=HIGHER, line="water",
    source=SOURCES, per=("month", "quarter", "year"),
)  # fmt: skip
def source_attained_ratio(found: sources.Sources) -> Figure:
    return found.by_number


@indicator(
    key="source_attained_volume_ratio", name="水源地达标率（按取水量）", unit=PERCENT, better=HIGHER, line="water",
    source=SOURCES, per=("month", "quarter", "year"),
)  # fmt: skip
def source_attained_volume_ratio(found: sources.Sources) -> Figure:
    return found.by_volume


def _outlets(area_code: str, span: Span, as_of: date | None) -> outlets.Mouths:
    return outlets.of(area_code, span.begin, span.end)


OUTLETS = Source("outlets", _outlets, touched_by="water")


@indicator(
    key="outlet_mean_ratio", name="内河入江口达标率（累计均值）", unit=PERCENT, better=HIGHER, line="water",
    source=OUTLETS, per=("year",),
)  # fmt: skip
def outlet_mean_ratio(mouths: outlets.Mouths) -> Figure:
    return mouths.by_mean


@indicator(
    key="outlet_months_ratio", name="内河入江口达标率（月次）", unit=PERCENT, better=HIGHER, line="water",
    source=OUTLETS, per=("year",),
)  # fmt: skip
def outlet_months_ratio(mouths: outlets.Mouths) -> Figure:
    return mouths.by_months


def _sewage(area_code: str, span: Span, as_of: date | None) -> balance.YearBalance:
    regions = SewageRegion.objects.filter(area_code__startswith=area_code)
    return balance.of_year(regions, span.begin.year)


SEWAGE = Source("sewage_balance", _sewage, touched_by="book:plant_month", as_of_now=True)


@indicator(
    key="sewage_collected_ratio", name="生活污水集中收集率", unit=PERCENT, better=HIGHER, line="water",
    source=SEWAGE, per=("year",), target="ratio", highest=100,
)  # fmt: skip
def sewage_collected_ratio(found: balance.YearBalance) -> Figure:
    """By the balance of pollutants of the year's regions, as far as its months are entered."""
    door, rate = doors.ROW.opens(url=f"/water/balance?year={found.year}"), found.total
    if rate is None:
        return absent("生活污水集中收集率", door, noop("没有可核算的区域"))
    return ratio("生活污水集中收集率", rate.collected, rate.generated, door, 2, rate.standard)
