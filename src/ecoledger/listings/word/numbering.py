"""The labels of numbered paragraphs: 一、（一）1. ① and bullets, counted through the document."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ecoledger.listings.word.package import Element, Package, child, name, value

_DIGITS = "〇一二三四五六七八九"
_FORMAL = "零壹贰叁肆伍陆柒捌玖"


def chinese(number: int, digits: str = _DIGITS, units: str = "十百千") -> str:
    """A number below 10 000 as it is read: 十二, 二十, 一百〇三."""
    if number < 10 or number >= 10_000:
        return digits[number] if 0 <= number < 10 else str(number)
    text, zero = "", False
    for place in range(len(str(number)) - 1, -1, -1):
        digit = number // 10**place % 10
        if digit == 0:
            zero = bool(text)
            continue
        if zero:
            text += digits[0]
            zero = False
        text += digits[digit] + (units[place - 1] if place else "")
    return text[1:] if text.startswith(digits[1] + units[0]) else text


def roman(number: int) -> str:
    """A number in Roman figures."""
    text = ""
    for size, figure in (
        *((1000, "M"), (900, "CM"), (500, "D"), (400, "CD"), (100, "C"), (90, "XC")),
        *((50, "L"), (40, "XL"), (10, "X"), (9, "IX"), (5, "V"), (4, "IV"), (1, "I")),
    ):
        while number >= size:
            text += figure
            number -= size
    return text


def letters(number: int) -> str:
    """a … z, aa, bb …"""
    return chr(ord("a") + (number - 1) % 26) * ((number - 1) // 26 + 1)


def formatted(number: int, kind: str) -> str:
    """A number in one of Word's number formats."""
    match kind:
        case "chineseCounting" | "chineseCountingThousand" | "japaneseCounting":
            return chinese(number)
        case "ideographDigital" | "taiwaneseDigital":
            return "".join(_DIGITS[int(d)] for d in str(number))
        case "chineseLegalSimplified":
            return chinese(number, _FORMAL, "拾佰仟")
        case "ideographTraditional":
            return "甲乙丙丁戊己庚辛壬癸"[(number - 1) % 10]
        case "upperRoman":
            return roman(number)
        case "lowerRoman":
            return roman(number).lower()
        case "upperLetter":
            return letters(number).upper()
        case "lowerLetter":
            return letters(number)
        case "decimalZero":
            return f"{number:02d}"
        case "decimalFullWidth":
            return str(number).translate({ord(str(d)): 0xFF10 + d for d in range(10)})
        case "decimalEnclosedCircle" | "decimalEnclosedCircleChinese" if 1 <= number <= 20:
            return chr(0x2460 + number - 1)
        case "none":
            return ""
        case _:
            return str(number)


@dataclass
class Level:
    """One level of a list."""

    start: int
    kind: str
    text: str
    suffix: str
    paragraph: Element | None
    run: Element | None


# Bullets are drawn in symbol fonts that nobody else has: their shapes by Unicode.
_BULLETS = {
    "\uf06c": "●",
    "\uf06e": "■",
    "\uf075": "◆",
    "\uf0d8": "➢",
    "\uf0fc": "✓",
    "\uf0b7": "•",
}


@dataclass
class Numbering:
    """The lists of a document and how far each has counted."""

    package: Package
    levels: dict[str, dict[int, Level]] = field(default_factory=dict)
    abstract: dict[str, str] = field(default_factory=dict)
    counts: dict[str, dict[int, int]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        root = self.package.related("/numbering")
        if root is None:
            return
        abstract = {
            value(row, "w:abstractNumId") or "": {
                int(value(level, "w:ilvl") or 0): _level(level)
                for level in row.findall(name("w:lvl"))
            }
            for row in root.findall(name("w:abstractNum"))
        }
        for row in root.findall(name("w:num")):
            key, of = value(row, "w:numId") or "", value(child(row, "w:abstractNumId")) or ""
            levels = dict(abstract.get(of, {}))
            overridden = False
            for override in row.findall(name("w:lvlOverride")):
                depth = int(value(override, "w:ilvl") or 0)
                own = child(override, "w:lvl")
                if own is not None:
                    levels[depth] = _level(own)
                start = value(child(override, "w:startOverride"))
                if start is not None and depth in levels:
                    old = levels[depth]
                    levels[depth] = Level(
                        int(start), old.kind, old.text, old.suffix, old.paragraph, old.run
                    )
                    overridden = True
            self.levels[key] = levels
            # Lists of one abstract list count on together, unless one starts anew.
            self.abstract[key] = key if overridden else f"abstract {of}"

    def level(self, key: str, depth: int) -> Level | None:
        return self.levels.get(key, {}).get(depth)

    def next(self, key: str, depth: int) -> str:
        """Counts one on and gives the label."""
        level = self.levels[key][depth]
        counts = self.counts.setdefault(self.abstract[key], {})
        counts[depth] = counts.get(depth, level.start - 1) + 1
        for deeper in [d for d in counts if d > depth]:
            del counts[deeper]
        if level.kind == "bullet":
            return "".join(_BULLETS.get(c, c) for c in level.text)

        def put(match: re.Match[str]) -> str:
            of = int(match.group(1)) - 1
            other = self.levels[key].get(of)
            return formatted(
                counts.get(of, other.start if other else 1), other.kind if other else "decimal"
            )

        return re.sub(r"%(\d)", put, level.text)


def _level(element: Element) -> Level:
    return Level(
        int(value(child(element, "w:start")) or 1),
        value(child(element, "w:numFmt")) or "decimal",
        value(child(element, "w:lvlText")) or "",
        value(child(element, "w:suff")) or "tab",
        child(element, "w:pPr"),
        child(element, "w:rPr"),
    )
