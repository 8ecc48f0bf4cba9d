"""Minutes become hours, hours become 8-hour means and days, by the validity rules of each kind of point.

Only what was touched is computed: :func:`run` takes (point, parameter, hour) and works out the hours,
8-hour windows and days that depend on it. The rules are data (``data/aggregation.toml``).

Which value an hour has, in this order:

1. what a person set on the reported hour (enterprise mark or review, layer 2 and above);
2. the mean of the minutes (or, without minutes, of the real-time values), when enough of them are valid;
3. the hour the device reported itself (CN 2061), which is always kept beside the computed one, in the
   series ``hour``;
4. the mean of too few minutes, marked not valid.

The platform's own mean goes first so that a corrected minute changes its hour by one rule everywhere.
The column ``rule`` of a computed row names the origin: ``review``, ``minute``, ``raw`` or ``device``. A
day follows the same order with hours in place of minutes and CN 2031 in place of 2061.

The computed day of ozone holds the daily maximum 8-hour mean (what the day is judged by) in ``value``
and the greatest hourly mean in ``maximum``.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache
from importlib import resources
from typing import Any

import polars as pl

from ecoledger.monitoring.points import PointMap
from ecoledger.standards import air_limits
from ecoledger.standards.catalogue import NoEditionInForceError
from ecoledger.store.interface import ObservationStore

KEY = ["point", "parameter"]
READ = [
    "point",
    "parameter",
    "series",
    "start",
    "seconds",
    "value",
    "minimum",
    "maximum",
    "total",
    "converted",
    "converted_maximum",
    "flag",
    "layer",
]
_FALLBACK_INTERVAL = 60


@cache
def rules() -> dict[str, Any]:
    """The contents of ``data/aggregation.toml``."""
    text = (resources.files("ecoledger.monitoring") / "data" / "aggregation.toml").read_text(
        "utf-8"
    )
    return tomllib.loads(text)


@dataclass(frozen=True)
class Changed:
    """What :func:`run` computed anew: ``hours`` (point, parameter, hour) and ``days`` (point,
    parameter, day)."""

    hours: pl.DataFrame
    days: pl.DataFrame

    @property
    def empty(self) -> bool:
        """Whether nothing was touched."""
        return self.hours.is_empty() and self.days.is_empty()


def is_valid(flag: str = "flag", value: str = "value") -> pl.Expr:
    """Whether a row counts in statistics: it has a value and its flag says normal or capped."""
    return pl.col(value).is_not_null() & pl.col(flag).fill_null("").is_in(rules()["valid_flags"])


def settings_of(keys: pl.DataFrame, points: PointMap) -> pl.DataFrame:
    """``keys`` (with ``point, parameter``) and, for each, the rule its kind of point asks for."""
    book = rules()
    kinds = [name for name in book if isinstance(book[name], dict) and "hour_minutes" in book[name]]
    by_kind = pl.DataFrame(
        {
            "kind": kinds,
            "hour_minutes": [book[k]["hour_minutes"] for k in kinds],
            "day_hours": [book[k].get("day_hours") for k in kinds],
            "day_share": [book[k].get("day_share") for k in kinds],
            "hour_flag": [book[k]["hour_flag"] for k in kinds],
            "mean": [book[k]["mean"] for k in kinds],
            "flow": [book[k].get("flow") for k in kinds],
            "standard": [book[k]["standard"] for k in kinds],
        },
        schema_overrides={"day_hours": pl.Float64, "day_share": pl.Float64, "flow": pl.String},
    )
    declared = points.parameters.select("point", "parameter", "interval")
    method = pl.col("parameter").replace_strict(
        book["method"], default=None, return_dtype=pl.String
    )
    return (
        keys.join(points.points.select("point", "kind", "reference_oxygen"), on="point", how="left")
        .join(by_kind, on="kind", how="left")
        .join(declared, on=KEY, how="left")
        .with_columns(
            pl.col("interval").fill_null(_FALLBACK_INTERVAL),
            pl.col("hour_minutes").fill_null(45),
            # What is weighted by the flow is never the flow itself.
            pl.coalesce(
                method,
                pl.when(pl.col("parameter") == pl.col("flow")).then(pl.lit("plain")),
                pl.col("mean"),
                pl.lit("plain"),
            ).alias("method"),
        )
    )


def _mean(rows: pl.DataFrame, by: list[str]) -> pl.DataFrame:
    """The mean of ``value`` and ``converted`` by each key's ``method``; ``rows`` are valid rows.

    ``weight`` is the time each row stands for, ``amount`` the flow within it (null: unknown).
    """
    value, weight, amount = pl.col("value"), pl.col("weight"), pl.col("amount")
    known_flow = amount.is_not_null() & (amount > 0)
    radians = value.radians()
    east = (radians.sin() * weight).sum()
    north = (radians.cos() * weight).sum()
    plain = (value * weight).sum() / weight.sum()
    # Without any flow there is nothing to weight by; the arithmetic mean is the best that is left.
    by_flow = (
        pl.when(known_flow.any())
        .then((value * amount).filter(known_flow).sum() / amount.filter(known_flow).sum())
        .otherwise(plain)
    )
    method = pl.col("method").first()
    has_converted = pl.col("converted").is_not_null()
    return (
        rows.group_by(by)
        .agg(
            pl.when(method == "energy")
            .then(10 * ((pl.lit(10.0).pow(value / 10) * weight).sum() / weight.sum()).log10())
            .when(method == "direction")
            .then((pl.arctan2(east, north).degrees() + 360) % 360)
            .when(method == "sum")
            .then(value.sum())
            .when(method == "flow")
            .then(by_flow)
            .otherwise(plain)
            .alias("value"),
            pl.when(has_converted.any())
            .then(
                (pl.col("converted") * weight).filter(has_converted).sum()
                / weight.filter(has_converted).sum()
            )
            .alias("converted"),
            pl.min_horizontal("minimum", "value").min().alias("minimum"),
            pl.max_horizontal("maximum", "value").max().alias("maximum"),
            pl.col("total").sum().alias("total"),
            pl.col("total").is_not_null().any().alias("has_total"),
            weight.sum().alias("covered"),
            pl.len().cast(pl.Int32).alias("count"),
        )
        .with_columns(pl.when("has_total").then("total").alias("total"))
        .drop("has_total")
    )


def _with_flow(rows: pl.DataFrame) -> pl.DataFrame:
    """``rows`` with ``amount``: the flow of the same point over the same period, in m³."""
    flow = rows.filter(
        (pl.col("parameter") == pl.col("flow")) & (is_valid() | pl.col("total").is_not_null())
    ).select(
        "point",
        "series",
        "start",
        pl.coalesce("total", pl.col("value") * pl.col("weight") / 1000).alias("amount"),
    )
    if flow.is_empty():
        return rows.with_columns(pl.lit(None, dtype=pl.Float64).alias("amount"))
    return rows.join(
        flow.unique(["point", "series", "start"]), on=["point", "series", "start"], how="left"
    )


def hours_from_rows(rows: pl.DataFrame, points: PointMap) -> pl.DataFrame:
    """Computed hours from accepted rows of the series raw, minute and hour.

    ``rows`` has the columns :data:`READ`; the result one row a (point, parameter, hour), ready for the
    store as ``computed-hour``.
    """
    if rows.is_empty():
        return _empty()
    settings = settings_of(rows.select(KEY).unique(), points)
    rows = rows.join(settings, on=KEY, how="left").with_columns(
        pl.col("start").dt.truncate("1h").alias("hour"),
        pl.when(pl.col("seconds") > 0).then("seconds").otherwise("interval").alias("weight"),
    )
    fine = rows.filter(pl.col("series").is_in(["minute", "raw"]))
    has_minutes = (pl.col("series") == "minute").any().over([*KEY, "hour"])
    # Real-time values are the same instants the device's own minute means are made of.
    fine = _with_flow(fine).filter((pl.col("series") == "minute") | ~has_minutes)
    by = [*KEY, "hour"]
    shares = fine.group_by(by).agg(
        pl.len().alias("seen"),
        is_valid().sum().alias("good"),
        pl.col("flag").filter(~is_valid() & pl.col("flag").is_not_null()).first().alias("bad_flag"),
        pl.col("series").first().alias("rule"),
        pl.col("weight").median().alias("usual"),
    )
    fine_hours = (
        shares.join(_mean(fine.filter(is_valid()), by), on=by, how="left")
        .join(settings, on=KEY, how="left")
        .with_columns(
            pl.when(pl.col("usual") >= 3600)
            .then(pl.col("good") > 0)
            .otherwise(pl.col("covered").fill_null(0) >= pl.col("hour_minutes") * 60)
            .alias("valid"),
            (3600 / pl.col("usual")).ceil().cast(pl.Int32).alias("expected"),
            _rolled_flag().alias("flag"),
            pl.col("count").fill_null(0),
        )
    )
    reported = rows.filter(pl.col("series") == "hour").with_columns(
        pl.when(pl.col("layer") >= 2)
        .then(pl.lit("review"))
        .otherwise(pl.lit("device"))
        .alias("rule"),
        is_valid().alias("valid"),
        pl.lit(1, dtype=pl.Int32).alias("count"),
        pl.lit(1, dtype=pl.Int32).alias("expected"),
        pl.col("flag").fill_null("N"),
    )
    columns = [*by, "value", "minimum", "maximum", "total", "converted", "flag", "valid", "count",
               "expected", "rule", "standard"]  # fmt: skip
    both = pl.concat([fine_hours.select(columns), reported.select(columns)], how="vertical_relaxed")
    chosen = (
        both.with_columns(_order().alias("order"))
        .sort("order", maintain_order=True)
        .unique(by, keep="first", maintain_order=True)
    )
    return _computed(_converted_by_oxygen(chosen, points), "hour", 3600, "computed-hour")


def _order() -> pl.Expr:
    own = pl.col("rule").is_in(["minute", "raw"])
    return (
        pl.when(pl.col("rule") == "review")
        .then(0)
        .when(own & pl.col("valid"))
        .then(1)
        .when(~own & pl.col("valid"))
        .then(2)
        .when(own)
        .then(3)
        .otherwise(4)
    )


def _rolled_flag() -> pl.Expr:
    """The hour's flag from those of its parts (HJ 212-2017 C.16 to C.18)."""
    bad = pl.col("bad_flag").fill_null("D")
    return (
        pl.when(pl.col("hour_flag") == "share")
        .then(
            pl.when(pl.col("good") >= 0.75 * pl.col("seen"))
            .then(pl.lit("N"))
            .otherwise(pl.lit("D"))
        )
        .when(pl.col("hour_flag") == "any")
        .then(pl.when(pl.col("good") == pl.col("seen")).then(pl.lit("N")).otherwise(bad))
        .otherwise(pl.when(pl.col("good") > 0).then(pl.lit("N")).otherwise(bad))
    )


