"""The real Beijing hours behind the city's air, moved to the present by whole years.

Whole years keep the season: an evening in November replays an evening in November. See
``data/ATTRIBUTION.md``.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache
from pathlib import Path

import polars as pl

_FOLDER = Path(__file__).parent / "data" / "beijing"
_LAST = datetime(2017, 2, 28, 23)

# Column of the record -> HJ 212 factor code. CO leaves here in mg/m³, the standard's unit.
FACTORS = {
    "pm2_5": "a34004",
    "pm10": "a34002",
    "so2": "a21026",
    "no2": "a21004",
    "co": "a21005",
    "o3": "a05024",
}
WEATHER = {
    "temperature": "a01001",
    "pressure": "a01006",
    "wind_speed": "a01007",
    "wind_direction": "a01008",
}


def years_to_add(now: datetime) -> int:
    """How many years lie between the record's last twelve months and ``now``."""
    years = now.year - _LAST.year
    return years if now.replace(year=_LAST.year, day=min(now.day, 28)) <= _LAST else years + 1


@cache
def _record(station: str, years: int) -> pl.DataFrame:
    frame = pl.read_parquet(_FOLDER / f"{station}.parquet")
    frame = frame.with_columns(
        pl.col("^(pm2_5|pm10|so2|no2|o3|temperature|pressure|wind_speed)$").cast(pl.Float64)
    )
    # The digits as published: the copy holds single precision.
    frame = frame.with_columns(
        pl.col("pm2_5", "pm10", "so2", "no2", "o3", "temperature", "wind_speed").round(1),
        # hPa -> kPa, µg/m³ -> mg/m³, sixteen points -> degrees: the units of HJ 212.
        pressure=(pl.col("pressure") / 10).round(2),
        co=(pl.col("co") / 1000).round(3),
        wind_direction=pl.col("wind_direction") * 22.5,
        time=pl.col("time").dt.offset_by(f"{years}y"),
    )
    # 29 February of a leap year lands on 28 February of a common one: keep that day's own record.
    return frame.unique("time", keep="first", maintain_order=True).sort("time")


def hours(station: str, begin: datetime, end: datetime, now: datetime) -> pl.DataFrame:
    """Hours of the record with ``begin <= start < end``, moved to the present; missing stays null."""
    frame = _record(station, years_to_add(now))
    return frame.filter((pl.col("time") >= begin) & (pl.col("time") < end))


def history_begin(now: datetime) -> datetime:
    """Where the city's record begins: last year's first day, so that a year can be compared with one.

    The data would allow nearly four years; two keep the set-up short.
    """
    return datetime(now.year - 1, 1, 1)
