"""Each station's hour split into regional background, what the city adds, and what lies near the station.

The nested approach of Lenschow et al. 2001 (doi:10.1016/S1352-2310(01)00122-4): the background is what the cleanest
stations of the network share (the given background stations where there are any), the city's increment what its
median station has above it, the local increment the rest. What a station has at that hour of the day on most days
(its usual increment: roads, height, ozone's daily shape and its titration) is told apart from what is unusual, and
dust that reaches the whole network is regional whatever a single station shows.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import polars as pl

from ecoledger.science.air_table import TableError, require

_DUST_RATIO = 0.3
_DUST_PM10 = 150.0
_USUAL_DAYS = 28
_LEAST_DAYS = 7


def dust_hours(
    table: pl.DataFrame, *, ratio: float = _DUST_RATIO, pm10: float = _DUST_PM10
) -> pl.DataFrame:
    """Hours in which dust lies over the network: ``date, dust``.

    The median station has PM10 above ``pm10`` µg/m³ and PM2.5/PM10 below ``ratio``. Needs ``date, pm25, pm10``.
    """
    require(table, ("date", "pm25", "pm10"))
    share = pl.col("pm25") / pl.col("pm10")
    return (
        table.filter(pl.col("pm10") > 0)
        .group_by("date")
        .agg(dust=(pl.col("pm10").median() > pm10) & (share.median() < ratio))
        .sort("date")
    )


def split(
    table: pl.DataFrame,
    pollutant: str,
    *,
    background: Sequence[str] = (),
    least_stations: int = 4,
) -> pl.DataFrame:
    """One row a station and hour: ``date, station, value, regional, city, local, usual, unusual, score, dust, cause``.

    ``regional + city + local = value``; ``local`` may be negative. ``usual``: the median of ``local`` at this hour of the day
    over the 28 days before; ``unusual = local − usual``, zero in dust for PM10. ``score``: ``unusual`` over its usual
    spread (1.4826·MAD). ``cause`` is the largest part: regional, city, local or dust; local only where the unusual part
    stands out (score ≥ 3) or the local increment is habitual and the largest. All in the unit of the data. Hours with fewer than ``least_stations`` values are
    left out. ``table``: ``date, station`` and the pollutant; ``pm25`` and ``pm10`` beside it tell of dust.
    """
    require(table, ("date", "station", pollutant))
    stations = table["station"].n_unique()
    if stations < least_stations:
        raise TableError(
            f"{stations} stations cannot tell regional from local; {least_stations} are needed"
        )
    value = pl.col(pollutant)
    rows = table.select("date", "station", value=value).drop_nulls()
    rows = rows.filter(pl.col("value").is_not_nan())
    far = pl.col("station").is_in(list(background))
    hours = (
        rows.group_by("date")
        .agg(
            n=pl.len(),
            low=pl.col("value").quantile(0.1, "linear"),
            far=pl.col("value").filter(far).median(),
            middle=pl.col("value").filter(~far).median(),
        )
        .filter(pl.col("n") >= least_stations)
        .sort("date")
        .with_columns(base=pl.min_horizontal(pl.coalesce("far", "low"), "middle"))
        # A background does not jump from hour to hour: the median of three.
        .with_columns(
            regional=pl.min_horizontal(
                pl.col("base").rolling_median(3, center=True, min_samples=1), "middle"
            )
        )
        .with_columns(city=pl.col("middle") - pl.col("regional"))
        .select("date", "regional", "city")
    )
    rows = rows.join(hours, on="date").with_columns(
        local=pl.col("value") - pl.col("regional") - pl.col("city"), hour=pl.col("date").dt.hour()
    )
    rows = rows.sort("station", "hour", "date").with_columns(
        usual=_before(pl.col("local")).over("station", "hour")
    )
    rows = rows.with_columns(unusual=pl.col("local") - pl.col("usual").fill_null(0.0))
    spread = 1.4826 * _before(pl.col("unusual").abs()).over("station", "hour")
    floor = 0.05 * pl.col("value").median() + 1e-9
    rows = rows.with_columns(
        score=pl.col("unusual") / pl.max_horizontal(spread.fill_null(np.inf), floor)
    )
    if {"pm25", "pm10"} <= set(table.columns) and pollutant == "pm10":
        rows = rows.join(dust_hours(table), on="date", how="left")
        rows = rows.with_columns(dust=pl.col("dust").fill_null(value=False))
    else:
        rows = rows.with_columns(dust=pl.lit(value=False))
    rows = rows.with_columns(
        unusual=pl.when("dust").then(0.0).otherwise("unusual"),
        score=pl.when("dust").then(0.0).otherwise("score"),
    )
    cause = (
        pl.when("dust")
        .then(pl.lit("dust"))
        .when((pl.col("score") >= 3) & (pl.col("local") >= pl.col("city")))
        .then(pl.lit("local"))
        .when(pl.col("local") > pl.max_horizontal("regional", "city"))
        .then(pl.lit("local"))
        .when(pl.col("city") > pl.col("regional"))
        .then(pl.lit("city"))
        .otherwise(pl.lit("regional"))
    )
    columns = (
        "date",
        "station",
        "value",
        "regional",
        "city",
        "local",
        "usual",
        "unusual",
        "score",
        "dust",
    )
    return rows.select(*columns, cause=cause).sort("date", "station")


def _before(column: pl.Expr) -> pl.Expr:
    """Median of the weeks before at this hour; the hour itself does not count."""
    return column.shift(1).rolling_median(_USUAL_DAYS, min_samples=_LEAST_DAYS)


def summary(parts: pl.DataFrame) -> pl.DataFrame:
    """Means by station: ``station, value, regional, city, local``, the shares of each in percent, and ``hours``."""
    names = ("regional", "city", "local")
    return (
        parts.group_by("station")
        .agg(pl.col("value", *names).mean(), hours=pl.len())
        .with_columns(
            (100 * pl.col(name) / pl.col("value")).alias(f"{name}_percent") for name in names
        )
        .sort("station")
    )
