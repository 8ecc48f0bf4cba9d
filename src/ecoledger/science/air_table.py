"""Reads tables of hourly air and weather data into one form.

Understood without asking: openair's columns (``date,ws,wd,pm25,…``), the columns of "Beijing Multi-Site
Air-Quality Data" (``year,month,day,hour,PM2.5,…,wd,WSPM`` with wind as compass points) and Chinese headers.
Numbers are those of the file; :func:`in_units` converts what a header says in another unit than :data:`UNITS`.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from ecoledger.standards.column_names import ColumnError, Names, scaled
from ecoledger.standards.readings import read_column, stand_for_none
from ecoledger.standards.written_dates import read_moments

#: Further names of a column; compared without case, blanks, dots, underscores and units in brackets.
ALIASES: dict[str, tuple[str, ...]] = {
    "date": (
        "time",
        "datetime",
        "timepoint",
        "timestamp",
        "时间",
        "监测时间",
        "日期",
        "日期时间",
        "采样时间",
        "数据时间",
    ),
    "hour": ("hours", "hr", "小时", "时", "时刻", "时次", "钟点", "整点"),
    "ws": ("wspm", "windspeed", "风速"),
    "wd": ("winddirection", "winddir", "风向"),
    "pm25": ("pm2.5", "pm2_5", "a34004", "细颗粒物"),
    "pm10": ("a34002", "可吸入颗粒物"),
    "so2": ("a21026", "二氧化硫"),
    "no2": ("a21004", "二氧化氮"),
    "nox": ("a21002", "氮氧化物"),
    "no": ("a21003", "一氧化氮"),
    "co": ("a21005", "一氧化碳"),
    "o3": ("a05024", "臭氧"),
    "temp": ("temperature", "气温", "温度", "a01001"),
    "pres": ("pressure", "气压", "a01006"),
    "dewp": ("dewpoint", "露点"),
    "rh": ("humidity", "relativehumidity", "湿度", "相对湿度", "a01002"),
    "rain": ("precipitation", "降水", "降水量", "雨量"),
    "station": ("site", "code", "stationcode", "站点", "站点编码", "点位编码"),
    "lon": ("longitude", "lng", "经度"),
    "lat": ("latitude", "纬度"),
}

_POINTS = (
    *("N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE"),
    *("S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"),
)
#: Wind from a compass point, degrees; north is 360 because 0 means calm in many files.
COMPASS = {point: 22.5 * number or 360.0 for number, point in enumerate(_POINTS)}
_CHINESE_POINTS = (
    *("北", "北东北", "东北", "东东北", "东", "东东南", "东南", "南东南"),
    *("南", "南西南", "西南", "西西南", "西", "西西北", "西北", "北西北"),
)
COMPASS |= {point: 22.5 * number or 360.0 for number, point in enumerate(_CHINESE_POINTS)}

MISSING = ("", "NA", "NaN", "nan", "null", "None", "-", "--", "—", "/", "-999", "-9999", "-999.0")
#: The units of what the commands compute with, where a header says one at all.
UNITS = {
    **dict.fromkeys(("pm25", "pm10", "so2", "no2", "nox", "no", "o3"), "μg/m3"),
    "co": "mg/m3",
    "ws": "m/s",
}
NAMES = Names(ALIASES, UNITS)
# What each may be; the numbers of no other column are doubted.
POSSIBLE: dict[str, tuple[float, float]] = {
    **dict.fromkeys(("pm25", "pm10", "so2", "no2", "nox", "no", "co", "o3"), (-math.inf, math.inf)),
    **dict.fromkeys(("temp", "pres", "dewp", "rain"), (-math.inf, math.inf)),
    **dict.fromkeys(("ws", "wind_speed_m_s"), (0, 120)),
    **dict.fromkeys(("wd", "wind_dir_deg_from"), (0, 360)),
    "rh": (0, 110),
}
_TEXTS = frozenset({"station", "run", "positionname", "area", "city", "device"})
# The forms of long tables, which are read a column at once.
_FORMATS = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"),
    *(
        "%Y/%m/%d %H:%M:%S",
        "%Y/%m/%d %H:%M",
        "%Y-%m-%dT%H%M",
        "%Y-%m-%dT%H:%M:%S%.f",
        "%Y%m%d%H%M%S",
    ),
)


class TableError(ValueError):
    """The table cannot be used; the message names the column or row and what to change."""


@dataclass(frozen=True, slots=True)
class Unread:
    """A cell that is neither a number nor a known word for "missing": its line in the file, counted from 1."""

    line: int
    column: str
    text: str


def _folded(header: str) -> str:
    plain = unicodedata.normalize("NFKC", header).strip().casefold()
    return re.sub(r"[\s._]|\(.*\)", "", plain)


_KEYS = {_folded(name): key for key, names in ALIASES.items() for name in (key, *names)}


def canonical(headers: Iterable[str]) -> dict[str, str]:
    """Each header's name here: the key of :data:`ALIASES`, else the header in lower case."""
    names: dict[str, str] = {}
    for header in headers:
        name = _KEYS.get(_folded(header), header.strip().casefold())
        if name in names.values():
            twin = next(h for h, n in names.items() if n == name)
            raise TableError(f"columns {twin!r} and {header!r} both mean {name!r}; remove one")
        names[header] = name
    return names


