"""Figures of ambient air for an area and a period, from the daily values stored at its area point."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

import polars as pl

from ecoledger.indicators.figures import Figure, Records, count, quantity, ratio
from ecoledger.monitoring import evaluate
from ecoledger.monitoring.models import Point
from ecoledger.monitoring.runtime import store
from ecoledger.standards import air_evaluation, air_limits

# Decimals the evaluation of a period is printed with (HJ 663; CO in mg/m³).
DECIMALS = {"so2": 0, "no2": 0, "pm10": 0, "pm2_5": 0, "co": 1, "o3": 0}
NAMES = {"so2": "SO2", "no2": "NO2", "pm10": "PM10", "pm2_5": "PM2.5", "co": "CO", "o3": "O3"}
# What a period's value of each factor is: mean, or percentile of the daily values.
STATISTIC = {
    "so2": "mean",
    "no2": "mean",
    "pm10": "mean",
    "pm2_5": "mean",
    "co": "p95",
    "o3": "p90",
}
STATISTIC_NAME = {
    "mean": "平均浓度",
    "p95": "日均值第95百分位数",
    "p90": "日最大8小时平均第90百分位数",
}
_EMPTY = {"day": pl.Date, "aqi": pl.Float64, "primary": pl.String, "standard": pl.String}


def unit(factor: str) -> str:
    """Unit of a factor's concentration."""
    return "mg/m³" if factor == "co" else "µg/m³"


def days(points: list[int], begin: date, end: date) -> pl.DataFrame:
    """Daily values of points with ``begin <= day < end``.

    Columns ``point, day, aqi, primary, standard`` and the six factors; a factor's value is null where the
    day is not valid for it.
    """
    codes = evaluate.air_codes()
    rows = store().read(
        points,
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
    wide = (
        rows.filter((pl.col("parameter") != evaluate.AQI) & pl.col("valid").fill_null(True))
        .with_columns(factor=pl.col("parameter").replace_strict(codes))
        .pivot("factor", index=["point", "day"], values="value", aggregate_function="first")
    )
    for factor in air_limits.FACTORS:
        if factor not in wide.columns:
            wide = wide.with_columns(pl.lit(None, pl.Float64).alias(factor))
    return index.join(wide, on=["point", "day"], how="full", coalesce=True).sort("point", "day")


@dataclass(frozen=True)
class AirPeriod:
    """How an area's air was over a period."""

    area_code: str
    begin: date
    end: date
    days: pl.DataFrame
    good_days: Figure
    polluted_days: Figure
    heavy_days: Figure
    composite: Figure
    aqi_range: str
    largest: str
    values: dict[str, Figure]
    standard: str


def period(area_code: str, begin: date, end: date) -> AirPeriod:
    """Figures of an area for the days ``begin <= day < end``, from its own daily values."""
    return point_period(evaluate.area_point(area_code), begin, end)


def point_period(point: Point, begin: date, end: date) -> AirPeriod:
    """The same for one station or area point."""
    found = days([point.pk], begin, end)
    span = {"point": str(point.pk), "begin": begin.isoformat(), "end": end.isoformat()}
    records = Records("air-days", span)
    judged = found.filter(pl.col("aqi").is_not_null())
    good = judged.filter(pl.col("aqi") <= 100).height
    if judged.is_empty():
        row: dict[str, object] = {}
        standard = ""
    else:
        table = found.rename({"point": "city"})
        row = air_evaluation.evaluate(
            table.drop("standard", "primary"), every="all", by="city"
        ).row(0, named=True)
        standard = str(row["standard"])
    values = {
        factor: quantity(
            f"{NAMES[factor]}{STATISTIC_NAME[STATISTIC[factor]]}",
            row.get(f"{factor}_{STATISTIC[factor]}"),  # type: ignore[arg-type]
            DECIMALS[factor],
            unit(factor),
            Records("air-days", {**span, "factor": factor}),
            standard,
        )
        for factor in ("pm2_5", "pm10", "so2", "no2", "co", "o3")
    }
    aqi_range = "" if judged.is_empty() else f"{row['aqi_min']}–{row['aqi_max']}"
    return AirPeriod(
        point.area_code,
        begin,
        end,
        found,
        ratio("优良天数比例", good, judged.height, records, standard=standard),
        count(
            "污染天数",
            judged.height - good,
            Records("air-days", {**span, "level": "polluted"}),
            "天",
        ),
        count(
            "重污染天数",
            judged.filter(pl.col("aqi") > 200).height,
            Records("air-days", {**span, "level": "heavy"}),
            "天",
        ),
        quantity("环境空气质量综合指数", row.get("composite"), 2, "", records, standard),  # type: ignore[arg-type]
        aqi_range,
        "、".join(NAMES[f] for f in str(row.get("largest") or "").split(",") if f),
        values,
        standard,
    )


def last_year(day: date) -> date:
    """The same day a year before; 29 February becomes 28."""
    return date(day.year - 1, day.month, min(day.day, 28 if day.month == 2 else day.day))


def stations(area_code: str) -> list[Point]:
    """Air points of an area that take part in its evaluation or stand in it, in code order."""
    return list(
        Point.objects.filter(kind="air", enabled=True, area_code__startswith=area_code)
        .select_related("entity__as_station")
        .order_by("area_code", "id")
    )


def station_day(points: list[Point], day: date) -> pl.DataFrame:
    """Daily values of stations on one day, as :func:`days`."""
    return days([point.pk for point in points], day, day + timedelta(days=1))


def primary_names(stored: str | None) -> str:
    """Primary pollutants as printed; the store joins them by commas."""
    return (stored or "").replace(",", "、") or "—"