OXYGEN = "a19001"
# Above this the furnace is out: dividing by (21 − O2) would make any trace an exceedance.
_AIR_OXYGEN = 20.9
_NOT_CONVERTED = frozenset({OXYGEN, "a00000"})


def _converted_by_oxygen(hours: pl.DataFrame, points: PointMap) -> pl.DataFrame:
    """Fill ``converted`` where the device gave none: C·(21 − O2ref)/(21 − O2), both hourly means."""
    reference = points.points.filter(pl.col("reference_oxygen").is_not_null()).select(
        "point", "reference_oxygen"
    )
    if reference.is_empty() or hours.is_empty():
        return hours
    oxygen = hours.filter((pl.col("parameter") == OXYGEN) & pl.col("valid")).select(
        "point", "hour", pl.col("value").alias("oxygen")
    )
    pollutant = (
        pl.col("parameter").str.starts_with("a2") | pl.col("parameter").str.starts_with("a3")
    ) & ~pl.col("parameter").is_in(list(_NOT_CONVERTED))
    return (
        hours.join(reference, on="point", how="left")
        .join(oxygen, on=["point", "hour"], how="left")
        .with_columns(
            pl.when(pl.col("converted").is_null() & pollutant & (pl.col("oxygen") < _AIR_OXYGEN))
            .then(pl.col("value") * (21 - pl.col("reference_oxygen")) / (21 - pl.col("oxygen")))
            .otherwise("converted")
            .alias("converted")
        )
        .drop("reference_oxygen", "oxygen")
    )


