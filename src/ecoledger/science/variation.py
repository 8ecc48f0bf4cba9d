"""How a pollutant varies by hour of day, day of week and month, and day by day on a calendar.

Source: openair ``timeVariation`` and ``calendarPlot``. Confidence intervals resample whole days, because the
hours of one day are not independent.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import numpy as np
import polars as pl

from ecoledger.science.air_table import TableError, classes, require
from ecoledger.science.averages import average

GROUPS = {
    "hour": pl.col("date").dt.hour(),
    "weekday": pl.col("date").dt.weekday(),
    "month": pl.col("date").dt.month(),
}


def time_variation(
    table: pl.DataFrame,
    pollutants: Sequence[str],
    *,
    normalise: bool = False,
    resamples: int = 200,
    seed: int = 1,
) -> pl.DataFrame:
    """Means by hour (0–23), weekday (1 Monday – 7), month (1–12) and hour of each weekday.

    Columns ``pollutant, by, weekday, step, mean, lower, upper, hours``; ``by`` is hour, weekday, month or
    weekday_hour (the only one with ``weekday`` set). ``lower``, ``upper``: 95 % interval from ``resamples`` draws of
    whole days. Unit of the data, or share of the pollutant's mean with ``normalise``.
    """
    require(table, ("date", *pollutants))
    results = []
    random = np.random.default_rng(seed)
    steps = table.with_columns(
        day=pl.col("date").dt.date().rank("dense").cast(pl.Int64) - 1,
        **{name: expression.cast(pl.Int64) for name, expression in GROUPS.items()},
    ).with_columns(weekday_hour=(pl.col("weekday") - 1) * 24 + pl.col("hour"))
    days = int(steps["day"].max() or 0) + 1  # type: ignore[arg-type]
    draws = random.multinomial(days, np.full(days, 1 / days), resamples).astype(float)
    for pollutant in pollutants:
        rows = steps.filter(pl.col(pollutant).is_not_null() & pl.col(pollutant).is_not_nan())
        if rows.is_empty():
            raise TableError(f"{pollutant} has no value")
        values = rows[pollutant].to_numpy()
        scale = float(values.mean()) if normalise else 1.0
        day = rows["day"].to_numpy()
        for by in (*GROUPS, "weekday_hour"):
            step = rows[by].to_numpy()
            size = int(step.max()) + 1
            cell = day * size + step
            sums = np.bincount(cell, values, days * size).reshape(days, size)
            counts = np.bincount(cell, minlength=days * size).reshape(days, size).astype(float)
            with np.errstate(invalid="ignore", divide="ignore"):
                drawn = (draws @ sums) / (draws @ counts)
                mean = sums.sum(axis=0) / counts.sum(axis=0)
            hours = counts.sum(axis=0).astype(int)
            there = np.flatnonzero(hours)
            low, high = np.nanpercentile(drawn[:, there], (2.5, 97.5), axis=0)
            split = by == "weekday_hour"
            results.append(
                pl.DataFrame(
                    {
                        "pollutant": [pollutant] * len(there),
                        "by": [by] * len(there),
                        "weekday": there // 24 + 1 if split else [None] * len(there),
                        "step": there % 24 if split else there,
                        "mean": mean[there] / scale,
                        "lower": low / scale,
                        "upper": high / scale,
                        "hours": hours[there],
                    },
                    schema_overrides={"weekday": pl.Int64},
                )
            )
    return pl.concat(results)


def calendar(
    table: pl.DataFrame,
    pollutant: str,
    *,
    capture: float = 75,
    year: int | None = None,
    breaks: Sequence[float] = (),
    labels: Sequence[str] = (),
) -> pl.DataFrame:
    """Day means for a calendar: ``date, year, month, day, weekday, week, value, class``.

    ``week`` is the row within the month (0 first, weeks begin on Monday). With ``breaks`` in the data's unit the
    class is the name of the interval (right end included), else null. Days with less than ``capture`` percent
    of their hours are null.
    """
    days = average(table.select("date", pollutant), "day", capture=capture)
    if year is not None:
        days = days.filter(pl.col("date").dt.year() == year)
    if days.is_empty():
        raise TableError(f"no day of {year} in the table")
    value = days[pollutant]
    edges = sorted(breaks)
    names = labels or [f"≤ {each:g}" for each in edges] + [f"> {each:g}" for each in edges[-1:]]
    kind = (
        classes(value, edges, names)
        if edges
        else pl.repeat(None, days.height, dtype=pl.String, eager=True)
    )
    day = pl.col("date").dt.date()
    first = pl.col("date").dt.month_start().dt.weekday()
    return days.select(
        date=day,
        year=day.dt.year(),
        month=day.dt.month(),
        day=day.dt.day(),
        weekday=day.dt.weekday(),
        week=(day.dt.day().cast(pl.Int32) + first.cast(pl.Int32) - 2) // 7,
        value=pollutant,
        **{"class": kind},
    )


def compare_periods(
    table: pl.DataFrame, pollutant: str, before: tuple[date, date], after: tuple[date, date]
) -> dict[str, float]:
    """Plain means of two spans (ends included) and their difference, unit of the data and percent.

    The weather of the two spans differs: see :mod:`ecoledger.science.weather_removed` before believing it.
    """

    def mean(span: tuple[date, date]) -> float:
        value = table.filter(pl.col("date").dt.date().is_between(*span))[pollutant].mean()
        if value is None:
            raise TableError(f"{pollutant} has no value from {span[0]} to {span[1]}")
        assert isinstance(value, float)  # noqa: S101
        return value

    first, second = mean(before), mean(after)
    return {
        "before": first,
        "after": second,
        "difference": second - first,
        "percent": 100 * (second - first) / first,
    }
