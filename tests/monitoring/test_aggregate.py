"""Aggregation against an implementation so plain that it can be read off the standard."""

from __future__ import annotations

import math
from datetime import datetime, timedelta

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecoledger.monitoring.computing import means
from ecoledger.monitoring.points import limits
from ecoledger.monitoring.points import table as points

HOUR = datetime(2026, 5, 1, 8)


def point_map(kind="air", parameters=("a34004",), interval=60, oxygen=None):
    return points.PointMap(
        by_mn={},
        points=pl.DataFrame(
            [{"point": 1, "kind": kind, "enabled": True, "reference_oxygen": oxygen}],
            schema=points._POINT_SCHEMA,
            orient="row",
        ),
        parameters=pl.DataFrame(
            [{"point": 1, "parameter": p, "kind": kind, "interval": interval} for p in parameters],
            schema=points._PARAMETER_SCHEMA,
            orient="row",
        ),
        limits=pl.DataFrame(schema=limits.SCHEMA),
        kinds={1: kind},
        areas={1: "990101"},
    )


def rows(entries, series="minute", seconds=60, parameter="a34004", **columns):
    """``entries``: (start, value, flag)."""
    schema = {
        "point": pl.Int64,
        "parameter": pl.String,
        "series": pl.String,
        "start": pl.Datetime("us"),
        "seconds": pl.Int32,
        "value": pl.Float64,
        "minimum": pl.Float64,
        "maximum": pl.Float64,
        "total": pl.Float64,
        "converted": pl.Float64,
        "converted_maximum": pl.Float64,
        "flag": pl.String,
        "layer": pl.Int8,
        "valid": pl.Boolean,
    }
    return pl.DataFrame(
        [
            {
                "point": 1,
                "parameter": parameter,
                "series": series,
                "start": start,
                "seconds": seconds,
                "value": value,
                "flag": flag,
                "layer": 0,
                **{k: v(start) if callable(v) else v for k, v in columns.items()},
            }
            for start, value, flag in entries
        ],
        schema=schema,
        orient="row",
    )


minutes = st.dictionaries(
    st.integers(0, 59),
    st.tuples(
        st.one_of(st.none(), st.floats(0, 500, allow_nan=False)), st.sampled_from("NNNNTDFMC")
    ),
    min_size=1,
)


@given(minutes)
@settings(max_examples=60, deadline=None)
def test_an_hour_is_the_mean_of_its_valid_minutes_and_valid_from_45(given_minutes):
    entries = [(HOUR + timedelta(minutes=m), v, f) for m, (v, f) in given_minutes.items()]
    hour = means.hours_from_rows(rows(entries), point_map()).row(0, named=True)
    good = [v for v, f in given_minutes.values() if v is not None and f in "NT"]
    assert hour["valid"] is (len(good) >= 45)
    assert hour["count"] == len(good)
    if good:
        assert hour["value"] == pytest.approx(math.fsum(good) / len(good))
        assert (hour["minimum"], hour["maximum"]) == (min(good), max(good))
    else:
        assert hour["value"] is None


def day_of_hours(values):
    return [(datetime(2026, 5, 1) + timedelta(hours=h), v, "N") for h, v in values.items()]


hours_of_a_day = st.dictionaries(
    st.integers(0, 23), st.floats(0, 500, allow_nan=False), min_size=1, max_size=24
)


@given(hours_of_a_day)
@settings(max_examples=60, deadline=None)
def test_a_day_is_the_mean_of_its_valid_hours_and_valid_from_20(values):
    table = rows(day_of_hours(values), series="computed-hour", seconds=3600, valid=True)
    day = means.days_from_rows(table, point_map()).row(0, named=True)
    assert day["value"] == pytest.approx(math.fsum(values.values()) / len(values))
    assert day["valid"] is (len(values) >= 20)
    assert day["start"] == datetime(2026, 5, 1)


@given(hours_of_a_day)
@settings(max_examples=80, deadline=None)
def test_ozone_of_a_day_is_its_greatest_8_hour_mean(values):
    table = rows(
        day_of_hours(values), series="computed-hour", seconds=3600, parameter="a05024", valid=True
    )
    windows = means.eight_hours(table)
    days = means.ozone_days(windows, table)
    highest = []
    for first in range(17):
        inside = [values[h] for h in range(first, first + 8) if h in values]
        if len(inside) >= 6:
            highest.append(math.fsum(inside) / len(inside))
    day = days.row(0, named=True)
    assert day["count"] == len(highest)
    if highest:
        assert day["value"] == pytest.approx(max(highest))
    assert day["valid"] is (len(highest) >= 14 or bool(highest and day["value"] > 160))
    assert day["maximum"] == max(values.values())


