"""Damaged tables: none ends the reader, no row goes missing."""

from __future__ import annotations

from benchmarks import tables_fuzz


def test_damaged_tables_open_or_say_why_and_lose_no_row():
    score = tables_fuzz.run(2000, seed=7)
    assert score.tables == 2000
    assert score.rows_out == score.rows_in
    assert score.opened > 1500
    assert score.with_header > 1400
