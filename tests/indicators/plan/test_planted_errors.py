"""Thirty-one summaries with an error planted at each of their marks: exactly it is found, and nothing in the clean text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ecoledger.indicators.plan.checking import check

TEXTS = sorted((Path(__file__).parents[2] / "data" / "planted_errors").glob("*.txt"))
MARK = re.compile(
    r"\[\[(?P<right>[^→\]]+)→(?P<wrong>[^|\]]+)\|(?P<kind>\w+)\|(?P<computed>[^\]]+)\]\]"
)


def _read(marked: str, wrong: int | None) -> str:
    number = -1

    def put(match: re.Match[str]) -> str:
        nonlocal number
        number += 1
        return match["wrong"] if number == wrong else match["right"]

    return MARK.sub(put, marked)


CASES = [
    pytest.param(path, number, match["kind"], match["computed"], id=f"{path.stem}-{number}-{match['kind']}")
    for path in TEXTS
    for number, match in enumerate(MARK.finditer(path.read_text(encoding="utf-8")))
]  # fmt: skip


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.stem)
def test_clean_text_raises_no_alarm(path):
    assert [f.line() for f in check(_read(path.read_text(encoding="utf-8"), None))] == []


@pytest.mark.parametrize(("path", "number", "kind", "computed"), CASES)
def test_planted_error_is_found_and_nothing_else(path, number, kind, computed):
    text = _read(path.read_text(encoding="utf-8"), number)
    assert [(f.kind, f.computed) for f in check(text)] == [(kind, computed)]
    assert all(text[f.start : f.end] == f.text for f in check(text))
