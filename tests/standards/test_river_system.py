"""State of rivers, change, trend, trophic state and city index."""

import math
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import lake_trophic, water_ranking
from ecoledger.standards.percent import Ratio
from ecoledger.standards.river_system import (
    GRADES,
    change_of_grade,
    change_of_shares,
    class_shares,
    grade_of_shares,
    river_state,
)

ON = date(2026, 6, 30)


def shares(good, inferior, total):
    return class_shares([2] * good + [6] * inferior + [4] * (total - good - inferior))


@pytest.mark.parametrize(
    ("good", "inferior", "total", "grade"),
    [
        (9, 0, 10, "优"),
        (89, 0, 100, "良好"),
        (75, 10, 100, "良好"),
        (74, 19, 100, "轻度污染"),
        (74, 20, 100, "中度污染"),
        (59, 39, 100, "中度污染"),
        (59, 40, 100, "重度污染"),
        (60, 40, 100, "中度污染"),
        (0, 100, 100, "重度污染"),
    ],
)
def test_grades_by_shares(good, inferior, total, grade):
    assert grade_of_shares(shares(good, inferior, total), on=ON) == grade


@given(st.integers(0, 60), st.integers(0, 60), st.integers(0, 60))
def test_every_mixture_has_a_grade_and_more_inferior_is_never_better(good, middle, inferior):
    if not good + middle + inferior:
        return
    grade = GRADES.index(
        grade_of_shares(class_shares([1] * good + [5] * middle + [6] * inferior), on=ON)
    )
    if middle:
        worse = class_shares([1] * good + [5] * (middle - 1) + [6] * (inferior + 1))
        assert GRADES.index(grade_of_shares(worse, on=ON)) >= grade


def test_shares_keep_their_denominator_and_leave_out_sections_without_class():
    counted = class_shares([1, 3, 3, 6, None, 0])
    assert counted.good == Ratio(3, 4)
    assert counted.inferior == Ratio(1, 4)
    assert counted.without_class == 2
    with pytest.raises(ValueError, match="7"):
        class_shares([7])


def test_five_sections_are_judged_by_shares():
    sections = [{"do": 8}] * 3 + [{"do": 8, "nh3n": 1.2}, {"do": 8, "nh3n": 3.0, "tp": 0.5}]
    state = river_state(sections, on=ON)
    assert (state.grade, state.by) == ("中度污染", "shares")
    assert state.main_items == (("nh3n", 40.0), ("tp", 20.0))


def test_fewer_sections_are_judged_by_their_mean():
    state = river_state([{"nh3n": 0.4}, {"nh3n": 2.4}], on=ON)
    assert (state.grade, state.by, state.class_) == ("轻度污染", "mean", 4)
    assert state.main_items == (("nh3n", 0.4),)


def test_no_sections_have_no_grade():
    assert river_state([], on=ON).grade is None


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (1, 2, "无明显变化"),
        (3, 4, "有所下降"),
        (3, 2, "有所好转"),
        (6, 4, "明显好转"),
        (2, 4, "明显下降"),
    ],
)
def test_change_goes_by_grade(before, after, words):
    assert change_of_grade(before, after) == words


@pytest.mark.parametrize(
    ("before", "after", "words", "points"),
    [
        ((6, 1, 10), (7, 1, 10), "无明显变化", 10),
        ((6, 2, 10), (7, 1, 10), "有所好转", 20),
        ((7, 0, 10), (5, 1, 10), "明显下降", -30),
    ],
)
def test_change_of_shares_in_percentage_points(before, after, words, points):
    told, difference = change_of_shares(shares(*before), shares(*after), on=ON)
    assert told == words
    assert difference == pytest.approx(points)


