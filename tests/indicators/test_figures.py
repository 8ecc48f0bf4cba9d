"""Figures and changes: what is printed, what is kept, and what is said when it is missing."""

from decimal import Decimal
from fractions import Fraction

import pytest
from django.utils.translation import override
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.indicators.figures import (
    Change,
    Records,
    absent,
    bare,
    count,
    printed,
    quantity,
    ratio,
)
from ecoledger.standards.percent import shown
from ecoledger.web.templatetags.figures import as_read

NOWHERE = Records("none")


def pm(value, decimals=1):
    return quantity("PM2.5平均浓度", value, decimals, "µg/m³", NOWHERE)


def good(part, whole, standard="HJ 633-2026"):
    return ratio("优良天数比例", part, whole, NOWHERE, standard=standard, judged=True)


def test_a_share_keeps_both_its_parts():
    # 年报例：13 个污染天，96.3% 只在有效天数为 347–356 时成立，按 365 天为 96.4%。
    assert (good(352, 365).display, good(352, 365).parts) == ("96.4%", "352/365")
    assert good(337, 350).display == "96.3%"


def test_a_share_of_nothing_says_so_and_has_no_value():
    nothing = good(0, 0)
    assert (nothing.value, nothing.display) == (None, "—")
    assert nothing.missing


def test_shares_change_by_percentage_points_never_by_percent():
    change = Change(good(6, 6), good(3, 6), 1)
    assert str(change) == "同比上升50.0个百分点"
    assert change.ratio is None


def test_quantities_change_by_an_amount_and_a_percentage_of_the_earlier_value():
    assert str(Change(pm(33), pm(44), 1)) == "同比下降11.0 µg/m³（25.0%）"


def test_a_printed_change_that_only_unrounded_values_give_is_marked():
    # 35.5，同比 −4.2（10.7%）：所列数字只能得 10.6%。
    change = Change(pm(35.451), pm(39.699), 1)
    assert (change.now.display, str(change)) == ("35.5 µg/m³", "同比下降4.2 µg/m³（10.7%）")
    assert change.only_unrounded


def test_a_change_that_the_printed_values_give_is_not_marked():
    assert not Change(pm(35.5), pm(39.7), 1).only_unrounded
    assert not Change(good(3, 4), good(1, 2), 1).only_unrounded


@pytest.mark.parametrize(
    ("now", "before", "words"),
    [(30, 30, "同比持平"), (30.01, 30.0, "同比基本持平"), (30, 0, "同比上升30.0 µg/m³")],
)
def test_no_change_and_no_earlier_value(now, before, words):
    assert str(Change(pm(now), pm(before), 1)) == words


def test_without_data_in_one_period_nothing_is_compared():
    change = Change(pm(30), absent("PM2.5平均浓度", NOWHERE, "有效数据不足"), 1)
    assert str(change) == "同比无可比数据"
    assert (change.difference, change.only_unrounded) == (None, False)
    assert str(Change(change.now, change.before, 1, word="")) == "—"


def test_only_what_limits_decide_differs_between_editions():
    assert Change(good(1, 2), good(1, 2, "HJ 633-2012"), 1).across_editions
    assert not Change(good(1, 2), good(1, 2), 1).across_editions
    now = quantity("PM2.5", 30, 1, "µg/m³", NOWHERE, "HJ 663-2026")
    before = quantity("PM2.5", 31, 0, "µg/m³", NOWHERE, "HJ 663-2013")
    assert not Change(now, before, 1).across_editions


def test_the_noise_of_a_mean_does_not_decide_a_tie():
    # (60.4 + 60.6 + 60.5) / 3 in floats is 60.50000000000001; GB/T 8170 rounds 60.5 to the even 60.
    assert printed(Fraction(repr(60.50000000000001)), 0) == "60"
    assert printed(Fraction(repr(61.49999999999999)), 0) == "62"


@given(st.decimals(-10_000, 10_000, places=3), st.integers(0, 2))
def test_a_written_number_is_rounded_half_to_even_once(value: Decimal, decimals: int):
    assert printed(Fraction(value), decimals) == shown(Fraction(value), decimals)


def test_a_bare_figure_is_the_same_number_without_its_unit():
    assert (bare(pm(30)).display, bare(pm(30)).value) == ("30.0", pm(30).value)
    assert bare(absent("PM2.5", NOWHERE, "无")).display == "—"


@pytest.mark.parametrize(
    ("figure", "printed", "chinese", "english"),
    [
        (count("记录", 1286, NOWHERE, "条"), "1286条", "1,286条", "1,286"),
        (quantity("产生量", 2598, 2, "t", NOWHERE), "2598.00 t", "2,598.00 t", "2,598.00 t"),
        (quantity("能力", Decimal("0.3"), 1, "万吨", NOWHERE), "0.3万吨", "0.3万吨", "0.3 ×10⁴ t"),
        (good(13, 14), "92.9%", "92.9%", "92.9%"),
        (absent("记录", NOWHERE, "有效数据不足"), "—", "—", "—"),
    ],
)
def test_a_symbol_stands_apart_from_its_number_and_a_chinese_word_does_not(
    figure, printed, chinese, english
):
    """A page sets thousands apart; what only Chinese counts by is not said in English."""
    assert figure.display == printed
    assert as_read(figure) == chinese
    with override("en"):
        assert as_read(figure) == english
