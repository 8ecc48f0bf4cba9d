"""What a period review would make of the days: computed as it will be, over the store and without a trace in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, cast

import polars as pl

from ecoledger.monitoring.computing import aggregate, evaluate
from ecoledger.monitoring.models import Point
from ecoledger.monitoring.points import table
from ecoledger.monitoring.runtime import store
from ecoledger.store.interface import KEY, Layer, ObservationStore

# Longer periods are flagged without a trial: it costs what computing them costs.
LONGEST = timedelta(days=31)
_KEY = list(KEY)


@dataclass(frozen=True)
class Day:
    """A day's value of one parameter at one point, as it is and as it would be; ``None``: none that is valid.

    ``left``: the mean of what would remain of a day that no longer has the hours it needs; it counts for nothing.
    ``hours``: how many valid ones that are.
    """

    point: int
    parameter: str
    day: date
    now: float | None
    then: float | None
    left: float | None = None
    hours: int = 0


class _Overlay:
    """The store with some rows under another flag, and with what is computed of them kept here."""

    def __init__(self, base: ObservationStore, flagged: pl.DataFrame, flag: str) -> None:
        self.base = base
        self.flagged = flagged.select(_KEY).unique().with_columns(pl.lit(flag).alias("_flag"))
        self.made = pl.DataFrame()

    def read_windows(
        self,
        windows: pl.DataFrame,
        series: str | Sequence[str],
        *,
        seconds: int = 3600,
        columns: Sequence[str],
    ) -> pl.DataFrame:
        asked = list(dict.fromkeys([*columns, *_KEY]))
        rows = self.base.read_windows(windows, series, seconds=seconds, columns=asked)
        rows = rows.join(self.flagged, on=_KEY, how="left")
        said = pl.col("_flag").is_not_null()
        if "flag" in asked:
            rows = rows.with_columns(pl.coalesce("_flag", "flag").alias("flag"))
        if "layer" in asked:
            review = pl.lit(int(Layer.REVIEW)).cast(rows.schema["layer"])
            rows = rows.with_columns(pl.when(said).then(review).otherwise("layer").alias("layer"))
        rows = rows.drop("_flag")
        if not self.made.is_empty():
            rows = self._with_made(rows, windows, series, seconds)
        return rows.select(columns)

    def _with_made(
        self, rows: pl.DataFrame, windows: pl.DataFrame, series: str | Sequence[str], seconds: int
    ) -> pl.DataFrame:
        wanted = [series] if isinstance(series, str) else list(series)
        mine = self.made.filter(pl.col("series").is_in(wanted)).join(
            windows.select("point", "parameter", "hour").unique(), on=["point", "parameter"]
        )
        inside = (pl.col("start") >= pl.col("hour")) & (
            pl.col("start") < pl.col("hour") + pl.duration(seconds=seconds)
        )
        mine = mine.filter(inside).unique(_KEY, keep="last")
        kept = rows.join(mine.select(_KEY), on=_KEY, how="anti")
        shared = [name for name in rows.columns if name in mine.columns]
        added = mine.select(pl.col(name).cast(rows.schema[name]) for name in shared)
        return pl.concat([kept, added], how="diagonal")

    def append(self, *, observations: pl.DataFrame) -> None:
        both = pl.concat([self.made, observations], how="diagonal_relaxed")
        self.made = both.unique(_KEY, keep="last", maintain_order=True)


def days_after(
    point: Point, parameters: Sequence[str], begin: datetime, end: datetime, flag: str
) -> list[Day]:
    """Every daily value that would change, of the point and of the divisions it counts in, the index among them.

    Empty for a period longer than :data:`LONGEST`.
    """
    if end - begin > LONGEST:
        return []
    from ecoledger.monitoring.computing.period_review import REPORTED

    base = store()
    reported = base.read([point.pk], list(parameters), REPORTED, begin, end, columns=_KEY)
    if reported.is_empty():
        return []
    overlay, known = _Overlay(base, reported, flag), table.current()
    work = reported.select("point", "parameter", pl.col("start").dt.truncate("1h").alias("hour"))
    trial = cast("ObservationStore", overlay)
    changed = aggregate.run(work.unique(), trial, known)
    evaluate.run(changed, trial, known)
    return _changed(base, overlay.made.filter(pl.col("series") == "computed-day"))


def _changed(base: ObservationStore, made: pl.DataFrame) -> list[Day]:
    if made.is_empty():
        return []
    left = pl.when(pl.col("valid").fill_null(value=False).not_()).then("value")
    then = made.select("point", "parameter", "start", then=_valid(), left=left, hours="count")
    first, last = cast("datetime", then["start"].min()), cast("datetime", then["start"].max())
    now = base.read(
        then["point"].unique().to_list(),
        then["parameter"].unique().to_list(),
        "computed-day",
        datetime.combine(first.date(), time()),
        last + timedelta(days=1),
        columns=("point", "parameter", "start", "value", "valid"),
    ).select("point", "parameter", "start", now=_valid())
    both = then.join(now, on=["point", "parameter", "start"], how="left")
    both = both.filter(pl.col("now").ne_missing(pl.col("then")))
    rows: Any = both.sort("point", "parameter", "start").select(
        "point", "parameter", "start", "now", "then", "left", pl.col("hours").fill_null(0)
    )
    return [Day(p, code, start.date(), *rest) for p, code, start, *rest in rows.iter_rows()]


def _valid() -> pl.Expr:
    return pl.when(pl.col("valid").fill_null(value=False)).then("value")
