"""Trends, variation, calendar and model statistics on made series with known answers."""

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ecoledger.science import air_table, model_statistics, trends, variation


def series(years=5, slope=-3.0, season=15.0, noise=4.0, seed=1):
    rng = np.random.default_rng(seed)
    days = years * 365
    time = np.arange(days)
    values = (
        60
        + slope * time / 365
        + season * np.cos(2 * np.pi * time / 365.25)
        + rng.normal(0, noise, days)
    )
    return pl.DataFrame(
        {"date": [datetime(2018, 1, 1) + timedelta(days=int(i)) for i in time], "pm25": values}
    )


def test_the_slope_is_found_and_the_season_taken_out():
    plain, clean = (trends.theil_sen(series(), "pm25", deseason=d) for d in (False, True))
    assert clean.slope == pytest.approx(-3, abs=0.3)
    assert clean.upper - clean.lower < 0.5 * (plain.upper - plain.lower)
    assert clean.stars == "***"


def test_autocorrelated_months_widen_the_interval():
    rng = np.random.default_rng(3)
    walk = np.zeros(120)
    for i in range(1, 120):
        walk[i] = 0.8 * walk[i - 1] + rng.normal()
    dates = [datetime(2010 + i // 12, i % 12 + 1, 1) for i in range(120)]
    table = pl.DataFrame({"date": dates, "x": walk})
    single, blocks = (
        trends.theil_sen(table, "x", autocorrelation=a, period="month") for a in (False, True)
    )
    assert blocks.upper - blocks.lower > 1.2 * (single.upper - single.lower)


def test_a_smooth_trend_holds_the_truth():
    found = trends.smooth_trend(series(season=0), "pm25")
    truth = 60 - 3 * (np.arange(found.height) + 0.5) / 12
    held = (found["lower"].to_numpy() < truth) & (truth < found["upper"].to_numpy())
    assert held.mean() > 0.8


def test_five_months_make_no_trend():
    with pytest.raises(air_table.TableError, match="at least 6"):
        trends.theil_sen(series().head(140), "pm25")


def test_variation_by_hour():
    hours = np.arange(24 * 200)
    table = pl.DataFrame({
        "date": [datetime(2026, 1, 1) + timedelta(hours=int(h)) for h in hours],
        "o3": 50 + 30 * np.sin(2 * np.pi * (hours % 24 - 8) / 24) + np.random.default_rng(1).normal(0, 1, len(hours)),
    })  # fmt: skip
    found = variation.time_variation(table, ["o3"]).filter(pl.col("by") == "hour")
    assert found.sort("mean")["step"][-1] == 14
    assert ((found["lower"] < found["mean"]) & (found["mean"] < found["upper"])).all()
    assert found["hours"].to_list() == [200] * 24


def test_calendar_places():
    table = pl.DataFrame(
        {
            "date": [datetime(2026, 5, 1, h) for h in range(24)]
            + [datetime(2026, 5, 4, h) for h in range(24)],
            "pm25": [10.0] * 24 + [90.0] * 24,
        }
    )
    days = variation.calendar(table, "pm25", breaks=(35, 75))
    assert days["weekday"].to_list() == [5, 6, 7, 1]
    assert days["week"].to_list() == [0, 0, 0, 1]
    assert days["value"].to_list() == [10, None, None, 90]


def test_compared_spans():
    found = variation.compare_periods(
        series(slope=0, season=0),
        "pm25",
        (date(2018, 1, 1), date(2018, 12, 31)),
        (date(2019, 1, 1), date(2019, 12, 31)),
    )
    assert abs(found["percent"]) < 3


def test_statistics_by_hand():
    found = model_statistics.statistics(np.array([1.0, 2, 3, np.nan]), np.array([2.0, 2, 7, 1]))
    assert found["n"] == 3
    assert found["FAC2"] == pytest.approx(2 / 3)
    assert found["MB"] == pytest.approx(5 / 3)
    assert found["NMB"] == pytest.approx(5 / 6)
    assert found["COE"] == pytest.approx(1 - 5 / 2)
    assert found["IOA"] == pytest.approx(4 / 5 - 1)
    assert found["r"] == pytest.approx(np.corrcoef([1, 2, 3], [2, 2, 7])[0, 1])


def test_statistics_of_a_constant():
    found = model_statistics.statistics(np.ones(5), np.arange(5.0))
    assert found["r"] is None
    assert found["COE"] is None
