"""What the numbers mean: air-quality index and water class, by the edition in force on the data's date.

Results are observations of computed series, so that every page reads one thing:

* ``aqi`` (``computed-hour``, ``computed-day``): the index; ``text`` names the primary pollutants
  ("PM2.5,O3"), ``standard`` the edition of HJ 633. Null value: not to be published (HJ 633-2026, 5.3.1).
* ``water_class`` (likewise): 1 (Ⅰ) to 6 (劣Ⅴ); ``text`` names the main pollutants, ``standard`` the edition.

They stand at the station's point, and for a county at its area point (``Point.Kind.AREA``), which also
carries the mean concentrations. An area's hour is the mean of its stations' hours, its day the mean of
their days, over the stations that count (``Station.counts_in_area``) and have a valid value
(:func:`ecoledger.standards.air_means.area_means`). The index of an area comes from those means, never from
the stations' indices.
"""

from __future__ import annotations

from typing import Any

import polars as pl

from ecoledger.entities.models import Area
from ecoledger.monitoring.computing import standard_values
from ecoledger.monitoring.computing.aggregate import Changed
from ecoledger.monitoring.models import Point
from ecoledger.monitoring.points import parameters
from ecoledger.monitoring.points.table import PointMap
from ecoledger.standards import (
    air_limits,
    air_means,
    aqi,
    averaging,
    surface_water_tables,
    water_periods,
)
from ecoledger.store.interface import ObservationStore

AQI = "aqi"
WATER_CLASS = "water_class"
# A county or county-level city: the first six digits of a division code (GB/T 2260).
COUNTY_DIGITS = 6

_READ = ["point", "parameter", "start", "value", "maximum", "valid"]
_RESULT_SCHEMA: dict[str, Any] = {
    "point": pl.Int64,
    "parameter": pl.String,
    "start": pl.Datetime("us"),
    "seconds": pl.Int32,
    "series": pl.String,
    "value": pl.Float64,
    "text": pl.String,
    "flag": pl.String,
    "valid": pl.Boolean,
    "count": pl.Int32,
    "expected": pl.Int32,
    "standard": pl.String,
}
# The greatest hour of ozone, which HJ 633-2012 counts in a day's index beside the 8-hour mean.
_O3_1H = "o3_1h"
# Decimals that no reading has.
_NOISE = 9
_PERIODS = (("hour", 3600, "computed-hour"), ("day", 86400, "computed-day"))


def area_point(area_code: str) -> Point:
    """The point that carries what is computed for an area, made when it is first needed."""
    found, _ = Point.objects.get_or_create(
        kind=Point.Kind.AREA,
        area_code=area_code,
        defaults={
            "name": Area.objects.filter(code=area_code).values_list("name", flat=True).first()
            or area_code
        },
    )
    return found


def run(changed: Changed, store: ObservationStore, points: PointMap) -> Changed:
    """Evaluate what was computed anew, store the results, and name them for the alarms."""
    hours: list[pl.DataFrame] = []
    days: list[pl.DataFrame] = []
    for (column, seconds, series), touched in zip(
        _PERIODS, (changed.hours, changed.days), strict=True
    ):
        made = [
            *_air(touched.rename({column: "start"}), series, seconds, store, points),
            _water(touched.rename({column: "start"}), series, seconds, store, points),
        ]
        rows = pl.concat([table for table in made if not table.is_empty()] or [_nothing()])
        if rows.is_empty():
            continue
        store.append(observations=rows)
        (hours if column == "hour" else days).append(
            rows.select("point", "parameter", pl.col("start").alias(column))
        )
    return Changed(
        pl.concat([changed.hours, *hours]).unique(), pl.concat([changed.days, *days]).unique()
    )


def _nothing() -> pl.DataFrame:
    return pl.DataFrame(schema=_RESULT_SCHEMA)


def _finished(rows: pl.DataFrame, series: str, seconds: int) -> pl.DataFrame:
    return rows.with_columns(
        pl.lit(series).alias("series"),
        pl.lit(seconds, dtype=pl.Int32).alias("seconds"),
        pl.lit("N").alias("flag"),
    ).select(pl.col(name).cast(kind) for name, kind in _RESULT_SCHEMA.items())


def _wide(
    touched: pl.DataFrame,
    codes: dict[str, str],
    kind: str,
    series: str,
    store: ObservationStore,
    points: PointMap,
) -> pl.DataFrame:
    """Valid values of all ``codes`` in the touched periods, in the standards' units: ``point, start`` and a
    column a key; for days of air also ``o3_1h``, the greatest hour of ozone."""
    periods = touched.select("point", "start").unique()
    windows = periods.join(pl.DataFrame({"parameter": list(codes)}), how="cross").rename(
        {"start": "hour"}
    )
    found = store.read_windows(windows, series, seconds=1, columns=_READ)
    valid = found.filter(pl.col("valid") & pl.col("value").is_not_null())
    values = standard_values.in_standard_units(valid, kind, points)
    if kind == "air" and series == "computed-day":
        ozone = valid.filter(pl.col("parameter") == parameters.code_of_key("o3", "air"))
        greatest = standard_values.in_standard_units(
            ozone.with_columns(value="maximum"), kind, points
        )
        values = pl.concat([values, greatest.with_columns(parameter=pl.lit(_O3_1H))])
        codes = codes | {_O3_1H: _O3_1H}
    table = values.group_by("point", "start").agg(
        pl.col("value").filter(pl.col("parameter") == code).first().alias(key)
        for code, key in codes.items()
    )
    return periods.join(table, on=["point", "start"], how="left").sort("point", "start")


