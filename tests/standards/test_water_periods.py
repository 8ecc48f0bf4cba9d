"""Means, attainment and assurance of surface water."""

from datetime import date, datetime

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ecoledger.standards.percent import Ratio
from ecoledger.standards.water_periods import (
    attainment,
    needed,
    period_mean,
    period_table,
    rounded_table,
)

ON = date(2026, 6, 30)


def test_means_are_rounded_once_from_unrounded_values():
    # 0.1 + 0.2 + 0.3 is 0.6000000000000001 in binary; the mean must still meet class Ⅲ of 0.2.
    mean = period_mean([{"tp": 0.1}, {"tp": 0.2}, {"tp": 0.3}], period="quarter", on=ON)
    assert mean.values == {"tp": 0.2}
    assert mean.counts == {"tp": 3}


def test_a_tie_goes_to_the_even_digit():
    halves = [{"nh3n": 0.12}, {"nh3n": 0.13}]
    assert period_mean(halves, period="quarter", on=ON).values == {"nh3n": 0.12}


def test_a_mean_that_would_round_to_zero_keeps_a_digit():
    mean = period_mean([{"nh3n": 0.003}, {"nh3n": 0.004}], period="quarter", on=ON)
    assert mean.values == {"nh3n": 0.004}
    assert period_mean([{"nh3n": 0}], period="month", on=ON).values == {"nh3n": 0}


def test_ph_is_averaged_as_hydrogen_ions():
    mean = period_mean([{"ph": 6.0}, {"ph": 8.0}], period="quarter", on=ON)
    assert mean.unrounded["ph"] == pytest.approx(6.2967, abs=1e-4)
    assert mean.values["ph"] == 6


def test_below_detection_enters_with_half_its_limit():
    mean = period_mean([{"oil": "0.01L"}, {"oil": 0.02}, {"oil": "/"}], period="quarter", on=ON)
    assert mean.unrounded["oil"] == 0.0125
    assert mean.counts["oil"] == 2


@pytest.mark.parametrize(
    ("period", "months", "valid"),
    [
        ("month", 1, True),
        ("quarter", 1, False),
        ("quarter", 2, True),
        ("year", 7, False),
        ("year", 8, True),
    ],
)
def test_a_period_needs_enough_months(period, months, valid):
    assert period_mean([{"do": 6}] * months, period=period, on=ON).valid is valid


def test_the_year_attains_while_months_fail():
    # 浮桥: the annual mean passes although the section could not attain steadily.
    ammonia = [0.6, 0.7, 0.9, 1.2, 1.4, 1.3, 0.8, 0.7, 0.6, 0.5, 0.4, 0.6]
    result = attainment(
        {month: {"nh3n": value, "do": 6.5} for month, value in enumerate(ammonia, start=1)},
        3,
        on=ON,
    )
    assert result.by_mean is True
    assert result.mean.values["nh3n"] == 0.81
    assert result.by_months == Ratio(9, 12)
    assert sorted(result.failing_months) == [4, 5, 6]
    assert result.failing_months[4][0].multiple == 0.2
    assert result.text == "按均值评价：达标（Ⅲ类，目标Ⅲ类）；按月次评价：达标75.0%（9/12）"


def test_too_few_months_are_not_judged_by_their_mean():
    result = attainment({1: {"nh3n": 0.4}, 2: {}}, 3, on=ON)
    assert result.by_mean is None
    assert result.by_months == Ratio(1, 1)
    assert "有效月份不足" in result.text


def test_assurance_names_the_value_the_last_month_needs():
    (tp,) = needed([{"tp": 0.25}, {"tp": 0.21}], 3, total_months=3, on=ON)
    assert tp.at_most == 0.14
    assert tp.possible
    assert (tp.months_done, tp.months_left, tp.limit) == (2, 1, 0.2)


def test_assurance_of_a_lost_quarter():
    (tp,) = needed([{"tp": 0.35}, {"tp": 0.31}], 3, total_months=3, on=ON)
    assert not tp.possible
    assert "达不到目标" in tp.text


def test_oxygen_and_ph_need_the_other_side():
    both = needed([{"do": 4, "ph": 5.5}, {"do": 5, "ph": 7.0}], 3, total_months=3, on=ON)
    ph, do = both
    assert do.at_least == 6
    assert do.at_most is None
    assert not ph.possible  # a pH of 5.5 alone holds more acid than three months at 6 may
    assert "不低于6 mg/L" in do.text


