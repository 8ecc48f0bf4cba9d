"""Tables that stand below one another in a sheet, each with a header of its own."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from ecoledger.listings.tables.book import Cell, Table, is_blank
from ecoledger.listings.tables.headers import HEADER_WITHIN, Header, find_header, fold, why_no_data
from ecoledger.listings.tables.units import says_units, unit_said

_LONGEST_NAME = 40
_NUMBER = re.compile(r"[\d\s.,:/~%+\-—年月日时点分]+")

Known = Callable[[str], bool]


def stacked(
    table: Table, known: Known, least: int = 2, leads: Known | None = None
) -> list[tuple[Table, Header]]:
    """The tables of a sheet, from above to below, with their headers; none where no row names ``least`` columns.

    Another begins where a row names columns in most of its cells, unless they are those of the header above, as at the
    top of each printed page, and no title stands over them. ``leads``: names of which a header has one at least;
    without it three names must be known.
    """
    known = lru_cache(maxsize=4096)(known)
    whole = find_header(table, known, least)
    if whole is None:
        return []
    enough = least if leads else min(3, whole.score)
    heads = [y for y, row in enumerate(table.rows) if _is_head(row, known, enough, leads)]
    starts = [y for y, before in zip(heads, [-2, *heads], strict=False) if y > before + 1]
    parts: list[tuple[Table, Header]] = []
    begin, rows = 0, table.rows
    for y in [*starts, len(rows)]:
        header = find_header(_part(table, begin, min(y, begin + HEADER_WITHIN + 3)), known, least)
        if header is None:
            continue
        cut = y
        if y < len(rows):
            lowest = begin + header.below
            while cut > lowest and _is_title(rows[cut - 1], header):
                cut -= 1
            after = y + header.below - header.first
            above = rows[begin + header.first : lowest]
            same = cut == y and list(map(_said, rows[y:after])) == list(map(_said, above))
            if cut == lowest or (same and not any(map(says_units, rows[after : after + 1]))):
                continue  # a title of what follows, or the header once more without units of its own
        parts.append((_part(table, begin, cut), header))
        begin = cut
    return parts if len(parts) > 1 else [(table, whole)]


def _is_head(row: Sequence[Cell], known: Known, enough: int, leads: Known | None) -> bool:
    """Whether most cells of a row name columns, and none holds a number, a date or a long text."""
    said: list[str] = []
    for cell in row:
        if is_blank(cell):
            continue
        if not isinstance(cell, str) or len(cell) > _LONGEST_NAME:
            return False
        if cell[0].isdigit() and _NUMBER.fullmatch(cell):
            return False
        said.append(cell)
    if len(said) < enough or (leads and not any(map(leads, said))):
        return False
    unknown = 0
    for text in said:
        unknown += not known(text)
        if unknown * 2 >= len(said):
            return False
    return len(said) - unknown >= enough


def _is_title(row: Sequence[Cell], header: Header) -> bool:
    """Whether a row says one thing, and it is none of what stands below a table; or gives units alone."""
    said = {cell for cell in row if not is_blank(cell)}
    if not all(isinstance(cell, str) for cell in said):
        return False
    if len(said) != 1:
        return all(unit_said(str(cell)) for cell in said)
    return why_no_data(row, header, frozenset(), "") in ("", "section")


def _said(row: Sequence[Cell]) -> list[str]:
    texts = [fold(cell) for cell in row]
    while texts and not texts[-1]:
        texts.pop()
    return texts


def _part(table: Table, begin: int, end: int) -> Table:
    if (begin, end) == (0, len(table.rows)):
        return table
    numbers = table.numbers[begin:end]
    return replace(
        table,
        rows=table.rows[begin:end],
        numbers=numbers,
        hidden_rows=table.hidden_rows.intersection(numbers),
        below_another=begin > 0,
    )
