"""What a document says, before it is a page, a Word file or a table: statements made of words and figures."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from ecoledger.indicators.figures import Figure

Part = str | Figure


@dataclass(frozen=True)
class Statement:
    """A paragraph; figures stand among its words and keep what they know."""

    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return "".join(str(part) for part in self.parts)


@dataclass(frozen=True)
class Table:
    """A table with its caption; cells are words or figures."""

    caption: str
    header: tuple[str, ...]
    rows: tuple[tuple[Part, ...], ...]
    note: str = ""


@dataclass(frozen=True)
class DayChart:
    """Daily AQI as coloured bars with one pollutant as a line."""

    caption: str
    days: tuple[date, ...]
    index: tuple[int | None, ...]
    line: tuple[float | None, ...]
    line_label: str = "PM2.5 (µg/m³)"


Block = Statement | Table | DayChart


@dataclass(frozen=True)
class Section:
    """A first-level heading and what stands under it."""

    heading: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class Bulletin:
    """A bulletin (环境质量日报, 月报) for an area and a period, ``begin <= day < end``."""

    kind: str
    title: str
    number: str
    issuer: str
    area_code: str
    begin: date
    end: date
    sections: tuple[Section, ...]
    standards: tuple[str, ...] = field(default_factory=tuple)

    def figures(self) -> list[Figure]:
        """Every figure, in the order of reading."""
        found: list[Figure] = []
        for section in self.sections:
            for block in section.blocks:
                if isinstance(block, Statement):
                    found += [p for p in block.parts if isinstance(p, Figure)]
                elif isinstance(block, Table):
                    found += [
                        cell for row in block.rows for cell in row if isinstance(cell, Figure)
                    ]
        return found
