"""Whatever stands in an address is a number, a day, or nothing; never a failure."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.listings import asked


@given(st.text())
def test_any_text_is_read_or_is_nothing(text):
    number, day = asked.number(text), asked.day(text)
    assert number is None or 0 <= number < 2**63
    assert day is None or day - timedelta(days=7400) < day < day + timedelta(days=7400)


@given(st.integers(0, 10**18 - 1), st.dates(date(1900, 1, 1), date(2199, 12, 31)))
def test_numbers_and_days_are_what_they_say(number, day):
    assert asked.number(str(number)) == number
    assert asked.day(day.isoformat()) == day


@pytest.mark.parametrize("text", ["", "²", "٣", "-1", "+1", " 1", "1e3", "9" * 19])
def test_what_only_looks_like_a_number_is_none(text):
    assert asked.number(text) is None
