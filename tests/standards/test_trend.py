"""Trend tests against published examples, exact enumeration and one another."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import trend

BEIJING_PM2_5 = [89.5, 85.9, 80.6, 73.0, 58.0, 51.0, 42.0, 38.0, 33.0, 30.0, 32.0]


def test_a_falling_series():
    found = trend.mann_kendall(np.array(BEIJING_PM2_5))
    assert (found.n, found.s, found.direction) == (11, -53, "falling")
    assert found.tau == pytest.approx(-53 / 55)
    assert found.z == pytest.approx(-52 / np.sqrt(11 * 10 * 27 / 18))
    assert found.low <= found.slope <= found.high < 0


def test_missing_years_keep_their_place_in_time():
    whole = trend.mann_kendall([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    holes = trend.mann_kendall([1.0, None, 3.0, float("nan"), 5.0, 6.0])
    assert (whole.slope, holes.slope, holes.n) == (1.0, 1.0, 4)
    assert holes.intercept == 1.0


@pytest.mark.parametrize("n", [4, 5, 6])
def test_exact_p_of_mann_kendall_is_the_share_of_orders_at_least_as_extreme(n):
    scores = [
        sum(np.sign(b - a) for i, a in enumerate(order) for b in order[i + 1 :])
        for order in permutations(range(n))
    ]
    for order in list(permutations(range(n)))[:: max(1, len(scores) // 20)]:
        found = trend.mann_kendall(np.array(order, dtype=float))
        assert found.exact
        assert found.p == pytest.approx(np.mean(np.abs(scores) >= abs(found.s)))


def test_ties_reduce_the_variance():
    found = trend.mann_kendall([1.0, 1.0, 2.0, 2.0, 2.0, 3.0])
    assert not found.exact
    assert found.variance == pytest.approx((6 * 5 * 17 - 2 * 1 * 9 - 3 * 2 * 11) / 18)
    flat = trend.mann_kendall([5.0] * 6)
    assert (flat.s, flat.p, flat.slope, flat.direction) == (0, 1.0, 0.0, "none")


@given(st.lists(st.integers(0, 50), min_size=4, max_size=30))
def test_turning_time_round_turns_the_trend_round(values):
    forth = trend.mann_kendall(np.array(values, dtype=float))
    back = trend.mann_kendall(np.array(values[::-1], dtype=float))
    assert (forth.s, forth.slope) == (-back.s, -back.slope)
    assert forth.p == pytest.approx(back.p)
    assert 0 <= forth.p <= 1


def test_seasonal_test_sees_through_the_yearly_course():
    months = np.arange(60)
    values = 50 + 30 * np.cos(2 * np.pi * months / 12) - 0.25 * months
    found = trend.seasonal_mann_kendall(values)
    assert found.direction == "falling"
    assert found.slope == pytest.approx(-3)
    assert found.s == -12 * 10
    with pytest.raises(ValueError, match="no season"):
        trend.seasonal_mann_kendall([1.0, 2.0])


def test_spearman_by_the_textbook_formula_and_table():
    values = [0.35, 0.41, 0.32, 0.30, 0.28]
    found = trend.spearman(values)
    assert found.rs == pytest.approx(1 - 6 * (9 + 9 + 0 + 4 + 16) / (5**3 - 5))
    assert (found.critical, found.beyond_critical) == (0.9, False)
    assert found.exact
    assert found.p == pytest.approx(10 / 120)
    assert trend.spearman(range(11)).critical is None


def test_spearman_with_ties_is_the_correlation_of_mean_ranks():
    found = trend.spearman([1.0, 1.0, 2.0, 3.0, 3.0, 4.0, 9.0, 7.0, 7.0, 8.0])
    ranks = [1.5, 1.5, 3, 4.5, 4.5, 6, 10, 7.5, 7.5, 9]
    assert found.rs == pytest.approx(np.corrcoef(ranks, range(10))[0, 1])
    assert not found.exact
    assert found.direction == "rising"


@pytest.mark.parametrize(
    ("t", "freedom", "p"),
    [
        (2.228139, 10, 0.05),
        (12.706205, 1, 0.05),
        (2.042272, 30, 0.05),
        (3.169273, 10, 0.01),
        (0.0, 7, 1.0),
    ],
)
def test_student_by_the_printed_table(t, freedom, p):
    assert trend.student_two_sided(t, freedom) == pytest.approx(p, abs=1e-6)


def test_too_few_values():
    with pytest.raises(ValueError, match="at least 4"):
        trend.mann_kendall([1.0, 2.0, 3.0])
    with pytest.raises(ValueError, match="at least 4"):
        trend.spearman([1.0, 2.0, None, 3.0])


def test_a_slope_is_per_unit_of_the_times_given():
    found = trend.mann_kendall([2.0, 2.5, 3.5, 4.0, 6.0], at=[0, 0.25, 0.75, 1.0, 2.0])
    assert found.slope == pytest.approx(2.0)
    assert found.s == 10


@pytest.mark.parametrize("at", [[0, 1, 2], [0, 1, 1, 2], [0, 2, 1, 3]])
def test_times_are_as_many_as_the_values_and_rise(at):
    with pytest.raises(ValueError, match="each is later"):
        trend.mann_kendall([1.0, 2.0, 3.0, 4.0], at=at)
