"""Means over periods with a demand on data capture, rolling means, runs above a level.

Wind is averaged as a vector for direction (unit: degrees) and as a scalar for speed, as openair's
``timeAverage`` does (Carslaw & Ropkins 2012, doi:10.1016/j.envsoft.2011.09.008).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal, get_args

import polars as pl

from ecoledger.science.air_table import TableError, numeric, require

Statistic = Literal[
    "mean", "median", "max", "min", "sum", "sd", "frequency", "capture", "percentile"
]
Align = Literal["right", "left", "centre"]
PERIODS = {"hour": "1h", "day": "1d", "week": "1w", "month": "1mo", "quarter": "1q", "year": "1y"}


def interval(table: pl.DataFrame) -> timedelta:
    """The most frequent step between the dates. Raises :class:`TableError` if there are fewer than two."""
    dates = table["date"]
    steps = (dates if dates.is_sorted() else dates.sort()).diff().drop_nulls()
    steps = steps.filter(steps > timedelta(0))
    if steps.is_empty():
        raise TableError("the table has fewer than two times; averages need a series")
    step: timedelta = steps.mode().sort()[0]
    return step


def complete(table: pl.DataFrame, to: str | None = None, by: tuple[str, ...] = ()) -> pl.DataFrame:
    """The table with a row for every step from its first to its last date (openair ``datePad``).

    With ``to`` (a key of :data:`PERIODS`) from the start of the first such period to the end of the last.
    """
    step = interval(table)
    parts = table.partition_by(by, maintain_order=True) if by else [table]
    first, last = table["date"].min(), table["date"].max()
    if to:
        every = PERIODS[to]
        bounds = pl.select(
            first=pl.lit(first).dt.truncate(every),
            last=pl.lit(last).dt.truncate(every).dt.offset_by(every) - step,
        )
        first, last = bounds.row(0)
    grid = pl.select(date=pl.datetime_range(pl.lit(first), pl.lit(last), step, time_unit="us"))
    filled = []
    for part in parts:
        keys = {name: part[name][0] for name in by}
        dates = grid.with_columns(**{name: pl.lit(value) for name, value in keys.items()})
        filled.append(dates.join(part.drop(by), on="date", how="left", maintain_order="left"))
    return pl.concat(filled)


def average(
    table: pl.DataFrame,
    to: str = "day",
    *,
    capture: float = 0,
    statistic: Statistic = "mean",
    percentile: float = 95,
    by: tuple[str, ...] = (),
) -> pl.DataFrame:
    """One row a period and group; ``date`` is the period's start.

    ``to``: hour, day, week, month, quarter, year or a Polars duration ("3h"). A column's value is null where
    fewer than ``capture`` percent of the steps of the period have one (steps: the table's own interval;
    the first and last period count in full). ``wd`` is the direction of the mean wind vector, NaN-free:
    it needs ``ws`` beside it, else unit vectors are used. Duplicate dates within a group are refused.
    Source: openair ``timeAverage(data.thresh=)``.
    """
    if statistic not in get_args(Statistic):
        raise TableError(f"{statistic!r} is no statistic; use {', '.join(get_args(Statistic))}")
    require(table, ("date", *by))
    table = table.drop_nulls("date")
    every = PERIODS.get(to, to)
    step = interval(table)
    bounds = table.select(
        pl.col("date").min().dt.truncate(every).alias("first"),
        pl.col("date").max().dt.truncate(every).alias("last"),
    )
    periods = bounds.select(
        date=pl.datetime_range(
            pl.col("first").first(), pl.col("last").first(), every, time_unit="us"
        )
    )
    # Each group on its own: many times faster than grouping by a column of text.
    parts = table.partition_by(by, maintain_order=True) if by else [table]
    results = []
    for part in parts:
        result = _periods(
            part.sort("date"), periods, every, step, statistic, percentile, capture, by
        )
        keys = {name: pl.lit(part[name][0], dtype=part[name].dtype) for name in by}
        results.append(
            result.select(*(value.alias(name) for name, value in keys.items()), pl.all())
        )
    averaged = pl.concat(results)
    return averaged.sort(*by, "date") if by else averaged


def _periods(
    table: pl.DataFrame,
    periods: pl.DataFrame,
    every: str,
    step: timedelta,
    statistic: Statistic,
    percentile: float,
    capture: float,
    by: tuple[str, ...],
) -> pl.DataFrame:
    """One group's row a period; ``table`` is in order of time."""
    doubles = (table["date"].diff() == timedelta(0)).fill_null(value=False)
    if doubles.any():
        when = table.filter(doubles)["date"][0]
        raise TableError(
            f"{when} occurs more than once; name the column of stations with --by, or remove doubles"
        )
    names = [name for name in numeric(table) if name not in by]

    def value(column: pl.Expr) -> pl.Expr:
        return _statistic(column, statistic, percentile)

    values = {name: value(pl.col(name)) for name in names}
    if "wd" in names and statistic not in ("frequency", "capture"):
        speed = pl.col("ws") if "ws" in names else pl.lit(1.0)
        angle = pl.col("wd").radians()
        table = table.with_columns(_u=speed * angle.sin(), _v=speed * angle.cos())
        east, north = pl.col("_u").mean(), pl.col("_v").mean()
        values["wd"] = (pl.arctan2(east, north).degrees() + 360) % 360
    grouped = table.group_by_dynamic("date", every=every, start_by="window").agg(
        *(expression.alias(name) for name, expression in values.items()),
        *(pl.col(name).count().alias(f"_count_{name}") for name in names),
    )
    result = periods.join(grouped, on="date", how="left", maintain_order="left")
    due = (pl.col("date").dt.offset_by(every) - pl.col("date")) / step
    share = {name: 100 * pl.col(f"_count_{name}").fill_null(0) / due for name in names}
    if statistic == "capture":
        return result.select("date", *(share[name].alias(name) for name in names))
    return result.select(
        "date", *(pl.when(share[name] >= capture).then(pl.col(name)).alias(name) for name in names)
    )


