"""Minutes become hours, hours become 8-hour means and days: rows of the store in, computed rows out.

How each kind of point is averaged and when a mean counts is said by :mod:`ecoledger.standards.averaging`
and, for ozone, :mod:`ecoledger.standards.air_means`. Here it is decided which value an hour has:

1. what a person set on the reported hour (enterprise mark or review, layer 2 and above);
2. the mean of the minutes (or, without minutes, of the real-time values), when enough of them are valid;
3. the hour the device reported itself (CN 2061), which is always kept beside the computed one, in the
   series ``hour``;
4. the mean of too few minutes, marked not valid.

The platform's own mean goes first so that a corrected minute changes its hour by one rule everywhere.
The column ``rule`` of a computed row names the origin: ``review``, ``minute``, ``raw`` or ``device``. A
day follows the same order with hours in place of minutes and CN 2031 in place of 2061.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import polars as pl

from ecoledger.monitoring.points import parameters
from ecoledger.monitoring.points.table import PointMap
from ecoledger.standards import air_means, averaging, flue_gas, monitoring_marks

KEY = ["point", "parameter"]
READ = ["point", "parameter", "series", "start", "seconds", "value", "minimum", "maximum", "total",
        "converted", "converted_maximum", "flag", "layer"]  # fmt: skip
_FALLBACK_INTERVAL = 60
_HOUR, _DAY = 3600, 86400

COMPUTED_SCHEMA: dict[str, Any] = {
    "point": pl.Int64,
    "parameter": pl.String,
    "start": pl.Datetime("us"),
    "seconds": pl.Int32,
    "series": pl.String,
    "value": pl.Float64,
    "minimum": pl.Float64,
    "maximum": pl.Float64,
    "total": pl.Float64,
    "converted": pl.Float64,
    "flag": pl.String,
    "valid": pl.Boolean,
    "count": pl.Int32,
    "expected": pl.Int32,
    "rule": pl.String,
    "standard": pl.String,
}
_MADE = ["value", "minimum", "maximum", "total", "converted", "flag", "valid", "count", "expected",
         "rule"]  # fmt: skip


@cache
def flow_codes() -> tuple[str, ...]:
    """Parameters that means are weighted by: the flow of wastewater."""
    return (parameters.code_of_key("flow", "wastewater"),)


@cache
def oxygen_code() -> str:
    """The parameter that flue gas is converted with."""
    return parameters.code_of_key("o2", "flue_gas")


@cache
def ozone_code() -> str:
    """The parameter whose day is judged by its greatest 8-hour mean."""
    return parameters.code_of_key("o3", "air")


@cache
def _own_means() -> dict[str, averaging.Mean]:
    """Parameters that are averaged in one way at every kind of point."""
    found = {
        entry.code: mean
        for kind in parameters.SYSTEMS
        for entry in parameters.of_kind(kind)
        if entry.key and (mean := averaging.mean_of_quantity(entry.key))
    }
    # What weighs is never weighted by itself.
    return {**found, **dict.fromkeys(flow_codes(), "plain")}


def is_valid() -> pl.Expr:
    """Whether a row counts in statistics: it has a value and its flag says normal or capped."""
    usable = list(monitoring_marks.usable_flags())
    return pl.col("value").is_not_null() & pl.col("flag").fill_null("").is_in(usable)


def settings_of(keys: pl.DataFrame, points: PointMap) -> pl.DataFrame:
    """``keys`` (``point, parameter, day``) and, for each, its ``interval`` and the rule in force that day:
    the columns of :func:`ecoledger.standards.averaging.table`, with ``method`` for ``mean``."""
    kinds = pl.col("kind")
    method = pl.col("parameter").replace_strict(_own_means(), default=None, return_dtype=pl.String)
    return (
        keys.join(points.points.select("point", "kind"), on="point", how="left")
        .with_columns(
            pl.when(kinds.is_in(averaging.kinds())).then(kinds).otherwise(pl.lit("other"))
        )
        .sort("day")
        .join_asof(
            averaging.table().sort("effective_from"),
            left_on="day",
            right_on="effective_from",
            by="kind",
            check_sortedness=False,
        )
        .join(points.parameters.select(*KEY, "interval"), on=KEY, how="left")
        .with_columns(
            pl.col("interval").fill_null(_FALLBACK_INTERVAL),
            pl.coalesce(method, "mean").alias("method"),
        )
        .drop("mean", "mark", "effective_from", "kind")
    )


def _with_settings(rows: pl.DataFrame, points: PointMap) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows with ``day``, ``interval`` and ``method``, and the settings of each (point, parameter, day)."""
    rows = rows.with_columns(pl.col("start").dt.date().alias("day"))
    settings = settings_of(rows.select(*KEY, "day").unique(), points)
    wanted = settings.select(*KEY, "day", "interval", "method")
    return rows.join(wanted, on=[*KEY, "day"], how="left"), settings


