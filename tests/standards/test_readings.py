"""Readings as they are written."""

from decimal import Decimal

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards.readings import (
    State,
    UnreadableReadingError,
    parse,
    read_column,
    values,
)


@pytest.mark.parametrize(
    ("text", "value", "state", "bound"),
    [
        ("0.02L", 0.01, State.BELOW_DETECTION, 0.02),
        ("<0.02", 0.01, State.BELOW_DETECTION, 0.02),
        ("＜0.02", 0.01, State.BELOW_DETECTION, 0.02),
        ("0.00004 L", 0.00002, State.BELOW_DETECTION, 0.00004),
        ("未检出(0.004)", 0.002, State.BELOW_DETECTION, 0.004),
        ("ND", 0.0, State.BELOW_DETECTION, None),
        ("未检出", 0.0, State.BELOW_DETECTION, None),
        (">24000", 24000.0, State.ABOVE_RANGE, 24000.0),
        ("/", None, State.MISSING, None),
        ("—", None, State.MISSING, None),
        ("--", None, State.MISSING, None),
        ("", None, State.MISSING, None),
        (None, None, State.MISSING, None),
        (float("nan"), None, State.MISSING, None),
        ("停产", None, State.NOT_MEASURED, None),
        ("断流", None, State.NOT_MEASURED, None),
        ("１２．５", 12.5, State.MEASURED, None),
        ("24,000", 24000.0, State.MEASURED, None),
        ("2.4×10^4", 24000.0, State.MEASURED, None),
        ("2.4E+4", 24000.0, State.MEASURED, None),
        ("2.4×10⁴", 24000.0, State.MEASURED, None),
        ("2.4×10⁻²", 0.024, State.MEASURED, None),
        ("−0.3", -0.3, State.MEASURED, None),
        ("'32", 32.0, State.MEASURED, None),
        (" 7.86 ", 7.86, State.MEASURED, None),
        ("24 000", 24000.0, State.MEASURED, None),
        ("1\u00a0250\u00a0000", 1250000.0, State.MEASURED, None),
        ("< 0.02", 0.01, State.BELOW_DETECTION, 0.02),
        ("2.4 × 10^4", 24000.0, State.MEASURED, None),
        (-0.3, -0.3, State.MEASURED, None),
    ],
)
def test_each_way_of_writing_has_one_meaning(text, value, state, bound):
    reading = parse(text)
    assert (reading.value, reading.state, reading.bound) == (value, state, bound)


@pytest.mark.parametrize(
    "text",
    [
        "abc",
        "1.2.3",
        "0.02LL",
        "1,2",
        "12mg",
        "inf",
        "L",
        "30 31",
        "30\n31",
        "30\n310",
        "30\t31",
        "1 25",
        "3 0",
        "30.5 31",
        "3. 5",
        "1 250 30",
        "①",
        "30①",
        "⒈",
        "30²",
        "10⁴",
        "30₂",
    ],
)
def test_anything_else_is_refused_and_named(text):
    with pytest.raises(UnreadableReadingError, match="not a reading"):
        parse(text)


@pytest.mark.parametrize("other", ["0,350", "12,5", "0,05L", "1234,567"])
def test_a_comma_beside_decimal_commas_is_no_thousand(other):
    column = read_column(pl.Series("x", ["1,250", "1,250.5", other, "3"]))
    assert column.unreadable.to_list()[0]
    assert column.values.to_list()[1::2] == [1250.5, 3]
    assert read_column(pl.Series("x", ["1,250", "0.35"])).values.to_list() == [1250, 0.35]


def test_the_text_is_kept():
    assert parse("０.02Ｌ").text == "０.02Ｌ"


@given(st.decimals(min_value=0, max_value=10**6, places=6))
def test_half_the_detection_limit_is_exact(limit):
    assert parse(f"{limit}L").value == float(Decimal(limit) / 2)


_CELLS = st.one_of(
    st.none(),
    st.floats(allow_nan=False, allow_infinity=False, width=32).map(repr),
    st.sampled_from(["0.02L", "<1", "ND", "--", "停产", "１２．５", "2.4×10^4", "oops", "", "inf"]),
)


@given(st.lists(_CELLS, max_size=30))
def test_a_column_reads_as_its_cells_do(cells):
    column = read_column(pl.Series("x", cells, dtype=pl.String))
    for position, cell in enumerate(cells):
        try:
            reading = parse(cell)
        except UnreadableReadingError:
            assert column.unreadable[position]
            assert column.values[position] is None
            continue
        assert not column.unreadable[position]
        assert column.values[position] == reading.value
        assert column.below_detection[position] == reading.below_detection


def test_numeric_columns_pass_and_infinity_does_not():
    column = read_column(pl.Series("x", [1, None, float("nan"), float("inf")], strict=False))
    assert column.values.to_list() == [1.0, None, None, None]
    assert column.unreadable.to_list() == [False, False, False, True]


def test_values_of_a_list():
    assert values(["0.02L", "/", 3]) == [0.01, None, 3.0]
