"""Composite index, ranking and the account of a year's target."""

from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import air_ranking, air_targets
from ecoledger.standards.air_targets import GoodDays
from ecoledger.standards.percent import check_change, possible_totals

STATS = {"so2": 6.0, "no2": 28.0, "o3": 140.0, "co": 1.0, "pm10": 56.0, "pm2_5": 35.0}


def test_composite_index_by_the_limits_of_the_datas_date():
    old = air_ranking.composite_index(STATS, on=date(2025, 12, 31))
    assert old.value == Fraction(149, 40)
    assert old.show() == "3.72"
    assert old.parts["pm2_5"] == 1
    new = air_ranking.composite_index(STATS, on=date(2026, 12, 31))
    assert new.parts["pm2_5"] == Fraction(35, 30)
    assert new.parts["pm10"] == Fraction(56, 60)
    assert air_ranking.composite_index(STATS | {"co": None}, on=date(2025, 1, 1)) is None


def test_weights_are_data_and_carry_their_mark():
    plain = air_ranking.composite_index(STATS, on=date(2025, 12, 31))
    weighted = air_ranking.composite_index(STATS, on=date(2025, 12, 31), weighting="weighted-2026")
    assert (plain.mark, weighted.mark) == ("2", "?")
    assert weighted.value - plain.value == 2 * 1 + Fraction(28, 40) + Fraction(140, 160)
    assert weighted.largest == ("pm2_5",)
    with pytest.raises(KeyError, match="weighted-2026"):
        air_ranking.weights("heavy")


def test_factors_tied_at_the_largest_index_are_all_named():
    tied = STATS | {"pm10": 70.0}
    assert air_ranking.composite_index(tied, on=date(2025, 1, 1)).largest == ("pm10", "pm2_5")


def test_equal_printed_values_share_a_rank():
    places = air_ranking.rank({"甲": 3.114, "乙": 3.106, "丙": 3.2, "丁": 2.9})
    assert [(p.name, p.rank, p.shown) for p in places] == [
        ("丁", 1, "2.90"),
        ("甲", 2, "3.11"),
        ("乙", 2, "3.11"),
        ("丙", 4, "3.20"),
    ]


def test_too_few_valid_days_are_listed_but_not_ranked():
    captured = {"甲": 27, "乙": 26}
    places = air_ranking.rank({"甲": 3.1, "乙": 2.0, "丙": None}, captured=captured, required=27)
    assert [(p.name, p.rank) for p in places] == [("甲", 1), ("乙", None), ("丙", None)]
    assert places[1].reason == "有效天数 26 天，少于 27 天"
    assert places[2].reason == "缺少评价值"


def test_highest_first_for_good_day_ratios():
    places = air_ranking.rank({"甲": 80.7, "乙": 96.3}, decimals=1, highest_first=True)
    assert [p.name for p in places] == ["乙", "甲"]


def test_improvement_is_ranked_by_relative_change():
    places = air_ranking.rank_change(
        {"甲": 3.0, "乙": 3.3, "丙": 4.0, "丁": 2.0}, {"甲": 4.0, "乙": 3.0, "丙": 5.0}
    )
    assert [(p.name, p.rank, p.shown) for p in places] == [
        ("甲", 1, "-25.00"),
        ("丙", 2, "-20.00"),
        ("乙", 3, "10.00"),
        ("丁", None, ""),
    ]


@given(st.dictionaries(st.text(min_size=1), st.floats(0, 20), min_size=1, max_size=15))
def test_ranks_are_competition_ranks(values):
    places = air_ranking.rank(values)
    assert len(places) == len(values)
    for place in places:
        better = sum(
            round(p.value * 100) < round(place.value * 100) for p in places if p.value is not None
        )
        assert place.rank == better + 1


def test_seed_figures_of_good_days():
    """13 polluted days: 96.4 % of 365, and 96.3 % only where 347 to 356 days were valid."""
    year = GoodDays(good=352, valid=365, calendar=365)
    assert (year.polluted, year.of_valid.show()) == (13, "96.4%")
    valid = GoodDays(good=337, valid=350, calendar=365)
    assert (valid.of_valid.show(), valid.of_calendar.show()) == ("96.3%", "92.3%")
    totals = possible_totals("96.3", 13)
    assert (totals[0], totals[-1]) == (347, 356)
    assert GoodDays(0, 0, 0).of_valid is None


def test_seed_figures_of_a_fall_in_pm2_5():
    """35.5, down 4.2: 10.6 % from the printed figures, 10.7 % only from unrounded ones."""
    assert check_change("35.5", "-4.2", "10.6").verdict == "agrees"
    assert check_change("35.5", "-4.2", "10.7").verdict == "only_unrounded"


def test_allowance_keeps_the_year_at_its_target():
    rest = air_targets.allowance(target=31, mean="35.5", days=181, remaining=184)
    assert air_targets.projection(mean="35.5", days=181, remaining=184, expected=rest) == 31
    assert rest == (31 * 365 - Fraction("35.5") * 181) / 184
    assert air_targets.allowance(target=31, mean=80, days=181, remaining=184) < 0
    assert air_targets.allowance(target=31, mean=30, days=365, remaining=0) is None
    looser = air_targets.allowance(target=31, mean="35.5", days=181, remaining=184, decimals=0)
    assert looser - rest == Fraction(365, 2 * 184)
    with pytest.raises(ValueError, match="negative"):
        air_targets.allowance(target=31, mean=30, days=-1, remaining=5)
    with pytest.raises(ValueError, match="no day"):
        air_targets.projection(mean=30, days=0, remaining=0, expected=1)


@given(st.integers(1, 366), st.sampled_from([90, 95, 98]))
def test_so_many_days_may_exceed_and_no_more(days, percent):
    import numpy as np

    from ecoledger.standards.air_evaluation import percentile

    allowed = air_targets.exceedances_allowed(days, percent)
    values = np.full(days, 100.0)
    values[:allowed] = 1e6
    assert percentile(values, percent) == 100
    if allowed < days:
        values[: allowed + 1] = 1e6
        assert percentile(values, percent) > 100


def test_bad_days_in_hand():
    days = air_targets.bad_days_allowed(target="80.7", good=150, valid=181, remaining=184)
    assert days.total == 70
    assert days.allowed == 39
    assert GoodDays(365 - 70, 365, 365).of_valid.value >= Fraction("80.7")
    assert GoodDays(365 - 71, 365, 365).of_valid.value < Fraction("80.7")
    assert air_targets.bad_days_allowed(target=100, good=10, valid=12, remaining=5).allowed == -2
    with pytest.raises(ValueError, match="not possible"):
        air_targets.bad_days_allowed(target=80, good=13, valid=12, remaining=5)


def test_three_year_moving_mean():
    means = air_targets.moving_means({2023: "30.1", 2024: 33, 2025: 27, 2026: None})
    assert means == {2023: None, 2024: None, 2025: Fraction("90.1") / 3, 2026: None}
