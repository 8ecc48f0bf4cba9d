"""Back trajectories over a made source to the north-west."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ecoledger.science import air_table, trajectories


@pytest.fixture(scope="module")
def paths():
    """Straight 48-hour paths from four sides; those from the north-west bring ten times as much."""
    rng = np.random.default_rng(6)
    rows = []
    for number in range(240):
        side = number % 4
        angle = np.radians(45 + 90 * side + rng.normal(0, 8))
        pace = rng.uniform(0.1, 0.25)
        hours = np.arange(0, -49, -1)
        value = 100.0 if side == 3 else 10.0
        rows.append(pl.DataFrame({
            "date": [datetime(2026, 1, 1) + timedelta(hours=3 * number)] * 49,
            "hour_inc": hours,
            "lon": 118 - np.sin(angle) * pace * hours,
            "lat": 25 - np.cos(angle) * pace * hours,
            "pm25": value + rng.normal(0, 1),
        }))  # fmt: skip
    return pl.concat(rows)


@pytest.mark.parametrize("statistic", ["pscf", "cwt", "sqtba"])
def test_the_source_region_lies_to_the_north_west(paths, statistic):
    found = (
        trajectories.sqtba(paths, "pm25")
        if statistic == "sqtba"
        else trajectories.level(paths, "pm25", statistic, percentile=76)
    )
    if statistic != "sqtba":
        found = found.filter(pl.col("count") > 20)
    top = found.head(10)
    assert (top["lon"] < 118.5).all()
    assert (top["lat"] > 24.5).all()
    if statistic != "sqtba":
        assert found["value"].max() > 3 * found["value"].median()


def test_sqtba_of_even_air_is_even(paths):
    found = trajectories.sqtba(paths.with_columns(pm25=pl.lit(33.0)), "pm25")
    assert found["value"].to_numpy() == pytest.approx(33)


def test_cwt_is_the_mean_of_the_arrivals(paths):
    table = paths.with_columns(pm25=pl.lit(5.0))
    cells = trajectories.level(table, "pm25", "cwt")
    assert cells.filter(pl.col("count") > 80)["value"].to_list() == pytest.approx(
        [5.0] * cells.filter(pl.col("count") > 80).height
    )
    assert cells.filter(pl.col("count") <= 10)["value"].max() == pytest.approx(0.25)
    assert trajectories.level(table, "pm25", "frequency")["value"].max() == 100


def test_four_sides_are_four_clusters(paths):
    assigned, means = trajectories.clusters(paths, 4)
    counts = assigned.group_by("cluster").len()["len"]
    assert counts.min() > 50
    ends = means.filter(pl.col("hour_inc") == -48)
    sides = {(row["lon"] > 118, row["lat"] > 25) for row in ends.iter_rows(named=True)}
    assert len(sides) == 4
    assert means.unique("cluster")["percent"].sum() == pytest.approx(100)


def test_concentrations_are_joined_by_arrival(paths):
    hours = pl.DataFrame({"date": paths["date"].unique(), "so2": 7.0})
    assert trajectories.join(paths, hours, "so2")["so2"].unique().to_list() == [7.0]
    with pytest.raises(air_table.TableError, match="clusters"):
        trajectories.clusters(paths.head(49 * 2), 5)
