"""Before and after: an effect is told from the weather, and no effect from chance."""

from datetime import date, datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ecoledger.science import air_table, weather_removed

CHANGE = date(2026, 1, 15)


def hours(drop: float, windier: float) -> pl.DataFrame:
    """More than a year of hours whose concentration falls with wind; after the change the wind may be stronger."""
    rng = np.random.default_rng(5)
    size = 24 * 430
    dates = [datetime(2024, 12, 1) + timedelta(hours=i) for i in range(size)]
    after = np.array([d.date() >= CHANGE for d in dates])
    slow = np.repeat(rng.gamma(3, 0.8, size // 12 + 1), 12)[:size]
    ws = slow * np.where(after, windier, 1.0)
    temp = 12 + 12 * np.sin(2 * np.pi * np.arange(size) / 24 / 365) + rng.normal(0, 2, size)
    noise = np.repeat(rng.normal(0, 0.15, size // 6 + 1), 6)[:size]
    value = 80 / (0.7 + ws) * np.exp(noise) * np.where(after, 1 - drop, 1)
    return pl.DataFrame(
        {"date": dates, "ws": ws, "wd": rng.uniform(1, 360, size), "temp": temp, "no2": value}
    )


def test_stronger_wind_is_no_measure():
    found = weather_removed.effect(hours(0, 1.5), "no2", CHANGE)
    assert found.plain_difference < -5
    assert not found.significant
    assert found.skill > 0.6


def test_a_measure_is_seen_through_the_weather():
    found = weather_removed.effect(hours(0.25, 1.3), "no2", CHANGE)
    assert found.significant
    assert found.percent == pytest.approx(-25, abs=8)
    assert found.lower < found.effect < found.upper


def test_too_little_before():
    table = hours(0, 1).filter(pl.col("date") > datetime(2026, 1, 1))
    with pytest.raises(air_table.TableError, match="hours before"):
        weather_removed.effect(table, "no2", CHANGE)
    with pytest.raises(air_table.TableError, match="no weather"):
        weather_removed.effect(table.select("date", "no2"), "no2", CHANGE)
