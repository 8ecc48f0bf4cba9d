"""Levels beside what they were: the level before in a bracket, the change told between or behind."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from decimal import Decimal

from ecoledger.indicators.plan.checking.said import (
    Finding,
    Said,
    finding,
    rounded,
    shown,
    with_unit,
)
from ecoledger.indicators.plan.folding import Line

_BEFORE = (
    r"(?:去年|上年|前年|上月|上季度|上半年|20\d\d年)(?:同期)?(?:的)?(?:值|均值|水平)?(?:为|是)?"
)
_DOWN = re.compile(r"降幅|下降|减少|降低|下滑|压减|改善|少|降|减")
# 25.8微克/立方米,同比下降6.5%(去年同期27.6微克/立方米)
_CHANGE = re.compile(
    r"(?:,|，)?(?:同比|环比|[较比](?:去年|上年|20\d\d年)(?:同期)?)?(?P<way>下降|减少|降低|下滑|压减|上升|提高|增加|增长|提升|升高|改善|多|少)(?:了)?$"
)
_IN_BRACKET = re.compile(rf"\({_BEFORE}$")
# 1905件,…,较去年同期(2073件)少168件; 3.62,比上年3.85下降6.0%
_AGAINST = re.compile(rf"[较比与]{_BEFORE}\(?$")
_THEN = re.compile(
    r"\)?(?P<way>下降|减少|降低|下滑|压减|上升|提高|增加|增长|提升|升高|改善|多|少)(?:了)?$"
)

# …增加53家,增长32.3%
_ALSO = re.compile(r"[,、](?:同比)?(?P<way>增长|上升|提高|下降|减少|降低|增幅|降幅|升幅)(?:为|达)?")


def bases(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """A level, its change, and behind it in a bracket the level before."""
    text = line.text
    for number in range(len(said) - 2):
        change, base = said[number + 1], said[number + 2]
        # 达标312天(有效365天),增加9天(上年303天): what a bracket says on the way is not the level.
        level = next((m for m in reversed(said[: number + 1]) if m.depth == change.depth), None)
        if level is None or not _same(level, base) or level.sentence != base.sentence:
            level = (
                next(
                    (
                        m
                        for m in reversed(said[: number + 1])
                        if m.depth == change.depth and _same(m, base)
                    ),
                    None,
                )
                if said[number].depth > change.depth
                else None
            )
        if level is None or level.sentence != base.sentence:
            continue
        way = _CHANGE.search(
            re.sub(r"\([^()]*\)", "", text[level.figure.end : change.figure.start])
        )
        bracket = text[change.figure.end : base.figure.start]
        if way is None or not _IN_BRACKET.fullmatch(bracket) or "(" in way.string:
            continue
        yield from told(source, line, level, base, change, way["way"], base.figure.end)


def against(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """A level, then the level before and how much more or less that is; clauses may lie between."""
    text = line.text
    for number in range(1, len(said) - 1):
        base, change = said[number], said[number + 1]
        begin = text.rfind(",", 0, base.figure.start) + 1
        if not _AGAINST.search(text[begin : base.figure.start]):
            continue
        way = _THEN.fullmatch(text[base.figure.end : change.figure.start])
        levels = [
            m
            for m in said[:number]
            if _same(m, base) and not m.depth and m.sentence == base.sentence
        ]
        if way is None or not levels:
            continue
        level = levels[-1]
        # 12.48亿元,其中…、市县7.25亿元,较上年的11.30亿元增长10.4%: the whole is compared, not its last part.
        if "其中" in text[levels[0].figure.end : level.figure.start]:
            level = levels[0]
        if base.figure.unit is None and not re.search(
            r"指数", text[level.clause : level.figure.start]
        ):
            continue
        rows = list(told(source, line, level, base, change, way["way"], change.figure.end))
        yield from rows
        share = said[number + 2] if number + 2 < len(said) else None
        if rows or share is None or share.figure.unit != "%" or change.figure.unit == "%":
            continue
        also = _ALSO.fullmatch(text[change.figure.end : share.figure.start])
        if also:
            yield from told(source, line, level, base, share, also["way"], share.figure.end)


def respectively(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``案件93件,罚款1127万元,较上年(104件、1315万元)分别下降10.6%和14.3%``."""
    text = line.text
    for match in re.finditer(
        rf"[较比与]{_BEFORE}\((?P<in>[^()]*)\)(?:相比,?)?(?:均|分别)(?P<way>\w{{2}})", text
    ):
        inside = [m for m in said if match.start("in") <= m.figure.start < match.end("in")]
        changes = [m for m in said if match.end() <= m.figure.start][: len(inside)]
        if len(inside) < 2 or len(changes) != len(inside):
            continue
        for base, change in zip(inside, changes, strict=True):
            level = next(
                (m for m in reversed(said) if m.figure.end <= match.start() and _same(m, base)),
                None,
            )
            if level is not None and level.sentence == base.sentence:
                yield from told(source, line, level, base, change, match["way"], change.figure.end)


def shifts(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``满意率92.6%,比上年提高101.8个百分点``: more than there is."""
    text = line.text
    for level, change in itertools.pairwise(said):
        if level.figure.unit != "%" or change.figure.unit != "百分点":
            continue
        way = _CHANGE.search(text[level.figure.end : change.figure.start])
        if way is None or level.sentence != change.sentence:
            continue
        then = level.value + change.value * (1 if _DOWN.search(way["way"]) else -1)
        if not 0 <= then <= 100 and 0 <= level.value <= 100:
            yield finding(
                source, line, level.figure.start, change.figure.end, "points",
                f"{change.printed}个百分点", "—", f"由此推出此前为{shown(then)}%，不可能",
            )  # fmt: skip


def _same(level: Said, base: Said) -> bool:
    return level.figure.unit == base.figure.unit and level is not base


def told(
    source: str, line: Line, level: Said, base: Said, change: Said, way: str, end: int
) -> Iterator[Finding]:
    """A level, what it was and how it is said to have changed."""
    difference = level.value - base.value
    down = bool(_DOWN.search(way))
    start = min(level.figure.start, base.figure.start)
    if difference and down != (difference < 0) and way != "改善":
        yield finding(
            source, line, start, end, "direction", way, "下降" if difference < 0 else "上升",
            f"此前{base.printed}，现{level.printed}",
        )  # fmt: skip
        return
    unit = change.figure.unit
    if unit == "%" and level.figure.unit != "%":
        computed = abs(difference) * 100 / base.value if base.value else None
    elif unit == level.figure.unit or (unit == "百分点" and level.figure.unit == "%"):
        computed = abs(difference)
    else:
        return
    if computed is None:
        return
    printed = rounded(computed, change.decimals)
    if printed == change.value or (unit == "%" and _within(level, base, change)):
        return
    yield finding(
        source, line, start, end, "change", with_unit(change.value, unit), with_unit(printed, unit),
        f"{base.printed}→{level.printed}",
    )  # fmt: skip


def _within(level: Said, base: Said, change: Said) -> bool:
    """Whether unrounded levels that print so could give the percentage; counts are exact."""
    if level.figure.counts and not level.decimals:
        return False
    half_level = Decimal(5).scaleb(-level.decimals - 1)
    half_base = Decimal(5).scaleb(-base.decimals - 1)
    edges = [
        abs((level.value + a * half_level) / (base.value + b * half_base) - 1) * 100
        for a in (-1, 1)
        for b in (-1, 1)
        if base.value + b * half_base
    ]
    slack = Decimal(5).scaleb(-change.decimals - 1)
    return min(edges) - slack <= change.value <= max(edges) + slack
