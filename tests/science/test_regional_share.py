"""Regional, city and local parts: they add up, and each made cause is told."""

from datetime import datetime, timedelta

import numpy as np
import polars as pl
import pytest

from ecoledger.science import air_table, regional_share

START = datetime(2026, 5, 1)
DAYS = 40


def network(pollutant="pm25", local=None, **extra):
    """Six stations in a city and one outside, forty days; ``local`` adds to station s3 in given hours."""
    rng = np.random.default_rng(4)
    hours = 24 * DAYS
    background = 30 + 10 * np.sin(np.arange(hours) / 30)
    rows = []
    for number in range(7):
        habit = 0 if number == 0 else 8 + (6 if number == 5 else 0)
        value = background + habit + rng.normal(0, 1.5, hours)
        if local and number == 3:
            value[list(local)] += 40
        rows.append(
            pl.DataFrame({
                "date": [START + timedelta(hours=i) for i in range(hours)],
                "station": [f"s{number}"] * hours,
                pollutant: value,
                **{name: column(value) for name, column in extra.items()},
            })
        )  # fmt: skip
    return pl.concat(rows)


def test_the_parts_add_up_and_the_city_is_found():
    parts = regional_share.split(network(), "pm25", background=["s0"])
    total = parts["regional"] + parts["city"] + parts["local"]
    np.testing.assert_allclose(total.to_numpy(), parts["value"].to_numpy())
    means = regional_share.summary(parts)
    assert means["city"].mean() == pytest.approx(8, abs=1)
    assert (parts["cause"] == "regional").mean() > 0.95


def test_a_local_event_is_local_at_its_station_only():
    event = range(24 * 30, 24 * 30 + 6)
    parts = regional_share.split(network(local=event), "pm25", background=["s0"])
    times = [START + timedelta(hours=i) for i in event]
    during = parts.filter(pl.col("date").is_in(times))
    assert set(during.filter(pl.col("cause") == "local")["station"]) == {"s3"}
    assert during.filter(pl.col("station") == "s3")["unusual"].to_numpy() == pytest.approx(
        40, abs=8
    )


def test_what_a_station_always_has_is_usual():
    parts = regional_share.split(network(), "pm25", background=["s0"]).filter(
        pl.col("station") == "s5"
    )
    late = parts.filter(pl.col("date") > START + timedelta(days=20))
    assert late["usual"].mean() == pytest.approx(6, abs=1)
    assert abs(late["unusual"].mean()) < 1


def test_dust_is_no_local_source():
    table = network("pm10", local=range(24 * 30, 24 * 30 + 6), pm25=lambda v: v * 0.6)
    storm = (pl.col("date") >= START + timedelta(days=30)) & (
        pl.col("date") < START + timedelta(days=30, hours=6)
    )
    table = table.with_columns(pm10=pl.when(storm).then(pl.col("pm10") + 400).otherwise("pm10"))
    parts = regional_share.split(table, "pm10", background=["s0"]).filter(storm)
    assert set(parts["cause"]) == {"dust"}
    assert (parts["unusual"] == 0).all()


def test_three_stations_cannot_tell():
    few = network().filter(pl.col("station").is_in(["s0", "s1", "s2"]))
    with pytest.raises(air_table.TableError, match="4 are needed"):
        regional_share.split(few, "pm25")
