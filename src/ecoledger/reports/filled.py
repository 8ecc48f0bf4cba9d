"""A filled template read back as content: its paragraphs and tables with every figure where it stands.

Figures go into the template as marks of private characters and come out as the figures they stand for, so that the
page of a draft opens the records of exactly what the .docx prints.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import Any

from docx import Document
from docx.table import Table as WordTable

from ecoledger.indicators.figures import Change, Figure
from ecoledger.reports import notes
from ecoledger.reports.content import Block, Part, Section, Statement, Subheading, Table

# A paragraph before the first heading is one from so many characters on; shorter ones are title and date.
AN_OPENING = 40
_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}(\\d+){_CLOSE}")
_HEADING = re.compile(r"^[一二三四五六七八九十]{1,3}、")
_SUBHEADING = re.compile(r"^（[一二三四五六七八九十]{1,3}）[^。]{1,40}$")


class Value(str):
    """A text that is false where there is nothing to say: ``{% if 优良天数比例 %}``."""

    __slots__ = ("there",)
    there: bool

    def __new__(cls, text: str, *, there: bool = True) -> Value:
        made = super().__new__(cls, text)
        made.there = there
        return made

    def __bool__(self) -> bool:
        return self.there and bool(len(self))


def is_there(part: Part) -> bool:
    """Whether a part has something to say."""
    match part:
        case Figure():
            return part.value is not None
        case Change():
            return part.difference is not None
    return bool(part)


class Marks:
    """Figures handed out as marks, to be found again."""

    def __init__(self) -> None:
        self.parts: list[Part] = []

    def of(self, part: Part) -> Value:
        """The mark of a figure or change; words go in as they are."""
        if isinstance(part, str):
            return Value(part, there=bool(part))
        self.parts.append(part)
        return Value(f"{_OPEN}{len(self.parts) - 1}{_CLOSE}", there=is_there(part))

    def read(self, text: str) -> tuple[Part, ...]:
        """A text's words and figures."""
        result: list[Part] = []
        for n, piece in enumerate(_MARK.split(text)):
            if n % 2:
                result.append(self.parts[int(piece)])
            elif piece:
                result.append(piece)
        return tuple(result)


def printed(part: Part) -> Value:
    """What the .docx prints of a part."""
    return Value(str(part), there=is_there(part))


def values(
    named: Mapping[str, Part], lists: Mapping[str, Sequence[Mapping[str, Part]]], say: Any
) -> dict[str, Any]:
    """Variables for a template; ``say`` makes of each part what goes in: its mark, or what is printed."""
    made: dict[str, Any] = {name: say(part) for name, part in named.items()}
    for name, rows in lists.items():
        made[name] = [{column: say(part) for column, part in row.items()} for row in rows]
    return made


def sections(docx: bytes, marks: Marks, after: str) -> tuple[Section, ...]:
    """The text of a filled template below its title; ``after`` is the line (signature) at which it ends."""
    found: list[tuple[str, list[Block]]] = []
    started = False
    number = 0
    for block in Document(BytesIO(docx)).iter_inner_content():
        if isinstance(block, WordTable):
            if started:
                number += 1
                found[-1][1].append(_table(block, marks, number))
            continue
        text = block.text.strip()
        plain = _MARK.sub("", text)
        if not text:
            continue
        if started and after and plain == after:
            break
        if _HEADING.match(plain):
            found.append((text, []))
            started = True
        elif started:
            said = Statement(marks.read(text), note=text.startswith(notes.MARK))
            found[-1][1].append(Subheading(plain) if _SUBHEADING.match(plain) else said)
        elif len(plain) >= AN_OPENING:
            found.append(("", [Statement(marks.read(text))]))
            started = True
    return tuple(Section(_MARK.sub("", heading), tuple(blocks)) for heading, blocks in found)


def _table(table: WordTable, marks: Marks, number: int) -> Table:
    rows = [tuple(cell.text.strip() for cell in row.cells) for row in table.rows]
    header = tuple(_MARK.sub("", cell) for cell in rows[0]) if rows else ()
    body = tuple(tuple(_cell(cell, marks) for cell in row) for row in rows[1:])
    return Table("", header, body, empty="没有内容。", number=number)


def _cell(text: str, marks: Marks) -> Part:
    parts = marks.read(text)
    if len(parts) == 1:
        return parts[0]
    return "".join(str(part) for part in parts)
