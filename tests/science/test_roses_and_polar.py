"""Roses and surfaces find a source that was put there."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ecoledger.science import (
    air_table,
    echarts,
    figures,
    polar_annulus,
    polar_cluster,
    polar_plot,
    roses,
)


@pytest.fixture(scope="module")
def station():
    """A source to the north-east that is seen at 4 to 6 m/s, by day."""
    rng = np.random.default_rng(1)
    size = 8000
    wd, ws = rng.uniform(0, 360, size), rng.gamma(3, 1.2, size)
    hour = np.arange(size) % 24
    seen = (np.abs(wd - 45) < 20) & (np.abs(ws - 5) < 1.2) & (hour > 8) & (hour < 18)
    so2 = rng.gamma(4, 2, size) + 60 * seen
    dates = [datetime(2026, 1, 1) + timedelta(hours=i) for i in range(size)]
    return pl.DataFrame(
        {"date": dates, "ws": ws, "wd": wd, "so2": so2, "pm25": so2 * 0.5 + rng.gamma(9, 2, size)}
    )


@pytest.mark.parametrize("statistic", ["mean", "cpf", "percentile", "nwr"])
def test_the_surface_points_at_the_source(station, statistic):
    if statistic == "nwr":
        surface = polar_plot.nonparametric_regression(station, "so2", cells=101)
    else:
        surface = polar_plot.polar_plot(
            station, "so2", statistic, percentile=95 if statistic == "cpf" else 90
        )
    direction, speed, _ = surface.strongest()
    assert abs(direction - 45) < 15
    assert abs(speed - 5) < 1.5
    assert np.isnan(surface.z[0, 0])


def test_nwr_equals_the_kernel_sum(station):
    part = station.head(500)
    surface = polar_plot.nonparametric_regression(part, "so2", cells=41)
    row, column = 25, 24
    u, v = surface.u[column], surface.v[row]
    angle, speed = np.degrees(np.arctan2(u, v)) % 360, np.hypot(u, v)
    gap = np.abs(part["wd"].to_numpy() - angle)
    weight = np.exp(-0.5 * (np.minimum(gap, 360 - gap) / 4) ** 2)
    weight *= np.exp(-0.5 * ((part["ws"].to_numpy() - speed) / 0.5) ** 2)
    expected = np.sum(weight * part["so2"].to_numpy()) / weight.sum()
    assert surface.z[row, column] == pytest.approx(expected, rel=0.03)


def test_paired_statistics_have_the_slope_of_the_source(station):
    slope = polar_plot.pair_statistic(
        station, "pm25", "so2", "slope", cells=101, direction_spread=10, speed_spread=1
    )
    row = int(np.argmin(np.abs(slope.v - 3.5)))
    assert slope.z[row, row] == pytest.approx(0.5, abs=0.1)
    r = polar_plot.pair_statistic(
        station, "pm25", "so2", "r", cells=101, direction_spread=10, speed_spread=1
    )
    assert r.z[row, row] > 0.9


def test_the_rose_sums_to_a_hundred_and_bias_is_taken_out():
    # Sixteen directions equally often: sectors of 30° hold one or two of them.
    wd = np.tile(np.arange(1, 17) * 22.5, 50)
    table = pl.DataFrame({"ws": np.full(800, 3.0), "wd": wd})
    plain = roses.wind_rose(table, correct_bias=False).table["percent"]
    fair = roses.wind_rose(table).table["percent"]
    assert plain.max() > 1.9 * plain.min()
    assert fair.max() == pytest.approx(fair.min())
    assert fair.sum() == pytest.approx(100)


def test_calm_hours_have_no_direction():
    table = pl.DataFrame({"ws": [0.0, 0.0, 2.0, 3.0], "wd": [0.0, None, 90.0, 180.0]})
    rose = roses.wind_rose(table)
    assert rose.calm == 50
    assert rose.table["percent"].sum() == pytest.approx(50)


def test_frequency_counts_every_hour(station):
    assert roses.polar_frequency(station)["value"].sum() == station.height
    share = roses.polar_frequency(station, "so2", "weighted_mean")
    assert share["value"].sum() == pytest.approx(100)


def test_percentile_rose(station):
    rose = roses.percentile_rose(station, "so2", percentiles=(50, 99))
    top = rose.filter(pl.col("percentile") == 99).sort("value")["wd"][-1]
    assert abs(top - 45) <= 20


def test_annulus_tells_the_hours(station):
    ring = polar_annulus.polar_annulus(station, "so2", "hour")
    row, column = np.unravel_index(np.argmax(ring.z), ring.z.shape)
    assert abs(ring.wd[column] - 45) < 20
    assert 9 <= ring.time[row] <= 18


def test_the_first_cluster_is_the_source(station):
    cells, _ = polar_cluster.polar_cluster(station, "so2", 4)
    hours = polar_cluster.assign(station, cells, "so2")
    first = hours.filter(pl.col("cluster") == 1)
    east = first["ws"] * np.sin(np.radians(first["wd"]))
    assert first["so2"].mean() > 1.5 * station["so2"].mean()
    assert east.mean() > 0
    total = polar_cluster.contributions(hours, "so2")
    assert total["percent_total"].sum() == pytest.approx(100)


def test_too_little_data_is_said():
    table = pl.DataFrame({"ws": [1.0] * 40, "wd": [10.0] * 40, "so2": [1.0] * 40})
    with pytest.raises(air_table.TableError, match="too few"):
        polar_plot.polar_plot(table, "so2")
    with pytest.raises(air_table.TableError, match="no column"):
        polar_plot.polar_plot(table, "no2")


def test_pictures(station):
    surface = polar_plot.polar_plot(station, "so2", cells=51)
    assert figures.surface(surface).startswith(b"\x89PNG")
    assert b"<svg" in figures.surface(surface, "svg")[:600]
    rose = roses.wind_rose(station)
    assert figures.rose(rose).startswith(b"\x89PNG")
    option = echarts.rose(rose)
    assert sum(sum(each["data"]) for each in option["series"]) == pytest.approx(100, abs=0.2)
    heat = echarts.surface(surface)["series"][0]["data"]
    assert len(heat) == np.isfinite(surface.z).sum()
    assert figures.frequency(roses.polar_frequency(station, "so2")).startswith(b"\x89PNG")
    assert figures.annulus(polar_annulus.polar_annulus(station, "so2")).startswith(b"\x89PNG")
