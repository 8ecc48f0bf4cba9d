"""Averages with capture, vector wind, rolling means, runs."""

from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.science import air_table, averages

START = datetime(2026, 5, 1)


def hours(**columns):
    size = len(next(iter(columns.values())))
    return pl.DataFrame({"date": [START + timedelta(hours=i) for i in range(size)], **columns})


def test_wind_direction_is_averaged_as_a_vector():
    day = averages.average(hours(ws=[2.0, 2.0], wd=[350.0, 10.0]), "day")
    assert day["wd"][0] == pytest.approx(0, abs=1e-9)
    assert day["ws"][0] == 2


def test_capture_is_of_the_whole_period():
    table = hours(pm25=[10.0] * 18 + [None] * 6)
    assert averages.average(table, "day", capture=75)["pm25"][0] == 10
    table = hours(pm25=[10.0] * 17 + [None] * 7)
    assert averages.average(table, "day", capture=75)["pm25"][0] is None
    # A day of which only 17 hours are in the file at all.
    assert averages.average(table.head(17), "day", capture=75)["pm25"][0] is None
    assert averages.average(table, "day", statistic="capture")["pm25"][0] == pytest.approx(
        100 * 17 / 24
    )


def test_a_month_without_data_is_there_as_missing():
    table = pl.DataFrame(
        {
            "date": [datetime(2026, 1, 1), datetime(2026, 1, 2), datetime(2026, 3, 1)],
            "so2": [1.0, 3.0, 5.0],
        }
    )
    assert averages.average(table, "month")["so2"].to_list() == [2.0, None, 5.0]


def test_stations_are_kept_apart_and_doubles_refused():
    one = hours(pm25=[1.0, 3.0]).with_columns(station=pl.lit("a"))
    two = hours(pm25=[5.0, 7.0]).with_columns(station=pl.lit("b"))
    table = pl.concat([one, two])
    assert averages.average(table, "day", by=("station",))["pm25"].to_list() == [2.0, 6.0]
    with pytest.raises(air_table.TableError, match="more than once"):
        averages.average(table, "day")


def test_rolling_is_labelled_by_its_last_hour():
    table = hours(o3=[float(i) for i in range(10)])
    right = averages.rolling(table, "o3", 4, capture=100)["o3_4h"].to_list()
    assert right == [None, None, None, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5]
    left = averages.rolling(table, "o3", 4, align="left", capture=100)["o3_4h"].to_list()
    assert left == [1.5, 2.5, 3.5, 4.5, 5.5, 6.5, 7.5, None, None, None]


def test_a_gap_in_the_dates_counts_as_missing_hours():
    table = hours(o3=[1.0] * 12).filter(pl.col("date").dt.hour().is_in([3, 4, 5]).not_())
    found = averages.rolling(table, "o3", 4)
    assert found.height == 12
    assert found["o3_4h"][5] is None


@given(
    st.lists(st.one_of(st.none(), st.floats(-1e3, 1e3)), min_size=9, max_size=40), st.integers(1, 8)
)
def test_rolling_equals_the_definition(values, width):
    table = hours(x=pl.Series(values, dtype=pl.Float64))
    found = averages.rolling(table, "x", width)[f"x_{width}h"].to_list()
    for place, mean in enumerate(found):
        window = values[max(0, place - width + 1) : place + 1]
        known = [each for each in window if each is not None]
        if known and len(known) >= 0.75 * width:
            assert mean == pytest.approx(sum(known) / len(known), abs=1e-9)
        else:
            assert mean is None


def test_runs_end_at_a_missing_hour():
    table = hours(pm25=[80.0, 90, 85, None, 95, 96, 97, 98, 10])
    found = averages.runs(table, "pm25", 75, length=3)
    assert found["steps"].to_list() == [3, 4]
    assert found["peak"].to_list() == [90, 98]
