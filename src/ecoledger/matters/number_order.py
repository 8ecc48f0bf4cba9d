"""How numbers of matters follow each other: by what stands before, the year and the count, not by letters."""

from __future__ import annotations

import re

LENGTH = 160
_DIGITS = re.compile(r"\d+")


def order_of(number: str) -> str:
    """A text that sorts as the number counts.

    >>> sorted(["信访〔2026〕100号", "信访〔2026〕9号", "信访〔2025〕200号"], key=order_of)
    ['信访〔2025〕200号', '信访〔2026〕9号', '信访〔2026〕100号']
    """
    return _DIGITS.sub(lambda run: run.group().zfill(8), number)[:LENGTH]
