"""CSV that a spreadsheet opens without running what a cell says."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable

# What a spreadsheet runs, in either width, also behind what it strips or does not show; and the apostrophe itself.
_RUN = re.compile(
    "['\t\r]|[\\s\\x00-\\x1f\\xad\\u200b-\\u200f\\u2060-\\u2064\\ufeff]*[=+\\-@＝＋－＠]"
)
_NUMBER = re.compile(r"-?\d+(\.\d+)?")


def written(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV, each cell as :func:`cell` has it."""
    out = io.StringIO()
    csv.writer(out).writerows([cell(value) for value in row] for row in rows)
    return out.getvalue()


def cell(value: object) -> str:
    """A value as text, with an apostrophe before what a spreadsheet would run; a number is one.

    >>> cell("=1+1"), cell(" ＝1"), cell(-5.2), cell("'甲"), cell("甲")
    ("'=1+1", "' ＝1", '-5.2', "''甲", '甲')
    """
    text = str(value)
    return f"'{text}" if _RUN.match(text) and not _NUMBER.fullmatch(text) else text


def uncell(text: str) -> str:
    """What :func:`cell` was given, as text."""
    return text[1:] if text.startswith("'") and _RUN.match(text[1:]) else text