def _statistic(column: pl.Expr, statistic: Statistic, percentile: float) -> pl.Expr:
    match statistic:
        case "mean":
            return column.mean()
        case "median":
            return column.median()
        case "max":
            return column.max()
        case "min":
            return column.min()
        case "sum":
            return pl.when(column.count() > 0).then(column.sum())
        case "sd":
            return column.std()
        case "percentile":
            return column.quantile(percentile / 100, "linear")
        case _:
            return column.count().cast(pl.Float64)


def rolling(
    table: pl.DataFrame,
    pollutant: str,
    hours: int = 8,
    *,
    align: Align = "right",
    capture: float = 75,
    by: tuple[str, ...] = (),
) -> pl.DataFrame:
    """``date``, the pollutant and its rolling mean ``<pollutant>_<hours>h`` in the table's unit.

    Over ``hours`` steps of the table, with at least ``capture`` percent of them known. ``right``: the mean of
    this hour and those before it (GB 3095: the 8-hour ozone mean is labelled by its end). ``centre`` of an even
    width leans to the past. Source: openair ``rollingMean``.
    """
    require(table, ("date", pollutant, *by))
    if hours < 1:
        raise TableError("a rolling mean needs a width of at least one step")
    name = f"{pollutant}_{hours}h"
    padded = complete(table.select(*by, "date", pollutant).sort(*by, "date"), by=by)
    values = pl.col(pollutant).fill_nan(None)
    needed = max(1, -(-hours * capture // 100))
    shift = {"right": 0, "left": -(hours - 1), "centre": -((hours - 1) // 2)}[align]
    total = values.rolling_mean(hours, min_samples=int(needed)).shift(shift)
    if shift:
        # The shifted window runs past the end: count what is left of it there.
        total = (
            pl.concat([values, pl.repeat(None, -shift, dtype=pl.Float64)])
            .rolling_mean(hours, min_samples=int(needed))
            .tail(pl.len())
        )
    return padded.with_columns((total.over(by) if by else total).alias(name))


def runs(
    table: pl.DataFrame,
    pollutant: str,
    threshold: float,
    *,
    length: int = 5,
    above: bool = True,
) -> pl.DataFrame:
    """Runs of at least ``length`` steps above (or below) a level: ``begins, ends, steps, mean, peak``.

    A missing value ends a run. Source: openair ``selectRunning``.
    """
    require(table, ("date", pollutant))
    padded = complete(table.select("date", pollutant).sort("date"))
    value = pl.col(pollutant)
    inside = (value > threshold if above else value < threshold).fill_null(value=False)
    peak = value.max() if above else value.min()
    return (
        padded.with_columns(inside=inside)
        .with_columns(run=pl.col("inside").rle_id())
        .filter("inside")
        .group_by("run", maintain_order=True)
        .agg(
            begins=pl.col("date").first(),
            ends=pl.col("date").last(),
            steps=pl.len(),
            mean=value.mean(),
            peak=peak,
        )
        .filter(pl.col("steps") >= length)
        .drop("run")
    )
