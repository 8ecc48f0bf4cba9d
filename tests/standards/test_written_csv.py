"""What is written as CSV says the same and runs nothing in a spreadsheet."""

from __future__ import annotations

import pytest

from ecoledger.standards.written_csv import cell, uncell


@pytest.mark.parametrize(
    "text",
    [
        "=1+1", "＝1+1", "＋1", "－1＋1", "＠SUM(A1)", " =1", "\u3000=1", "\n=1", "\t=1", "\ufeff=1", "\u200b＝1", "\x00=1",
        "-1+1", "@x", "'=1",
    ],
)  # fmt: skip
def test_what_a_spreadsheet_would_run_is_text(text):
    assert cell(text) == f"'{text}"
    assert uncell(cell(text)) == text


@pytest.mark.parametrize("text", ["-5", "-5.25", "甲＝乙", " 甲", "1-2", "a@b.cn", ""])
def test_what_runs_nothing_stays_as_it_is(text):
    assert cell(text) == text