def eight_hours(hours: pl.DataFrame) -> pl.DataFrame:
    """Moving 8-hour means of ozone from computed hours (``point, parameter, start, value, valid``).

    One row for every window that contains a valid hour, stored by the window's start; valid with at
    least six hours.
    """
    rule = rules()["ozone"]
    width = rule["window_hours"]
    good = hours.filter(
        (pl.col("parameter") == rule["parameter"]) & pl.col("valid") & pl.col("value").is_not_null()
    )
    if good.is_empty():
        return _empty()
    spread = pl.concat(
        [
            good.select(*KEY, (pl.col("start") - pl.duration(hours=back)).alias("hour"), "value")
            for back in range(width)
        ]
    )
    means = spread.group_by([*KEY, "hour"]).agg(
        pl.col("value").mean(), pl.len().cast(pl.Int32).alias("count")
    )
    nothing = pl.lit(None, dtype=pl.Float64)
    return _computed(
        means.with_columns(
            (pl.col("count") >= rule["window_valid"]).alias("valid"),
            pl.lit(width, dtype=pl.Int32).alias("expected"),
            pl.lit(rule["standard"]).alias("standard"),
            pl.lit("hour").alias("rule"),
            pl.lit("N").alias("flag"),
            *(nothing.alias(name) for name in ("minimum", "maximum", "total", "converted")),
        ),
        "hour",
        width * 3600,
        "computed-8hour",
    )


