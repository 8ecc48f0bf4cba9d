"""Figures that divide another: 其中…, 包括…, or a bracket behind it."""

from __future__ import annotations

import re

from ecoledger.indicators.plan import figures, things
from ecoledger.indicators.plan.drafts import Draft, Sentence
from ecoledger.indicators.plan.figures import Figure
from ecoledger.indicators.plan.items import Part
from ecoledger.indicators.plan.words import Words

OPENS = re.compile(r"^(?:其中|包括|包含|含|分别为|分别是)")
# How a clause begins that says what became of the whole.
_ENDED = r"^(?:办结|整改|完成|查处|移送|销号|结案|解决|处置)"
# A bracket that tells what was at another time, not what the figure is made of.
_ELSEWHEN = re.compile(r"20\d\d年?|去年|上年|同期|前年|目标|同比|环比|[较比]")
_THINGS = {"个", "件", "份", "项", "起", "宗", "例"}


def alike(a: str | None, b: str | None) -> bool:
    """Whether two units count the same kind of thing, so that one figure can be part of the other."""
    return a == b or (a in _THINGS and b in _THINGS)


def rate_of_its_own(words: Words, sentence: Sentence, begin: int, rows: list[Figure]) -> bool:
    figure = rows[-1]
    if figure.counts:
        return False
    prefix = sentence.text[begin : figure.lead]
    return (
        things.indicator(words, prefix, figure.unit, prefix, prefix) is not None
        or figure.unit == "%"
    )


def divides(words: Words, whole: Draft, rows: list[Figure]) -> bool:
    """Whether figures behind 其中 are of the whole's kind; else they are items of their own."""
    figure = whole.figure
    return figure is not None and figure.counts and all(alike(f.unit, figure.unit) for f in rows)


def continues(words: Words, whole: Draft, stretch: str, rows: list[Figure]) -> bool:
    """A further part of the whole: the same unit, no verb of its own beginning a new statement."""
    if "其中" not in whole.tags or whole.figure is None:
        return False
    if re.match(r"^(?:均|已|并|同时|共|累计|全部|目前)", stretch.lstrip("、")):
        return False
    if re.match(_ENDED, stretch.lstrip("、,")) and come_to_it(whole):
        return False
    return all(alike(f.unit, whole.figure.unit) for f in rows)


def come_to_it(whole: Draft) -> bool:
    """Whether the parts that were said so far already fill the whole."""
    parts = whole.item.parts or []
    return whole.figure is not None and sum(p.value for p in parts) == whole.figure.value


def bracket(words: Words, sentence: Sentence, draft: Draft, end: int) -> None:
    """A bracket behind the figure: its parts, or a remark that ends the span."""
    if draft.figure is None:
        return
    for row in sentence.brackets:
        if (
            row.mark != "("
            or not draft.figure.end <= row.start <= draft.end + 1
            or row.end > end + 1
        ):
            continue
        rows = figures.find(words, sentence.text, row.start + 1, row.end - 1)
        rows = [f for f in rows if alike(f.unit, draft.figure.unit)]
        if _ELSEWHEN.match(sentence.text[row.start + 1 : row.end - 1]):
            rows = []
        if rows and draft.figure.counts and draft.item.change_value is None:
            collect(words, sentence, draft, row.start + 1, rows)
            draft.end = max(draft.end, row.end)
            draft.tags.add("parts")
        elif row.start == draft.figure.end:
            draft.end = max(draft.end, row.end)
            inside = sentence.text[row.start + 1 : row.end - 1]
            if re.search(r"(?:镇|街道|村|社区|乡|园区|县|区)$", inside) and not re.search(
                r"\d|以下简称", inside
            ):
                draft.item.area = inside


def add_parts(
    words: Words, sentence: Sentence, whole: Draft, begin: int, end: int, rows: list[Figure]
) -> Draft | None:
    if whole.figure is None or any(not alike(f.unit, whole.figure.unit) for f in rows if f.counts):
        return None
    usable = [f for f in rows if alike(f.unit, whole.figure.unit)]
    if not usable or whole.figure.unit == "%":
        return None
    collect(words, sentence, whole, begin, usable)
    inner: list[Figure] = []
    last = usable[-1].end
    for row in sentence.brackets:
        if row.mark == "(" and begin <= row.start < end:
            hidden = figures.find(words, sentence.text, row.start + 1, row.end - 1)
            inner += [f for f in hidden if alike(f.unit, whole.figure.unit)]
            if row.start <= last + 1:
                last = max(last, row.end)
    if inner:
        collect(words, sentence, whole, begin, inner)
    whole.end = max(whole.end, last)
    whole.tags |= {"parts", "其中"}
    return whole


def collect(words: Words, sentence: Sentence, whole: Draft, begin: int, rows: list[Figure]) -> None:
    text = sentence.text
    parts = whole.item.parts or []
    start = begin
    for figure in rows:
        before = re.split(r"[、,(;和]", text[start : figure.lead])[-1]
        after = re.split(r"[、,);和及]", text[figure.end :])[0]
        noun = things.noun(words, OPENS.sub("", before), after)
        parts.append(Part(noun or None, figure.value, figure.unit))
        start = figure.end
    whole.item.parts = parts
