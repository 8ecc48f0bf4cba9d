"""Daily values as the evaluation leaves them in the store, for tests of figures, bulletins and pages."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import polars as pl

from ecoledger.monitoring import evaluate, parameters
from ecoledger.standards import air_limits, aqi

CLEAN = {"so2": 6.0, "no2": 20.0, "pm10": 40.0, "pm2_5": 20.0, "co": 0.6, "o3": 60.0}


def put_air(store, point, days: dict[date, dict[str, float | None]]) -> None:
    """Daily means of a station or area and the index that each day's own edition gives them."""
    table = pl.DataFrame(
        [{"day": day, **CLEAN, **values} for day, values in days.items()],
        schema={"day": pl.Date, **dict.fromkeys(air_limits.FACTORS, pl.Float64)},
    )
    judged = aqi.daily_table(table)
    codes = {key: code for code, key in evaluate.air_codes().items()}
    rows = []
    for row in judged.iter_rows(named=True):
        for key, code in codes.items():
            rows.append(_row(point, code, row["day"], row[key]))
        text = row["primary"] or ""
        for key, name in (("pm2_5", "PM2.5"), ("pm10", "PM10"), ("so2", "SO2"), ("no2", "NO2"),
                          ("co", "CO"), ("o3", "O3")):  # fmt: skip
            text = text.replace(key, name)
        rows.append(
            _row(point, evaluate.AQI, row["day"], row["aqi"], text=text, standard=row["standard"])
        )
    _append(store, rows)


def put_water(store, point, days: dict[date, dict[str, float]]) -> None:
    """Valid daily means of a water station by the standard's keys."""
    codes = {p.key: p.code for p in parameters.of_kind("water") if p.key}
    _append(
        store,
        [
            _row(point, codes[key], day, value)
            for day, values in days.items()
            for key, value in values.items()
        ],
    )


def span(first: date, number: int) -> list[date]:
    return [first + timedelta(days=n) for n in range(number)]


def _row(point, code: str, day: date, value: float | None, **more) -> dict:
    return {
        "point": point.pk,
        "parameter": code,
        "start": datetime.combine(day, time()),
        "seconds": 86400,
        "series": "computed-day",
        "value": None if value is None else float(value),
        "valid": value is not None,
        "flag": "N",
        "text": None,
        "standard": None,
    } | more


def _append(store, rows: list[dict]) -> None:
    schema = {"value": pl.Float64, "text": pl.String, "standard": pl.String}
    store.append(observations=pl.DataFrame(rows, schema_overrides=schema, infer_schema_length=None))
