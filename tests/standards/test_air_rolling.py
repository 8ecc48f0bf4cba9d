"""Three-year moving means: each year valid by itself, against the limit of the last."""

from __future__ import annotations

from datetime import date, timedelta

import polars as pl
import pytest

from ecoledger.standards import air_evaluation, air_rolling

FACTORS = ("so2", "no2", "pm10", "pm2_5", "co", "o3")
LEVELS = {2023: 36.0, 2024: 33.0, 2025: 30.0, 2026: 27.0}


def years(*, without: set[date] = frozenset()) -> pl.DataFrame:
    """Whole years in which every day is alike; days of ``without`` have no PM2.5."""
    rows = []
    for year, level in LEVELS.items():
        day = date(year, 1, 1)
        while day.year == year:
            pm = None if day in without else level
            rows.append((1, day, 10.0, 20.0, 50.0, pm, 0.8, 120.0))
            day += timedelta(days=1)
    table = pl.DataFrame(rows, schema=["point", "day", *FACTORS], orient="row")
    return air_evaluation.evaluate(table, every="year", by="point")


def of(rows, year, factor="pm2_5"):
    return next(r for r in rows if (r.year, r.factor) == (year, factor))


def test_the_mean_of_three_years_is_held_against_the_limit_of_the_last():
    rows = air_rolling.rolling(years(), 2026)
    assert {r.year for r in rows} == {2026, 2025, 2024}
    last = of(rows, 2026)
    assert last.years == pytest.approx((33.0, 30.0, 27.0))
    assert last.mean == pytest.approx(30.0)
    assert last.limit == 30  # class II of GB 3095-2026 until 2030
    assert last.attained is True
    before = of(rows, 2025)
    assert before.mean == pytest.approx(33.0)
    assert before.limit == 35
    assert of(rows, 2026, "o3").statistic == "p90"
    assert of(rows, 2026, "co").limit == 4


def test_a_year_that_lacks_days_gives_no_mean_of_its_factor():
    april = {date(2025, 4, 1) + timedelta(days=n) for n in range(10)}
    rows = air_rolling.rolling(years(without=april), 2026)
    assert of(rows, 2026).years[1] is None
    assert of(rows, 2026).mean is None
    assert of(rows, 2026).attained is None
    assert of(rows, 2026, "pm10").attained is True


def test_years_before_the_first_have_no_value():
    assert of(air_rolling.rolling(years(), 2026), 2024).years[0] is None
