"""Areas of a bay by class from a handful of stations."""

from __future__ import annotations

from datetime import date

import pytest

from ecoledger.science.sea_area import area_shares

ON = date(2026, 5, 1)
BAY = {
    "type": "Polygon",
    "coordinates": [[[119.0, 34.0], [119.2, 34.0], [119.2, 34.1], [119.0, 34.1], [119.0, 34.0]]],
}
CLEAN, DIRTY = {"din": 0.10, "dip": 0.010}, {"din": 0.60, "dip": 0.010}


def test_the_whole_bay_has_the_class_of_stations_that_are_alike():
    stations = [(119.02, 34.05, CLEAN), (119.10, 34.02, CLEAN), (119.18, 34.08, CLEAN)]
    shares = area_shares(stations, BAY, on=ON)
    assert shares.percent(1) == 100
    # 0.2° by 0.1° at 34° north: 18.46 by 11.13 km.
    assert shares.total == pytest.approx(205.5, rel=0.02)


def test_halves_of_a_bay_have_their_own_class():
    stations = [(119.03, y, CLEAN) for y in (34.02, 34.05, 34.08)]
    stations += [(119.17, y, DIRTY) for y in (34.02, 34.05, 34.08)]
    shares = area_shares(stations, BAY, on=ON)
    # Mirrored, the middle is 0.35 mg/L: the western part alone is within class 二 (0.30).
    assert 30 < shares.good < 50
    assert 10 < shares.inferior < 50
    finer = area_shares(stations, BAY, on=ON, cells=320)
    assert finer.good == pytest.approx(shares.good, abs=0.5)


def test_an_item_counts_where_it_was_measured_and_too_few_stations_say_nothing():
    stations = [(119.02, 34.05, CLEAN), (119.10, 34.02, {"dip": 0.01}), (119.18, 34.08, CLEAN)]
    assert area_shares(stations, BAY, on=ON).percent(1) == 100
    assert area_shares(stations[:2], BAY, on=ON) is None
    assert area_shares([(119.1, 34.0 + n / 50, {}) for n in range(3)], BAY, on=ON) is None
