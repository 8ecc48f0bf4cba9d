"""What a measure changed, with the weather taken out (mechanisms A14, A17, E18): the model, its skill, its interval.

The mean of some stations' hours is learned from the county's weather in the time before (:mod:`ecoledger.science.weather_removed`);
the effect is what was observed less what that weather would have brought without the measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl

from ecoledger.monitoring.hourly import hours
from ecoledger.monitoring.models import Point
from ecoledger.science import weather_removed
from ecoledger.science.weather_removed import Effect

WEATHER = {
    "a01007": "ws",
    "a01008": "wd",
    "a01001": "temp",
    "a01002": "rh",
    "a01006": "pres",
    "a01021": "rain",
}
# So far back the model learns; a year and a little, so that every season is in it.
LEARNED = timedelta(days=400)


def evaluate(stations: Sequence[int], parameter: str, first: date, last: date) -> Effect:
    """The effect from ``first`` to ``last`` on the mean of the points ``stations``.

    Raises :class:`ecoledger.science.air_table.TableError` where the hours or the weather do not suffice.
    """
    begin = datetime.combine(first, time()) - LEARNED
    end = datetime.combine(last, time()) + timedelta(days=1)
    own = hours(stations, [parameter], begin, end)
    means = own.group_by("date").agg(pl.col("value").mean().alias(parameter))
    table = means.join(_weather(stations, begin, end), on="date", how="left").sort("date")
    return weather_removed.effect(table, parameter, first, until=last)


def _weather(stations: Sequence[int], begin: datetime, end: datetime) -> pl.DataFrame:
    """Hours of weather in the county of the stations: of each element, the point that has most of them."""
    areas = Point.objects.filter(pk__in=stations).values_list("area_code", flat=True)
    counties = {area[:6] for area in areas}
    near = Point.objects.filter(enabled=True, parameters__code__in=WEATHER).distinct()
    numbers = [p.pk for p in near if p.area_code[:6] in counties]
    rows = hours(numbers, list(WEATHER), begin, end) if numbers else pl.DataFrame()
    table = pl.DataFrame(schema={"date": pl.Datetime("us")})
    for code, name in WEATHER.items():
        mine = rows.filter(pl.col("parameter") == code) if rows.height else rows
        if mine.is_empty():
            continue
        counts = mine.group_by("point").len().sort("len", "point", descending=True)
        best = mine.filter(pl.col("point") == counts["point"][0])
        column = best.select("date", pl.col("value").alias(name))
        table = table.join(column, on="date", how="full", coalesce=True)
    return table


def told(effect: Effect) -> dict[str, Any]:
    """The effect as values of JSON."""
    return asdict(effect) | {"significant": effect.significant}
