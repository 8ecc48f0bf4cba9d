"""Sentences and clauses of a folded line; what stands in brackets, titles and quotation marks."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_OPEN = {"(": ")", "“": "”", "《": "》", "〔": "〕", "‘": "’"}
# Longer quotations are speech of the text (围绕“2023年底治理率达40%、…”的目标), shorter ones are names.
LONG_QUOTE = 20
# 1,280: the comma parts no clauses.
_THOUSANDS = re.compile(r"(?<![\d,.])\d{1,3}(?:,\d{3})+(?![\d,])")


@dataclass(frozen=True)
class Bracket:
    """A bracket, quotation or title: ``text[start]`` is its opening, ``text[end-1]`` its closing mark."""

    mark: str
    start: int
    end: int


def brackets(text: str) -> list[Bracket]:
    """All of them, the outer before the inner; a mark without partner is none."""
    stack: list[tuple[str, int]] = []
    rows: list[Bracket] = []
    for position, char in enumerate(text):
        if char in _OPEN:
            stack.append((char, position))
        elif stack and any(_OPEN[mark] == char for mark, _ in stack):
            while stack and _OPEN[stack[-1][0]] != char:
                stack.pop()
            mark, start = stack.pop()
            rows.append(Bracket(mark, start, position + 1))
    return sorted(rows, key=lambda b: (b.start, -b.end))


def hidden_marks(text: str, rows: list[Bracket], *, quotes: bool = True) -> list[bool]:
    """For each character, whether a bracket, title or short quotation hides it."""
    hidden = [False] * len(text)
    for row in rows:
        if row.mark == "“" and (not quotes or row.end - row.start > LONG_QUOTE + 2):
            continue
        for position in range(row.start, row.end):
            hidden[position] = True
    for number in _THOUSANDS.finditer(text):
        for position in range(*number.span()):
            hidden[position] = hidden[position] or text[position] == ","
    return hidden


def split(
    text: str, begin: int, end: int, marks: str, hidden: list[bool]
) -> Iterator[tuple[int, int]]:
    """Stretches of ``text[begin:end]`` between marks that nothing hides, without the marks."""
    start = begin
    for position in range(begin, end):
        if text[position] in marks and not hidden[position]:
            if position > start:
                yield start, position
            start = position + 1
    if end > start:
        yield start, end


def bracket_end(rows: list[Bracket], position: int, end: int) -> int:
    """The end of a bracket that follows at once, else the position."""
    for row in rows:
        if row.mark == "(" and row.start == position and row.end <= end:
            return row.end
    return position
