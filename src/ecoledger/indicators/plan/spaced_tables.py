"""Tables whose cells only spaces part, as they come out of copied text."""

from __future__ import annotations

import itertools
import re

from ecoledger.indicators.plan import tables

_CELL = re.compile(r"\S+")


def with_bars(source: str) -> str:
    """The text, as long as before, with tabs between the cells of such tables.

    A table begins with a line whose words are known heads of columns; its rows have as many cells.
    """
    chars = list(source)
    columns = 0
    start = 0
    for raw in source.split("\n"):
        places = [m.span() for m in _CELL.finditer(raw)]
        words = [raw[a:b] for a, b in places]
        if "\t" in raw or "|" in raw or len(words) < 3:
            columns = 0
        elif not re.search("[,。;,。;]", raw) and tables.header("|".join(words)) is not None:
            columns = len(words)
        elif len(words) != columns:
            columns = 0
        if columns:
            for (_a, end), (begin, _b) in itertools.pairwise(places):
                if begin > end:
                    chars[start + end] = "\t"
        start += len(raw) + 1
    return "".join(chars)
