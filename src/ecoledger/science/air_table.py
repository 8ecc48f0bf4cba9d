"""Reads tables of hourly air and weather data into one form.

Understood without asking: openair's columns (``date,ws,wd,pm25,…``), the columns of "Beijing Multi-Site
Air-Quality Data" (``year,month,day,hour,PM2.5,…,wd,WSPM`` with wind as compass points) and Chinese headers.
Units are those of the file; nothing is converted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

#: Further names of a column; compared without case, blanks, dots, underscores and units in brackets.
ALIASES: dict[str, tuple[str, ...]] = {
    "date": ("time", "datetime", "timepoint", "timestamp", "时间", "监测时间", "日期", "日期时间"),
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
_TEXTS = frozenset({"station", "run", "positionname", "area", "city", "device"})
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


def dates(texts: pl.Series) -> pl.Series:
    """Times as files write them, with or without an hour; null where none of the known forms fits."""
    known = texts.null_count()
    tried: list[pl.Series] = []
    for form in _FORMATS:
        values = texts.str.to_datetime(form, strict=False, time_unit="us")
        if values.null_count() == known:
            return values.alias("date")
        tried.append(values)
    days = [texts.str.to_date(form, strict=False) for form in ("%Y-%m-%d", "%Y/%m/%d")]
    tried += [day.cast(pl.Datetime("us")) for day in days]
    table = pl.DataFrame({str(number): series for number, series in enumerate(tried)})
    return table.select(pl.coalesce(pl.all())).to_series().alias("date")


def from_text(
    table: pl.DataFrame, texts: Iterable[str] = (), *, lines: pl.Series | None = None
) -> tuple[pl.DataFrame, list[Unread]]:
    """A table of text cells as typed columns, and the cells that could not be read (null in the table).

    ``texts`` names further columns to leave as text; ``lines`` is each row's line in the file. Raises :class:`TableError` for two columns of one
    meaning and for a table with a ``date`` column none of whose cells is a time.
    """
    table = table.rename(canonical(table.columns))
    words = _TEXTS | set(texts)
    columns: list[pl.Series] = []
    unread: list[Unread] = []
    for name in table.columns:
        cells = table[name].str.strip_chars()
        cells = pl.select(
            pl.when(cells.is_in(list(MISSING))).then(None).otherwise(cells)
        ).to_series()
        if name in words:
            columns.append(cells.alias(name))
            continue
        if name == "date":
            values = dates(cells)
        else:
            values = cells.cast(pl.Float64, strict=False)
            if name == "wd" and (values.is_null() & cells.is_not_null()).any():
                points = cells.replace_strict(COMPASS, default=None, return_dtype=pl.Float64)
                values = values.fill_null(points)
        odd = (values.is_null() & cells.is_not_null()).arg_true()
        if len(odd) and len(odd) == len(cells) - cells.null_count() and name != "date":
            columns.append(cells.alias(name))  # a column of words
            continue
        if name == "date" and values.null_count() == len(values) and len(values):
            raise TableError(
                f"no cell of {name!r} is a time such as 2026-05-01 13:00: {cells[0]!r}"
            )
        unread += [
            Unread(row + 2 if lines is None else lines[row], name, cells[row])
            for row in odd.to_list()
        ]
        columns.append(values.alias(name))
    typed = pl.DataFrame(columns)
    parts = ("year", "month", "day", "hour")
    if "date" not in typed.columns and set(parts) <= set(typed.columns):
        numbered = ("no",) if _is_row_number(typed) else ()
        date = pl.datetime(*(pl.col(part).cast(pl.Int32) for part in parts))
        typed = typed.select(date.alias("date"), pl.exclude(*parts, *numbered))
    return typed, unread


def _is_row_number(table: pl.DataFrame) -> bool:
    """Whether the column ``no`` counts rows rather than nitric oxide."""
    if "no" not in table.columns:
        return False
    return bool((table["no"].diff().drop_nulls() == 1).all())


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
