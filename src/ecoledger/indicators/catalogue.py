"""The indicators of air and water that plans set numbers for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ecoledger.indicators import air, water
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
from ecoledger.indicators.figures import PERCENT, Figure

if TYPE_CHECKING:
    from datetime import date

    from ecoledger.indicators.targets import Year


def _air(area_code: str, span: Span, as_of: date | None) -> air.AirPeriod:
    return air.period(area_code, span.begin, span.end, as_of)


def _rivers(area_code: str, span: Span, as_of: date | None) -> water.WaterPeriod | water.WaterYear:
    """A month by its days; a year so far by the means of its months."""
    if (span.begin.month, span.begin.day) == (1, 1) and (span.end - span.begin).days > 31:
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
