"""What the air did while a response was on: the stations' hours beside those of the day before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from ecoledger.indicators import air
from ecoledger.monitoring.hourly import hours

CODES = {"pm2_5": "a34004", "pm10": "a34002", "no2": "a21004", "o3": "a05024"}
BEFORE = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Change:
    """One factor: mean of all stations' hours before and during. ``percent`` is negative when it fell."""

    name: str
    unit: str
    before: float | None
    during: float | None

    @property
    def percent(self) -> float | None:
        if not self.before or self.during is None:
            return None
        return 100 * (self.during - self.before) / self.before


def evaluated_stations(area_code: str) -> list[int]:
    """Air points of an area that count in its evaluation; all of its stations where none does."""
    points = air.stations(area_code)
    stations = [getattr(p.entity, "as_station", None) for p in points]
    counted = [
        p.pk for p, s in zip(points, stations, strict=True) if s is not None and s.counts_in_area
    ]
    return counted or [p.pk for p in points]


def hourly_means(stations: Sequence[int], begin: datetime, end: datetime) -> pl.DataFrame:
    """Mean over stations of each factor and hour, ``begin <= date < end``: ``factor, date, value``."""
    named = {code: factor for factor, code in CODES.items()}
    rows = hours(stations, list(named), begin, end)
    return (
        rows.group_by("parameter", "date")
        .agg(value=pl.col("value").mean())
        .with_columns(factor=pl.col("parameter").replace_strict(named, return_dtype=pl.String))
        .select("factor", "date", "value")
        .sort("factor", "date")
    )


def changes(table: pl.DataFrame, begin: datetime) -> list[Change]:
    """Before and from ``begin`` on, of each factor in ``table`` of :func:`hourly_means`."""
    result = []
    for factor in CODES:
        own = table.filter(pl.col("factor") == factor)
        result.append(
            Change(
                air.NAMES[factor],
                air.unit(factor),
                _mean(own.filter(pl.col("date") < begin)),
                _mean(own.filter(pl.col("date") >= begin)),
            )
        )
    return result


def _mean(rows: pl.DataFrame) -> float | None:
    return None if rows.is_empty() else float(rows["value"].to_numpy().mean())
