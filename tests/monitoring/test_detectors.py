"""Detectors on windows small enough to judge by eye."""

from datetime import datetime, timedelta

import polars as pl
import pytest
from benchmarks.alarm_precision import settings as settings_of

from ecoledger.monitoring.alarming.detectors import constant, missing, neighbours, regional, sudden

BEGIN = datetime(2026, 5, 1)


def hours(values, point=1, parameter="a34004", spread=0.0):
    rows = [(n, v) for n, v in enumerate(values) if v is not None]
    return pl.DataFrame(
        {
            "point": [point] * len(rows),
            "parameter": [parameter] * len(rows),
            "start": [BEGIN + timedelta(hours=n) for n, _ in rows],
            "value": [float(v) for _, v in rows],
            "minimum": [float(v) - spread for _, v in rows],
            "maximum": [float(v) + spread for _, v in rows],
            "valid": [True] * len(rows),
        },
        schema_overrides={"start": pl.Datetime("us")},
    )


def states(found, point=1):
    mine = found.filter(pl.col("point") == point)
    return {start.hour: state for start, state in mine.select("start", "state").iter_rows()}


def bad(found, point=1):
    return sorted(hour for hour, state in states(found, point).items() if state == "bad")


def test_constant_needs_as_many_hours_as_asked_and_no_spread_within_them():
    table = hours([30, 31, 40, 40, 40, 40, 41])
    assert bad(constant.detect(table, table, {"hours": 4})) == [5]
    # A value that did not come says nothing, and does not end what went on around it.
    table = hours([40, 40, None, 40, 40, 40])
    assert bad(constant.detect(table, table, {"hours": 4})) == [4, 5]
    table = hours([40, 40, None, None, None, None, 40, 40])
    assert bad(constant.detect(table, table, {"hours": 4})) == []
    table = hours([40] * 6, spread=0.3)
    assert bad(constant.detect(table, table, {"hours": 4})) == []
    assert bad(constant.detect(table, table, {"hours": 4, "tolerance": 0.7})) == [3, 4, 5]


def test_an_instrument_at_its_detection_limit_is_not_stuck():
    table = hours([3] * 6)
    found = constant.detect(table, table, {"hours": 4, "floor": {"a34004": 3}})
    assert set(states(found).values()) == {"good", "hold"}


def test_a_low_value_that_stands_is_stuck_where_the_stations_beside_it_are_high():
    settings = {"hours": 4, "floor": {"a34004": 8}, "beside": {"a34004": 3}}

    def stuck(around):
        others = [hours([around + n % 3 for n in range(6)], point=point) for point in (2, 3, 4)]
        table = pl.concat([hours([3] * 6, point=1), *others])
        return bad(constant.detect(table, table, settings).filter(pl.col("point") == 1))

    assert stuck(60) == [3, 4, 5]
    assert stuck(4) == []


def test_sudden_change_is_measured_against_the_hours_before():
    calm = [30 + n % 4 for n in range(20)]
    table = hours([*calm, 110, 33, 34])
    settings = {"hours": 24, "needed": 12, "sigmas": 6, "share": 1, "step_default": 20}
    assert bad(sudden.detect(table, table, settings)) == [20]
    wild = hours([30, 90, 20, 100, 40, 80, 25, 95, 35, 85, 30, 90, 20, 110])
    assert bad(sudden.detect(wild, wild, settings)) == []
    short = hours([30, 31, 200])
    assert sudden.detect(short, short, settings).is_empty()


PLACES = pl.DataFrame(
    {"point": [1, 2, 3, 4], "lon": [118.60, 118.62, 118.64, 119.5], "lat": [24.9] * 4}
)


def test_a_station_above_its_neighbours_for_three_hours():
    table = pl.concat(
        [
            hours([100, 100, 130, 130, 130, 105], 1),
            hours([100] * 6, 2),
            hours([100] * 6, 3),
            hours([300] * 6, 4),
        ]
    )
    settings = {"hours": 3, "share": 0.2}
    found = neighbours.detect(regional.compare(table, PLACES, settings), table, settings)
    # The third hour of three tells it; the first of them said nothing yet.
    assert bad(found) == [4]
    assert states(found)[5] == "good"
    assert bad(found, 4) == []  # too far from anybody
    row = found.filter((pl.col("point") == 1) & (pl.col("state") == "bad")).row(0, named=True)
    assert (row["value"], row["limit"], row["over"]) == (130, 100, pytest.approx(0.3))


def test_exactly_a_fifth_above_is_not_more_than_a_fifth():
    table = pl.concat([hours([120] * 3, 1), hours([100] * 3, 2), hours([100] * 3, 3)])
    compared = regional.compare(table, PLACES, {})
    assert bad(neighbours.detect(compared, table, {"hours": 3, "share": 0.2})) == []


def test_distances_are_kilometres():
    pairs = neighbours.neighbours(PLACES, 2.5)
    assert set(pairs.iter_rows()) == {(1, 2), (2, 1), (2, 3), (3, 2)}


def last(**arrived):
    return pl.DataFrame(
        {
            "point": [1] * len(arrived),
            "parameter": list(arrived),
            "interval": [300] * len(arrived),
            "arrived": list(arrived.values()),
        },
        schema_overrides={"arrived": pl.Datetime("us"), "point": pl.Int64},
    )


@pytest.mark.parametrize("interval", [900, 3600])
def test_a_meter_of_quarter_hours_is_missed_no_sooner_than_an_hourly_one(interval):
    meter = last(dPower=BEGIN).with_columns(pl.lit(interval).alias("interval"))

    def state(silent_for):
        now = BEGIN + timedelta(hours=silent_for)
        found = missing.detect(meter, now, settings_of("power_missing"))
        return dict(found.select("parameter", "state").iter_rows())[""]

    assert state(2) != "bad"
    assert state(5) == "bad"


def test_missing_tells_a_dead_device_from_a_dead_sensor():
    now = BEGIN + timedelta(hours=5)
    fresh, old = now - timedelta(minutes=4), now - timedelta(hours=2)

    def found(table):
        return dict(missing.detect(table, now, {}).select("parameter", "state").iter_rows())

    assert found(last(a=fresh, b=old)) == {"": "good", "a": "good", "b": "bad"}
    assert found(last(a=old, b=old)) == {"": "bad", "a": "hold", "b": "hold"}
    assert found(last(a=None, b=fresh)) == {"": "good", "a": "bad", "b": "good"}
