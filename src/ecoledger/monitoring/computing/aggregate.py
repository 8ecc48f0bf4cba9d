"""What a touched hour touches: its hour, the 8-hour windows and the day it lies in, computed and stored.

Only what was touched is computed: :func:`run` takes (point, parameter, hour) and works out the hours,
8-hour windows and days that depend on it. How they are computed is :mod:`ecoledger.monitoring.computing.means`.

The computed day of ozone holds the daily maximum 8-hour mean (what the day is judged by) in ``value``
and the greatest hourly mean in ``maximum``.
"""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from ecoledger.monitoring.computing import means
from ecoledger.monitoring.computing.means import KEY, READ
from ecoledger.monitoring.points.table import PointMap
from ecoledger.standards import air_means
from ecoledger.store.interface import ObservationStore

_DAY = 86400


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


def run(work: pl.DataFrame, store: ObservationStore, points: PointMap) -> Changed:
    """Compute what depends on ``work`` (``point, parameter, hour``) and store it.

    Doing it again stores nothing new. Returns what was touched, for evaluation and alarms.
    """
    hours = _with_dependants(work.select(*KEY, "hour").unique(), points)
    if hours.is_empty():
        return Changed(hours, hours.rename({"hour": "day"}))
    rows = store.read_windows(hours, ["raw", "minute", "hour"], columns=READ)
    _append(store, means.hours_from_rows(rows, points))

    days = hours.select(*KEY, pl.col("hour").dt.truncate("1d").alias("day")).unique()
    air = points.points.filter(pl.col("kind") == "air").select("point")
    ozone = days.filter(pl.col("parameter") == means.ozone_code()).join(air, on="point", how="semi")
    plain = days.join(ozone, on=[*KEY, "day"], how="anti")
    computed = [] if plain.is_empty() else [_plain_days(plain, store, points)]
    if not ozone.is_empty():
        computed += _ozone(ozone, hours, store)
    _append(store, *computed)
    return Changed(hours, days)


def _plain_days(days: pl.DataFrame, store: ObservationStore, points: PointMap) -> pl.DataFrame:
    """Computed days of ``days`` (``point, parameter, day``), weighted by the flow where they have to be."""
    windows = days.rename({"day": "hour"})
    found = store.read_windows(
        pl.concat([windows, _declared(windows, means.flow_codes(), points)]).unique(),
        ["computed-hour", "day"],
        seconds=_DAY,
        columns=[*READ, "valid"],
    )
    made = means.days_from_rows(found, points)
    return made.join(days.rename({"day": "start"}), on=[*KEY, "start"], how="semi")


def _ozone(
    days: pl.DataFrame, hours: pl.DataFrame, store: ObservationStore
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """8-hour windows that hold a touched hour, and the days (``point, parameter, day``) of touched hours."""
    margin = air_means.WINDOW_HOURS - 1
    around = days.select(*KEY, (pl.col("day") - pl.duration(hours=margin)).alias("hour"))
    found = store.read_windows(
        around, "computed-hour", seconds=_DAY + 2 * margin * 3600, columns=[*READ, "valid"]
    )
    windows = means.eight_hours(found)
    of_ozone = hours.join(days.select(KEY).unique(), on=KEY, how="semi")
    touched = pl.concat(
        [
            of_ozone.select(*KEY, (pl.col("hour") - pl.duration(hours=back)).alias("start"))
            for back in range(air_means.WINDOW_HOURS)
        ]
    )
    return (
        means.with_emptied(windows, touched, air_means.WINDOW_HOURS * 3600),
        means.with_emptied(means.ozone_days(windows, found), days.rename({"day": "start"}), _DAY),
    )


def _with_dependants(hours: pl.DataFrame, points: PointMap) -> pl.DataFrame:
    """``hours`` and those of the parameters that are weighted by, or converted with, a touched one."""
    drivers = (means.oxygen_code(), *means.flow_codes())
    driving = hours.filter(pl.col("parameter").is_in(drivers)).select("point", "hour").unique()
    siblings = driving.join(points.parameters.select(KEY), on="point").select(*KEY, "hour")
    # And a touched parameter is computed with its drivers at hand, which must be read as well.
    return pl.concat([hours, siblings, _declared(hours, drivers, points)]).unique()


def _declared(hours: pl.DataFrame, codes: tuple[str, ...], points: PointMap) -> pl.DataFrame:
    """The same points and hours of the parameters ``codes``, where a point has them."""
    has = points.parameters.filter(pl.col("parameter").is_in(codes)).select(KEY)
    there = hours.join(has.select("point").unique(), on="point", how="semi")
    return there.select("point", "hour").unique().join(has, on="point").select(*KEY, "hour")


def _append(store: ObservationStore, *tables: pl.DataFrame) -> None:
    rows = [table for table in tables if not table.is_empty()]
    if rows:
        store.append(observations=pl.concat(rows))
