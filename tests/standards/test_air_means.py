"""Ozone from few hours as from many, and areas from their stations."""

from datetime import date, datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecoledger.standards import air_means, aqi

FIRST = datetime(2026, 2, 27)
sparse = st.dictionaries(st.integers(0, 95), st.floats(0, 400), min_size=1, max_size=96)


def ozone(values, station="A"):
    return pl.DataFrame(
        {
            "station": [station] * len(values),
            "start": [FIRST + timedelta(hours=n) for n in values],
            "value": list(values.values()),
        },
        schema_overrides={"start": pl.Datetime("us")},
    )


@given(sparse)
@settings(max_examples=60, deadline=None)
def test_few_hours_give_the_same_days_as_whole_tables(values):
    """Over the four days around the switch of editions."""
    hours = ozone(values)
    windows = air_means.eight_hour_windows(hours, ["station"])
    few = {
        row["start"].date(): row
        for row in air_means.daily_maximum(windows, ["station"]).iter_rows(named=True)
    }
    many = air_means.daily_from_hourly(
        hours.rename({"start": "time", "value": "o3"}), label="start"
    )
    assert bool(values) == bool(many.height)
    for row in many.iter_rows(named=True):
        found = few.get(row["day"])
        assert row["o3_windows"] == (found["count"] if found else 0)
        if row["o3"] is None:
            assert found is None or not found["valid"]
        else:
            assert found["valid"]
            assert found["value"] == pytest.approx(row["o3"])


def test_windows_name_the_edition_and_need_six_hours():
    windows = air_means.eight_hour_windows(ozone(dict.fromkeys(range(6), 100.0)), ["station"])
    counts = dict(windows.select("start", "count").iter_rows())
    assert (len(counts), max(counts.values())) == (13, 6)
    assert windows.filter("valid").height == 3
    assert windows["standard"].unique().to_list() == ["HJ 663-2013"]


def test_a_citys_day_is_the_mean_of_its_stations_days_not_of_its_hours():
    """HJ 663: of ozone the mean of the stations' daily maxima, which may fall into different hours."""
    early = {n: 200.0 if n < 8 else 40.0 for n in range(24)}
    late = {n: 200.0 if n >= 16 else 40.0 for n in range(24)}
    hours = pl.concat([ozone(early, "A"), ozone(late, "B")]).rename(
        {"start": "time", "value": "o3"}
    )
    days = air_means.daily_from_hourly(hours, label="start").with_columns(city=pl.lit("城"))
    city = air_means.area_means(days, time="day")
    assert city["o3"].to_list() == [200.0]
    by_hours = air_means.area_means(hours.with_columns(city=pl.lit("城")))
    first = air_means.daily_from_hourly(by_hours, label="start", station="city")
    assert first["o3"].to_list() == [120.0]


def test_every_row_of_an_area_is_held_to_the_rule_of_its_own_day():
    days = pl.DataFrame(
        {
            "city": ["城"] * 8,
            "station": list("ABCD") * 2,
            "day": [date(2026, 2, 28)] * 4 + [date(2026, 3, 1)] * 4,
            "pm2_5": [10.0, 20.0, 30.0, None, 10.0, 20.0, None, None],
        }
    )
    assert air_means.area_means(days, time="day")["pm2_5"].to_list() == [20.0, None]
    judged = aqi.daily_table(
        air_means.area_means(days, time="day").with_columns(
            **{f: pl.lit(10.0) for f in ("so2", "no2", "o3", "pm10")}, co=pl.lit(0.5)
        )
    )
    assert judged["standard"].to_list() == ["HJ 633-2012", "HJ 633-2026"]