def _air(
    touched: pl.DataFrame,
    series: str,
    seconds: int,
    store: ObservationStore,
    points: PointMap,
) -> list[pl.DataFrame]:
    codes = standard_values.air_codes()
    stations = points.points.filter(pl.col("kind") == "air")
    at_stations = touched.filter(pl.col("parameter").is_in(list(codes))).join(
        stations.select("point"), on="point", how="semi"
    )
    if at_stations.is_empty():
        return []
    made = [_indices(_wide(at_stations, codes, "air", series, store, points), series, seconds)]
    counting = stations.filter(pl.col("counts_in_area")).with_columns(
        pl.col("area_code").str.slice(0, COUNTY_DIGITS).alias("county")
    )
    counted = points.counted()
    at_counting = at_stations.join(counting, on="point").filter(counted)
    counties = at_counting.select("county", "start").unique()
    if counties.is_empty():
        return made
    everywhere = counties.join(counting, on="county").filter(counted)
    everywhere = everywhere.select("county", "start", "point")
    values = _wide(everywhere, codes, "air", series, store, points).join(
        counting.select("point", "county"), on="point"
    )
    numbers = {code: area_point(code).pk for code in sorted(counties["county"].unique().to_list())}
    means = air_means.area_means(values, area="county", station="point", time="start").with_columns(
        pl.col("county").replace_strict(numbers, return_dtype=pl.Int64).alias("point")
    )
    planned = values.group_by("county", "start").agg(pl.len().alias("expected"))
    made.append(_area_rows(means.join(planned, on=["county", "start"]), codes, series, seconds))
    made.append(_indices(means, series, seconds))
    return made


def _area_rows(
    means: pl.DataFrame, codes: dict[str, str], series: str, seconds: int
) -> pl.DataFrame:
    """Mean concentrations of areas as rows, each with the edition of HJ 663 that made it."""
    by_air = averaging.table().filter(pl.col("kind") == "air").select("effective_from", "standard")
    means = (
        means.with_columns(pl.col("start").dt.date().alias("day"))
        .sort("day")
        .join_asof(by_air, left_on="day", right_on="effective_from")
    )
    rows = [
        means.select(
            "point",
            pl.lit(code).alias("parameter"),
            "start",
            pl.col(key).alias("value"),
            pl.lit(None, dtype=pl.String).alias("text"),
            pl.col(key).is_not_null().alias("valid"),
            pl.col(f"{key}_stations").alias("count"),
            "expected",
            "standard",
        )
        for code, key in codes.items()
    ]
    return _finished(pl.concat(rows), series, seconds)


def _indices(table: pl.DataFrame, series: str, seconds: int) -> pl.DataFrame:
    """AQI rows from a table of ``point, start`` and the six factors."""
    keys = list(air_limits.FACTORS)
    # A period without any measurement is judged too: what was given for it before is taken back.
    if table.is_empty():
        return _nothing()
    if seconds == 86400:
        judged = aqi.daily_table(
            table.with_columns(pl.col("start").dt.date().alias("day")), day="day"
        )
    else:
        judged = aqi.hourly_table(table, time="start", label="start")
    labels = {
        key: parameters.label(code, "air") for code, key in standard_values.air_codes().items()
    }
    primary = pl.col("primary")
    # "pm2_5" before "pm10" would be needed only if one key were part of another; none is.
    for key, shown in labels.items():
        primary = primary.str.replace_all(key, shown, literal=True)
    return _finished(
        judged.select(
            "point",
            pl.lit(AQI).alias("parameter"),
            "start",
            pl.col("aqi").cast(pl.Float64).alias("value"),
            primary.alias("text"),
            pl.col("aqi").is_not_null().alias("valid"),
            pl.sum_horizontal(pl.col(key).is_not_null().cast(pl.Int32) for key in keys).alias(
                "count"
            ),
            pl.lit(len(keys), dtype=pl.Int32).alias("expected"),
            "standard",
        ),
        series,
        seconds,
    )


def _water(
    touched: pl.DataFrame,
    series: str,
    seconds: int,
    store: ObservationStore,
    points: PointMap,
) -> pl.DataFrame:
    codes = standard_values.water_codes()
    stations = points.points.filter(pl.col("kind") == "water").select("point", "is_lake")
    here = touched.filter(pl.col("parameter").is_in(list(codes))).join(
        stations, on="point", how="semi"
    )
    if here.is_empty():
        return _nothing()
    table = _wide(here, codes, "water", series, store, points).join(stations, on="point")
    days = table["start"].dt.date()
    # A day is a mean and is rounded as means are. An hour is judged as the instrument gave it, like the national
    # publication of automatic stations does; only the noise of binary fractions is taken off.
    judged = surface_water_tables.classify_table(
        water_periods.rounded_table(table, on=days)
        if series == "computed-day"
        else table.with_columns(pl.col(list(codes.values())).round(_NOISE)),
        on=days,
        waterbody=table["is_lake"].replace_strict({True: "lake", False: "river"}),
    )
    # Periods without a single item say nothing; where a class was given before, it is taken back.
    return _finished(
        judged.select(
            "point",
            pl.lit(WATER_CLASS).alias("parameter"),
            "start",
            pl.col("class_rank").cast(pl.Float64).alias("value"),
            pl.col("main_pollutants").alias("text"),
            pl.col("class_rank").is_not_null().alias("valid"),
            pl.sum_horizontal(
                pl.col(key).is_not_null().cast(pl.Int32) for key in codes.values()
            ).alias("count"),
            pl.lit(None, dtype=pl.Int32).alias("expected"),
            "standard",
        ),
        series,
        seconds,
    )
