"""What pages ask of the observation store, put together as they show it. Reads only; judges nothing."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from functools import cached_property
from threading import Lock
from typing import Any

import polars as pl
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.hj212 import codes
from ecoledger.monitoring.models import Limit, Point, PointParameter
from ecoledger.monitoring.points import limits, parameters
from ecoledger.monitoring.runtime import store
from ecoledger.standards import air_evaluation
from ecoledger.standards import aqi as aqi_standard
from ecoledger.standards.air_limits import FACTORS as AIR_FACTORS

REPORTED = ("raw", "minute", "hour")
# Older than this, a value no longer speaks for now.
AIR_STALE = timedelta(hours=3)
WATER_STALE = timedelta(hours=12)


def now() -> datetime:
    """This moment in China standard time, as observations carry it."""
    return timezone.localtime().replace(tzinfo=None)


def today() -> datetime:
    return datetime.combine(now().date(), time())


@dataclass(frozen=True)
class Air:
    """The air index of one point in one period."""

    point: Point
    value: int | None
    primary: str
    start: datetime | None
    seconds: int
    standard: str = ""
    asked: datetime = field(default_factory=now)

    @property
    def level(self) -> aqi_standard.Level | None:
        return aqi_standard.level_of(self.value) if self.value is not None else None

    @property
    def end(self) -> datetime | None:
        return self.start + timedelta(seconds=self.seconds) if self.start else None

    @cached_property
    def stale(self) -> bool:
        return self.end is None or self.asked - self.end > AIR_STALE


@dataclass(frozen=True)
class Water:
    """The class of one water point, and what decided it."""

    point: Point
    rank: int | None
    deciding: str
    start: datetime | None

    @cached_property
    def stale(self) -> bool:
        return self.start is None or now() - self.start > WATER_STALE


def _latest(points: Iterable[Point], series: str, parameter: str) -> dict[int, dict[str, Any]]:
    ids = [point.pk for point in points]
    if not ids:
        return {}
    rows = store().latest(ids, series).filter(pl.col("parameter") == parameter)
    return {row["point"]: row for row in rows.iter_rows(named=True)}


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def air_now(points: Sequence[Point], series: str = "computed-hour") -> list[Air]:
    """The latest index of each point, in the order given; without one where there is none.

    The hour that is still running has none yet: then the one before it speaks.
    """
    rows = _latest(points, series, "aqi")
    running = [number for number, row in rows.items() if row["value"] is None]
    if running:
        found = store().read(running, ["aqi"], series, now() - 2 * AIR_STALE, None)
        rows |= {
            row["point"]: row
            for row in found.drop_nulls("value").sort("start").iter_rows(named=True)
        }
    nothing: dict[str, Any] = {"value": None, "text": "", "start": None, "seconds": 3600}
    asked = now()
    return [
        Air(
            point,
            _whole((row := rows.get(point.pk, nothing))["value"]),
            row["text"] or "",
            row["start"],
            row["seconds"],
            asked=asked,
        )
        for point in points
    ]


def air_days(point: Point, begin: date, end: date) -> pl.DataFrame:
    """Daily indices of a point, columns as :func:`day_values`; ``text`` names the primary pollutants."""
    return day_values(point, "aqi", begin, end)


def last_air_day(point: Point) -> Air | None:
    """The last day of the past week that has an index; today is judged when it is over."""
    end = now().date()
    days = air_days(point, end - timedelta(days=7), end).drop_nulls("value").sort("day")
    if days.is_empty():
        return None
    row = days.row(-1, named=True)
    return Air(point, _whole(row["value"]), row["text"] or "", row["start"], 86400)


def water_now(points: Sequence[Point], series: str = "computed-hour") -> list[Water]:
    """The latest class of each water point, in the order given."""
    rows = _latest(points, series, "water_class")
    return [
        Water(
            point,
            _whole(row["value"]) if (row := rows.get(point.pk)) else None,
            (row["text"] or "") if row else "",
            row["start"] if row else None,
        )
        for point in points
    ]


@dataclass(frozen=True)
class Arrival:
    """How much of what a point's parameter should have sent in a stretch of time has come."""

    parameter: PointParameter
    expected: int
    received: int
    last: datetime | None

    @property
    def missing(self) -> int:
        return max(self.expected - self.received, 0)

    @property
    def share(self) -> float | None:
        return self.received / self.expected if self.expected else None


