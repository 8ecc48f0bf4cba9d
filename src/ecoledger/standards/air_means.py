"""Means of ambient air: hours to 8-hour means and days, stations to areas (GB 3095 table 4, HJ 663).

Tables are Polars frames with the factor columns ``so2, no2, o3, co, pm10, pm2_5`` (µg/m³, CO mg/m³); in
daily tables ``o3`` is the daily maximum 8-hour mean and ``o3_1h`` the daily maximum hour. A null, NaN or
negative value is missing. Means stay unrounded.

An hour is labelled by its start or by its end: always say which (``label``). The national platform and
the standard count hours 01:00 to 24:00 by their *end*; the observation store keeps their *start*.

Ozone comes in two shapes. :func:`daily_from_hourly` works on whole tables of hours at once;
:func:`eight_hour_windows` and :func:`daily_maximum` on the few hours that a late value touches.

>>> from datetime import datetime
>>> hours = pl.DataFrame({
...     "time": pl.datetime_range(datetime(2026, 5, 1), datetime(2026, 5, 1, 23), "1h", eager=True),
...     "station": "A", "pm2_5": 30.5, "o3": [float(60 + 5 * h) for h in range(24)],
... })
>>> daily_from_hourly(hours, label="start").select("day", "pm2_5", "o3", "o3_1h").row(0)
(datetime.date(2026, 5, 1), 30.5, 157.5, 175.0)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any, Literal, TypeAlias

import numpy as np
import polars as pl
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from ecoledger.standards import air_limits, aqi, catalogue
from ecoledger.standards.air_evaluation import EVALUATION
from ecoledger.standards.air_limits import FACTORS
from ecoledger.standards.catalogue import Edition

Label: TypeAlias = Literal["start", "end"]
Windows: TypeAlias = Literal["within-day", "ending-in-day"]
Array: TypeAlias = NDArray[np.float64]

#: Hours of the sliding ozone mean, and how many of its windows lie within a day.
WINDOW_HOURS = 8
WINDOWS_WITHIN_DAY = 24 - WINDOW_HOURS + 1

_HOUR_US = 3_600_000_000


def eight_hour_means(hours: Array, minimum: int | None = None) -> Array:
    """Sliding 8-hour means along the last axis: entry ``i`` covers hours ``i - 7`` to ``i``.

    NaN where fewer than ``minimum`` of the eight hours are there (GB 3095, table 4: six, unless given), so
    also for the first hours, whose windows reach beyond the array.
    """
    if minimum is None:
        minimum = catalogue.editions(EVALUATION)[-1].content.eight_hour_hours
    padding = [(0, 0)] * (hours.ndim - 1) + [(7, 0)]
    values = np.pad(hours, padding, constant_values=np.nan)
    known = ~np.isnan(values)
    windows = sliding_window_view(np.where(known, values, 0.0), 8, axis=-1)
    counts = sliding_window_view(known, 8, axis=-1).sum(axis=-1)
    sums = windows.sum(axis=-1)
    means = np.divide(sums, counts, out=np.full(sums.shape, np.nan), where=counts >= minimum)
    means[..., :7] = np.nan
    return np.asarray(means)


def _floats(table: pl.DataFrame, column: str) -> Array:
    """A factor's values with everything missing as NaN."""
    values = table[column].cast(pl.Float64).to_numpy()
    return np.where((values >= 0) & (values < np.inf), values, np.nan)


def _station_days(
    stations: pl.Series, days: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], pl.Series]:
    """Number the (station, day) pairs that occur, by station and day.

    Returns each row's pair, each pair's station code and day, and the station names by code.
    """
    text = stations.cast(pl.String)
    names = text.unique().sort()
    code = text.cast(pl.Enum(names)).to_physical().to_numpy().astype(np.int64)
    first, span = int(days.min()), int(days.max() - days.min()) + 1
    keys = code * span + (days - first)
    cells = span * names.len()
    if cells <= max(1_000_000, 20 * keys.size):
        present = np.zeros(cells, dtype=np.bool_)
        present[keys] = True
        pairs = np.flatnonzero(present)
        pair_of_row = (np.cumsum(present) - 1)[keys]
    else:
        pairs, pair_of_row = np.unique(keys, return_inverse=True)
    return pair_of_row, pairs // span, pairs % span + first, names