def test_a_finished_quarter_says_whether_it_attained():
    months = [{"tp": 0.2}] * 3
    assert needed(months, 3, total_months=3, on=ON)[0].text == "总磷均值已达到目标"
    assert needed(months, 2, total_months=3, on=ON)[0].text == "总磷均值未达到目标"
    with pytest.raises(ValueError, match="4 months"):
        needed([{}] * 4, 3, total_months=3, on=ON)


def test_a_month_without_a_value_is_passed_over():
    (tp,) = needed([{"tp": 0.3}, {"tp": "/"}], 3, total_months=3, on=ON)
    assert (tp.months_done, tp.months_left) == (1, 1)
    assert tp.at_most == pytest.approx(0.1)


@given(
    st.lists(st.decimals(0, 2, places=2), min_size=1, max_size=11),
    st.integers(1, 5),
)
def test_bringing_what_is_needed_attains(done, target):
    months = [{"nh3n": float(value)} for value in done]
    (item,) = needed(months, target, total_months=12, on=ON)
    if item.possible:
        rest = [{"nh3n": item.at_most}] * item.months_left
        result = attainment(dict(enumerate(months + rest)), target, on=ON)
        assert result.by_mean is True
        worse = [{"nh3n": item.at_most + 0.13}] * item.months_left
        assert attainment(dict(enumerate(months + worse)), target, on=ON).by_mean is False


_ITEMS = ("ph", "do", "nh3n", "tp")


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.fixed_dictionaries(
            {
                "section": st.sampled_from(["甲", "乙"]),
                "month": st.integers(1, 12),
                "ph": st.one_of(st.none(), st.decimals(5, 10, places=2).map(float)),
                "do": st.one_of(st.none(), st.decimals(0, 15, places=2).map(float)),
                "nh3n": st.one_of(st.none(), st.decimals(0, 3, places=3).map(float)),
                "tp": st.one_of(st.none(), st.decimals(0, 1, places=4).map(float)),
            }
        ),
        min_size=1,
        max_size=25,
    ),
    st.sampled_from(["month", "quarter", "year"]),
)
def test_table_and_scalar_means_agree(samples, period):
    frame = pl.DataFrame(
        [{**sample, "time": datetime(2025, sample["month"], 3, 8)} for sample in samples],
        schema_overrides=dict.fromkeys(_ITEMS, pl.Float64),
    )
    table = period_table(frame, period=period, by=["section"], on=ON)
    length = {"month": 1, "quarter": 3, "year": 12}[period]
    told = [sample for sample in samples if any(sample[key] is not None for key in _ITEMS)]
    assert table.height == len({(s["section"], (s["month"] - 1) // length) for s in told})
    for row in table.iter_rows(named=True):
        first = row["period_start"].month
        months = [
            [s for s in samples if s["section"] == row["section"] and s["month"] == month]
            for month in range(first, first + length)
        ]
        parts = [period_mean(month, period="month", on=ON) for month in months]
        if period == "month":
            expected = parts[0]
        else:
            expected = period_mean([part.unrounded for part in parts], period=period, on=ON)
        assert {key: row[key] for key in _ITEMS if row[key] is not None} == expected.values
        assert (row["parts"], row["valid"]) == (expected.parts, expected.valid)


def test_shares_show_what_they_are_made_of():
    assert Ratio(4, 6).text() == "66.7%（4/6）"
    assert Ratio(0, 0).text() == "—（0/0）"
    assert Ratio(0, 0).percent is None


def test_columns_are_rounded_to_the_places_their_item_is_judged_with():
    table = pl.DataFrame({"nh3n": [0.155, 0.165, 0.004, None], "tp": [0.2004, 0.0, 1.0, 2.0],
                          "station": ["a"] * 4})  # fmt: skip
    days = pl.Series([date(2026, 1, 1)] * 3 + [date(1999, 1, 1)])
    rounded = rounded_table(table, on=days)
    assert rounded["nh3n"].to_list() == [0.16, 0.16, 0.004, None]
    assert rounded["tp"].to_list() == [0.2, 0.0, 1.0, 2.0]
    assert rounded["station"].to_list() == ["a"] * 4
