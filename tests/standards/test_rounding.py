"""GB/T 8170: ties to even, on the decimal that was written; scalars and arrays alike."""

from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards.rounding import ceiling, ceiling_exact, half_even


@pytest.mark.parametrize(
    ("value", "decimals", "wanted"),
    [
        (60.5, 0, 60.0),
        (61.5, 0, 62.0),
        (0.15, 1, 0.2),
        (0.25, 1, 0.2),
        (0.35, 1, 0.4),
        (2.675, 2, 2.68),
        (61.499999999999993, 0, 62.0),
        (1234.0, -2, 1200.0),
        (1e300, 1, 1e300),
        (-2.5, 0, -2.0),
        (-21.585, 2, -21.58),
    ],
)
def test_ties_go_to_the_even_digit(value, decimals, wanted):
    assert half_even(value, decimals) == wanted
    assert half_even(np.array([value]), decimals)[0] == pytest.approx(wanted, rel=1e-15)


@given(st.integers(-(10**7), 10**7), st.integers(0, 3), st.integers(0, 3))
def test_written_decimals_are_rounded_exactly(digits, places, decimals):
    written = Decimal(digits).scaleb(-places)
    exact = half_even(written, decimals)
    assert half_even(float(written), decimals) == float(exact)
    assert half_even(np.array([float(written)]), decimals)[0] == float(exact)


@given(st.floats(0, 1e5), st.integers(0, 3))
def test_scalars_and_arrays_agree_on_any_float(value, decimals):
    assert half_even(np.array([value]), decimals)[0] == half_even(value, decimals)


def test_not_numbers_stay_what_they_are():
    assert np.isnan(half_even(float("nan")))
    assert half_even(float("inf")) == float("inf")
    assert np.isnan(half_even(np.array([np.nan])))[0]


def test_rounding_up():
    assert ceiling([50.0, 50.0000000001, 50.1, -0.5]).tolist() == [50.0, 50.0, 51.0, -0.0]
    assert ceiling_exact(Decimal("50.000001")) == 51