def arrivals(declared: Iterable[PointParameter], begin: datetime, end: datetime) -> list[Arrival]:
    """Counts a parameter over ``[begin, end)``; ``end`` is cut at now.

    A device may report one value in several series; the fullest one counts, and never above what
    was due, so that one busy device cannot hide a silent one.
    """
    wanted = list(declared)
    end = min(end, now())
    seconds = max((end - begin).total_seconds(), 0)
    counts: dict[tuple[int, str], int] = {}
    lasts: dict[tuple[int, str], datetime] = {}
    ids = sorted({parameter.point_id for parameter in wanted})
    if ids:
        table = store().arrivals(begin, end, ids, REPORTED)
        for row in (
            table.group_by("point", "parameter", "series")
            .agg(pl.col("count").sum(), pl.col("last").max())
            .iter_rows(named=True)
        ):
            key = (row["point"], row["parameter"])
            counts[key] = max(counts.get(key, 0), row["count"])
        for row in latest_reported(ids).iter_rows(named=True):
            lasts[row["point"], row["parameter"]] = row["start"]
    return [
        Arrival(
            parameter,
            due := int(seconds // parameter.interval_seconds),
            min(counts.get((parameter.point_id, parameter.code), 0), due),
            lasts.get((parameter.point_id, parameter.code)),
        )
        for parameter in wanted
    ]


def arrived_by_kind(
    declared: QuerySet[PointParameter], begin: datetime, end: datetime
) -> dict[str, tuple[int, int]]:
    """Kind of point -> values received and expected over ``[begin, end)``, counted as :func:`arrivals` does.

    For many parameters at once: no object is made of any.
    """
    end, rows = _came(begin, min(end, now()))
    seconds = max((end - begin).total_seconds(), 0)
    wanted = pl.DataFrame(
        list(
            declared.order_by().values_list("point_id", "code", "point__kind", "interval_seconds")
        ),
        schema={"point": pl.Int64, "parameter": pl.String, "kind": pl.String, "every": pl.Int64},
        orient="row",
    )
    if wanted.is_empty():
        return {}
    came = (
        rows.group_by("point", "parameter", "series")
        .agg(pl.col("count").sum())
        .group_by("point", "parameter")
        .agg(pl.col("count").max().cast(pl.Int64))
    )
    due = (pl.lit(seconds) // pl.col("every")).cast(pl.Int64)
    counted = (
        wanted.join(came, on=("point", "parameter"), how="left")
        .with_columns(due=due)
        .group_by("kind")
        .agg(pl.min_horizontal(pl.col("count").fill_null(0), "due").sum(), pl.col("due").sum())
    )
    return {kind: (received, expected) for kind, received, expected in counted.iter_rows()}


# More values than this are not counted anew for everybody who looks: what was counted stands for a while.
MANY, STANDS = 200_000, timedelta(minutes=5)
_counting = Lock()
_counted: dict[Any, tuple[datetime, pl.DataFrame]] = {}


def _came(begin: datetime, end: datetime) -> tuple[datetime, pl.DataFrame]:
    """What every point reported since ``begin``, and up to when it was counted: ``end``, or a little before."""
    with _counting:
        key = (store(), begin)
        last = _counted.get(key)
        if last is not None and timedelta(0) <= end - last[0] < STANDS:
            return last
        _counted.clear()
        rows = store().arrivals(begin, end, None, REPORTED)
        if rows["count"].sum() > MANY:
            _counted[key] = (end, rows)
        return end, rows


def latest_reported(ids: Sequence[int]) -> pl.DataFrame:
    """The newest reported row of each (point, parameter), of whichever series came last."""
    rows = store().latest(ids).filter(pl.col("series").is_in(REPORTED))
    return rows.sort("start").unique(["point", "parameter"], keep="last").sort("point", "parameter")


@dataclass(frozen=True)
class InstrumentState:
    """What an instrument said of itself last (HJ 212 3020)."""

    instrument: str
    code: str
    start: datetime

    @property
    def word(self) -> str:
        return codes.ANALYSER_STATES.get(self.code) or _("状态代码 %s") % self.code[:20]

    @property
    def measures(self) -> bool:
        return self.word in ("运行", "测量")


def instrument_states(point: Point) -> list[InstrumentState]:
    """The newest state of each instrument of a point that tells one, by what it measures."""
    told = f"{codes.ANALYSER_STATE}-Info"
    rows = latest_reported([point.pk]).filter(pl.col("parameter").str.ends_with(told))
    return [
        InstrumentState(
            _(parameters.label(code, point.kind)) if code else _("仪器"),
            row["text"] or "",
            row["start"],
        )
        for row in rows.iter_rows(named=True)
        for code in [row["parameter"].removesuffix(told).rstrip("-")]
    ]


def total(found: Iterable[Arrival]) -> tuple[int, int]:
    """Received and expected over many parameters."""
    received = expected = 0
    for arrival in found:
        received += arrival.received
        expected += arrival.expected
    return received, expected


@dataclass(frozen=True)
class Latest:
    """The newest value of one parameter at a point, as its page shows it."""

    parameter: PointParameter
    label: str
    value: float | None
    text: str
    flag: str
    layer: int
    start: datetime | None
    seconds: int
    series: str
    limit: Limit | None = None
    """The limit of the day of the value."""
    converted: float | None = None
    """The value at the reference oxygen content, where the limit is judged by it."""

    @property
    def judged(self) -> float | None:
        """What the limit is compared with; ``None`` when a conversion is due and none came."""
        return self.converted if self.limit and self.limit.converted else self.value

    @property
    def shown(self) -> float | None:
        """The judged value, else the value as measured."""
        return self.value if self.judged is None else self.judged

    @property
    def bounds(self) -> tuple[float | None, float | None]:
        """Upper and lower limit in the unit of the value."""
        if self.limit is None:
            return None, None
        return limits.bounds(self.limit, self.parameter.unit)

    @property
    def over(self) -> bool:
        if self.judged is None:
            return False
        (limit, low), judged = self.bounds, self.judged
        return (limit is not None and judged > limit) or (low is not None and judged < low)


def latest_of(points: Sequence[Point]) -> dict[int, list[Latest]]:
    """Each point's declared parameters with their newest reported value, in the order declared."""
    ids = [point.pk for point in points]
    rows = (
        {
            (row["point"], row["parameter"]): row
            for row in latest_reported(ids).iter_rows(named=True)
        }
        if ids
        else {}
    )
    nothing: dict[str, Any] = {
        **dict.fromkeys(("value", "text", "flag", "start", "series")),
        "layer": 0,
        "seconds": 0,
    }
    held = limits.PointLimits(points)
    in_force = {key: held.at(*key, row["start"].date()) for key, row in rows.items()}
    conversions = _conversions(rows, in_force)
    result: dict[int, list[Latest]] = {}
    for point in points:
        result[point.pk] = []
        for parameter in point.parameters.all():
            row = rows.get((point.pk, parameter.code), nothing)
            result[point.pk].append(
                Latest(
                    parameter,
                    _(parameters.label(parameter.code, point.kind)),
                    row["value"],
                    row["text"] or "",
                    row["flag"] or "",
                    row["layer"],
                    row["start"],
                    row["seconds"],
                    row["series"] or "",
                    in_force.get((point.pk, parameter.code))
                    or held.at(point.pk, parameter.code, now().date()),
                    conversions.get((point.pk, parameter.code)),
                )
            )
    return result


def _conversions(
    rows: dict[tuple[int, str], dict[str, Any]], in_force: dict[tuple[int, str], Limit | None]
) -> dict[tuple[int, str], float]:
    """The converted value beside each newest row whose limit asks for it."""
    wanted = [
        (*key, row["start"], row["series"])
        for key, row in rows.items()
        if (limit := in_force.get(key)) is not None and limit.converted
    ]
    if not wanted:
        return {}
    schema: dict[str, Any] = {
        "point": pl.Int64,
        "parameter": pl.String,
        "hour": pl.Datetime("us"),
        "series": pl.String,
    }
    asked = pl.DataFrame(wanted, schema=schema, orient="row")
    found = store().read_windows(
        asked.drop("series"),
        list(REPORTED),
        seconds=1,
        columns=("point", "parameter", "start", "series", "converted"),
    )
    same = found.join(
        asked,
        left_on=["point", "parameter", "start", "series"],
        right_on=["point", "parameter", "hour", "series"],
        how="semi",
    ).drop_nulls("converted")
    return {
        (row["point"], row["parameter"]): row["converted"] for row in same.iter_rows(named=True)
    }


def declared(point: Point) -> list[PointParameter]:
    """What a point's charts can show: what it reports, and what is computed of it."""
    own = list(point.parameters.all())
    kind = "air" if point.kind == Point.Kind.AREA else point.kind
    codes = {
        "area": ["aqi", *parameters.keys("air", AIR_FACTORS)],
        "air": ["aqi"],
        "water": ["water_class"],
    }.get(point.kind, [])
    extra = [
        PointParameter(
            point=point, code=code, name=known.name, unit=known.unit, decimals=known.decimals
        )
        for code in codes
        if (known := parameters.parameter(code, kind))
    ]
    return own + extra


# What a person picks on the station page -> the series asked for, best first, and the period in seconds.
SCALES: dict[str, tuple[tuple[str, ...], int]] = {
    "raw": (("raw", "minute"), 0),
    "hour": (("computed-hour", "hour"), 3600),
    "day": (("computed-day", "day"), 86400),
    "month": (("computed-day", "day"), 0),
}


def series(
    point: Point, codes: Sequence[str], scale: str, begin: datetime, end: datetime
) -> pl.DataFrame:
    """Accepted values of ``codes``: of each parameter the first series of the scale that has any.

    A month is the mean of its valid days; ``series`` is then empty, for no single record is behind it.
    """
    names, _ = SCALES[scale]
    rows = store().read(
        [point.pk],
        list(codes),
        list(names),
        begin,
        end,
        columns=(
            "parameter",
            "series",
            "start",
            "seconds",
            "value",
            "converted",
            "text",
            "flag",
            "layer",
            "valid",
            "standard",
        ),
    )
    if rows.is_empty():
        return rows
    best = (
        rows.select("parameter", "series")
        .unique()
        .with_columns(
            pl.col("series").replace_strict({n: i for i, n in enumerate(names)}).alias("order")
        )
        .sort("order")
        .unique("parameter", keep="first", maintain_order=True)
        .drop("order")
    )
    found = rows.join(best, on=["parameter", "series"], how="semi").sort("parameter", "start")
    return _months(found, point) if scale == "month" else found


def _months(days: pl.DataFrame, point: Point) -> pl.DataFrame:
    """Monthly means of daily values, with the validity of GB 3095 (table 4) where it applies.

    An index and a class have no mean.
    """
    ambient = point.kind in (Point.Kind.AIR, Point.Kind.AREA)
    counted = days.filter(
        pl.col("valid").fill_null(value=True)
        & pl.col("value").is_not_null()
        & ~pl.col("parameter").is_in(["aqi", "water_class"])
    )
    months = (
        counted.group_by("parameter", pl.col("start").dt.truncate("1mo"))
        .agg(pl.col("value").mean(), pl.col("converted").mean(), pl.len().alias("days"))
        .sort("parameter", "start")
    )
    enough = [
        not ambient
        or air_evaluation.period_valid(
            {(start.year, start.month): days},
            air_evaluation.rules(start.date()),
            whole_year=False,
        )
        for start, days in months.select("start", "days").iter_rows()
    ]
    return months.with_columns(
        pl.lit("").alias("series"),
        pl.lit(0, dtype=pl.Int32).alias("seconds"),
        pl.lit(None, dtype=pl.String).alias("text"),
        pl.lit("N").alias("flag"),
        pl.lit(0, dtype=pl.Int8).alias("layer"),
        pl.Series("valid", enough, dtype=pl.Boolean),
        pl.lit(None, dtype=pl.String).alias("standard"),
    ).select(days.columns)


def flags_of(point: Point, begin: datetime, end: datetime) -> pl.DataFrame:
    """How often each flag spoke: ``parameter, flag, count`` over reported values."""
    rows = store().read(
        [point.pk], None, list(REPORTED), begin, end, columns=("parameter", "series", "flag")
    )
    finest = rows.group_by("parameter", "series").len().sort("len", descending=True)
    finest = finest.unique("parameter", keep="first", maintain_order=True).drop("len")
    return (
        rows.join(finest, on=["parameter", "series"], how="semi")
        .with_columns(pl.col("flag").fill_null(""))
        .group_by("parameter", "flag")
        .len("count")
        .sort("parameter", "flag")
    )


def day_values(point: Point, parameter: str, begin: date, end: date) -> pl.DataFrame:
    """Daily computed values of one parameter: ``day, value, text, valid, standard``."""
    return (
        store()
        .read(
            [point.pk],
            [parameter],
            "computed-day",
            datetime.combine(begin, time()),
            datetime.combine(end, time()),
            columns=("start", "value", "text", "valid", "standard"),
        )
        .with_columns(pl.col("start").dt.date().alias("day"))
    )


def label(code: str, point: Point) -> str:
    """What a parameter is called on tables and charts of this point."""
    return _(parameters.label(code, "air" if point.kind == Point.Kind.AREA else point.kind))