def _mean(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """The mean of ``value`` and ``converted`` by each row's ``method``; ``rows`` are valid rows.

    ``weight`` is the time each row stands for, ``volume`` the flow within it (null: unknown).
    """
    weight, converted = pl.col("weight"), pl.col("converted")
    there = converted.is_not_null()
    parts = [
        part.group_by(by).agg(
            averaging.mean(method).alias("value"),
            pl.when(there.any())
            .then((converted * weight).filter(there).sum() / weight.filter(there).sum())
            .alias("converted"),
            pl.min_horizontal("minimum", "value").min().alias("minimum"),
            pl.max_horizontal("maximum", "value").max().alias("maximum"),
            pl.when(pl.col("total").is_not_null().any()).then(pl.col("total").sum()).alias("total"),
            weight.sum().alias("covered"),
            pl.len().cast(pl.Int32).alias("count"),
        )
        for (method,), part in rows.group_by("method")
    ]
    if not parts:
        return rows.group_by(by).agg(
            *(
                pl.col(name).first()
                for name in ("value", "converted", "minimum", "maximum", "total")
            ),
            weight.sum().alias("covered"),
            pl.len().cast(pl.Int32).alias("count"),
        )
    return pl.concat(parts, how="vertical_relaxed")


def _with_volume(rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with ``volume``: the flow of the same point over the same period, in m³."""
    same = ["point", "series", "start"]
    flow = rows.filter(
        pl.col("parameter").is_in(flow_codes()) & (is_valid() | pl.col("total").is_not_null())
    ).select(*same, pl.coalesce("total", pl.col("value") * pl.col("weight") / 1000).alias("volume"))
    if flow.is_empty():
        return rows.with_columns(pl.lit(None, dtype=pl.Float64).alias("volume"))
    return rows.join(flow.unique(same), on=same, how="left")


def _reported(rows: pl.DataFrame, series: str) -> pl.DataFrame:
    """What devices and persons gave for the whole period, as candidates beside the platform's means."""
    return rows.filter(pl.col("series") == series).with_columns(
        pl.when(pl.col("layer") >= 2)
        .then(pl.lit("review"))
        .otherwise(pl.lit("device"))
        .alias("rule"),
        is_valid().alias("valid"),
        pl.lit(1, dtype=pl.Int32).alias("count"),
        pl.lit(1, dtype=pl.Int32).alias("expected"),
        pl.col("flag").fill_null("N"),
    )


def _chosen(own: pl.DataFrame, reported: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """Of the platform's own means and the reported ones, the one that each period has."""
    if own.is_empty() or reported.is_empty():
        return own if reported.is_empty() else reported.unique(by, keep="first")
    rule, valid = pl.col("rule"), pl.col("valid")
    is_own = ~rule.is_in(["review", "device"])
    order = (
        pl.when(rule == "review")
        .then(0)
        .when(is_own & valid)
        .then(1)
        .when(valid)
        .then(2)
        .when(is_own)
        .then(3)
        .otherwise(4)
    )
    return (
        pl.concat([own, reported], how="vertical_relaxed")
        .with_columns(order.alias("order"))
        .sort("order", maintain_order=True)
        .unique(by, keep="first", maintain_order=True)
    )


def hours_from_rows(rows: pl.DataFrame, points: PointMap) -> pl.DataFrame:
    """Computed hours from accepted rows of the series raw, minute and hour.

    ``rows`` has the columns :data:`READ`; the result one row a (point, parameter, hour), ready for the
    store as ``computed-hour``.
    """
    if rows.is_empty():
        return empty()
    by = [*KEY, "hour"]
    rows, settings = _with_settings(rows, points)
    rows = rows.with_columns(
        pl.col("start").dt.truncate("1h").alias("hour"),
        pl.when(pl.col("seconds") > 0).then("seconds").otherwise("interval").alias("weight"),
    )
    fine = rows.filter(pl.col("series").is_in(["minute", "raw"]))
    # Real-time values are the same instants the device's own minute means are made of.
    has_minutes = (pl.col("series") == "minute").any().over(by)
    fine = fine.filter((pl.col("series") == "minute") | ~has_minutes)
    own = _own_hours(_with_volume(fine), settings, by).select(*by, *_MADE)
    reported = _reported(rows, "hour").select(*by, *_MADE)
    chosen = (
        _chosen(own, reported, by)
        .with_columns(pl.col("hour").dt.date().alias("day"))
        .join(settings.select(*KEY, "day", "standard"), on=[*KEY, "day"], how="left")
    )
    return _computed(_converted_by_oxygen(chosen, points), "hour", _HOUR, "computed-hour")


def _own_hours(fine: pl.DataFrame, settings: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """The platform's hours, from minutes or real-time values."""
    shares = fine.group_by(by).agg(
        pl.col("day").first(),
        pl.len().alias("seen"),
        is_valid().sum().alias("good"),
        pl.col("flag").filter(~is_valid() & pl.col("flag").is_not_null()).first().alias("bad_flag"),
        pl.col("series").first().alias("rule"),
        pl.col("weight").median().alias("usual"),
    )
    covered = pl.col("covered").fill_null(0)
    return (
        shares.join(_mean(fine.filter(is_valid()), by), on=by, how="left")
        .join(settings, on=[*KEY, "day"], how="left")
        .with_columns(
            # An instrument of one value an hour, or fewer, has said all there is to say.
            pl.when(pl.col("usual") >= _HOUR)
            .then(pl.col("good") > 0)
            .otherwise(covered >= pl.col("hour_minutes") * 60)
            .alias("valid"),
            (_HOUR / pl.col("usual")).ceil().cast(pl.Int32).alias("expected"),
            averaging.rolled_flag(pl.col("good"), pl.col("seen"), pl.col("bad_flag")).alias("flag"),
            pl.col("count").fill_null(0),
        )
    )


def _converted_by_oxygen(hours: pl.DataFrame, points: PointMap) -> pl.DataFrame:
    """Fill ``converted`` where the device gave none, by the hour's mean oxygen content."""
    reference = points.points.filter(pl.col("reference_oxygen").is_not_null()).select(
        "point", "reference_oxygen"
    )
    if reference.is_empty() or hours.is_empty():
        return hours
    oxygen = hours.filter((pl.col("parameter") == oxygen_code()) & pl.col("valid")).select(
        "point", "hour", pl.col("value").alias("oxygen")
    )
    table = hours.join(reference, on="point", how="left").join(
        oxygen, on=["point", "hour"], how="left"
    )
    by_oxygen = flue_gas.to_reference_oxygen(
        *(table[name].fill_null(float("nan")) for name in ("value", "oxygen", "reference_oxygen"))
    )
    # Gases and particles; flow, temperature and oxygen itself are not concentrations.
    pollutant = pl.col("parameter").str.contains("^a[23]")
    return table.with_columns(
        pl.when(pl.col("converted").is_null() & pollutant)
        .then(pl.Series(by_oxygen).fill_nan(None))
        .otherwise("converted")
        .alias("converted")
    ).drop("reference_oxygen", "oxygen")


def days_from_rows(rows: pl.DataFrame, points: PointMap) -> pl.DataFrame:
    """Computed days from accepted rows of the series computed-hour and day (with ``valid``).

    Ozone of ambient air is left out: see :func:`ozone_days`.
    """
    if rows.is_empty():
        return empty()
    by = [*KEY, "day"]
    rows, settings = _with_settings(rows, points)
    hours = _with_volume(
        rows.filter(pl.col("series") == "computed-hour").with_columns(
            pl.lit(_HOUR, dtype=pl.Int64).alias("weight")
        )
    )
    good = hours.filter(is_valid() & pl.col("valid"))
    due = (_DAY / pl.col("interval").clip(_HOUR, _DAY)).floor()
    number = pl.col("count").fill_null(0)
    own = (
        hours.select(by)
        .unique()
        .join(_mean(good, by), on=by, how="left")
        .join(settings, on=by, how="left")
        .with_columns(
            number.alias("count"),
            due.cast(pl.Int32).alias("expected"),
            averaging.enough_values(number, due).alias("valid"),
            pl.lit("N").alias("flag"),
            pl.lit("hour").alias("rule"),
        )
        .select(*by, *_MADE)
    )
    chosen = _chosen(own, _reported(rows, "day").select(*by, *_MADE), by)
    with_standard = chosen.join(settings.select(*by, "standard"), on=by, how="left")
    return _computed(with_standard, "day", _DAY, "computed-day")


def _good_ozone(hours: pl.DataFrame) -> pl.DataFrame:
    return hours.filter(
        (pl.col("parameter") == ozone_code()) & pl.col("valid") & pl.col("value").is_not_null()
    )


def eight_hours(hours: pl.DataFrame) -> pl.DataFrame:
    """Moving 8-hour means of ozone from computed hours (``point, parameter, start, value, valid``).

    One row for every window that contains a valid hour, stored by the window's start.
    """
    good = _good_ozone(hours)
    if good.is_empty():
        return empty()
    width = air_means.WINDOW_HOURS
    windows = air_means.eight_hour_windows(good, KEY).with_columns(
        pl.lit(width).alias("expected"), pl.lit("hour").alias("rule"), pl.lit("N").alias("flag")
    )
    return _computed(windows, "start", width * _HOUR, "computed-8hour")


def ozone_days(windows: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """Daily maximum 8-hour mean of ozone from 8-hour windows and computed hours.

    ``minimum`` and ``maximum`` are the extremes of the day's valid hours.
    """
    day = pl.col("start").dt.truncate("1d")
    extremes = (
        _good_ozone(hours)
        .group_by(*KEY, day)
        .agg(pl.col("value").max().alias("maximum"), pl.col("value").min().alias("minimum"))
    )
    if extremes.is_empty():
        return empty()
    ozone = windows.filter(pl.col("parameter") == ozone_code())
    days = extremes.join(
        air_means.daily_maximum(ozone, KEY), on=[*KEY, "start"], how="left"
    ).with_columns(
        pl.col("count").fill_null(0),
        pl.col("valid").fill_null(value=False),
        pl.lit(air_means.WINDOWS_WITHIN_DAY).alias("expected"),
        pl.lit("hour").alias("rule"),
        pl.lit("N").alias("flag"),
    )
    return _computed(days, "start", _DAY, "computed-day")


def with_emptied(made: pl.DataFrame, wanted: pl.DataFrame, seconds: int) -> pl.DataFrame:
    """Rows of ``made`` for ``wanted`` (``point, parameter, start``); where there is none, one that says so.

    A window or a day whose last valid hour was taken away must not keep its old mean.
    """
    day = seconds == _DAY
    due = air_means.WINDOWS_WITHIN_DAY if day else air_means.WINDOW_HOURS
    editions = averaging.table().filter(pl.col("kind") == "air")
    return (
        wanted.select(*KEY, "start")
        .unique()
        .join(made, on=[*KEY, "start"], how="left")
        .with_columns(pl.col("start").dt.date().alias("day"))
        .sort("day")
        .join_asof(
            editions.select("effective_from", edition="standard"),
            left_on="day",
            right_on="effective_from",
        )
        .with_columns(
            pl.col("seconds").fill_null(seconds),
            pl.col("series").fill_null("computed-day" if day else "computed-8hour"),
            pl.col("valid").fill_null(value=False),
            pl.col("count").fill_null(0),
            pl.col("expected").fill_null(due),
            pl.col("flag").fill_null("N"),
            pl.col("rule").fill_null("hour"),
            pl.coalesce("standard", "edition").alias("standard"),
        )
        .select(pl.col(name).cast(kind) for name, kind in COMPUTED_SCHEMA.items())
    )


def empty() -> pl.DataFrame:
    """No computed rows."""
    return pl.DataFrame(schema=COMPUTED_SCHEMA)


def _computed(rows: pl.DataFrame, start: str, seconds: int, series: str) -> pl.DataFrame:
    """``rows`` as the store takes them, columns they lack null."""
    table = rows.rename({start: "start"}).with_columns(
        pl.lit(seconds, dtype=pl.Int32).alias("seconds"), pl.lit(series).alias("series")
    )
    return table.select(
        (pl.col(name) if name in table.columns else pl.lit(None)).cast(kind).alias(name)
        for name, kind in COMPUTED_SCHEMA.items()
    ).sort([*KEY, "start"])