def test_five_minute_means_cover_five_minutes_each():
    entries = [(HOUR + timedelta(minutes=5 * n), 30.0 + n, "N") for n in range(9)]
    hour = means.hours_from_rows(rows(entries, seconds=300), point_map()).row(0, named=True)
    assert (hour["valid"], hour["count"], hour["expected"]) == (True, 9, 12)


def test_wastewater_is_weighted_by_flow_and_the_flow_itself_is_not():
    parameters = ("w01018", "w00000")
    table = pl.concat(
        [
            rows(
                [(HOUR, 100.0, "N"), (HOUR + timedelta(minutes=30), 40.0, "N")],
                seconds=1800,
                parameter="w01018",
            ),
            rows(
                [(HOUR, 1.0, "N"), (HOUR + timedelta(minutes=30), 3.0, "N")],
                seconds=1800,
                parameter="w00000",
            ),
        ]
    )
    made = means.hours_from_rows(table, point_map("wastewater", parameters))
    by_parameter = {row["parameter"]: row["value"] for row in made.iter_rows(named=True)}
    assert by_parameter == {"w01018": pytest.approx((100 + 3 * 40) / 4), "w00000": 2.0}


def test_flue_gas_converts_by_the_hours_oxygen_and_not_when_the_furnace_is_out():
    parameters = ("a21026", "a19001")

    def hour(oxygen):
        table = pl.concat(
            [
                rows([(HOUR, 40.0, "N")], series="hour", seconds=3600, parameter="a21026"),
                rows([(HOUR, oxygen, "N")], series="hour", seconds=3600, parameter="a19001"),
            ]
        )
        made = means.hours_from_rows(table, point_map("flue_gas", parameters, oxygen=9))
        return {r["parameter"]: r["converted"] for r in made.iter_rows(named=True)}

    assert hour(11.0) == {"a21026": pytest.approx(40 * 12 / 10), "a19001": None}
    assert hour(20.95)["a21026"] is None


def test_a_flue_gas_hour_is_normal_from_three_quarters_of_normal_minutes():
    def flag(normal):
        entries = [
            (HOUR + timedelta(minutes=m), 20.0, "N" if m < normal else "D") for m in range(60)
        ]
        return means.hours_from_rows(rows(entries), point_map("flue_gas"))["flag"][0]

    assert (flag(45), flag(44)) == ("N", "D")


def test_noise_is_averaged_by_energy_and_wind_by_direction():
    noisy = rows([(HOUR, 50.0, "N"), (HOUR + timedelta(minutes=30), 60.0, "N")], seconds=1800)
    made = means.hours_from_rows(noisy, point_map("noise"))
    assert made["value"][0] == pytest.approx(10 * math.log10((1e5 + 1e6) / 2))
    wind = rows(
        [(HOUR, 350.0, "N"), (HOUR + timedelta(minutes=30), 20.0, "N")],
        seconds=1800,
        parameter="a01008",
    )
    made = means.hours_from_rows(wind, point_map("weather", ("a01008",)))
    assert made["value"][0] == pytest.approx(5.0)


@pytest.mark.parametrize(
    ("minute_count", "layer", "expected"),
    [(60, 0, ("minute", 10.0)), (30, 0, ("device", 99.0)), (60, 3, ("review", 99.0))],
)
def test_which_hour_wins(minute_count, layer, expected):
    entries = [(HOUR + timedelta(minutes=m), 10.0, "N") for m in range(minute_count)]
    reported = rows([(HOUR, 99.0, "N")], series="hour", seconds=3600).with_columns(
        pl.lit(layer, dtype=pl.Int8).alias("layer")
    )
    made = means.hours_from_rows(pl.concat([rows(entries), reported]), point_map())
    assert (made["rule"][0], made["value"][0]) == expected


def test_a_four_hourly_water_station_is_due_six_values_a_day():
    table = rows(
        [(datetime(2026, 5, 1, h), 5.0, "N") for h in (0, 4, 8, 12, 16)],
        series="computed-hour",
        seconds=3600,
        parameter="w01009",
        valid=True,
    )
    made = means.days_from_rows(table, point_map("water", ("w01009",), interval=14400))
    assert made.select("valid", "count", "expected").row(0) == (True, 5, 6)
