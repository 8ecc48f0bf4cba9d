"""Figures of ambient air for an area and a period, from the daily values stored at its area point."""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl
from django.utils import timezone
from django.utils.translation import gettext_noop as noop

from ecoledger.indicators import doors
from ecoledger.indicators.figures import (
    Change,
    Figure,
    Records,
    absent,
    by_one_edition,
    count,
    quantity,
    ratio,
)
from ecoledger.monitoring.computing import evaluate, standard_values
from ecoledger.monitoring.models import Point
from ecoledger.monitoring.points import table as known_points
from ecoledger.monitoring.runtime import store
from ecoledger.standards import air_evaluation, air_limits, air_means, aqi, catalogue

# In the order that bulletins list them.
FACTORS = ("pm2_5", "pm10", "so2", "no2", "co", "o3")
NAMES = {
    "pm2_5": "PM2.5",
    "pm10": "PM10",
    "so2": "SO2",
    "no2": "NO2",
    "co": "CO",
    "o3": "O3",
}
# What a period's value of each factor is: mean, or percentile of the daily values; alike in every edition.
STATISTIC = {
    factor: catalogue.editions(air_evaluation.EVALUATION)[-1].content.statistic(factor)
    for factor in FACTORS
}
STATISTIC_NAME = {
    "mean": "平均浓度",
    "p95": "日均值第95百分位数",
    "p90": "日最大8小时平均第90百分位数",
}
# AQI of a good day at most; above HEAVY it is heavily polluted.
GOOD, HEAVY = aqi.good_up_to(), aqi.heavy_above()
_EMPTY = {"day": pl.Date, "aqi": pl.Float64, "primary": pl.String, "standard": pl.String}


def unit(factor: str) -> str:
    """Unit of a factor's concentration."""
    return air_limits.unit(factor)


def day_decimals(factor: str) -> int:
    """Decimals a daily value is reported with."""
    return air_limits.DECIMALS.get(factor, 0)


def period_decimals(factor: str, on: date) -> int:
    """Decimals the evaluation of a period ending ``on`` is printed with, by its edition of HJ 663."""
    first = catalogue.editions(air_evaluation.EVALUATION)[0].effective_from
    return air_evaluation.rules(max(on, first or on)).decimals[factor]


def days(points: Sequence[int], begin: date, end: date) -> pl.DataFrame:
    """Daily values of points with ``begin <= day < end``.

    Columns ``point, day, aqi, primary, standard`` and the six factors; a factor's value is null where the
    day is not valid for it, ``aqi`` where HJ 633 lets none be published. ``standard`` is the edition of
    HJ 633 in force on the day. A county's days are stored; a town's are formed here of its stations'.
    """
    stations_of = _stations_of_towns(points)
    tables = [_stored_days([point for point in points if point not in stations_of], begin, end)]
    tables += [
        _mean_days(town, members, _stored_days(members, begin, end))
        for town, members in stations_of.items()
    ]
    columns = ("point", *_EMPTY, *air_limits.FACTORS)
    return pl.concat([table.select(columns) for table in tables]).sort("point", "day")


def _stations_of_towns(points: Sequence[int]) -> dict[int, list[int]]:
    """Of those points that stand for a town: its stations, micro-stations aside (they assess nothing)."""
    known = known_points.current().points
    towns = known.filter(
        pl.col("point").is_in(list(points))
        & (pl.col("kind") == "area")
        & (pl.col("area_code").str.len_chars() > evaluate.COUNTY_DIGITS)
    )
    measuring = known.filter(
        (pl.col("kind") == "air") & pl.col("enabled") & (pl.col("level") != "micro")
    )
    return {
        town: measuring.filter(pl.col("area_code").str.starts_with(code))["point"].to_list()
        for town, code in towns.select("point", "area_code").iter_rows()
    }


def _mean_days(town: int, members: list[int], rows: pl.DataFrame) -> pl.DataFrame:
    """A town's days: those of its one station, or the means of several and the index from those."""
    named = rows.with_columns(point=pl.lit(town, pl.Int64))
    if len(members) < 2 or rows.is_empty():
        return named
    means = air_means.area_means(
        rows.with_columns(town=pl.lit("town")),
        area="town",
        station="point",
        time="day",
        planned={"town": len(members)},
    )
    wanted = means.select("day", *air_limits.FACTORS).with_columns(
        point=pl.lit(town, pl.Int64),
        aqi=pl.lit(None, pl.Float64),
        primary=pl.lit(None, pl.String),
        standard=pl.lit(None, pl.String),
    )
    return judged_by(wanted.select(named.columns), None)


