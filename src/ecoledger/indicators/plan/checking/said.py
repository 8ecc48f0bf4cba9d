"""The figures of a text as they are printed, and what is found of them."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from decimal import ROUND_HALF_UP, Decimal

from ecoledger.indicators.plan import figures, sentences
from ecoledger.indicators.plan.figures import Figure
from ecoledger.indicators.plan.folding import Line
from ecoledger.indicators.plan.words import Words
from ecoledger.standards.rounding import plainly

# A text that says how its changes were computed needs no further note.
SAYS_UNROUNDED = "由未修约值计算"


@dataclass(frozen=True)
class Finding:
    """Figures that do not agree: where, of what kind, what is stated and what the others come to."""

    start: int
    end: int
    text: str
    kind: str
    stated: str
    computed: str
    note: str

    def line(self) -> str:
        """The finding as one line of JSON."""
        row = asdict(self)
        return json.dumps({"span": [row.pop("start"), row.pop("end")], **row}, ensure_ascii=False)


@dataclass(frozen=True)
class Said:
    """A figure where it stands: brackets around it, and its digits as printed."""

    figure: Figure
    depth: int
    sentence: int
    clause: int
    printed: str

    @property
    def value(self) -> Decimal:
        return Decimal(self.printed.replace(",", ""))

    @property
    def decimals(self) -> int:
        return len(self.printed.partition(".")[2])


def read(words: Words, line: Line) -> list[Said]:
    text = line.text
    marks = sentences.brackets(text)
    rows: list[Said] = []
    for figure in figures.find(words, text, 0, len(text)):
        around = [b for b in marks if b.start < figure.start < b.end]
        named = any(
            b.mark == "《" or (b.mark == "“" and b.end - b.start <= sentences.LONG_QUOTE)
            for b in around
        )
        if named or figure.high is not None or figure.bound:
            continue
        match = re.match(r"[\d,]*\.?\d+", text[figure.start :])
        printed = match.group() if match else f"{figure.value}"
        depth = sum(1 for b in around if b.mark == "(")
        begin = max(text.rfind(mark, 0, figure.start) for mark in "。;") + 1
        clause = max(text.rfind(mark, 0, figure.start) for mark in "。;,(") + 1
        rows.append(Said(figure, depth, begin, clause, printed))
    return rows


def finding(
    source: str, line: Line, start: int, end: int, kind: str, stated: str, computed: str, note: str
) -> Finding:
    first, last = line.span(start, end)
    return Finding(first, last, source[first:last], kind, stated, computed, note)


def rounded(value: Decimal, decimals: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)


def shown(value: Decimal) -> str:
    return plainly(value)


def scale_of(unit: str | None) -> Decimal:
    """How many of the bare unit one of this unit is: 万元 are 10,000 元."""
    return Decimal(
        {"万": 10**4, "亿": 10**8}.get((unit or " ")[0], 1) if len(unit or "") > 1 else 1
    )


def base_unit(unit: str | None) -> str | None:
    """The unit without 万 and 亿."""
    return unit.lstrip("万亿") or unit if unit else unit


def with_unit(value: Decimal, unit: str | None) -> str:
    """A number with its unit as texts print it."""
    return f"{shown(value)}{'个百分点' if unit == '百分点' else unit or ''}"


def before(line: Line, said: list[Said], number: int) -> str:
    """What stands before a figure in its clause, from the figure before it on."""
    start = said[number].clause
    if number and said[number - 1].figure.end > start:
        start = said[number - 1].figure.end
    return line.text[start : said[number].figure.start]
