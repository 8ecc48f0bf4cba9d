"""``ecoledger evaluate air-hourly | air-daily | air-period``: air quality from CSV to CSV.

Columns: ``time``, ``station`` and ``so2, no2, o3, co, pm10, pm2_5`` in µg/m³, ``co`` in mg/m³. Known other
names (PM2.5, 二氧化硫, a34004 ...) are understood, and a unit in brackets is converted: ``CO(μg/m3)``.
Exit code: 0 every row was used; 1 some rows were kept out (each named on stderr); 2 nothing could be done.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, BinaryIO, Literal, TypeVar

import click
import numpy as np
import polars as pl

from ecoledger.cli import csv_stream
from ecoledger.cli.blocks import BadRows, Block, UnusableTableError
from ecoledger.cli.csv_stream import Progress, Writer
from ecoledger.listings.tables.headers import bare, fold
from ecoledger.listings.tables.observed import DATES, HOURS, POINTS, TIMES
from ecoledger.monitoring.points import parameters
from ecoledger.standards import air_evaluation, air_means, aqi
from ecoledger.standards.air_limits import FACTORS
from ecoledger.standards.column_names import Column, ColumnError, Names
from ecoledger.standards.written_dates import read_moments

_NAMES: dict[str, tuple[str, ...]] = {
    "so2": ("二氧化硫", "a21026"),
    "no2": ("二氧化氮", "a21004"),
    "co": ("一氧化碳", "a21005"),
    "pm10": ("a34002", "可吸入颗粒物", "颗粒物(PM10)"),
    "pm2_5": ("pm2.5", "pm25", "a34004", "细颗粒物", "细颗粒物(PM2.5)"),
}
_UNITS = {factor: "mg/m3" if factor == "co" else "μg/m3" for factor in FACTORS}
# The first of these that a table has.
_TIME = (
    *(
        "time",
        "timepoint",
        "datetime",
        "date_time",
        "monitortime",
        "day",
        "date",
        "时间",
        "监测时间",
    ),
    *sorted(TIMES | DATES),
)
_DAY, _CLOCK = ("day", *sorted(DATES)), tuple(sorted(TIMES))
# A day in three columns.
_DAY_PARTS = (("year", "年"), ("month", "月"), ("day", "日"))
_STATION = (
    *("station", "stationcode", "station_code", "station_id", "site", "站点编码", "监测点编号"),
    *("点位编码", "点位编号", "监测点编码", "站点", "点位", "站点名称", "点位名称", "positionname"),
    *sorted(POINTS),
)
# A table may have several ozone columns; the first of these is the one that counts.
_OZONE = (
    *("o3", "臭氧", "a05024", "o3_8h", "o3_8h_max", "o3_mda8", "臭氧8小时", "臭氧日最大8小时"),
    *("o3_1h", "臭氧1小时"),
)
_CITY = ("city", "area", "城市", "地区", "行政区", "cityname")
_ADDED = ("aqi", "level", "primary", "standard")

# Every column that means something; which of the ozone columns counts is seen when all are known.
KNOWN = Names(
    {
        **_NAMES,
        "o3": _OZONE,
        "time": (*_TIME, *(name for names in _DAY_PARTS for name in names)),
        "hour": HOURS,
        "station": _STATION,
        "city": _CITY,
    },
    _UNITS,
)

_Function = TypeVar("_Function", bound=Callable[..., Any])


@dataclass(frozen=True)
class _Layout:
    """Which columns of a table hold what."""

    time: tuple[str, ...]  # one column, or year, month and day
    hour: str | None
    station: str | None
    city: str | None
    factors: dict[str, Column]
    ozone_1h: Column | None


def _first(header: Sequence[str], names: Sequence[str]) -> str | None:
    folded = {form: name for name in reversed(header) for form in (bare(name), fold(name))}
    return next((folded[name] for name in names if name in folded), None)


def _layout(header: Sequence[str]) -> _Layout:
    time, hour = _first(header, _TIME), _first(header, sorted(HOURS))
    day, clock = _first(header, _DAY), _first(header, _CLOCK)
    if hour is None and day is not None and clock is not None:
        time, hour = day, clock
    parts = tuple(filter(None, (_first(header, names) for names in _DAY_PARTS)))
    if len(parts) < len(_DAY_PARTS) or time not in (None, *parts):
        parts = (time,) if time is not None else ()
    if not parts:
        raise UnusableTableError(f"no column of times; name it {', '.join(_TIME[:4])} or 时间")
    ozone = next((name for name in _OZONE if _first(header, (name,))), "o3")
    hourly = {} if ozone == "o3_1h" else {"o3_1h": ("臭氧1小时",)}
    names = Names({**_NAMES, "o3": (ozone,), **hourly}, {**_UNITS, "o3_1h": _UNITS["o3"]})
    try:
        factors = names.recognise(header)
    except ColumnError as error:
        raise UnusableTableError(str(error)) from None
    hourly_ozone = factors.pop("o3_1h", None)
    if not factors:
        raise UnusableTableError(f"none of the columns {', '.join(FACTORS)} is there")
    for factor in FACTORS:
        if factor not in factors:
            print(f"no column {factor}: it counts as missing throughout", file=sys.stderr)
    return _Layout(
        parts,
        hour,
        _first(header, _STATION),
        _first(header, _CITY),
        factors,
        hourly_ozone,
    )


def _when(
    block: Block, layout: _Layout, label: Literal["start", "end"]
) -> tuple[pl.Series, pl.Series, pl.Series]:
    """(times; null: unreadable, which of them are days without an hour, what is written) of each row."""
    cells = block.table.select(pl.concat_str(layout.time, separator="-")).to_series()
    hours = None if layout.hour is None else block.table[layout.hour]
    written = cells if hours is None else cells + " " + hours.fill_null("")
    moments = read_moments(cells, hours, last=label == "end")
    return *moments, written.fill_null("").str.strip_chars()


def _prepare(
    block: Block,
    layout: _Layout,
    bad: BadRows,
    label: Literal["start", "end"],
    *,
    hours_only: bool = False,
) -> tuple[Block, pl.DataFrame]:
    """The block without its bad rows, and their times and numbers.

    The second table has ``time, whole_day, station, city``, the factors, and a mask ``<factor>_off`` of the
    cells that hold "/" (not in the monitoring plan).
    """
    time, whole, written = _when(block, layout, label)
    title = " ".join(layout.time)
    columns: dict[str, pl.Series] = {"time": time, "whole_day": whole}
    wrong = time.is_null()
    for line, text in zip(block.lines.filter(wrong), written.filter(wrong), strict=True):
        bad.report(line, f"{title} {text!r} is not a time; write it as 2026-03-01T08:00")
    uneven = ((time.dt.minute() != 0) | (time.dt.second() != 0)).fill_null(value=False)
    for line, text in zip(block.lines.filter(uneven), written.filter(uneven), strict=True):
        bad.report(line, f"{title} {text!r} is not a full hour; give hourly means")
    whole_day = whole.fill_null(value=False) if hours_only else wrong & ~wrong
    for line, text in zip(block.lines.filter(whole_day), written.filter(whole_day), strict=True):
        bad.report(line, f"{title} {text!r} is a day; write the hour: 2026-03-01T08:00")
    for role, column in (("station", layout.station), ("city", layout.city)):
        if column is not None:
            columns[role] = block.table[column].fill_null("").str.strip_chars()
    for factor, known in layout.factors.items():
        columns[factor] = csv_stream.measured(block, known.header, known.ratio, bad)
        columns[f"{factor}_off"] = block.table[known.header].str.strip_chars().eq_missing("/")
    if layout.ozone_1h is not None:
        hourly = layout.ozone_1h
        columns["o3_1h"] = csv_stream.measured(block, hourly.header, hourly.ratio, bad)
    good = ~block.lines.is_in(list(bad.lines))
    return block.keep(good), pl.DataFrame(columns).filter(good)


def _suspicious(table: pl.DataFrame, layout: _Layout, told: set[str]) -> None:
    """Question what only another unit explains: carbon monoxide in µg/m³."""
    for known in parameters.of_kind("air"):
        if known.key in layout.factors and known.range_to is not None:
            name = bare(layout.factors[known.key].header)
            csv_stream.question(table[known.key], name, known.range_to, _UNITS[known.key], told)


class _Met:
    """Hours of stations met so far, as numbers, so that a file of any length is seen through."""

    def __init__(self) -> None:
        self._keys = np.empty(0, dtype=np.uint64)

    def report(self, rows: pl.DataFrame, lines: pl.Series, bad: BadRows) -> None:
        """Report the rows whose hour was there before; of a table that names no places there is nothing to say."""
        places = [name for name in ("station", "city") if name in rows.columns]
        if not places:
            return
        keys = rows.select("time", *places).hash_rows()
        numbers = keys.to_numpy()
        at = np.searchsorted(self._keys, numbers)
        before = at < len(self._keys)
        before[before] = self._keys[at[before]] == numbers[before]
        again = pl.Series(before) | ~keys.is_first_distinct()
        for line, time, *place in zip(
            lines.filter(again),
            *(rows[name].filter(again) for name in ("time", *places)),
            strict=True,
        ):
            told = f"{' '.join(place)!r} has {time:%Y-%m-%d %H:%M} on a line above already"
            bad.report(line, f"{told}; keep one")
        self._keys = np.sort(np.concatenate([self._keys, numbers]), kind="stable")


_FACTOR = click.Choice(FACTORS)


def _shared(function: _Function) -> _Function:
    """Options of all three commands."""
    for decorate in (
        click.option(
            "--not-planned",
            multiple=True,
            type=_FACTOR,
            help="A factor the monitoring plan leaves out everywhere (repeatable). A cell '/' says so for one row.",
        ),
        click.option(
            "--label",
            type=click.Choice(["end", "start"]),
            default="end",
            show_default=True,
            help="Whether a time names the end of its hour (as the national data do) or its start.",
        ),
        click.option(
            "--standard",
            type=click.Choice(["HJ 633-2012", "HJ 633-2026"]),
            help="Judge all rows by this edition of the AQI, not by that of their own date.",
        ),
        click.argument("output", type=click.File("wb"), default="-"),
        click.argument("source", metavar="INPUT", type=click.File("rb"), default="-"),
    ):
        function = decorate(function)
    return function


def _incomplete(default: aqi.Incomplete) -> Callable[[_Function], _Function]:
    return click.option(
        "--incomplete",
        type=click.Choice(["as-published", "standard"]),
        default=default,
        show_default=True,
        help="Missing factors withhold an AQI up to 100 (HJ 633-2026, 5.3.1). As published by the "
        "national platform: a withheld PM10 does not, while PM2.5 is there.",
    )


_SUB_INDICES = click.option(
    "--sub-indices", is_flag=True, help="Add the sub-index of each factor: iaqi_so2 and so on."
)


@click.command("air-hourly")
@_shared
@_incomplete("as-published")
@_SUB_INDICES
def air_hourly(
    source: BinaryIO,
    output: BinaryIO,
    label: Literal["start", "end"],
    not_planned: tuple[str, ...],
    standard: str | None,
    incomplete: aqi.Incomplete,
    sub_indices: bool,
) -> None:
    """Add the hourly AQI to a table of hours: INPUT and OUTPUT are CSV files, "-" a stream.

    Adds the columns aqi, level (1 to 6), primary (factors joined by ",") and standard; all others pass
    through unchanged. A column of the input that has one of these names is renamed input_aqi and so on.
    """
    bad, progress, writer, told = BadRows(), Progress(), Writer(output), set[str]()
    met = _Met()
    added = (*_ADDED, *(f"iaqi_{f}" for f in FACTORS if sub_indices))
    header, blocks = csv_stream.read(source, bad, KNOWN, long=True)
    layout = _layout(header)
    renamed = {name: f"input_{name}" for name in added if name in header}
    if renamed:
        print(f"renamed: {', '.join(f'{a} → {b}' for a, b in renamed.items())}", file=sys.stderr)
    rows = 0
    for block in blocks:
        rows += block.table.height
        kept, numbers = _prepare(block, layout, bad, label, hours_only=True)
        _suspicious(numbers, layout, told)
        met.report(numbers, kept.lines, bad)
        once = ~kept.lines.is_in(list(bad.lines))
        kept, numbers = kept.keep(once), numbers.filter(once)
        masks = _masks(numbers, layout, not_planned)
        found = aqi.hourly_table(
            numbers,
            label=label,
            not_planned=masks,
            incomplete=incomplete,
            standard=standard,
            sub_indices=sub_indices,
        ).select(added)
        writer.write(kept.table.rename(renamed).hstack(found))
        bad.tell()
        progress.tell(rows)
    if not rows:
        empty = pl.DataFrame(schema=dict.fromkeys((*header, *added), pl.String()))
        writer.write(empty)
    bad.finish()


def _masks(
    numbers: pl.DataFrame, layout: _Layout, not_planned: Sequence[str]
) -> dict[str, np.ndarray[Any, np.dtype[np.bool_]]]:
    """Which cells the monitoring plan leaves out."""
    return {
        factor: np.ones(numbers.height, dtype=np.bool_)
        if factor in not_planned
        else numbers[f"{factor}_off"].to_numpy()
        for factor in FACTORS
        if factor in not_planned or factor in layout.factors
    }


@dataclass(frozen=True)
class _Whole:
    """A table read to its end."""

    table: pl.DataFrame
    layout: _Layout
    rows: int
    daily: bool


def _read_all(source: BinaryIO, bad: BadRows, label: Literal["start", "end"]) -> _Whole:
    """All rows that can be used; hours or days, whichever most rows are."""
    progress, told = Progress(), set[str]()
    header, blocks = csv_stream.read(source, bad, KNOWN, long=True)
    layout = _layout(header)
    parts: list[pl.DataFrame] = []
    rows = 0
    for block in blocks:
        rows += block.table.height
        kept, numbers = _prepare(block, layout, bad, label)
        if "station" not in numbers.columns:
            numbers = numbers.with_columns(pl.lit("").alias("station"))
        parts.append(numbers.with_columns(kept.lines.alias("line")))
        progress.tell(rows)
    if not parts:
        raise UnusableTableError("the table has no rows")
    table = pl.concat(parts)
    _suspicious(table, layout, told)
    if (table["time"].dt.hour() == 0).all() and table["time"].n_unique() > 1:
        print("every time is 00:00: taken as days", file=sys.stderr)
        table = table.with_columns(whole_day=pl.lit(value=True))
    daily = bool(table["whole_day"].sum() * 2 > table.height)
    other = table.filter(pl.col("whole_day") != daily)
    for line in other["line"]:
        wanted = "a day" if daily else "an hour"
        bad.report(
            line, f"{' '.join(layout.time)} is not {wanted} as in most rows; do not mix them"
        )
    table = table.filter(pl.col("whole_day") == daily)
    first = table.select(pl.struct("station", "time").is_first_distinct()).to_series()
    earlier = table.filter(first).select("station", "time", before="line")
    for station, time, line, before in (
        table.filter(~first)
        .join(earlier, on=["station", "time"], how="left", maintain_order="left")
        .select("station", "time", "line", "before")
        .iter_rows()
    ):
        bad.report(
            line,
            f"station {station!r} has {time:%Y-%m-%d %H:%M} on line {before} already; keep one",
        )
    return _Whole(table.filter(first), layout, rows, daily)


def _days(
    whole: _Whole, label: Literal["start", "end"], windows: air_means.Windows
) -> pl.DataFrame:
    """Daily values by station, made from hours unless they are daily already."""
    present = [factor for factor in FACTORS if factor in whole.table.columns]
    if whole.daily:
        present += ["o3_1h"] if "o3_1h" in whole.table.columns else []
        days = whole.table.select("station", pl.col("time").cast(pl.Date).alias("day"), *present)
        return days.sort("station", "day")
    return air_means.daily_from_hourly(whole.table, label=label, windows=windows)


_WINDOWS = click.option(
    "--windows",
    type=click.Choice(["within-day", "ending-in-day"]),
    default="within-day",
    show_default=True,
    help="Which 8-hour ozone windows belong to a day: within it (HJ 663) or ending in it.",
)


@click.command("air-daily")
@_shared
@_incomplete("standard")
@_SUB_INDICES
@_WINDOWS
def air_daily(
    source: BinaryIO,
    output: BinaryIO,
    label: Literal["start", "end"],
    not_planned: tuple[str, ...],
    standard: str | None,
    incomplete: aqi.Incomplete,
    sub_indices: bool,
    windows: air_means.Windows,
) -> None:
    """Daily values and daily AQI of every station, from a table of hours ("-" for streams).

    Columns: time (the day), station, the factors (o3 is the daily maximum 8-hour mean, o3_1h the daily
    maximum hour), <factor>_hours and o3_windows they rest on, aqi, level, primary, standard. Means are
    unrounded, empty where the day has too few hours. A table whose times are days is taken as daily values
    (o3 the daily maximum 8-hour mean) and only gets its AQI.
    """
    bad = BadRows()
    whole = _read_all(source, bad, label)
    days = aqi.daily_table(
        _days(whole, label, windows),
        not_planned=not_planned,
        incomplete=incomplete,
        standard=standard,
        sub_indices=sub_indices,
    )
    order = ["time", "station", *[c for c in days.columns if c not in ("day", "station")]]
    Writer(output).write(days.rename({"day": "time"}).select(order))
    bad.finish()


@click.command("air-period")
@_shared
@_incomplete("standard")
@_WINDOWS
@click.option(
    "--every",
    type=click.Choice(["month", "quarter", "half-year", "year", "all"]),
    default="year",
    show_default=True,
    help="The period to evaluate by.",
)
@click.option(
    "--by",
    type=click.Choice(["station", "city"]),
    default="station",
    show_default=True,
    help="Evaluate stations, or cities: the mean of their stations' daily values (column city).",
)
@click.option("--city", help="The city that all rows belong to, where there is no such column.")
@click.option(
    "--area-class", type=click.IntRange(1, 2), default=2, show_default=True, help="Class of limits."
)
@click.option(
    "--limits-on",
    type=click.DateTime(["%Y-%m-%d"]),
    help="Judge by the limits and HJ 663 of this day, not by those of each period's last day.",
)
@click.option(
    "--weights",
    "weighting",
    default="default",
    show_default=True,
    help="Weights of the composite index.",
)
@click.option(
    "--rounded", is_flag=True, help="Round as HJ 663 publishes; without it nothing is rounded."
)
@click.option(
    "--dust",
    type=click.File("rb"),
    help="CSV of dust days (time, station): adds the rows of the evaluation without them.",
)
def air_period(
    source: BinaryIO,
    output: BinaryIO,
    label: Literal["start", "end"],
    not_planned: tuple[str, ...],
    standard: str | None,
    incomplete: aqi.Incomplete,
    windows: air_means.Windows,
    every: air_evaluation.Every,
    by: Literal["station", "city"],
    city: str | None,
    area_class: int,
    limits_on: datetime | None,
    weighting: str,
    rounded: bool,
    dust: BinaryIO | None,
) -> None:
    """Evaluate months, quarters or years of stations or cities, from hours or days ("-" for streams).

    One row a place and period: means, percentiles, valid and good days, both good-day ratios, composite
    index, largest factor, attainment of each factor and of all (empty where the period is not valid), the
    standards applied. With --dust a column "dust" tells the plain rows ("included") from those without
    dust days ("excluded").
    """
    bad = BadRows()
    whole = _read_all(source, bad, label)
    dust_bad = BadRows()
    days = _days(whole, label, windows)
    if by == "city":
        days = air_means.area_means(_with_city(days, whole, city), time="day")
    rule: dict[str, Any] = {
        "not_planned": not_planned,
        "incomplete": incomplete,
        "standard": standard,
    }
    indexed = aqi.daily_table(_lacking(days), **rule)
    options: dict[str, Any] = {"every": every, "by": by, "area_class": area_class}
    options["on"] = None if limits_on is None else limits_on.date()
    try:
        result = air_evaluation.evaluate(indexed, weighting=weighting, **options)
    except KeyError as error:
        raise UnusableTableError(str(error.args[0])) from None
    if dust is not None:
        clear = air_evaluation.without_dust(indexed, _dust_days(dust, by, days, dust_bad), by=by)
        reindexed = aqi.daily_table(clear, **rule)
        without = air_evaluation.evaluate(reindexed, weighting=weighting, **options)
        result = pl.concat(
            [
                result.with_columns(pl.lit("included").alias("dust")),
                without.with_columns(pl.lit("excluded").alias("dust")),
            ]
        )
    Writer(output).write(air_evaluation.rounded(result) if rounded else result)
    dust_bad.finish()
    bad.finish()


def _lacking(days: pl.DataFrame) -> pl.DataFrame:
    return days.with_columns(
        pl.lit(None, dtype=pl.Float64).alias(f) for f in FACTORS if f not in days.columns
    )


def _with_city(days: pl.DataFrame, whole: _Whole, city: str | None) -> pl.DataFrame:
    """Daily values with the city of each station."""
    if city is not None:
        return days.with_columns(pl.lit(city).alias("city"))
    if whole.layout.city is None:
        raise UnusableTableError("no column city; add one, or say --city NAME")
    places = whole.table.select("station", "city").unique()
    if moved := places.filter(pl.col("station").is_duplicated())["station"].unique().to_list():
        raise UnusableTableError(f"stations in more than one city: {', '.join(sorted(moved))}")
    return days.join(places, on="station", how="left", maintain_order="left")


def _dust_days(source: BinaryIO, by: str, days: pl.DataFrame, bad: BadRows) -> pl.DataFrame:
    """Dust days by place; a file without places means every place."""
    header, blocks = csv_stream.read(source, bad, KNOWN)
    column = _first(header, _TIME)
    if column is None:
        raise UnusableTableError("the dust file has no column of days; name it time or day")
    place = _first(header, _STATION if by == "station" else _CITY)
    parts = []
    for block in blocks:
        time, _ = read_moments(block.table[column])
        for line in block.lines.filter(time.is_null()):
            bad.report(line, f"dust file: {column} is not a day; write it as 2026-03-01")
        part = pl.DataFrame({"day": time.cast(pl.Date)})
        if place is not None:
            part = part.with_columns(block.table[place].fill_null("").str.strip_chars().alias(by))
        parts.append(part.filter(pl.col("day").is_not_null()))
    marked = pl.concat(parts) if parts else pl.DataFrame(schema={"day": pl.Date, by: pl.String})
    if place is None:
        marked = marked.join(days.select(by).unique(), how="cross")
    return marked.select(by, "day")