def dates(texts: pl.Series, hours: pl.Series | None = None) -> pl.Series:
    """Times as files write them, with or without an hour, which may stand in a column of its own; null where they
    cannot be read."""
    for form in _FORMATS if hours is None else ():  # a column of one form at once
        values = texts.str.to_datetime(form, strict=False, time_unit="us")
        if values.null_count() == texts.null_count():
            return values.alias("date")
    return read_moments(texts, hours)[0].alias("date")


def _hour_beside(table: pl.DataFrame) -> pl.Series | None:
    """The column of hours that belongs to one of days; ``None`` where the dates say their hour."""
    if not {"date", "hour"} <= set(table.columns):
        return None
    moments, day_only = read_moments(table["date"])
    return table["hour"] if day_only.filter(moments.is_not_null()).all() else None


def from_text(
    table: pl.DataFrame, texts: Iterable[str] = (), *, lines: pl.Series | None = None
) -> tuple[pl.DataFrame, list[Unread]]:
    """A table of text cells as typed columns, and the cells that could not be read (null in the table).

    Times are read as ``standards.written_dates`` reads them, numbers as ``standards.readings`` does. ``texts`` names
    further columns to leave as text; ``lines`` is each row's line in the file. Raises :class:`TableError` for two columns
    of one meaning and for a table with a ``date`` column none of whose cells is a time.
    """
    table = table.rename(canonical(table.columns))
    words = _TEXTS | set(texts)
    columns: list[pl.Series] = []
    unread: list[Unread] = []
    beside = _hour_beside(table)
    for name in table.columns if beside is None else table.drop("hour").columns:
        cells = table[name].str.strip_chars()
        cells = cells.set(cells.is_in(list(MISSING)).fill_null(value=False), None)
        if name in words:
            columns.append(cells.alias(name))
            continue
        if name == "date":
            values = dates(cells, beside)
            odd = values.is_null() & cells.is_not_null()
            if values.null_count() == len(values) and len(values):
                raise TableError(
                    f"no cell of {name!r} is a time such as 2026-05-01 13:00: {cells[0]!r}"
                )
        else:
            values, odd = _numbers(name, cells)
            if name not in POSSIBLE and odd.any() and values.is_null().all():
                columns.append(cells.alias(name))  # a column of words
                continue
        unread += [
            Unread(row + 2 if lines is None else lines[row], name, cells[row])
            for row in odd.arg_true().to_list()
        ]
        columns.append(values.alias(name))
    typed = pl.DataFrame(columns)
    parts = ("year", "month", "day", "hour")
    if "date" not in typed.columns and set(parts) <= set(typed.columns):
        numbered = [name for name in typed.columns if _counts_rows(name, typed[name])]
        date = pl.datetime(*(pl.col(part).cast(pl.Int32) for part in parts))
        typed = typed.select(date.alias("date"), pl.exclude(*parts, *numbered))
    return typed, unread


