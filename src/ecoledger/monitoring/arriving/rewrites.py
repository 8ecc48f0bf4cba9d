"""A device that reports another value for a period it reported long ago (历史数据改写).

A value corrected within :data:`SOON` is ordinary: an analyser is read again, a packet is completed. Later than
that it is told and kept on record; later than :data:`OPEN_FOR` the packet waits in quarantine until a person lets
it in. A period that had no value is no rewrite, however late it comes: that is a backlog after an outage.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import polars as pl

from ecoledger.monitoring.models import Point, Rewrite
from ecoledger.store.interface import ObservationStore

SOON = timedelta(hours=6)
OPEN_FOR = timedelta(days=3)
_SERIES = ("hour", "day")
_KEY = ["point", "parameter", "series", "start"]


def find(store: ObservationStore, observations: pl.DataFrame, now: datetime) -> pl.DataFrame:
    """Rows of ``observations`` whose device value differs from the one it reported before.

    Columns ``row, point, parameter, series, start, before, after, late``; ``late`` (bool): older than :data:`OPEN_FOR`.
    """
    ended = pl.col("start") + pl.duration(seconds="seconds")
    past = observations.filter(
        pl.col("series").is_in(_SERIES)
        & (pl.col("layer") == 0)
        & pl.col("value").is_not_null()
        & (ended < now - SOON)
    )
    if past.is_empty():
        return pl.DataFrame()
    begin, end = past.select(pl.col("start").min(), pl.col("start").max().alias("end")).row(0)
    reported = store.read(
        past["point"].unique().to_list(),
        past["parameter"].unique().to_list(),
        _SERIES,
        begin,
        end + timedelta(seconds=1),
        columns=(*_KEY, "value"),
        up_to=0,
    ).filter(pl.col("value").is_not_null())
    return (
        past.join(reported.rename({"value": "before"}), on=_KEY, how="inner")
        .filter(pl.col("value") != pl.col("before"))
        .select(
            "row",
            *_KEY,
            "before",
            pl.col("value").alias("after"),
            (ended < now - OPEN_FOR).alias("late"),
        )
    )


def keep(rewritten: pl.DataFrame) -> list[Rewrite]:
    """Put rewrites on record; the rows kept."""
    areas = dict(
        Point.objects.filter(pk__in=rewritten["point"].unique().to_list()).values_list(
            "pk", "area_code"
        )
    )
    return Rewrite.objects.bulk_create(
        Rewrite(
            point_id=row["point"],
            area_code=areas[row["point"]],
            parameter=row["parameter"],
            series=row["series"],
            start=f"{row['start']:%Y-%m-%d %H:%M}",
            before=row["before"],
            after=row["after"],
            waits=row["late"],
        )
        for row in rewritten.iter_rows(named=True)
        if row["point"] in areas
    )
