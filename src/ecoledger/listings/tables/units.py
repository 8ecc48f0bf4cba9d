"""Where a table says its units: beside a header's name, in a row of their own, in a title."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache

from ecoledger.listings.tables.book import Cell, Table, is_blank
from ecoledger.listings.tables.headers import LONGEST_NAME, MOST_SAID, Header, fold
from ecoledger.standards.written_measures import read_measure

_UNSEEN = re.compile(r"[*\u200b-\u200f\u2060\ufeff\u00ad]+")
_BRACKET = re.compile(r"[(\[]((?:[^()\[\]]|\([^()]*\))*)[)\]]$")
# Where a unit may begin without a bracket: 保额 万元, 总磷/mg·L-1, 输液瓶(袋)kg.
_BEGINS = re.compile(r"[\s/_,:]+|(?<=[\u4e00-\u9fff)])(?=[A-Za-zμ%‰°×])")
_APART = re.compile(r"[,;、|]")
_SAYS_UNIT = re.compile(r"(?:计量|浓度|数据)?单位\s*(?:[:：]|均?为|是)?\s*")
_LONGEST_UNIT = 48  # letters of a unit with the words and brackets around it
_NO_UNIT = frozenset({"", "-", "/", "—", "单位", "unit", "无"})
_HEADINGS = 3  # rows below a header that may still speak of its columns
# A number, a date or a time: what a row of headings does not hold.
_DATUM = re.compile(r"(?=\D*\d)[\d.,:/年月日时分\-+ TZ]+", re.IGNORECASE)


def _plain(text: str) -> str:
    return " ".join(_UNSEEN.sub("", unicodedata.normalize("NFKC", text)).split())


def parts(title: str) -> tuple[str, tuple[str, ...]]:
    """A header's name and, one by one, what is said of it: its unit, what stands in brackets at its end.

    >>> parts("总磷（以P计，μg/L）"), parts("保额 万元"), parts("氨氮（NH3-N）/(mg·L-1)")
    (('总磷', ('以P计', 'μg/L')), ('保额', ('万元',)), ('氨氮', ('NH3-N', 'mg·L-1')))
    """
    return _parts(title) if len(title) <= LONGEST_NAME else (title, ())


@lru_cache(maxsize=16384)
def _parts(title: str) -> tuple[str, tuple[str, ...]]:
    name = _plain(title)
    said: list[str] = []
    for _each in range(MOST_SAID):
        if not name or unit_said(name):
            break
        begins = next(
            (m for m in _BEGINS.finditer(name) if m.start() and unit_said(name[m.end() :])), None
        )
        if begins is not None:
            said.insert(0, unit_said(name[begins.end() :]))
            name = name[: begins.start()]
        elif bracket := _BRACKET.search(name):
            inside = [part.strip() for part in _APART.split(bracket[1]) if part.strip()]
            if not bracket.start():  # a bracket and nothing else
                return (inside or [""])[0], (*inside[1:], *said)
            said[:0] = inside
            name = name[: bracket.start()].rstrip(" /:_-,")
        else:
            break
    return name, tuple(said)


def unit_said(text: str) -> str:
    """The unit that a text is, with or without the word 单位 before it; "" for any other text."""
    return _unit_said(text) if len(text) <= _LONGEST_UNIT else ""


@lru_cache(maxsize=4096)
def _unit_said(text: str) -> str:
    unit = _plain(text)
    if whole := _BRACKET.fullmatch(unit):
        unit = whole[1]
    unit = _SAYS_UNIT.sub("", unit, count=1)
    return unit if unit.count("(") == unit.count(")") and read_measure(unit) is not None else ""


def claims_unit(text: str) -> bool:
    """Whether a text reads like a unit, known or not: 单位：x, ug/X, x/m3, and MT, which may be two."""
    if len(text) > LONGEST_NAME:
        return False
    plain = _plain(text)
    sides = re.split(r"/|(?<=.)每", plain)
    return (
        bool(_SAYS_UNIT.match(plain))
        or any(map(unit_said, {plain.lower(), plain.capitalize()} - {plain}))
        or (
            len(sides) > 1
            and any(len(side) > 1 and unit_said(side) for side in (sides[0], sides[-1]))
        )
    )


def is_symbol(unit: str) -> bool:
    """Whether a unit is one letter, which in brackets may be a sign for the quantity as well: 高度（H）."""
    return len(unit) == 1 and unit.isascii() and unit.isalpha()


def _gives_units(row: Sequence[Cell], measured: Callable[[int], bool]) -> bool:
    said = [(x, cell) for x, cell in enumerate(row) if not is_blank(cell)]
    if any(not isinstance(cell, str) for _x, cell in said):
        return False
    cells = [(x, parts(str(cell))) for x, cell in said]
    units = [x for x, (name, more) in cells if any(map(unit_said, (name, *more)))]
    return any(measured(x) for x in units) and not any(
        _DATUM.fullmatch(fold(cell)) and x not in units for x, cell in said
    )


def _is_heading(row: Sequence[Cell]) -> bool:
    """Whether a row holds words alone."""
    said = [cell for cell in row if not is_blank(cell)]
    return all(isinstance(cell, str) and not _DATUM.fullmatch(fold(cell)) for cell in said)


def says_units(row: Sequence[Cell]) -> bool:
    """Whether a row holds words alone, most of them units."""
    said = [str(cell) for cell in row if not is_blank(cell)]
    units = sum(1 for text in said if (unit := unit_said(text)) and not is_symbol(unit))
    return _is_heading(row) and units * 2 > len(said)


def with_units(
    table: Table, header: Header, measured: Callable[[int], bool], *, words: bool = True
) -> Header:
    """The header with what rows above or below it say of its columns: their units, as if each stood beside the name, and
    if asked for ``words``, codes or words like 浓度 in a row of their own.

    ``measured``: whether a column holds quantities. A row of units is known by one in such a column, and has no number and
    no date; one of words says nothing in the other columns.
    """

    def only_words(row: Sequence[Cell]) -> bool:
        said = [(x, cell) for x, cell in enumerate(row) if not is_blank(cell)]
        own = {x: fold(header.names[x]) for x, _cell in said if x < len(header.names)}
        return any(measured(x) for x, _cell in said) and all(
            isinstance(cell, str)
            and not _DATUM.fullmatch(fold(cell))
            and (measured(x) or own.get(x, "") in ("", fold(cell)))
            for x, cell in said
        )

    names, stacks, units, below = list(header.names), list(header.stacks), [], header.below
    lines = range(header.below, min(header.below + _HEADINGS, len(table.rows)))
    # Rows of headings go on to the last that gives units, whatever the others say.
    headings = [y for y in lines if all(map(_is_heading, table.rows[header.below : y + 1]))]
    lowest = max((y for y in headings if _gives_units(table.rows[y], measured)), default=-1)
    for line in (*range(max(header.first - 1, 0), header.first), *lines):
        row = table.rows[line]
        if _gives_units(row, measured):
            units.append(line)
        elif line < header.first:
            continue
        elif not (words and only_words(row)):
            if line > lowest:
                break
            continue
        below = max(below, line + 1)
        for x, cell in enumerate(row[: len(names)]):
            if not (measured(x) and names[x]) or is_blank(cell) or cell in stacks[x]:
                continue
            stacks[x] = (*stacks[x], str(cell))
            said = {*map(unit_said, parts(names[x])[1])}
            if (
                line in units
                and fold(cell) not in _NO_UNIT
                and unit_said(str(cell)) not in said - {""}
            ):
                names[x] = f"{names[x]}({unit_said(str(cell)) or str(cell).strip()})"
    return replace(
        header, names=tuple(names), stacks=tuple(stacks), below=below, units=tuple(units),
        plain=header.folded,
    )  # fmt: skip


def pieces(lines: Sequence[str]) -> tuple[list[str], list[str]]:
    """What titles and notes say in brackets, and what they say after the word 单位, piece by piece."""
    bracketed: list[str] = []
    after: list[str] = []
    for line in lines:
        plain = _plain(line)
        for inside in re.findall(r"[(\[]((?:[^()\[\]]|\([^()]*\))*)[)\]]", plain):
            if not _SAYS_UNIT.match(inside):
                bracketed += [part.strip() for part in _APART.split(inside)]
        for match in re.finditer(r"单位\s*(?:[:：]|均?为|是)?\s*([^。\n]*)", plain):
            after += [
                part.strip(" .") for part in re.split(r"[,;、]|\((?!A\))|(?<!\(A)\)", match[1])
            ]
    return [part for part in bracketed if part], [part for part in after if part]