def days_from_rows(rows: pl.DataFrame, points: PointMap) -> pl.DataFrame:
    """Computed days from accepted rows of the series computed-hour and day (with ``valid``).

    Ozone of ambient air is left out: see :func:`ozone_days`.
    """
    if rows.is_empty():
        return _empty()
    settings = settings_of(rows.select(KEY).unique(), points)
    rows = rows.join(settings, on=KEY, how="left").with_columns(
        pl.col("start").dt.truncate("1d").alias("day"),
        pl.lit(3600, dtype=pl.Int64).alias("weight"),
    )
    by = [*KEY, "day"]
    hours = _with_flow(rows.filter(pl.col("series") == "computed-hour"))
    good = hours.filter(is_valid() & pl.col("valid"))
    due = (86400 / pl.col("interval").clip(3600, 86400)).floor()
    own = (
        hours.group_by(by)
        .agg(pl.len().alias("seen"))
        .join(_mean(good, by), on=by, how="left")
        .join(settings, on=KEY, how="left")
        .with_columns(
            pl.col("count").fill_null(0),
            due.cast(pl.Int32).alias("expected"),
            # A sampler that gives a value every four hours is due six a day, not 24.
            (
                pl.col("count").fill_null(0)
                >= pl.min_horizontal(
                    pl.coalesce("day_hours", pl.col("day_share") * due, pl.lit(20.0)),
                    pl.when(due < 24).then((0.75 * due).ceil()),
                )
            ).alias("valid"),
            pl.lit("N").alias("flag"),
            pl.lit("hour").alias("rule"),
        )
    )
    reported = rows.filter(pl.col("series") == "day").with_columns(
        pl.when(pl.col("layer") >= 2)
        .then(pl.lit("review"))
        .otherwise(pl.lit("device"))
        .alias("rule"),
        is_valid().alias("valid"),
        pl.lit(1, dtype=pl.Int32).alias("count"),
        pl.lit(1, dtype=pl.Int32).alias("expected"),
        pl.col("flag").fill_null("N"),
    )
    columns = [*by, "value", "minimum", "maximum", "total", "converted", "flag", "valid", "count",
               "expected", "rule", "standard"]  # fmt: skip
    both = pl.concat([own.select(columns), reported.select(columns)], how="vertical_relaxed")
    own_first = (
        pl.when(pl.col("rule") == "review")
        .then(0)
        .when((pl.col("rule") == "hour") & pl.col("valid"))
        .then(1)
        .when((pl.col("rule") == "device") & pl.col("valid"))
        .then(2)
        .when(pl.col("rule") == "hour")
        .then(3)
        .otherwise(4)
    )
    chosen = (
        both.with_columns(own_first.alias("order"))
        .sort("order", maintain_order=True)
        .unique(by, keep="first", maintain_order=True)
    )
    return _computed(chosen, "day", 86400, "computed-day")