def _stored_days(points: Sequence[int], begin: date, end: date) -> pl.DataFrame:
    """The same of points whose days are stored."""
    codes = standard_values.air_codes()
    rows = store().read(
        list(points),
        [*codes, evaluate.AQI],
        "computed-day",
        datetime.combine(begin, time()),
        datetime.combine(end, time()),
        columns=("point", "parameter", "start", "value", "text", "valid", "standard"),
    )
    if rows.is_empty():
        return pl.DataFrame(
            schema={"point": pl.Int64, **_EMPTY, **dict.fromkeys(air_limits.FACTORS, pl.Float64)}
        )
    rows = rows.with_columns(day=pl.col("start").dt.date())
    index = rows.filter(pl.col("parameter") == evaluate.AQI).select(
        "point", "day", aqi="value", primary="text", standard="standard"
    )
    measured = rows.filter((pl.col("parameter") != evaluate.AQI) & pl.col("valid").fill_null(True))
    wide = (
        standard_values.in_standard_units(measured, "air", known_points.current())
        .with_columns(factor=pl.col("parameter").replace_strict(codes))
        .pivot("factor", index=["point", "day"], values="value", aggregate_function="first")
    )
    for factor in air_limits.FACTORS:
        if factor not in wide.columns:
            wide = wide.with_columns(pl.lit(None, pl.Float64).alias(factor))
    return index.join(wide, on=["point", "day"], how="full", coalesce=True).sort("point", "day")


def judged_by(table: pl.DataFrame, standard: str | None) -> pl.DataFrame:
    """``table`` of :func:`days` with the indices that one edition of HJ 633 would give every day, or, with
    ``None``, that of each day its own."""
    judged = aqi.daily_table(table.drop("aqi", "primary", "standard"), standard=standard)
    primary = pl.col("primary")
    for factor, name in NAMES.items():
        primary = primary.str.replace_all(factor, name, literal=True)
    return judged.with_columns(primary, pl.col("aqi").cast(pl.Float64)).select(table.columns)


@dataclass(frozen=True)
class AirPeriod:
    """How the air was at one point over a period, ``begin <= day < end``.

    ``days`` are its daily values, ``editions`` the editions of HJ 633 its days were judged by, each day
    by that of its own date; ``standard`` names what the period was evaluated by. ``enough``: every
    factor has the days of each month that GB 3095 table 4 asks for.
    """

    point: Point
    begin: date
    end: date
    days: pl.DataFrame
    good_days: Figure
    valid_days: Figure
    polluted_days: Figure
    heavy_days: Figure
    composite: Figure
    aqi_range: str
    largest: str
    values: dict[str, Figure]
    editions: tuple[str, ...]
    standard: str
    enough: bool

    def valid_of(self, measure: str) -> int:
        """On how many days there is a value of a factor; of what is made of all of them, an index."""
        if measure in FACTORS:
            return int(self.days[measure].count()) if self.days.height else 0
        return int(self.valid_days.value or 0)

    @property
    def calendar_days(self) -> int:
        """Days of the calendar up to today."""
        tomorrow = timezone.localdate() + timedelta(days=1)
        return max((min(self.end, tomorrow) - self.begin).days, 0)


def period(area_code: str, begin: date, end: date, as_of: date | None = None) -> AirPeriod:
    """Figures of an area, from its own daily values: means of its stations first, the index from those."""
    return point_period(evaluate.area_point(area_code), begin, end, as_of)


def point_period(point: Point, begin: date, end: date, as_of: date | None = None) -> AirPeriod:
    """The same for one station or area point."""
    return periods([point], begin, end, as_of)[point.pk]


def periods(
    points: Sequence[Point], begin: date, end: date, as_of: date | None = None
) -> dict[int, AirPeriod]:
    """Several points at once, keyed by point.

    Each day is judged by the edition of its own date, the period by that of its last day. With ``as_of``
    all of it is judged anew by the editions in force on that day, to lay years side by side.
    """
    table = days([point.pk for point in points], begin, end)
    if as_of is not None and not table.is_empty():
        table = judged_by(table, index_edition(as_of))
    return of_days(points, begin, end, table, as_of)


@dataclass(frozen=True)
class YearOnYear:
    """A period beside the same days of the year before: each as it was judged at its time, and both by the editions in
    force on the period's last day."""

    now: AirPeriod
    before: AirPeriod
    now_anew: AirPeriod
    before_anew: AirPeriod

    def change(
        self, read: Callable[[AirPeriod], Figure], decimals: int, word: str = "同比"
    ) -> Change:
        """How a figure changed, both years judged by one edition."""
        return by_one_edition(
            Change(read(self.now), read(self.before), decimals, word),
            Change(read(self.now_anew), read(self.before_anew), decimals, word),
        )


def year_on_year(point: Point, begin: date, end: date) -> YearOnYear:
    """The air of ``begin <= day < end`` beside that of the same days a year before."""
    last, earlier = end - timedelta(days=1), year_before(begin, end)
    now, before = point_period(point, begin, end), point_period(point, *earlier)
    if len({*now.editions, *before.editions}) < 2 and now.standard == before.standard:
        return YearOnYear(now, before, now, before)
    return YearOnYear(
        now,
        before,
        point_period(point, begin, end, as_of=last),
        point_period(point, *earlier, as_of=last),
    )


