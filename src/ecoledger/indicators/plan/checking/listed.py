"""Figures said in a row: levels, their changes and what they were, each 分别; places in the order of a figure."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator
from decimal import Decimal

from ecoledger.indicators.plan.checking.said import Finding, Said, finding, rounded, shown
from ecoledger.indicators.plan.checking.then_and_now import told
from ecoledger.indicators.plan.folding import Line

_BRACKET = re.compile(
    r"\((?P<what>[^(),;。\d]{0,4}(?:20\d\d年|去年|上年)?[^(),;。\d]{0,8}?)分别[为是]?(?P<in>[^()]*)\)"
)
_WAY = re.compile(r"分别(?P<way>下降|减少|降低|下滑|上升|提高|增加|增长|提升|升高|改善)(?:了)?$")
_OF_GOAL = re.compile(r"(?:完成|占)[^,;。\d]{0,10}的?$")
_ORDER = re.compile(
    r"由(?P<way>低到高|高到低|少到多|多到少|小到大|大到小)(?:排序|排列|依次)?[^,;。\d:：]{0,6}[为是:：](?P<list>[^;。]+)"
)
_PLACE = re.compile(r"[^\d、,;。]{2,12}?[(（]?(?P<figure>\d+(?:\.\d+)?)(?![\d%]*[次位])")


def side_by_side(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``分别为54、31微克,同比分别下降6.9%和8.8%(上年分别为58、34微克)``; ``完成任务的104%、107%(任务分别为…)``."""
    for match in _BRACKET.finditer(line.text):
        inside = [m for m in said if match.start("in") <= m.figure.start < match.end("in")]
        ahead = [m for m in said if m.figure.end <= match.start() and not m.depth]
        many = len(inside)
        if many < 2 or len(ahead) < 2 * many or ahead[-2 * many].sentence != inside[0].sentence:
            continue
        levels, shares = ahead[-2 * many : -many], ahead[-many:]
        between = line.text[levels[-1].figure.end : shares[0].figure.start]
        way, goal = _WAY.search(between), _OF_GOAL.search(between)
        if way and re.search(r"20\d\d年|去年|上年|同期", match["what"]):
            for level, base, change in zip(levels, inside, shares, strict=True):
                yield from told(source, line, level, base, change, way["way"], change.figure.end)
        elif goal and all(share.figure.unit == "%" for share in shares):
            for level, whole, share in zip(levels, inside, shares, strict=True):
                computed = (
                    rounded(level.value * 100 / whole.value, share.decimals)
                    if whole.value
                    else None
                )
                if computed is not None and computed != share.value:
                    yield finding(
                        source, line, share.figure.start, share.figure.end, "ratio", f"{share.printed}%",
                        f"{shown(computed)}%", f"{level.printed}/{whole.printed}",
                    )  # fmt: skip


def in_order(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``由低到高依次为:云岭镇27、桃源镇29、东关街道31``: each figure is beyond the one before."""
    for match in _ORDER.finditer(line.text):
        rows = list(_PLACE.finditer(match["list"]))
        if len(rows) < 3:
            continue
        upwards = match["way"] in ("低到高", "少到多", "小到大")
        for first, second in itertools.pairwise(rows):
            step = Decimal(second["figure"]) - Decimal(first["figure"])
            if step and (step > 0) != upwards:
                start = match.start("list")
                yield finding(
                    source, line, start + first.start(), start + second.end(), "rank",
                    second["figure"], "—", f"没有按由{match['way']}排列",
                )  # fmt: skip
                break