def daily_from_hourly(
    hours: pl.DataFrame,
    *,
    label: Label,
    time: str = "time",
    station: str = "station",
    windows: Windows = "within-day",
    area_class: int = 2,
) -> pl.DataFrame:
    """Daily values of every station: 24-hour means, daily maximum 8-hour and 1-hour ozone.

    ``hours`` has one row an hour and station; hours that are not there are missing. ``label`` says whether
    ``time`` names the start or the end of the hour. A mean needs 20 valid hours. The daily maximum 8-hour
    mean is taken over the windows that lie within the natural day (ending 08:00 to 24:00, 17 of them;
    ``windows="ending-in-day"`` takes the 24 that end in it, reaching into the day before). It needs 14
    valid windows of 6 valid hours, or counts all the same when it exceeds the limit of ``area_class``.

    Returns, sorted by station and day: ``station, day``, the factors that ``hours`` has, ``o3_1h``, for each
    factor ``<factor>_hours`` and for ozone ``o3_windows``, the counts they rest on.

    Raises ``ValueError`` for an unknown label, a time off the full hour, a missing time or station, or two
    rows of one station and hour.
    """
    if label not in ("start", "end"):
        raise ValueError(f"label is {label!r}; an hour is labelled by its 'start' or its 'end'")
    if windows not in ("within-day", "ending-in-day"):
        raise ValueError(f"windows is {windows!r}; use 'within-day' or 'ending-in-day'")
    present = [factor for factor in FACTORS if factor in hours.columns]
    if hours.is_empty() or not present:
        return _no_days(present, hours.schema.get(station, pl.String()))
    if hours[time].null_count() or hours[station].null_count():
        raise ValueError(f"a row has no {time!r} or no {station!r}; remove it first")
    stamps = hours[time].cast(pl.Datetime("us")).to_physical().to_numpy()
    hour_number, rest = np.divmod(stamps, _HOUR_US)
    if rest.any():
        at = int(np.flatnonzero(rest)[0])
        raise ValueError(f"row {at}: {hours[time][at]} is not a full hour")
    if label == "end":
        hour_number = hour_number - 1
    day_number, hour_of_day = np.divmod(hour_number, 24)
    pair_of_row, station_code, day, names = _station_days(hours[station], day_number)
    # Grids hold the hours of a day one below the other: sums over them then run along whole rows.
    flat = hour_of_day * day.size + pair_of_row
    occurrences = np.bincount(flat)
    if occurrences.max() > 1:
        twice = int(np.flatnonzero(occurrences[flat] > 1)[0])
        raise ValueError(
            f"station {hours[station][twice]!r} has more than one row for {hours[time][twice]}"
        )
    used = catalogue.editions(EVALUATION)
    which = aqi.edition_of_days(day.astype(np.int32), used)
    columns: dict[str, Any] = {}
    counts: dict[str, NDArray[Any]] = {}
    for factor in present:
        grid: Array = np.full((24, day.size), np.nan)
        grid.reshape(-1)[flat] = _floats(hours, factor)
        known = ~np.isnan(grid)
        counted = known.sum(axis=0)
        counts[f"{factor}_hours"] = counted.astype(np.int16)
        if factor == "o3":
            ozone, hourly_max, valid_windows = _ozone(
                grid, station_code, day, windows, which, used, area_class
            )
            columns["o3"], columns["o3_1h"] = ozone, hourly_max
            counts["o3_windows"] = valid_windows.astype(np.int16)
            continue
        enough = counted >= _per_day(which, used, "day_hours")
        sums = np.where(known, grid, 0.0).sum(axis=0)
        columns[factor] = np.divide(
            sums, counted, out=np.full(day.size, np.nan), where=enough & (counted > 0)
        )
    table = pl.DataFrame(
        {
            station: names.gather(station_code),
            "day": pl.Series(day.astype(np.int32)).cast(pl.Date),
            **columns,
            **counts,
        }
    )
    return table.with_columns(pl.col(list(columns)).fill_nan(None))


def _no_days(present: list[str], station_type: pl.DataType) -> pl.DataFrame:
    schema: dict[str, Any] = {"station": station_type, "day": pl.Date()}
    schema |= {factor: pl.Float64() for factor in present}
    return pl.DataFrame(schema=schema)