def of_days(
    points: Sequence[Point], begin: date, end: date, table: pl.DataFrame, as_of: date | None = None
) -> dict[int, AirPeriod]:
    """The same of daily values at hand, as :func:`days` has them, already judged."""
    rows: dict[int, dict[str, Any]] = {}
    if not table.is_empty():
        evaluated = air_evaluation.evaluate(
            table.drop("standard", "primary"), every="all", by="point", on=as_of
        )
        rows = {row["point"]: row for row in evaluated.iter_rows(named=True)}
    return {
        point.pk: _period(point, begin, end, table, rows.get(point.pk, {}), as_of)
        for point in points
    }


def _period(
    point: Point,
    begin: date,
    end: date,
    table: pl.DataFrame,
    row: dict[str, Any],
    as_of: date | None,
) -> AirPeriod:
    found = table.filter(pl.col("point") == point.pk).drop("point")
    span = {"point": str(point.pk), "begin": begin.isoformat(), "end": end.isoformat()}
    if as_of is not None:
        span["as_of"] = as_of.isoformat()
    judged = found.filter(pl.col("aqi").is_not_null())
    editions = tuple(judged["standard"].drop_nulls().unique().sort().to_list())
    index_standard = "、".join(editions)
    standard = str(row.get("standard", ""))
    last = as_of or (found["day"].max() if found.height else end - timedelta(days=1))
    assert isinstance(last, date)  # noqa: S101  the column holds dates

    def opened(**query: str) -> Records:
        return doors.AIR_DAYS.opens(**span, **query)

    def number(label: str, chosen: pl.DataFrame, level: str) -> Figure:
        records = opened(level=level)
        if level != "valid" and not judged.height:
            return absent(label, records, noop("没有有效天"))
        return count(label, chosen.height, records, "天", standard=index_standard, judged=True)

    values = {
        factor: quantity(
            f"{NAMES[factor]}{STATISTIC_NAME[STATISTIC[factor]]}",
            row.get(f"{factor}_{STATISTIC[factor]}"),
            period_decimals(factor, last),
            unit(factor),
            opened(factor=factor),
            standard,
        )
        for factor in FACTORS
    }
    return AirPeriod(
        point,
        begin,
        end,
        found,
        ratio(
            "优良天数比例",
            judged.filter(pl.col("aqi") <= GOOD).height,
            judged.height,
            opened(),
            standard=index_standard,
            missing=noop("没有有效天"),
            judged=True,
        ),
        number("有效天数", judged, "valid"),
        number("污染天数", judged.filter(pl.col("aqi") > GOOD), "polluted"),
        number("重污染天数", judged.filter(pl.col("aqi") > HEAVY), "heavy"),
        quantity(
            "环境空气质量综合指数",
            row.get("composite"),
            2,
            "",
            opened(),
            standard,
            missing=noop("六项污染物中有缺项"),
            judged=True,
        ),
        "～".join(str(n) for n in sorted({row["aqi_min"], row["aqi_max"]}))
        if judged.height
        else "—",
        "、".join(NAMES[f] for f in str(row.get("largest") or "").split(",") if f) or "—",
        values,
        editions,
        standard,
        bool(row) and all(row[f"{factor}_valid"] for factor in FACTORS),
    )


def days_required(begin: date, end: date | None = None) -> int:
    """Valid days that the month beginning ``begin`` needs (GB 3095 table 4); up to ``end``, its share of them."""
    required = air_evaluation.rules(begin).days_required(begin.month)
    month = monthrange(begin.year, begin.month)[1]
    return required * min((end - begin).days, month) // month if end else required


def index_edition(on: date) -> str:
    """The edition of HJ 633 that judges a day."""
    return str(catalogue.in_force(aqi.AQI, on).standard)


def last_year(day: date) -> date:
    """The same day a year before; 29 February becomes 28."""
    return date(day.year - 1, day.month, min(day.day, 28 if day.month == 2 else day.day))


def year_before(begin: date, end: date) -> tuple[date, date]:
    """The same days a year before ``begin <= day < end``; whole months stay whole.

    >>> year_before(date(2024, 2, 1), date(2024, 2, 29)), year_before(date(2025, 2, 1), date(2025, 3, 1))
    ((datetime.date(2023, 2, 1), datetime.date(2023, 3, 1)), (datetime.date(2024, 2, 1), datetime.date(2024, 3, 1)))
    """
    day = timedelta(days=1)
    return last_year(begin), max(last_year(end), last_year(end - day) + day)


def stations(area_code: str) -> list[Point]:
    """Air points of an area, in code order, whether they count in its evaluation or not."""
    return list(
        Point.objects.filter(kind="air", enabled=True, area_code__startswith=area_code)
        .select_related("entity__as_station")
        .order_by("area_code", "id")
    )


def counts(point: Point) -> bool:
    """Whether a station counts in the evaluation of its area; one that does not is listed and has no place."""
    return bool(point.entity.as_station.counts_in_area) if point.entity else True


def station_day(points: Sequence[Point], day: date) -> pl.DataFrame:
    """Daily values of stations on one day, as :func:`days`."""
    return days([point.pk for point in points], day, day + timedelta(days=1))


def primary_names(stored: str | None) -> str:
    """Primary pollutants as printed; the store joins them by commas."""
    return (stored or "").replace(",", "、") or "—"