def _numbers(name: str, cells: pl.Series) -> tuple[pl.Series, pl.Series]:
    """(numbers of a column, which cells hold none that can be): of what is measured neither 9999 nor a wind of 400°."""
    read = read_column(cells)
    values, odd = read.values, read.unreadable
    if name in ("wd", "wind_dir_deg_from") and odd.any():
        points = cells.str.to_uppercase().replace_strict(
            COMPASS, default=None, return_dtype=pl.Float64
        )
        values = values.fill_null(points)
        odd &= points.is_null()
    if name in POSSIBLE and not _counts_rows(name, values):
        low, high = POSSIBLE[name]
        beyond = (stand_for_none(values) | (values < low) | (values > high)).fill_null(value=False)
        values, odd = values.set(beyond, None), odd | beyond
    return values, odd


def _counts_rows(name: str, values: pl.Series) -> bool:
    """Whether the column ``no`` counts rows rather than nitric oxide."""
    return name == "no" and bool((values.diff().drop_nulls() == 1).all())


def in_units(table: pl.DataFrame, headers: Sequence[str]) -> pl.DataFrame:
    """The table in :data:`UNITS`, of whose columns the file says by its ``headers`` that they are in others. Raises
    :class:`TableError` for a unit that cannot be converted."""
    try:
        known = NAMES.recognise([name for name in headers if NAMES.measures(name)])
    except ColumnError as error:
        raise TableError(str(error)) from None
    return table.with_columns(
        scaled(table[key], column.ratio) for key, column in known.items() if column.ratio != 1
    )


def require(table: pl.DataFrame, names: Iterable[str]) -> None:
    """Raise :class:`TableError` unless the columns are there."""
    lacking = [name for name in names if name not in table.columns]
    if lacking:
        raise TableError(
            f"no column {', '.join(lacking)}; the table has {', '.join(table.columns)}"
        )


def wind(table: pl.DataFrame, *pollutants: str) -> pl.DataFrame:
    """Rows with wind speed, direction and the pollutants all known; 0° is written as 360°."""
    require(table, ("ws", "wd", *pollutants))
    rows = table.drop_nulls(["ws", "wd", *pollutants])
    rows = rows.filter(pl.all_horizontal(pl.col("ws", "wd", *pollutants).is_not_nan()))
    bad = rows.filter((pl.col("wd") < 0) | (pl.col("wd") > 360) | (pl.col("ws") < 0))
    if bad.height:
        first = bad.row(0, named=True)
        raise TableError(
            f"{bad.height} rows have wind outside 0–360° or below 0 m/s, the first at "
            f"{first.get('date')}: ws {first['ws']}, wd {first['wd']}; correct them or leave them empty"
        )
    return rows.with_columns(wd=pl.when(pl.col("wd") == 0).then(360.0).otherwise("wd"))


def classes(values: pl.Series, edges: Sequence[float], names: Sequence[str]) -> pl.Series:
    """The name of the interval that each value lies in, right ends included: one name more than edges."""
    number = np.searchsorted(np.asarray(edges, dtype=float), values.to_numpy(), side="left")
    table = pl.Series(list(names))
    return table.gather(pl.Series(number).cast(pl.UInt32)).set(values.is_null(), None)


def numeric(table: pl.DataFrame) -> list[str]:
    """The columns of numbers."""
    return [name for name, kind in table.schema.items() if kind.is_numeric()]


def renamed(table: pl.DataFrame, names: Mapping[str, str]) -> pl.DataFrame:
    """The table with the user's own column names brought to ours: ``{"theirs": "ours"}``."""
    require(table, names)
    return table.rename(dict(names))
