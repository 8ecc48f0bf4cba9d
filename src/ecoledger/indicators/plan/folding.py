"""Lines of a text as plain characters, each of which remembers where it stood.

Published texts write one thing in many widths (``（１）``, ``(1)``), put spaces inside words (``80 公 里``)
and subscripts into names (``PM₂.₅``). Rules are written once, for the folded line; spans are given in
the source.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

_WIDE = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F)}
_PLAIN = str.maketrans(
    {
        **{chr(code): plain for code, plain in _WIDE.items()},
        **dict(zip("₀₁₂₃₄₅₆₇₈₉²³", "012345678923", strict=True)),
        "µ": "μ", "﹒": ".", "．": ".", "〜": "~", "～": "~", "–": "-", "‐": "-", "−": "-",
        "『": "“", "』": "”", "「": "“", "」": "”", "﹝": "〔", "﹞": "〕", "％": "%", "，": ",", "\t": "|",
        "∶": ":", "︰": ":", "【": "(", "】": ")", "[": "(", "]": ")",
    }
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One line, folded: ``text[i]`` stood at ``at[i]`` of the source; ``spaced[i]`` if a space stood before it."""

    text: str
    at: tuple[int, ...]
    spaced: tuple[bool, ...]
    start: int
    end: int

    def span(self, start: int, end: int) -> tuple[int, int]:
        """Offsets in the source of ``text[start:end]``, which must not be empty."""
        return self.at[start], self.at[end - 1] + 1


def _latin(char: str) -> bool:
    return char.isascii() and (char.isalnum() or char == ".")


def fold(source: str, start: int, end: int) -> Line:
    """``source[start:end]`` without its spaces, but for those that part two numbers or Latin words."""
    text: list[str] = []
    at: list[int] = []
    spaced: list[bool] = []
    gap = True
    for offset in range(start, end):
        char = source[offset].translate(_PLAIN)
        if char.isspace() or char in "\u200b\ufeff":
            gap = True
            continue
        if gap and text and _latin(text[-1]) and _latin(char):
            text.append(" ")
            at.append(offset - 1)
            spaced.append(True)
        text.append(char)
        at.append(offset)
        spaced.append(gap)
        gap = False
    return Line("".join(text), tuple(at), tuple(spaced), start, end)


def lines(source: str) -> Iterator[Line]:
    """The lines of a text that are not empty."""
    start = 0
    for raw in source.split("\n"):
        end = start + len(raw)
        line = fold(source, start, end)
        if line.text:
            yield line
        start = end + 1
