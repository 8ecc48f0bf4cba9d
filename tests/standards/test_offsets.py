from datetime import date
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards.catalogue import Mark
from ecoledger.standards.offsets import Source, draw, required

TODAY = date(2026, 11, 21)


def test_an_area_that_missed_its_standard_replaces_twice():
    need = required("vocs", "1.25", attained=False, on=TODAY)
    assert (need.ratio, need.required) == (2, Fraction("2.5"))
    assert need.mark is Mark.MEMORY
    assert required("cod", 3, attained=True, on=TODAY).required == 3


def test_a_place_may_have_its_own_ratio():
    need = required("vocs", "0.1", attained=True, on=TODAY, place="fujian")
    assert need.required == Fraction("0.12")  # exactly, not 0.12000000000000001
    assert need.mark is Mark.DOUBTFUL


def test_reductions_are_drawn_in_order_and_never_twice():
    need = required("vocs", 5, attained=False, on=TODAY)
    result = draw(need, [Source("甲厂关停", 6, used=2), Source("乙厂改造", 8)])
    assert result.drawn == (("甲厂关停", 4), ("乙厂改造", 6))
    assert result.met
    assert result.explanation == "甲厂关停4.000吨/年、乙厂改造6.000吨/年；已满足"
    short = draw(need, [Source("甲厂关停", 6, used=2)])
    assert (short.short, short.met) == (6, False)
    assert "尚缺6.000" in short.explanation
    with pytest.raises(ValueError, match="甲厂"):
        draw(need, [Source("甲厂", 1, used=2)])


def test_what_is_not_on_file_is_named():
    with pytest.raises(KeyError, match="tn"):
        required("tn", 1, attained=True, on=TODAY)
    with pytest.raises(KeyError, match="mars"):
        required("vocs", 1, attained=True, on=TODAY, place="mars")
    with pytest.raises(ValueError, match="negative"):
        required("vocs", -1, attained=True, on=TODAY)


@given(st.integers(0, 1000), st.lists(st.integers(0, 500), max_size=6))
def test_drawn_and_short_add_up_to_the_requirement(added, available):
    need = required("nox", added, attained=False, on=TODAY)
    result = draw(need, [Source(f"s{i}", t) for i, t in enumerate(available)])
    assert sum(t for _, t in result.drawn) + result.short == need.required
    assert result.met == (sum(available) >= need.required)
