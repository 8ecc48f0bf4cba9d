"""Labels of lists in Chinese."""

from __future__ import annotations

import pytest

from ecoledger.listings.word.numbering import chinese, formatted, letters, roman


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "〇"),
        (7, "七"),
        (10, "十"),
        (12, "十二"),
        (20, "二十"),
        (35, "三十五"),
        (103, "一百〇三"),
        (110, "一百一十"),
        (2012, "二千〇一十二"),
        (10_000, "10000"),
    ],
)
def test_chinese(number: int, words: str) -> None:
    assert chinese(number) == words


def test_other_formats() -> None:
    assert roman(2026) == "MMXXVI"
    assert letters(28) == "bb"
    assert formatted(3, "decimalEnclosedCircle") == "③"
    assert formatted(12, "decimalFullWidth") == "１２"
    assert formatted(3, "chineseLegalSimplified") == "叁"
    assert formatted(2, "ideographTraditional") == "乙"
    assert formatted(21, "decimalEnclosedCircle") == "21"
