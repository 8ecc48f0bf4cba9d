"""Which findings are one trouble."""

from datetime import datetime, timedelta

import pytest

from ecoledger.monitoring.alarming.merging import Told, What, decide

NOON = datetime(2026, 3, 2, 12)


def told(point, detector, hours, **more):
    begin = NOON + timedelta(hours=hours)
    known = {
        "kind": "water",
        "owner": "",
        "area": "370811001",
        "river": 7,
        "km": 10.0 * point,
        "parameter": "w21011",
        "rule": point,
    }
    return Told(point=point, detector=detector, begin=begin, last=begin + timedelta(hours=6), **known | more)  # fmt: skip


@pytest.mark.parametrize(
    ("first", "second", "later", "what"),
    [
        (1, 3, 20, What.MERGE),  # down the river within the days that water takes
        (3, 1, 4, What.MERGE),  # up the river, before the tide has turned: seen late
        (3, 1, 20, What.RAISE),  # up the river, a day later: water does not flow there
    ],
)
def test_a_wave_goes_down_a_river_and_not_up(first, second, later, what):
    before, new = told(first, "exceedance", 0), told(second, "sudden", later)
    assert decide(new, [before])[0] == what


def test_that_one_station_alone_is_high_says_more_than_that_its_index_is():
    station = {"kind": "air", "river": None, "km": None}
    index = told(1, "exceedance", 0, parameter="aqi", **station)
    source = told(1, "neighbours", 2, parameter="a34002", **station)
    assert decide(source, [index])[0] == What.TAKE_OVER
    assert decide(index, [source])[0] == What.MERGE


STATION = {"kind": "air", "river": None, "km": None, "parameter": "a05024"}


def stopped(point, hours, **more):
    return told(point, "constant", hours, **STATION | more)


def test_stations_of_one_county_that_stand_at_once_are_one_trouble():
    first = stopped(1, 0)
    assert decide(stopped(2, 3, area="370811002"), [first])[0] == What.MERGE
    assert decide(stopped(2, 3, area="370812001"), [first])[0] == What.RAISE  # another county's
    assert decide(stopped(2, 7), [first])[0] == What.RAISE  # other hours
    assert decide(stopped(2, 3, parameter="a34004"), [first])[0] == What.RAISE  # one analyser each


def test_once_several_stations_stand_whatever_stands_with_them_belongs_to_it():
    several = stopped(1, 0, several=True)
    assert decide(stopped(2, 5, parameter="a21026"), [several])[0] == What.MERGE


def test_two_firms_that_feed_a_value_at_once_are_two_troubles_and_one_firm_is_one():
    stack = {"kind": "flue_gas", "parameter": "a21026"}
    first = stopped(1, 0, owner="E-1", **stack)
    assert decide(stopped(2, 1, owner="E-2", **stack), [first])[0] == What.RAISE
    assert decide(stopped(2, 1, owner="E-1", **stack), [first])[0] == What.MERGE


def test_a_value_that_stands_high_is_an_instrument_and_no_source():
    source = told(1, "neighbours", 0, **STATION)
    assert decide(stopped(1, 3), [source])[0] == What.TAKE_OVER
    assert decide(source, [stopped(1, 0)])[0] == What.MERGE


def test_a_gap_and_what_the_values_around_it_show_are_two_troubles():
    """The treatment was off before the data stopped; the gap of a meter explains nothing of the outlet either."""
    firm = {"river": None, "km": None, "owner": "E-1", "kind": "power", "parameter": ""}
    off, gap = told(1, "no_treatment", 0, **firm), told(1, "missing", 5, **firm)
    assert decide(gap, [off])[0] == What.RAISE
    stack = firm | {"kind": "flue_gas", "parameter": "a34013"}
    assert decide(told(2, "exceedance", 6, **stack), [gap])[0] == What.RAISE
    assert decide(told(1, "missing", 9, **firm), [gap])[0] == What.MERGE


def test_what_comes_again_half_a_day_after_it_was_over_is_another_trouble():
    first = told(1, "low_vs_neighbours", 0, **STATION)
    assert decide(told(1, "low_vs_neighbours", 10, **STATION), [first])[0] == What.MERGE
    assert decide(told(1, "low_vs_neighbours", 18, **STATION), [first])[0] == What.RAISE


def test_what_an_outlet_and_a_meter_of_one_firm_show_half_a_day_apart_are_two_troubles():
    firm = {"river": None, "km": None, "owner": "E-1"}
    off = told(1, "no_treatment", 0, kind="power", parameter="dPower", **firm)
    stack = firm | {"kind": "flue_gas", "parameter": "a34013"}
    assert decide(told(2, "exceedance", 3, **stack), [off])[0] == What.MERGE
    assert decide(told(2, "exceedance", 16, **stack), [off])[0] == What.RAISE