def _per_day(which: NDArray[np.int64], used: tuple[Edition, ...], name: str) -> NDArray[np.int64]:
    """A number of the rules for each day; days before the first edition use that edition's."""
    numbers = [getattr(edition.content, name) for edition in used]
    return np.array([*numbers, numbers[0]])[which]


def _eight_hour_sums(hours: NDArray[Any]) -> NDArray[Any]:
    """Sums of each eight rows on end."""
    two = hours[:-1] + hours[1:]
    four = two[:-2] + two[2:]
    return np.asarray(four[:-4] + four[4:])


def _ozone(
    grid: Array,
    station_code: NDArray[np.int64],
    day: NDArray[np.int64],
    windows: Windows,
    which: NDArray[np.int64],
    used: tuple[Edition, ...],
    area_class: int,
) -> tuple[Array, Array, NDArray[np.int64]]:
    """Daily maximum 8-hour mean, daily maximum hour and number of valid windows of each day."""
    before = np.full((7, day.size), np.nan)
    if windows == "ending-in-day":
        follows = np.flatnonzero((np.diff(station_code) == 0) & (np.diff(day) == 1)) + 1
        before[:, follows] = grid[17:, follows - 1]
    values = np.concatenate([before, grid])
    known = ~np.isnan(values)
    # Of the windows ending with hours 1 to 24 those from hour 8 on lie within the day.
    first = 7 if windows == "within-day" else 0
    window_sums = _eight_hour_sums(np.where(known, values, 0.0)[first:])
    window_counts = _eight_hour_sums(known.astype(np.int8)[first:])
    valid = window_counts >= _per_day(which, used, "eight_hour_hours")
    means = np.divide(window_sums, window_counts, out=np.full(valid.shape, -np.inf), where=valid)
    highest = means.max(axis=0)
    number = valid.sum(axis=0)
    limits = catalogue.editions(air_limits.LIMITS)
    of_edition = [e.content["o3"]["eight_hour"][area_class - 1] for e in limits]
    of_day = aqi.edition_of_days(day.astype(np.int32), limits)
    limit = np.array([*of_edition, of_edition[0]])[of_day]
    enough = number >= _per_day(which, used, "daily_max_8h_means")
    accepted = (number > 0) & (enough | (highest > limit))
    hourly = np.where(np.isnan(grid), -np.inf, grid).max(axis=0)
    return (
        np.where(accepted, highest, np.nan),
        np.where(np.isinf(hourly), np.nan, hourly),
        number,
    )


def eight_hour_windows(hours: pl.DataFrame, by: Sequence[str], time: str = "start") -> pl.DataFrame:
    """Sliding 8-hour means of ozone from valid hours labelled by their start, however sparse.

    ``hours`` has ``by``, ``time`` and ``value``, one row a valid hour. Returns ``by, time`` (the window's
    start), ``value, count, valid, standard`` for every window that holds an hour; it is valid from six hours
    on (GB 3095, table 4, by the edition of the window's start).
    """
    spread = pl.concat(
        [
            hours.select(*by, pl.col(time) - pl.duration(hours=back), "value")
            for back in range(WINDOW_HOURS)
        ]
    )
    means = spread.group_by([*by, time]).agg(
        pl.col("value").mean(), pl.len().cast(pl.Int32).alias("count")
    )
    return _with_rules(means, time).select(
        *(*by, time, "value", "count"),
        (pl.col("count") >= pl.col("eight_hour_hours")).alias("valid"),
        "standard",
    )


