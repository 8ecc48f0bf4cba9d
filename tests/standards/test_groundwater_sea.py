"""Groundwater GB/T 14848-2017 and sea water GB 3097-1997."""

from datetime import date

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecoledger.standards import groundwater, sea
from ecoledger.standards.catalogue import Mark
from ecoledger.standards.readings import UnreadableReadingError
from ecoledger.standards.sea import AreaShares

ON = date(2026, 5, 1)
GROUND = groundwater.scheme_on(ON)[1].items


def test_the_worst_item_decides_and_names_itself():
    judged = groundwater.classify({"ph": 7.1, "mn": 0.8, "nh3n": 0.2, "pb": "0.0002L"}, on=ON)
    assert (judged.label, judged.worst_items) == ("Ⅳ", ("mn",))
    assert judged.exceeding == (("mn", 7.0),)
    assert judged.exceeding_text == "锰(7)"
    assert judged.attains(4)
    assert not judged.attains(3)
    assert judged.marks == (Mark.MEMORY,)


@pytest.mark.parametrize(
    ("ph", "label"),
    [(6.5, "Ⅰ"), (8.5, "Ⅰ"), (6.4, "Ⅳ"), (5.5, "Ⅳ"), (9.0, "Ⅳ"), (5.4, "Ⅴ"), (9.1, "Ⅴ")],
)
def test_groundwater_ph_worsens_on_both_sides(ph, label):
    assert groundwater.classify({"ph": ph}, on=ON).label == label


def test_equal_limits_give_the_better_class():
    assert groundwater.classify({"fluoride": 1.0}, on=ON).label == "Ⅰ"
    assert groundwater.classify({"fluoride": 1.1}, on=ON).label == "Ⅳ"


def test_not_to_be_detected_is_met_by_any_reading_below_detection():
    assert groundwater.classify({"las": "0.05L"}, on=ON).label == "Ⅰ"
    assert groundwater.classify({"las": 0.01}, on=ON).label == "Ⅱ"
    table = groundwater.classify_table(
        pl.DataFrame({"las": ["0.05L", "0.01", "/", "未检出"]}), on=ON
    )
    assert table["class"].to_list() == ["Ⅰ", "Ⅱ", None, "Ⅰ"]


def test_all_items_but_the_two_judged_by_words_are_there():
    assert sorted(item.order for item in GROUND.values()) == [
        number for number in range(1, 94) if number not in (2, 4)
    ]
    assert groundwater.classify({"total_alpha": 3.0}, on=ON).label == "Ⅳ"


def test_sea_oxygen_must_lie_above_its_limit():
    assert sea.classify({"do": 6.0}, on=ON).label == "二类"
    assert sea.classify({"do": 6.01}, on=ON).label == "一类"
    assert sea.classify({"do": 3.0}, on=ON).label == "劣四类"


def test_sea_reference_is_the_good_class():
    judged = sea.classify({"ph": 8.0, "din": 0.45, "dip": 0.033, "fecal_coliform": 99999}, on=ON)
    assert judged.label == "四类"
    assert [key for key, _ in judged.exceeding] == ["fecal_coliform", "din", "dip"]


def test_bad_readings_are_named():
    with pytest.raises(UnreadableReadingError, match="din"):
        sea.classify({"din": "much"}, on=ON)
    with pytest.raises(UnreadableReadingError, match="row 1, din"):
        sea.classify_table(pl.DataFrame({"din": ["much"]}), on=ON)


@pytest.mark.parametrize(
    ("areas", "grade"),
    [
        ((60, 30, 5, 5, 0), "优"),
        ((59, 31, 5, 5, 0), "良好"),
        ((0, 80, 0, 0, 20), "良好"),
        ((30, 40, 0, 0, 30), "一般"),
        ((30, 39, 0, 0, 31), "差"),
        ((30, 20, 20, 10, 20), "差"),
        ((0, 59, 0, 1, 40), "差"),
        ((0, 59, 0, 0, 41), "极差"),
        ((0, 0, 0, 0, 0), None),
    ],
)
def test_sea_grades_by_area(areas, grade):
    assert sea.grade(AreaShares(areas)) == grade


def test_good_area_share_and_the_mean_of_surveys():
    spring, autumn = AreaShares((50, 30, 10, 5, 5)), AreaShares((30, 30, 20, 10, 10))
    year = sea.mean_of_surveys([spring, autumn])
    assert year.areas == (40, 30, 15, 7.5, 7.5)
    assert (year.good, year.inferior) == (70, 7.5)
    assert sea.shares_of_points([1, 2, 2, 5, None]).good == 75
    with pytest.raises(ValueError, match="no surveys"):
        sea.mean_of_surveys([])


def test_eutrophication_on_scalars_and_arrays():
    index = sea.eutrophication_index([1.0, 2.0, 3.0], [0.2, 0.4, 0.6], [0.02, 0.03, 0.05])
    assert index == pytest.approx([4000 / 4500, 24000 / 4500, 20])
    assert [sea.eutrophication_level(float(value)) for value in index] == [
        "非富营养化",
        "中度富营养化",
        "重度富营养化",
    ]
    assert [sea.eutrophication_level(value) for value in (1, 3, 9)] == [
        "轻度富营养化",
        "轻度富营养化",
        "中度富营养化",
    ]
    assert np.isnan(sea.eutrophication_index(np.nan, 1, 1))


def _samples(items):
    bounds = {
        key: sorted({*item.low, *item.high} - {float("inf"), -float("inf")})
        for key, item in items.items()
    }
    return st.lists(
        st.fixed_dictionaries(
            {
                key: st.one_of(
                    st.none(),
                    st.sampled_from([b * f for b in known for f in (0.5, 1, 1.01, 3)]).map(repr),
                    st.sampled_from(["ND", "0.01L", "--"]),
                )
                for key, known in bounds.items()
            }
        ),
        min_size=1,
        max_size=4,
    )


@pytest.mark.parametrize("room", [groundwater, sea])
def test_table_and_scalar_agree(room):
    items = room.scheme_on(ON)[1].items

    @settings(max_examples=25, deadline=None)
    @given(_samples(items))
    def agree(samples):
        frame = pl.DataFrame(samples, schema=dict.fromkeys(items, pl.String))
        for row, sample in zip(
            room.classify_table(frame, on=ON).iter_rows(named=True), samples, strict=True
        ):
            one = room.classify(sample, on=ON)
            assert (row["class_rank"], row["class"] or "") == (one.class_, one.label)
            assert row["exceeding_items"] == one.exceeding_text

    agree()