def ozone_days(windows: pl.DataFrame, hours: pl.DataFrame) -> pl.DataFrame:
    """Daily maximum 8-hour mean of ozone from 8-hour windows and computed hours (HJ 663, 6.1.2).

    Windows count for the day they lie in wholly. Valid with 14 windows, or when the greatest exceeds
    the limit even with fewer.
    """
    rule = rules()["ozone"]
    inside = windows.filter(
        pl.col("valid")
        & (pl.col("start").dt.hour() < rule["windows_a_day"])
        & (pl.col("parameter") == rule["parameter"])
    ).with_columns(pl.col("start").dt.truncate("1d").alias("day"))
    greatest_hours = (
        hours.filter(
            (pl.col("parameter") == rule["parameter"])
            & pl.col("valid")
            & pl.col("value").is_not_null()
        )
        .with_columns(pl.col("start").dt.truncate("1d").alias("day"))
        .group_by([*KEY, "day"])
        .agg(pl.col("value").max().alias("maximum"), pl.col("value").min().alias("minimum"))
    )
    found = inside.group_by([*KEY, "day"]).agg(
        pl.col("value").max(), pl.len().cast(pl.Int32).alias("count")
    )
    days = greatest_hours.join(found, on=[*KEY, "day"], how="left")
    if days.is_empty():
        return _empty()
    limits = {day: _ozone_limit(day.date()) for day in days["day"].unique()}
    limit = pl.col("day").replace_strict(limits, default=None, return_dtype=pl.Float64)
    return _computed(
        days.with_columns(
            pl.col("count").fill_null(0),
            (
                (pl.col("count").fill_null(0) >= rule["windows_valid"])
                | (pl.col("value") > limit).fill_null(value=False)
            ).alias("valid"),
            pl.lit(rule["windows_a_day"], dtype=pl.Int32).alias("expected"),
            pl.lit(rule["standard"]).alias("standard"),
            pl.lit("hour").alias("rule"),
            pl.lit("N").alias("flag"),
            pl.lit(None, dtype=pl.Float64).alias("total"),
            pl.lit(None, dtype=pl.Float64).alias("converted"),
        ),
        "day",
        86400,
        "computed-day",
    )


def _ozone_limit(on: date) -> float | None:
    try:
        return air_limits.limit("o3", "eight_hour", on=on)
    except (KeyError, NoEditionInForceError):
        return None


