"""What a document says, before it is a page, a Word file or a table: statements made of words and figures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

from ecoledger.indicators.figures import Change, Figure

# A change stands beside the two figures it was made from, which open their records.
Part = str | Figure | Change


@dataclass(frozen=True)
class Subheading:
    """A second-level heading; it is numbered （一） where it stands."""

    text: str


@dataclass(frozen=True)
class Statement:
    """A paragraph; figures stand among its words and keep what they know. ``note``: set as a note."""

    parts: tuple[Part, ...]
    note: bool = False

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)


@dataclass(frozen=True)
class Table:
    """A table with its caption; cells are words, figures or changes. ``empty`` is said without rows."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Part, ...], ...]
    note: str = ""
    empty: str = ""
    number: int = 0

    @property
    def title(self) -> str:
        return f"表{self.number} {self.caption}" if self.number else self.caption


@dataclass(frozen=True)
class DayChart:
    """Daily AQI as coloured bars with one pollutant as a line."""

    caption: str
    days: tuple[date, ...]
    index: tuple[int | None, ...]
    line: tuple[float | None, ...]
    line_label: str = "PM2.5 (µg/m³)"
    number: int = 0

    @property
    def title(self) -> str:
        return f"图{self.number} {self.caption}" if self.number else self.caption


Block = Subheading | Statement | Table | DayChart


@dataclass(frozen=True)
class Section:
    """A first-level heading and what stands under it."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Bulletin:
    """A bulletin (环境质量日报, 月报) for an area and a period, ``begin <= day < end``.

    ``standards`` are what it was judged by; ``doubts`` those of them whose transcription has not been
    checked against the official text, which the page shows to whoever issues it.
    """

    kind: str
    title: str
    number: str
    issuer: str
    area_code: str
    begin: date
    end: date
    sections: tuple[Section, ...]
    standards: tuple[str, ...] = field(default_factory=tuple)
    doubts: tuple[str, ...] = field(default_factory=tuple)

    def parts(self) -> Iterator[Part]:
        """Every word, figure and change, in the order of reading."""
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Statement):
                    yield from block.parts
                elif isinstance(block, Table):
                    for row in block.rows:
                        yield from row

    def figures(self) -> list[Figure]:
        """Every figure, in the order of reading."""
        return [part for part in self.parts() if isinstance(part, Figure)]

    def changes(self) -> list[Change]:
        """Every change against an earlier period, in the order of reading."""
        return [part for part in self.parts() if isinstance(part, Change)]


_DIGITS = "零一二三四五六七八九十"


def ordinal(number: int) -> str:
    """A heading's number in Chinese, 1 to 19."""
    return _DIGITS[number] if number <= 10 else f"十{_DIGITS[number - 10]}"


def numbered(sections: Sequence[tuple[str, Sequence[Block | None]]]) -> tuple[Section, ...]:
    """Sections with their headings, subheadings, tables and figures numbered in the order of reading.

    Tables and figures count through the whole document, subheadings anew in each section. A block that is
    ``None`` and a section without blocks are left out.
    """
    tables = figures = 0
    result: list[Section] = []
    for heading, blocks in sections:
        made: list[Block] = []
        level = 0
        for block in blocks:
            match block:
                case None:
                    continue
                case Subheading(text):
                    level += 1
                    made.append(Subheading(f"（{ordinal(level)}）{text}"))
                case Table():
                    if block.rows:
                        tables += 1
                        block = replace(block, number=tables)
                    made.append(block)
                case DayChart():
                    if block.days:
                        figures += 1
                        made.append(replace(block, number=figures))
                case _:
                    made.append(block)
        if made:
            result.append(Section(f"{ordinal(len(result) + 1)}、{heading}", tuple(made)))
    return tuple(result)
