"""What is kept and what is said are told apart by all that they say, and by nothing else."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from itertools import combinations

import pytest

from ecoledger.listings.unchanged import mark

_SQUARE = {"type": "Polygon", "coordinates": [[[118.5, 24.8], [118.7, 24.8], [118.5, 24.8]]]}
_APART = [
    None,
    False,
    "甲",
    0,
    [1],
    [1, 2],
    {"a": None},
    {"a": 1},
    {"a": {"b": 1}},
    {"a": {"b": 2}},
    _SQUARE,
    _SQUARE | {"coordinates": [[[118.5, 24.8], [118.7, 24.9], [118.5, 24.8]]]},
    datetime(2026, 12, 1, 8, 30, tzinfo=UTC),
    datetime(2026, 12, 1, 8, 31, tzinfo=UTC),
]


def test_values_that_differ_have_marks_that_differ():
    alike = [(one, other) for one, other in combinations(_APART, 2) if mark(one) == mark(other)]
    assert not alike


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (None, ""),
        (None, {}),
        ({"a": 1, "b": [Decimal("2.50")]}, {"b": [2.5], "a": 1.0}),
        ("甲\n乙", "甲\r\n乙 "),
    ],
)
def test_what_says_the_same_has_one_mark(kept, said):
    assert mark(kept) == mark(said)
