from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards.percent import (
    Percent,
    PercentagePoints,
    Verdict,
    change,
    check_change,
    check_ratio,
    possible_totals,
    reconcile,
    shown,
)


def test_percentages_differ_by_percentage_points_and_do_not_add_up_with_each_other():
    assert Percent.of(6, 6) - Percent.of(3, 6) == PercentagePoints.exactly(50)
    assert Percent.exactly("52.32") + PercentagePoints.exactly(6) == Percent.exactly("58.32")
    with pytest.raises(TypeError):
        Percent.exactly(1) + Percent.exactly(1)
    with pytest.raises(TypeError):
        PercentagePoints.exactly(1) + Percent.exactly(1)
    with pytest.raises(TypeError):
        assert Percent.exactly(1) < PercentagePoints.exactly(2)
    assert Percent.exactly(1) != PercentagePoints.exactly(1)


def test_points_compare_add_and_negate():
    assert PercentagePoints.exactly("1.5") > PercentagePoints.exactly(1)
    total = PercentagePoints.exactly(1) + PercentagePoints.exactly("0.5")
    assert -(total - PercentagePoints.exactly(2)) == PercentagePoints.exactly("0.5")
    assert Percent.exactly(75) - PercentagePoints.exactly(5) == Percent.exactly(70)


def test_rounding_is_half_even_on_the_exact_fraction():
    assert Percent.of(1, 800).show(2) == "0.12%"  # 0.125
    assert Percent.of(3, 800).show(2) == "0.38%"  # 0.375
    assert Percent.exactly(0.15).show(1) == "0.2%"  # the float is what was written
    assert Percent.exactly(np.float64(0.15)) == Percent.exactly(0.15)
    assert Percent.exactly("-0.04").show(1) == "0.0%"


def test_a_share_of_nothing_is_refused():
    with pytest.raises(ValueError, match="denominator"):
        Percent.of(1, 0)
    assert change(5, 0).ratio is None


def test_a_change_has_a_difference_and_a_ratio():
    fell = change("33.8", "38.0")
    assert fell.difference == Fraction("-4.2")
    assert fell.ratio is not None
    assert fell.ratio.show(1) == "-11.1%"


def test_totals_that_do_not_add_up_are_told_by_how_much():
    assert reconcile(22, {"许可": 14, "服务": 4, "其他": 4}).verdict is Verdict.AGREES
    short = reconcile(116, {"中国环境报": 4, "省级": 23, "泰州": 84}, partial=True)
    assert (short.verdict, short.ok) == (Verdict.PARTIAL, True)
    assert "少5" in short.note
    assert reconcile(116, {"a": 4, "b": 23, "c": 84}).verdict is Verdict.CONTRADICTS
    beyond = reconcile(10, {"a": 6, "b": 5}, partial=True)
    assert not beyond.ok
    assert "多1" in beyond.note


def test_decimal_parts_add_up_exactly():
    assert reconcile(0.3, {"a": 0.1, "b": 0.2}).verdict is Verdict.AGREES


def test_a_printed_ratio_is_compared_with_its_own_decimals():
    assert check_ratio("71.43%", 10, 14).ok
    assert check_ratio("71.4", 10, 14).ok
    wrong = check_ratio("71.5", 10, 14)
    assert not wrong.ok
    assert "71.4%" in wrong.note


def test_a_printed_change_that_no_values_give_is_a_contradiction():
    assert check_change("35.5", "-4.2", "10.6").verdict is Verdict.AGREES
    assert check_change("35.5", "-4.2", "10.7").verdict is Verdict.ONLY_UNROUNDED
    assert check_change("35.5", "-4.2", "10.8").verdict is Verdict.CONTRADICTS
    assert check_change("35.5", "−4.2", "-10.6%").verdict is Verdict.AGREES
    assert check_change("5.0", "0.0", "0.3").verdict is Verdict.ONLY_UNROUNDED
    with pytest.raises(ValueError, match="not positive"):
        check_change("4", "5", "10")


@given(st.decimals("5", "500", places=4), st.decimals("5", "500", places=4))
def test_a_change_printed_from_unrounded_values_never_contradicts(now, before):
    exact_change = change(now, before)
    assert exact_change.ratio is not None
    finding = check_change(
        shown(exact_change.now, 1),
        shown(exact_change.difference, 1),
        shown(abs(exact_change.ratio.value), 1),
    )
    assert finding.ok


@given(st.integers(1, 366), st.integers(0, 366))
def test_the_true_total_is_among_the_possible_ones(total, missing):
    missing = min(missing, total)
    printed = shown(Fraction((total - missing) * 100, total), 1)
    assert total in possible_totals(printed, missing)


@given(st.decimals("-1000", "1000", places=6), st.integers(0, 4))
def test_showing_agrees_with_decimal_half_even(value: Decimal, decimals: int):
    expected = value.quantize(Decimal(1).scaleb(-decimals), "ROUND_HALF_EVEN")
    assert Decimal(shown(Fraction(value), decimals)) == expected
