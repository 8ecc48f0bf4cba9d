"""What a help page says: a title, a sentence, and sections of points. Texts are in the reader's language."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Point:
    """One line: what, in words, and where it leads."""

    label: str
    text: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Points under one heading."""

    title: str
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Guide:
    """One help page. ``key`` is the end of its address, as "role/town"; ``also``: further words it is found by."""

    key: str
    title: str
    lead: str
    sections: tuple[Section, ...]
    also: str = ""

    @property
    def url(self) -> str:
        return f"/help/{self.key}"

    def lines(self) -> list[str]:
        """Every line of it, for the search."""
        points = [f"{p.label} {p.text}" for s in self.sections for p in s.points]
        return [self.title, self.lead, self.also, *(s.title for s in self.sections), *points]


def section(title: str, points: list[Point]) -> tuple[Section, ...]:
    """A section, or nothing where there is nothing to say."""
    return (Section(title, tuple(points)),) if points else ()


def find(guides: list[Guide], words: str) -> list[tuple[Guide, str]]:
    """Guides that hold every word, those with a word in the title first; with the first line that holds one."""
    wanted = words.casefold().split()
    rows = []
    for guide in guides:
        lines = guide.lines()
        whole = "\n".join(lines).casefold()
        if wanted and all(word in whole for word in wanted):
            line = next((text for text in lines[1:] if wanted[0] in text.casefold()), guide.lead)
            rows.append((wanted[0] not in guide.title.casefold(), guide, line.strip()[:120]))
    return [(guide, line) for _later, guide, line in sorted(rows, key=lambda row: row[0])]