def test_trophic_index_follows_its_formula():
    values = {"chla": 10.0, "tp": 0.05, "tn": 1.0, "sd": 1.0, "codmn": 4.0}
    state = lake_trophic.trophic_state(values)
    assert state.parts["chla"] == pytest.approx(10 * (2.5 + 1.086 * math.log(10)))
    assert state.parts["sd"] == pytest.approx(51.18)
    assert state.parts["tn"] == pytest.approx(54.53)
    # Weights as published: 0.2663 0.1879 0.1790 0.1834 0.1834
    shown = [round(weight, 4) for weight in lake_trophic.weights().values()]
    assert shown == [0.2663, 0.1879, 0.179, 0.1834, 0.1834]
    expected = sum(lake_trophic.weights()[key] * state.parts[key] for key in values)
    assert state.index == pytest.approx(expected)
    assert state.level == "中营养"


@pytest.mark.parametrize(
    ("index", "level"),
    [
        (29.9, "贫营养"),
        (30, "中营养"),
        (50, "中营养"),
        (50.1, "轻度富营养"),
        (60, "轻度富营养"),
        (70, "中度富营养"),
        (70.1, "重度富营养"),
    ],
)
def test_trophic_levels(index, level):
    assert lake_trophic.level(index) == level


def test_what_a_lake_lacks_is_named():
    state = lake_trophic.trophic_state({"tp": 0.05, "codmn": 4.0})
    assert state.missing == ("chla", "tn", "sd")
    assert sum(lake_trophic.weights("tp", "codmn").values()) == pytest.approx(1)
    with pytest.raises(ValueError, match="none of"):
        lake_trophic.trophic_state({})
    with pytest.raises(ValueError, match="detection limit"):
        lake_trophic.trophic_state({"tp": 0.0})


@given(
    st.lists(
        st.fixed_dictionaries(
            dict.fromkeys(("chla", "tp", "tn", "sd", "codmn"), st.floats(1e-4, 100))
        ),
        min_size=1,
        max_size=5,
    )
)
def test_trophic_array_and_scalar_agree(lakes):
    index = lake_trophic.trophic_index(
        {key: np.array([lake[key] for lake in lakes]) for key in lakes[0]}
    )
    for value, lake in zip(index, lakes, strict=True):
        assert value == pytest.approx(lake_trophic.trophic_state(lake).index, rel=1e-12)


def test_city_index_weighs_rivers_and_lakes_by_their_points():
    means = {"ph": 8.0, "do": 10.0, "nh3n": 0.5, "tp": 0.05, "tn": 9.0}
    river = water_ranking.item_indices(means, on=ON)
    assert river == pytest.approx({"ph": 0.5, "do": 0.5, "nh3n": 0.5, "tp": 0.25})
    lake = water_ranking.item_indices(means, on=ON, waterbody="lake")
    assert lake["tp"] == 1
    city = water_ranking.city_index(
        on=ON, river_means=means, river_points=3, lake_means=means, lake_points=1
    )
    assert city.index == pytest.approx((1.75 * 3 + 2.5) / 4)
    assert (city.river_items, city.lake_items) == (4, 4)
    with pytest.raises(ValueError, match="at least one"):
        water_ranking.city_index(on=ON)
    with pytest.raises(ValueError, match="no means"):
        water_ranking.city_index(on=ON, river_points=2)


def test_acid_water_is_indexed_from_the_other_side():
    assert water_ranking.item_indices({"ph": 6.4}, on=ON)["ph"] == pytest.approx(0.6)


def test_ranking_shares_ranks_and_change_ranks_improvement_first():
    assert water_ranking.ranking({"a": 4.1, "b": 3.5, "c": 4.1, "d": 9}) == [
        (1, "b", 3.5),
        (2, "a", 4.1),
        (2, "c", 4.1),
        (4, "d", 9.0),
    ]
    ranked, out = water_ranking.change_ranking(
        {"a": 4, "b": 5, "c": 3, "e": 2}, {"a": 5, "b": 4, "c": 2, "f": 1}, classes={"c": [1, 2, 2]}
    )
    assert [(city, value) for _, city, value in ranked] == [("b", -20.0), ("a", 25.0)]
    assert set(out) == {"c", "e", "f"}
    assert water_ranking.main_items({"nh3n": 1, "tp": 3, "do": 2}, 2) == ["tp", "do"]
