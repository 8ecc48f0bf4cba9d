"""Fines by hand: daily, surcharge, capitals, discretion inside the statutory range whatever is chosen."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import discretion, fines

D = Decimal


def test_daily_counts_from_the_day_after_service_to_the_day_of_the_recheck():
    # Served 3 March, found on 13 March: the 4th to the 13th, ten days of 80,000 yuan.
    found = fines.daily(D(80_000), date(2026, 3, 3), date(2026, 3, 13))
    assert (found.first, found.last, found.days) == (date(2026, 3, 4), date(2026, 3, 13), 10)
    assert found.total == D(800_000)
    with pytest.raises(ValueError, match="not after"):
        fines.daily(D(1), date(2026, 3, 3), date(2026, 3, 3))


def test_a_surcharge_stops_at_the_fine_and_rests_during_a_lawsuit():
    due = date(2026, 4, 10)
    assert fines.surcharge(D(100_000), due, due) == 0
    assert fines.surcharge(D(100_000), due, date(2026, 4, 11)) == D(3_000)
    assert fines.surcharge(D(100_000), due, date(2026, 5, 13)) == D(99_000)  # 33 days
    assert fines.surcharge(D(100_000), due, date(2026, 5, 14)) == D(100_000)  # 34 days, 102 %
    lawsuit = [(date(2026, 4, 15), date(2026, 5, 9))]
    assert fines.surcharge(D(100_000), due, date(2026, 5, 13), lawsuit) == D(24_000)  # 4 + 4 days


@pytest.mark.parametrize(
    ("amount", "words"),
    [
        ("466300", "肆拾陆万陆仟叁佰元整"),
        ("20000", "贰万元整"),
        ("100000001", "壹亿零壹元整"),
        ("1010000", "壹佰零壹万元整"),
        ("10000500", "壹仟万零伍佰元整"),
        ("1234.56", "壹仟贰佰叁拾肆元伍角陆分"),
        ("100.05", "壹佰元零伍分"),
    ],
)
def test_sums_in_capitals(amount, words):
    assert fines.in_capitals(D(amount)) == words


TABLE = discretion.table(
    "t", {
        "act": "超标排放水污染物", "law": "水污染防治法第八十三条", "least": 100_000, "most": 1_000_000, "start": 10,
        "factors": [
            {"key": "times", "label": "超标倍数", "levels": [["不足0.5倍", 0], ["0.5—1倍", 10], ["1倍以上", 25]]},
            {"key": "again", "label": "两年内次数", "levels": [["首次", 0], ["两次", 10], ["三次以上", 60]]},
        ],
    }, "2026",
)  # fmt: skip


def test_the_arithmetic_is_shown():
    found = discretion.assess(TABLE, {"times": 1, "again": 1})
    assert found.fine == D(300_000)
    assert found.steps == (
        "裁量起点 10%", "超标倍数：0.5—1倍，＋10%", "两年内次数：两次，＋10%", "合计 30%",
        "法定最高额 1,000,000元×30%＝300,000元", "取整为300,000元，在法定幅度100,000元—1,000,000元之内",
    )  # fmt: skip
    lighter = discretion.assess(TABLE, {"times": 0, "again": 0}, adjust=D(-20))
    assert lighter.fine == D(100_000)  # 80,000 is below the least
    assert discretion.assess(
        TABLE, {"times": 0, "again": 0}, adjust=D(-20), mitigated=True
    ).fine == D(80_000)
    with pytest.raises(ValueError, match="没有选定档次"):
        discretion.assess(TABLE, {"times": 0})
    with pytest.raises(ValueError, match="不超过 20%"):
        discretion.assess(TABLE, {"times": 0, "again": 0}, adjust=D(-30))


@given(st.integers(0, 2), st.integers(0, 2), st.integers(-20, 20), st.booleans())
def test_no_choice_leaves_the_statutory_range(times, again, adjust, mitigated):
    chosen = {"times": times, "again": again}
    found = discretion.assess(TABLE, chosen, adjust=D(adjust), mitigated=mitigated)
    least, most = discretion.statutory_range(TABLE, mitigated=mitigated)
    assert least <= found.fine <= most
