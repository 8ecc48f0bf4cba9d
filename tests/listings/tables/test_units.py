"""Where tables say their units: behind names, in brackets, in a row of their own."""

from __future__ import annotations

import pytest

from ecoledger.listings.tables import units
from ecoledger.listings.tables.book import Table
from ecoledger.listings.tables.headers import LONGEST_NAME, bare, find_header, fold
from ecoledger.listings.tables.units import claims_unit, parts, unit_said, with_units


@pytest.mark.parametrize(
    ("header", "name", "said"),
    [
        ("总磷（以P计）(mg/L)", "总磷", ("以P计", "mg/L")),
        ("总磷（TP，μg/L）", "总磷", ("TP", "μg/L")),
        ("总磷/(mg·L-1)", "总磷", ("mg·L-1",)),
        ("PM2.5_ug/m3", "PM2.5", ("ug/m3",)),
        ("保额 万元", "保额", ("万元",)),
        ("未被污染输液瓶（袋）kg", "未被污染输液瓶", ("袋", "kg")),
        ("昼间 Ld dB(A)", "昼间 Ld", ("dB(A)",)),
        ("降尘（t/(km²·月)）", "降尘", ("t/(km2·月)",)),
        ("完成/销号时间", "完成/销号时间", ()),
        ("PM2.5_24h", "PM2.5_24h", ()),
        ("是否有效（是/否）", "是否有效", ("是/否",)),
    ],
)
def test_a_header_is_a_name_and_what_is_said_of_it(header, name, said):
    assert parts(header) == (name, said)


def test_a_unit_may_be_called_one_and_one_that_nobody_knows_is_claimed():
    assert [unit_said(text) for text in ("单位：μg/L", "(mg/L)", "单位", "必填")] == ["μg/L", "mg/L", "", ""]  # fmt: skip
    assert [claims_unit(text) for text in ("ug/X", "单位：x", "是/否", "选填")] == [True, True, False, False]  # fmt: skip
    assert [claims_unit(text) for text in ("MT", "mt", "ML", "Mg", "MV", "NM", "CO")] == [True] * 6 + [False]  # fmt: skip


@pytest.mark.parametrize(
    "text", ["备注 " + "a " * 300, "数量" + "(a,b)" * 300, "数量" + "(a)" * 160, "(" * 700]
)
def test_what_is_too_long_for_a_name_says_no_unit_and_costs_no_more_for_it(monkeypatch, text):
    asked = []
    monkeypatch.setattr(units, "read_measure", lambda said: asked.append(said))
    units._unit_said.cache_clear()
    name, said = units._parts.__wrapped__(text) if len(text) <= LONGEST_NAME else parts(text)
    assert len(said) <= 16
    assert len(asked) <= len(text) / 2
    assert max(map(len, asked), default=0) <= 48
    assert bare(text).startswith(fold(name)[:2])


def test_a_long_text_in_the_first_rows_is_asked_about_by_nobody():
    asked = []

    def known(name):
        asked.append(name)
        return name in {"点位", "时间"}

    long = "说明 " * 400
    header = find_header(Table("", [[long, None], ["点位", "时间"]], [1, 2]), known)
    assert header is not None
    assert header.names == ("点位", "时间")
    assert max(map(len, asked)) <= LONGEST_NAME


def headed(*rows):
    table = Table("", [list(row) for row in rows], list(range(1, len(rows) + 1)))
    header = find_header(table, {"点位", "时间", "总磷", "氨氮"}.__contains__)
    assert header is not None
    return with_units(table, header, lambda column: column >= 2)


DATA = ["甲", "2026-03-05 04:00", 12, 0.35]
NAMES = ["点位", "时间", "总磷", "氨氮"]


@pytest.mark.parametrize(
    "rows",
    [
        [NAMES, [None, None, "μg/L", "mg/L"], DATA],
        [[None, None, "μg/L", "mg/L"], NAMES, DATA],
        [["2026年3月"], NAMES, ["名称", "年月日", "μg/L", "mg/L"], DATA],
        [NAMES, [None, None, "w21011", "w21003"], [None, None, "μg/L", "mg/L"], DATA],
        [NAMES, [None, None, "μg/L", "mg/L"], [None, None, "w21011", "w21003"], DATA],
    ],
)
def test_a_row_of_units_stands_behind_the_names(rows):
    header = headed(*rows)
    assert header.names == ("点位", "时间", "总磷(μg/L)", "氨氮(mg/L)")
    assert rows[header.below] is DATA or rows[header.below] == DATA


@pytest.mark.parametrize("row", [["甲", "2026-03-05", None, "mg/L"], ["mg/L", "甲", None, None], [None, None, 3, "mg/L"], DATA])  # fmt: skip
def test_a_row_with_a_number_or_a_date_gives_no_units(row):
    header = headed(NAMES, row)
    assert (header.below, header.units) == (1, ())
