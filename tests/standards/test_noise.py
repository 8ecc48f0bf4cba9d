"""Noise levels, limits, attainment and grades."""

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import noise
from ecoledger.standards.noise import (
    Night,
    area_grade,
    day_levels,
    judge,
    road_grade,
    zone_attainment,
)
from ecoledger.standards.percent import Ratio

ON = date(2026, 3, 1)


def test_levels_of_a_day():
    hours = {hour: 50.0 if hour in Night() else 60.0 for hour in range(24)}
    levels = day_levels(hours)
    assert (levels.day, levels.night) == (pytest.approx(60), pytest.approx(50))
    assert levels.day_night == pytest.approx(60)
    assert (levels.day_hours, levels.night_hours) == (16, 8)


def test_a_city_sets_its_own_night():
    hours = {hour: 50.0 if hour in Night(23, 7) else 60.0 for hour in range(24)}
    assert day_levels(hours, Night(23, 7)).night == pytest.approx(50)
    assert day_levels(hours).night > 50.5
    with pytest.raises(ValueError, match="must have 8"):
        Night(22, 5)
    with pytest.raises(ValueError, match="0 to 23"):
        Night(24, 8)


def test_a_level_that_lacks_hours_is_not_formed():
    hours = dict.fromkeys(range(24), 55.0) | {22: None, 23: None, 0: math.nan}
    levels = day_levels(hours)
    assert levels.day == pytest.approx(55)
    assert levels.night is None
    assert levels.day_night is None
    with pytest.raises(ValueError, match="24"):
        day_levels({24: 50.0})


@given(st.lists(st.floats(20, 120), min_size=1, max_size=30))
def test_energy_mean_lies_between_arithmetic_mean_and_maximum(levels):
    mean = float(noise.energy_mean(levels))
    assert sum(levels) / len(levels) - 1e-9 <= mean <= max(levels) + 1e-9
    assert float(noise.energy_mean([*levels, math.nan])) == pytest.approx(mean)


def test_energy_mean_along_an_axis():
    levels = np.array([[60.0, math.nan], [60.0, math.nan]])
    assert noise.energy_mean(levels, axis=0)[0] == pytest.approx(60)
    assert math.isnan(noise.energy_mean(levels, axis=0)[1])


@pytest.mark.parametrize(
    ("zone", "day", "night"),
    [
        ("0", 50, 40),
        ("1类", 55, 45),
        ("2类区", 60, 50),
        ("3", 65, 55),
        ("4a类", 70, 55),
        ("4B", 70, 60),
    ],
)
def test_zone_limits(zone, day, night):
    assert (noise.limit(zone, "day", on=ON), noise.limit(zone, "night", on=ON)) == (day, night)


def test_an_unknown_zone_is_refused_with_what_there_is():
    with pytest.raises(LookupError, match="4a, 4b"):
        noise.limit("5", "day", on=ON)


def test_a_level_is_judged_as_reported_to_a_tenth():
    assert judge(60.04, "2", "day", on=ON).attains
    over = judge(60.06, "2", "day", on=ON)
    assert (over.attains, over.level, over.over) == (False, 60.1, 0.1)


def test_peaks_at_night():
    assert judge(64.9, "2", "night", on=ON, peak="occasional").attains
    assert judge(60.5, "2", "night", on=ON, rule_set=noise.INDUSTRY, peak="frequent").limit == 60
    assert judge(71, "site", "day", on=ON, rule_set=noise.CONSTRUCTION).over == 1
    with pytest.raises(LookupError, match="no limit for"):
        judge(60, "2", "day", on=ON, peak="occasional")
    with pytest.raises(LookupError, match="GB 22337"):
        judge(60, "2", "night", on=ON, rule_set=noise.SOCIAL, peak="frequent")


def test_construction_noise_goes_by_the_edition_of_its_day():
    def standard(on):
        return judge(60, "site", "day", on=on, rule_set=noise.CONSTRUCTION).standard

    assert standard(date(2025, 12, 31)) == "GB 12523-2011"
    assert standard(date(2026, 1, 1)) == "GB 12523-2025"


def test_attainment_counts_point_times_by_day_and_by_night_apart():
    told = zone_attainment(
        [("1", 54, 46), ("1", 56, 44), ("4a", 70, 55), ("4a", None, 58), ("2", math.nan, None)],
        on=ON,
    )
    assert told.by_zone["1"] == {"day": Ratio(1, 2), "night": Ratio(1, 2)}
    assert told.by_zone["4a"] == {"day": Ratio(1, 1), "night": Ratio(1, 2)}
    assert told.total == {"day": Ratio(2, 3), "night": Ratio(2, 4)}


@pytest.mark.parametrize(
    ("levels", "time", "label"),
    [
        ([50.0], "day", "一级"),
        ([50.1], "day", "二级"),
        ([55, 55.1], "day", "二级"),
        ([55.1], "night", "五级"),
        ([60.1], "day", "四级"),
    ],
)
def test_area_grades(levels, time, label):
    assert area_grade(levels, time, on=ON).label == label


def test_roads_are_weighted_by_their_length():
    roads = [(3.0, 66.0), (1.0, 74.0)]
    grade = road_grade(roads, on=ON)
    assert (grade.level, grade.label, grade.word) == (68.0, "一级", "好")
    assert noise.road_exceeding(roads) == (1.0, 25.0)
    with pytest.raises(ValueError, match="positive length"):
        road_grade([(0, 66)], on=ON)
    with pytest.raises(ValueError, match="no grid"):
        area_grade([], on=ON)


def test_an_hour_needs_three_quarters_of_its_minutes():
    assert noise.valid_hour(45)
    assert not noise.valid_hour(44)
