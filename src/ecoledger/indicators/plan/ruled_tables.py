"""Tables of a PDF page that are drawn with lines: which words stand in which cell.

A PDF knows no tables: it says where a word and where a line is drawn. Two neighbouring horizontal lines
make a band, the vertical lines through it its cells; what is written there is one row.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

THIN = 3.0  # points: a filled box no thicker is a line
NEAR = 2.0  # points: lines nearer are one


@dataclass
class _Drawn:
    """Words with their places (left, baseline, size) and lines of one page, in points."""

    words: list[tuple[float, float, float, str]] = field(default_factory=list)
    across: list[tuple[float, float, float]] = field(default_factory=list)  # y, from x, to x
    down: list[tuple[float, float, float]] = field(default_factory=list)  # x, from y, to y

    def line(self, x0: float, y0: float, x1: float, y1: float) -> None:
        if abs(y1 - y0) <= THIN and abs(x1 - x0) > THIN:
            self.across.append(((y0 + y1) / 2, min(x0, x1), max(x0, x1)))
        elif abs(x1 - x0) <= THIN and abs(y1 - y0) > THIN:
            self.down.append(((x0 + x1) / 2, min(y0, y1), max(y0, y1)))

    def box(self, x: float, y: float, width: float, height: float) -> None:
        if min(abs(width), abs(height)) <= THIN:
            self.line(x, y, x + width, y + height)


def lines(page: Any) -> list[str] | None:
    """The lines of a page with ruled tables, rows as ``cell | cell``; nothing if it has none."""
    drawn = _read(page)
    bands = _bands(drawn)
    if not bands:
        return None
    cells: dict[int, dict[int, list[tuple[float, float, float, str]]]] = {}
    free: list[tuple[float, float, float, str]] = []
    for word in drawn.words:
        x, y, size, _ = word
        middle = y + size * 0.3
        for number, (low, high, columns) in enumerate(bands):
            if low <= middle <= high and columns[0] - NEAR <= x <= columns[-1]:
                column = max(i for i, left in enumerate(columns) if left - NEAR <= x)
                cells.setdefault(number, {}).setdefault(column, []).append(word)
                break
        else:
            free.append(word)
    rows: list[tuple[float, str]] = [(y, text) for y, text in _written(free) if text.strip()]
    for number, (_, high, columns) in enumerate(bands):
        texts = [
            "".join(text for _, text in _written(cells.get(number, {}).get(column, [])))
            for column in range(len(columns) - 1)
        ]
        if any(texts):
            rows.append((high, " | ".join(text.strip() for text in texts)))
    rows.sort(key=lambda row: -row[0])
    return [text for _, text in rows]


def _read(page: Any) -> _Drawn:
    drawn = _Drawn()
    current: list[tuple[float, float]] = []

    def place(matrix: list[float], x: float, y: float) -> tuple[float, float]:
        a, b, c, d, e, f = matrix
        return a * x + c * y + e, b * x + d * y + f

    def operand(operator: bytes, args: list[Any], cm: list[float], tm: list[float]) -> None:
        if operator == b"re" and len(args) == 4:
            x0, y0 = place(cm, float(args[0]), float(args[1]))
            x1, y1 = place(cm, float(args[0] + args[2]), float(args[1] + args[3]))
            drawn.box(x0, y0, x1 - x0, y1 - y0)
        elif operator == b"m" and len(args) == 2:
            current[:] = [place(cm, float(args[0]), float(args[1]))]
        elif operator == b"l" and len(args) == 2 and current:
            end = place(cm, float(args[0]), float(args[1]))
            drawn.line(*current[-1], *end)
            current.append(end)

    def words(text: str, cm: list[float], tm: list[float], font: Any, size: float) -> None:
        if text.strip():
            x, y = place(cm, tm[4], tm[5])
            scale = abs(tm[3] or tm[0] or 1) * abs(cm[3] or 1)
            drawn.words.append((x, y, (size or 10) * scale, text.strip("\n")))

    page.extract_text(visitor_operand_before=operand, visitor_text=words)
    return drawn


def _bands(drawn: _Drawn) -> list[tuple[float, float, list[float]]]:
    """Stretches between horizontal lines that vertical lines cut: lower and upper edge, left edges and the right one."""
    levels: list[float] = []
    for y, _, _ in sorted(drawn.across):
        if not levels or y - levels[-1] > NEAR:
            levels.append(y)
    bands: list[tuple[float, float, list[float]]] = []
    for low, high in pairwise(levels):
        middle = (low + high) / 2
        columns: list[float] = []
        for x, bottom, top in sorted(drawn.down):
            if bottom - NEAR <= middle <= top + NEAR and (not columns or x - columns[-1] > NEAR):
                columns.append(x)
        if len(columns) >= 3:
            bands.append((low, high, columns))
    return bands


def _written(words: list[tuple[float, float, float, str]]) -> list[tuple[float, str]]:
    """Words by lines, from the top."""
    rows: list[tuple[float, list[tuple[float, float, float, str]]]] = []
    for word in sorted(words, key=lambda w: (-w[1], w[0])):
        if rows and abs(rows[-1][0] - word[1]) <= max(2.0, word[2] * 0.4):
            rows[-1][1].append(word)
        else:
            rows.append((word[1], [word]))
    return [(y, "".join(word[3] for word in sorted(line))) for y, line in rows]