_COMPUTED_SCHEMA: dict[str, Any] = {
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


def _empty() -> pl.DataFrame:
    return pl.DataFrame(schema=_COMPUTED_SCHEMA)


def _computed(rows: pl.DataFrame, start: str, seconds: int, series: str) -> pl.DataFrame:
    return (
        rows.rename({start: "start"})
        .with_columns(
            pl.lit(seconds, dtype=pl.Int32).alias("seconds"), pl.lit(series).alias("series")
        )
        .select(pl.col(name).cast(kind) for name, kind in _COMPUTED_SCHEMA.items())
        .sort([*KEY, "start"])
    )


def run(work: pl.DataFrame, store: ObservationStore, points: PointMap) -> Changed:
    """Compute what depends on ``work`` (``point, parameter, hour``) and store it.

    Doing it again stores nothing new. Returns what was touched, for evaluation and alarms.
    """
    hours = _with_dependants(work.select("point", "parameter", "hour").unique(), points)
    if hours.is_empty():
        return Changed(hours, hours.rename({"hour": "day"}))
    rows = store.read_windows(hours, ["raw", "minute", "hour"], columns=READ)
    _append(store, hours_from_rows(rows, points))

    days = hours.select(*KEY, pl.col("hour").dt.truncate("1d").alias("day")).unique()
    read = [*READ, "valid"]
    day_windows = days.rename({"day": "hour"})
    ozone = rules()["ozone"]["parameter"]
    kinds = points.points.select("point", "kind")
    is_ozone = (pl.col("parameter") == ozone) & (pl.col("kind") == "air")
    marked = day_windows.join(kinds, on="point", how="left")
    plain = marked.filter(~is_ozone).drop("kind")
    computed = []
    if not plain.is_empty():
        needed = _with_flow_windows(plain, points)
        found = store.read_windows(needed, ["computed-hour", "day"], seconds=86400, columns=read)
        made = days_from_rows(found, points)
        computed.append(
            made.join(
                plain.rename({"hour": "start"}), on=["point", "parameter", "start"], how="semi"
            )
        )
    with_ozone = marked.filter(is_ozone).drop("kind")
    if not with_ozone.is_empty():
        computed += _ozone(with_ozone, hours, store, read)
    _append(store, *computed)
    return Changed(hours, days)


def _ozone(
    days: pl.DataFrame, hours: pl.DataFrame, store: ObservationStore, read: list[str]
) -> list[pl.DataFrame]:
    """8-hour windows that hold a touched hour, and the days of touched hours."""
    margin = rules()["ozone"]["window_hours"] - 1
    around = days.with_columns(pl.col("hour") - pl.duration(hours=margin))
    found = store.read_windows(
        around, "computed-hour", seconds=86400 + 2 * margin * 3600, columns=read
    )
    windows = eight_hours(found)
    touched = pl.concat(
        [
            hours.select(*KEY, (pl.col("hour") - pl.duration(hours=back)).alias("start"))
            for back in range(margin + 1)
        ]
    ).unique()
    of_days = ozone_days(windows, found)
    # A window or a day whose last valid hour was taken away must not keep its old mean.
    return [
        _emptied_too(
            touched.join(days.select(KEY).unique(), on=KEY, how="semi"), windows, "computed-8hour"
        ),
        _emptied_too(days.rename({"hour": "start"}), of_days, "computed-day"),
    ]


def _emptied_too(wanted: pl.DataFrame, made: pl.DataFrame, series: str) -> pl.DataFrame:
    """Rows of ``made`` for ``wanted`` (``point, parameter, start``); without data, a row saying so."""
    rule = rules()["ozone"]
    hours = rule["window_hours"] if series == "computed-8hour" else 24
    due = rule["window_hours"] if series == "computed-8hour" else rule["windows_a_day"]
    return (
        wanted.select(*KEY, "start")
        .unique()
        .join(made, on=[*KEY, "start"], how="left")
        .with_columns(
            pl.col("seconds").fill_null(hours * 3600),
            pl.col("series").fill_null(series),
            pl.col("valid").fill_null(value=False),
            pl.col("count").fill_null(0),
            pl.col("expected").fill_null(due),
            pl.col("flag").fill_null("N"),
            pl.col("rule").fill_null("hour"),
            pl.col("standard").fill_null(rule["standard"]),
        )
        .select(pl.col(name).cast(kind) for name, kind in _COMPUTED_SCHEMA.items())
    )


def _with_dependants(hours: pl.DataFrame, points: PointMap) -> pl.DataFrame:
    """``hours`` and those of the parameters that are weighted by, or converted with, a touched one."""
    book = rules()
    drivers = [OXYGEN] + [
        entry["flow"] for entry in book.values() if isinstance(entry, dict) and "flow" in entry
    ]
    driving = hours.filter(pl.col("parameter").is_in(drivers)).select("point", "hour").unique()
    siblings = driving.join(points.parameters.select(KEY), on="point").select(*KEY, "hour")
    # And a touched parameter is computed with its drivers at hand, which must be read as well.
    with_drivers = (
        hours.select("point", "hour")
        .unique()
        .join(points.parameters.filter(pl.col("parameter").is_in(drivers)).select(KEY), on="point")
    )
    return pl.concat([hours, siblings, with_drivers.select(*KEY, "hour")]).unique()


def _with_flow_windows(days: pl.DataFrame, points: PointMap) -> pl.DataFrame:
    flows = [
        entry["flow"] for entry in rules().values() if isinstance(entry, dict) and "flow" in entry
    ]
    flow = (
        days.select("point", "hour")
        .unique()
        .join(points.parameters.filter(pl.col("parameter").is_in(flows)).select(KEY), on="point")
    )
    return pl.concat([days.select(*KEY, "hour"), flow.select(*KEY, "hour")]).unique()


def _append(store: ObservationStore, *tables: pl.DataFrame) -> None:
    rows = [table for table in tables if not table.is_empty()]
    if rows:
        store.append(observations=pl.concat(rows))


def days_between(begin: date, end: date) -> list[date]:
    """Days from ``begin`` to the day before ``end``."""
    return [begin + timedelta(days=n) for n in range((end - begin).days)]
