"""Multiples over a limit, and the words that notices use for them."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import exceedance


@pytest.mark.parametrize(
    ("value", "limit", "expected"),
    [(0.3, 0.2, 0.5), (75, 75, 0.0), (150, 75, 1.0), (60, 75, -0.2), (3, 0, None)],
)
def test_multiples_are_exact_on_the_decimals_as_written(value, limit, expected):
    assert exceedance.multiple(value, limit) == expected


@given(st.floats(0, 1e4), st.floats(0.001, 1e4))
def test_columns_and_scalars_agree(value, limit):
    one = exceedance.multiple(value, limit)
    array = exceedance.multiples(np.array([value]), np.array([limit]))[0]
    column = pl.DataFrame({"v": [value], "l": [limit]}).select(
        exceedance.multiples(pl.col("v"), pl.col("l"))
    )
    assert array == pytest.approx(one, rel=1e-9, abs=1e-9)
    assert column.item() == pytest.approx(one, rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(
    ("over", "text"),
    [
        (0.46, "超过限值（1 mg/L）0.46倍"),
        (0.5, "超过限值（1 mg/L）0.5倍"),
        (2.0, "超过限值（1 mg/L）2倍"),
        (0.004, "超过限值（1 mg/L）不足0.01倍"),
        (None, "超过限值（1 mg/L）"),
    ],
)
def test_the_limit_stands_in_brackets_before_the_times_over(over, text):
    assert exceedance.beyond_text("1 mg/L", over) == text


@pytest.mark.parametrize(
    ("value", "limit", "at_least", "text"),
    [
        (0.3, 0.2, False, "比限值高0.1 mg/L（超标0.5倍）"),
        (0.1, 0.2, False, "比限值低0.1 mg/L"),
        (0.2, 0.2, False, "等于限值"),
        (4.2, 5, True, "比限值低0.8 mg/L"),
        (5.5, 5, True, "比限值高0.5 mg/L"),
    ],
)
def test_the_gap_is_never_read_as_the_limit(value, limit, at_least, text):
    assert exceedance.gap_text(value, limit, "mg/L", at_least=at_least) == text