def daily_maximum(
    windows: pl.DataFrame, by: Sequence[str], time: str = "start", area_class: int = 2
) -> pl.DataFrame:
    """Daily maximum 8-hour means of ozone from :func:`eight_hour_windows` (HJ 663, 6.1.2).

    Windows count for the day they lie in wholly, 17 of them. Returns ``by``, ``time`` (the day's midnight),
    ``value`` (the greatest valid window), ``count`` (of valid windows), ``valid`` and ``standard``: valid with
    14 windows, or with fewer when the greatest exceeds the limit of ``area_class``.
    """
    inside = windows.filter(
        pl.col("valid") & (pl.col(time).dt.hour() < WINDOWS_WITHIN_DAY)
    ).with_columns(pl.col(time).dt.truncate("1d"))
    greatest = inside.group_by([*by, time]).agg(
        pl.col("value").max(), pl.len().cast(pl.Int32).alias("count")
    )
    known = catalogue.editions(air_limits.LIMITS)
    limits = pl.DataFrame(
        {
            "_begins": [e.effective_from if n else date.min for n, e in enumerate(known)],
            "_limit": [float(e.content["o3"]["eight_hour"][area_class - 1]) for e in known],
        },
        schema_overrides={"_begins": pl.Date},
    )
    return (
        _with_rules(greatest, time)
        .sort("_day")
        .join_asof(limits, left_on="_day", right_on="_begins")
        .select(
            *(*by, time, "value", "count"),
            (
                (pl.col("count") >= pl.col("daily_max_8h_means"))
                | (pl.col("value") > pl.col("_limit"))
            ).alias("valid"),
            "standard",
        )
    )


def _with_rules(table: pl.DataFrame, time: str, on: date | None = None) -> pl.DataFrame:
    """``table`` with ``standard`` and the numbers of the edition that judges each row's day, or the day ``on``;
    days before the first edition use that edition's. Keeps the order of rows."""
    known = catalogue.editions(EVALUATION)
    names = ("eight_hour_hours", "daily_max_8h_means", "city_few", "city_share", "city_share_few")
    rules = pl.DataFrame(
        {
            "_from": [e.effective_from if n else date.min for n, e in enumerate(known)],
            "standard": [e.standard for e in known],
            **{name: [getattr(e.content, name) for e in known] for name in names},
        },
        schema_overrides={"_from": pl.Date},
    )
    day = pl.col(time).cast(pl.Date) if on is None else pl.lit(on)
    return (
        table.with_columns(day.alias("_day"))
        .with_row_index("_row")
        .sort("_day")
        .join_asof(rules, left_on="_day", right_on="_from")
        .sort("_row")
        .drop("_row")
    )


def area_means(
    table: pl.DataFrame,
    *,
    area: str = "city",
    station: str = "station",
    time: str = "time",
    planned: Mapping[str, int] | None = None,
    on: date | None = None,
) -> pl.DataFrame:
    """Means over the stations of an area, each hour or each day: concentrations first, then the index.

    A factor's mean needs three quarters of the area's stations, half of them when the area has fewer than
    four. ``planned`` is the number of stations of each area; without it, as many as occur in the table.
    ``time`` is an hourly or daily column; each row is held to the rule of its own day unless ``on`` is given.
    A city's hour is the mean of its stations' hours, its day that of their days (of ozone: of their daily
    maxima), never a mean of the city's own hours (HJ 663).
    Returns ``area, time``, the factors, and ``<factor>_stations``.

    A mean of the stations' index values is never formed.
    """
    if table.is_empty():
        return table.select(area, time, *[f for f in FACTORS if f in table.columns])
    present = [f for f in (*FACTORS, "o3_1h") if f in table.columns]
    clean = table.with_columns(
        pl.when(pl.col(f).is_finite() & (pl.col(f) >= 0)).then(pl.col(f)).alias(f) for f in present
    )
    if planned is None:
        numbers = table.group_by(area).agg(pl.col(station).n_unique().alias("_planned"))
    else:
        numbers = pl.DataFrame(
            {area: list(planned), "_planned": list(planned.values())},
            schema_overrides={area: table.schema[area]},
        )
    means = (
        clean.group_by(area, time)
        .agg(
            *[pl.col(f).mean() for f in present],
            *[pl.col(f).count().alias(f"{f}_stations") for f in present],
        )
        .join(numbers, on=area, how="left")
        .sort(area, time)
    )
    share = (
        pl.when(pl.col("_planned") < pl.col("city_few"))
        .then("city_share_few")
        .otherwise("city_share")
    )
    needed = share * pl.col("_planned")
    return _with_rules(means, time, on).select(
        area,
        time,
        *(pl.when(pl.col(f"{f}_stations") >= needed).then(pl.col(f)).alias(f) for f in present),
        *(f"{f}_stations" for f in present),
    )
