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
