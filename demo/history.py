"""The city's past, as tables for the store: what every instrument has reported up to a moment."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import numpy as np
import polars as pl

from demo import beijing, sources
from demo.city import AIR_STATIONS
from demo.enterprises import GAS_FACTORS, WATER_FACTORS, Firm, firms
from demo.sources import RIVER_FACTORS
from demo.stories import Stories
from ecoledger.monitoring.models import Point

# How far back each kind of instrument's record reaches.
# Thirteen months of rivers: a month can be compared with the same one a year before.
RIVER_DAYS = 430
SOURCE_DAYS = 75
POWER_DAYS = 21
WEATHER_DAYS = 60


def tables(now: datetime, stories: Stories) -> Iterator[pl.DataFrame]:
    """One table of observations a point, for all hours that are complete at ``now``."""
    hour = now.replace(minute=0, second=0, microsecond=0)
    points = {(p.entity.code, p.power_role): p.pk for p in Point.objects.select_related("entity")}
    for plan in AIR_STATIONS:
        yield air(points[plan.code, ""], plan.replays, beijing.history_begin(now), hour, now)
    for code, point in ((c, p) for (c, _), p in points.items() if c.startswith("W-")):
        yield river(point, f"S-{code[2:]}", hour - timedelta(days=RIVER_DAYS), hour, stories)
    since = hour - timedelta(days=SOURCE_DAYS)
    for firm in firms():
        if firm.industry.gas:
            yield gas(points[f"{firm.code}-DA001", ""], firm, since, hour, stories)
        if firm.industry.water:
            yield wastewater(points[f"{firm.code}-DW001", ""], firm, since, hour, stories)
        if firm.industry.power:
            begin = hour - timedelta(days=POWER_DAYS)
            for role in ("production", "treatment"):
                yield power(points[firm.code, role], firm, role, begin, hour, stories)


def _table(point: int, columns: list[pl.DataFrame], seconds: int, series: str) -> pl.DataFrame:
    return pl.concat(columns, how="diagonal").with_columns(
        point=pl.lit(point, pl.Int64), seconds=pl.lit(seconds, pl.Int32), series=pl.lit(series)
    )


def air(point: int, station: str, begin: datetime, end: datetime, now: datetime) -> pl.DataFrame:
    """Hours of an air station; an hour the record lacks is absent here too."""
    record = beijing.hours(station, begin, end, now)
    weather = record.filter(pl.col("time") >= end - timedelta(days=WEATHER_DAYS))
    decimals = {"co": 3, "pressure": 2, "wind_direction": 0}
    return _table(
        point,
        [
            (record if name in beijing.FACTORS else weather)
            .select(
                start="time",
                parameter=pl.lit(code),
                value=pl.col(name),
                decimals=pl.lit(decimals.get(name, 1), pl.Int8),
                flag=pl.lit("N"),
            )
            .drop_nulls("value")
            for name, code in {**beijing.FACTORS, **beijing.WEATHER}.items()
        ],
        3600,
        "hour",
    )


def _frame(times: np.ndarray, code: str, decimals: int, **columns: object) -> pl.DataFrame:
    return pl.DataFrame({"start": times.astype("datetime64[us]"), **columns}).with_columns(
        parameter=pl.lit(code), decimals=pl.lit(decimals, pl.Int8)
    )


def river(
    point: int, section: str, begin: datetime, end: datetime, stories: Stories
) -> pl.DataFrame:
    """Hours of a water station."""
    plan = sources.section_plan(section)
    times = sources.as_times(begin, end, 60)
    parts = [
        _frame(times, code, decimals, value=sources.river(plan, code, times, stories))
        for code, (_, _, decimals, _) in RIVER_FACTORS.items()
    ]
    return _table(point, parts, 3600, "hour").with_columns(flag=pl.lit("N"))


def gas(point: int, firm: Firm, begin: datetime, end: datetime, stories: Stories) -> pl.DataFrame:
    """Hours of a flue-gas outlet, with converted values and mass."""
    times = sources.as_times(begin, end, 60)
    flow = sources.gas_flow(firm, times, stories)
    parts = []
    for code in firm.industry.gas:
        measured, converted, flag = sources.gas(firm, code, times, stories)
        parts.append(
            _frame(
                times,
                code,
                GAS_FACTORS[code][2],
                value=measured,
                converted=converted,
                flag=flag,
                minimum=np.round(measured * 0.9, 2),
                maximum=np.round(measured * 1.12, 2),
                # kg an hour: mg/m³ × m³/s × 3600 s / 10⁶
                total=np.round(measured * flow * 3600 / 1e6, 3),
            )
        )
    flags = sources.gas(firm, next(iter(firm.industry.gas)), times, stories)[2]
    parts.append(_frame(times, "a00000", 1, value=flow, flag=flags, total=np.round(flow * 3600, 0)))
    if firm.industry.reference_oxygen is not None:
        parts.append(_frame(times, "a19001", 1, value=sources.oxygen(firm, times), flag=flags))
    return _table(point, parts, 3600, "hour")


def wastewater(
    point: int, firm: Firm, begin: datetime, end: datetime, stories: Stories
) -> pl.DataFrame:
    """Hours of a wastewater outlet."""
    times = sources.as_times(begin, end, 60)
    flow = sources.wastewater_flow(firm, times)
    parts = []
    for code in ("w01001", *firm.industry.water):
        value, flag = sources.wastewater(firm, code, times, stories)
        parts.append(_frame(times, code, WATER_FACTORS[code][2], value=value, flag=flag))
    normal = np.full(len(times), "N")
    parts.append(_frame(times, "w00000", 2, value=flow, flag=normal, total=np.round(flow * 3.6, 2)))
    return _table(point, parts, 3600, "hour")


def power(
    point: int, firm: Firm, role: str, begin: datetime, end: datetime, stories: Stories
) -> pl.DataFrame:
    """Quarters of an hour of a power meter."""
    times = sources.as_times(begin, end, 15)
    value = sources.power(firm, role, times, stories)
    table = _table(point, [_frame(times, "dPower", 2, value=value)], 900, "minute")
    return table.with_columns(flag=pl.lit("N"))
