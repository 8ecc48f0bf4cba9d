"""Which air stations stand out now: the unusual local part of their last hours, the largest first.

A station's hour is split into what the region, the city and its own surroundings bring
(``science.regional_share``); what it has above its surroundings beyond its usual at that hour of the day is the
anomaly. Regional haze, the daily shape and dust are no anomaly of one station.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

import polars as pl

from ecoledger.monitoring.hourly import hours
from ecoledger.monitoring.models import Point
from ecoledger.science import regional_share
from ecoledger.science.air_table import TableError

FACTORS = {
    "a34004": "PM2.5",
    "a34002": "PM10",
    "a21026": "SO2",
    "a21004": "NO2",
    "a21005": "CO",
    "a05024": "O3",
}
USUAL = timedelta(days=28)
LEAST_STATIONS = 4
LEAST_HOURS = 3
# So many times its usual spread.
STANDS_OUT = 3


@dataclass(frozen=True, slots=True)
class Anomaly:
    """Hours ``begin <= hour < end`` (China standard time) in which a station stood out, and by how much."""

    point: int
    parameter: str
    begin: datetime
    end: datetime
    mean: float
    highest: float
    value: float


def of_stations(points: Sequence[Point], until: datetime) -> list[Anomaly]:
    """The station and factor pairs that stood out in the day before ``until``, the most unusual first.

    A pair stands out when its unusual local part is three times its usual spread and above a quarter of the
    network's mean for at least three hours.
    """
    since = until - timedelta(days=1)
    rows = hours([p.pk for p in points], list(FACTORS), since - USUAL, until)
    result = []
    for parameter in FACTORS:
        own = rows.filter(pl.col("parameter") == parameter)
        table = own.select("date", station=pl.col("point").cast(pl.String), value=pl.col("value"))
        if table["station"].n_unique() < LEAST_STATIONS:
            continue
        try:
            parts = regional_share.split(table, "value")
        except TableError:
            continue
        level = float(table.filter(pl.col("date") >= since)["value"].mean() or 0)  # type: ignore[arg-type]
        late = parts.filter(
            (pl.col("date") >= since)
            & (pl.col("score") >= STANDS_OUT)
            & (pl.col("unusual") > level / 4)
        )
        for key, group in late.group_by("station"):
            if group.height < LEAST_HOURS:
                continue
            first, last = (
                cast("datetime", group["date"].min()),
                cast("datetime", group["date"].max()),
            )
            result.append(
                Anomaly(
                    int(str(key[0])),
                    parameter,
                    first,
                    last + timedelta(hours=1),
                    float(group["unusual"].to_numpy().mean()),
                    float(group["unusual"].to_numpy().max()),
                    float(group["value"].to_numpy().max()),
                )
            )
    return sorted(
        result, key=lambda anomaly: -anomaly.mean * (anomaly.end - anomaly.begin).total_seconds()
    )
