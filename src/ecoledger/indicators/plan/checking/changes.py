"""Changes said twice, and changes whose two levels are said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from ecoledger.indicators.plan.checking.said import (
    SAYS_UNROUNDED,
    Finding,
    Said,
    before,
    finding,
    rounded,
    shown,
    with_unit,
)
from ecoledger.indicators.plan.folding import Line

_WAY = r"(?P<way>下降|减少|降低|上升|提高|提升|增加|增长|升高|上涨|改善|压减|下滑)(?:了|幅度|率)?(?:约|为|达|达到|了)?$"
_UP = {"上升", "提高", "提升", "增加", "增长", "升高", "上涨"}
_RATE = re.compile(
    r"(?:率|比例|比率|占比|比重|覆盖面|满意度)(?:为|达|达到|是|约|均为|仅为|由|从)*$"
)


def changes(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``35.5,同比下降4.2(10.7%)`` or ``,降幅10.7%``: the percentage from the printed figures."""
    text = line.text
    for level, change, percent in zip(said, said[1:], said[2:], strict=False):
        way = re.search(
            r"(下降|减少|降低|改善|上升|提高|增加|增长)(?:了)?$",
            text[level.figure.end : change.figure.start],
        )
        if way is None or percent.figure.unit != "%" or level.figure.unit != change.figure.unit:
            continue
        if level.sentence != percent.sentence or level.figure.unit == "%":
            continue
        # 217家,比上年的164家增加53家,增长32.3%: what it was is no level.
        if re.search(
            r"[较比与](?:去年|上年|20\d\d年)[^,;。\d]{0,6}$",
            text[level.clause : level.figure.start],
        ):
            continue
        between = text[change.figure.end : percent.figure.start]
        if between != "(" and not re.fullmatch(
            r"[,、](?:同比)?(?:[降增升减]幅|下降|上升|增长|减少|增加|提高|改善)(?:[为达]|达到|了)?",
            between,
        ):
            continue
        sign = 1 if way[1] in _UP else -1
        other = re.search(r"下降|减少|降|减|上升|增长|增加|提高|升|增", between)
        if other and way[1] != "改善" and (other[0][0] in "上增提升") != (way[1] in _UP):
            yield _direction(source, line, change, percent, other[0], way[1] in _UP)
            continue
        computed = _of_base(level.value, change.value, sign)
        if computed is None or rounded(computed, percent.decimals) == percent.value:
            continue
        half, half_change = _half(level), _half(change)
        edges = [
            _of_base(level.value + a * half, change.value + b * half_change, sign)
            for a in (-1, 1)
            for b in (-1, 1)
        ]
        known = [edge for edge in edges if edge is not None]
        slack = Decimal(5).scaleb(-percent.decimals - 1)
        # A count is no rounded figure.
        exact = level.figure.counts and not level.decimals
        holds = not exact and min(known) - slack <= percent.value <= max(known) + slack
        if holds and SAYS_UNROUNDED in source:
            continue
        note = "按未修约的数可以成立，应注明" if holds else "按所列数值算不出这个比例"
        yield finding(
            source, line, level.figure.start, percent.figure.end, "change", f"{percent.printed}%",
            f"{shown(rounded(computed, percent.decimals))}%", note,
        )  # fmt: skip


def two_levels(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``38.4,去年同期41.0,下降6.3%``; ``由71.8%提高到76.2%,提高4.4个百分点``: both levels are there."""
    for number in range(len(said) - 1):
        levels = _levels(line, said, number)
        if levels is None:
            continue
        then, now = levels
        text = line.text
        to = re.search(
            r"(提高|上升|增加|提升|增长|下降|降低|减少|降|升)(?:到|至)$",
            before(line, said, number + 1),
        )
        if to and then.value != now.value:
            up = to[1] in _UP or to[1] == "升"
            if up != (now.value > then.value):
                yield _direction(source, line, then, now, to[1], now.value > then.value)
                continue
        told = re.search(
            r"同比(上升|下降|升高)",
            line.text[said[number].figure.end : said[number + 1].figure.start],
        )
        if told and (told[1] != "下降") != (now.value > then.value):
            yield _direction(source, line, now, then, told[1], now.value > then.value)
            continue
        if number + 2 >= len(said):
            continue
        change = said[number + 2]
        after_now = text[said[number + 1].figure.end : change.figure.start]
        way = re.search(_WAY, after_now) or re.search(
            r"(?P<way>[降升增减])幅(?:为|达|达到)?$", after_now
        )
        if (
            way is None
            or change.sentence != now.sentence
            or len(text[said[number + 1].figure.end : way.start() + said[number + 1].figure.end])
            > 12
        ):
            continue
        difference = now.value - then.value
        if (
            way["way"] != "改善"
            and difference
            and (way["way"] in _UP or way["way"] in "升增") != (difference > 0)
        ):
            yield _direction(source, line, said[number], change, way["way"], difference > 0)
            continue
        yield from _stated(source, line, said[number], then, now, change)


def _levels(line: Line, said: list[Said], number: int) -> tuple[Said, Said] | None:
    """Two figures that tell then and now, whichever stands first."""
    first, second = said[number], said[number + 1]
    if first.figure.unit != second.figure.unit or first.sentence != second.sentence:
        return None
    ahead, between = before(line, said, number), line.text[first.figure.end : second.figure.start]
    # 35.2,同比下降3.8(去年同期39.0): the first of the two is the change, the level stands before it.
    if re.search(_WAY, ahead) and between.startswith("("):
        level = said[number - 1] if number else None
        same = level is not None and level.figure.unit == second.figure.unit
        return (second, level) if same and level and level.sentence == second.sentence else None
    if re.search(r"(?:由|从)(?:20\d\d年)?[^,;。\d]{0,14}$", ahead) and re.search(
        r"[到至]$", between
    ):
        return first, second
    told = re.fullmatch(r",同比(?:上升|下降|改善|升高)[,(](?:去年|上年)(?:同期)?[为是]?", between)
    if (
        told
        or re.fullmatch(
            r"[,(]?[较比与]?(?:去年|上年|20)?\d{0,2}年?同期(?:水平)?[(为是]?(?:的)?", between
        )
        or re.fullmatch(r"[,(](?:去年|上年)(?:同期)?[为是]?", between)
    ):
        return second, first
    return None


def _direction(
    source: str, line: Line, first: Said, last: Said, said_way: str, up: bool
) -> Finding:
    start, end = sorted((first, last), key=lambda m: m.figure.start)
    return finding(
        source, line, start.figure.start, end.figure.end, "direction", said_way,
        "上升" if up else "下降", "所列前后数值的方向与文字相反",
    )  # fmt: skip


def _stated(
    source: str, line: Line, first: Said, then: Said, now: Said, change: Said
) -> Iterator[Finding]:
    difference = abs(now.value - then.value)
    unit = change.figure.unit
    relative = rounded(difference * 100 / then.value, change.decimals) if then.value else None
    if now.figure.unit == "%" and unit == "%":
        if change.value != relative and change.value == rounded(difference, change.decimals):
            yield finding(
                source, line, first.figure.start, change.figure.end, "points",
                f"{change.printed}%", "个百分点", "两个百分数之差是百分点",
            )  # fmt: skip
        return
    computed = difference if unit in ("百分点", now.figure.unit) else relative
    if computed is None or unit not in ("百分点", "%", now.figure.unit):
        return
    computed = rounded(computed, change.decimals)
    if computed != change.value:
        yield finding(
            source, line, first.figure.start, change.figure.end, "change",
            with_unit(change.value, unit), with_unit(computed, unit), f"{then.printed}→{now.printed}",
        )  # fmt: skip


def points(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``优良率82.5%,同比提高3.1%``: the change of a rate is in points, that of anything else is not."""
    text = line.text
    for number, change in enumerate(said):
        if change.figure.unit not in ("%", "百分点") or change.depth:
            continue
        words = text[change.clause : change.figure.start]
        way = re.search(
            r"(?:同比|环比|[较比](?:去年|上年|20\d\d年)(?:同期)?)(?:均|分别)?" + _WAY, words
        )
        if way is None:
            continue
        subject = words[: way.start()]
        level = next((m for m in reversed(said[:number]) if not m.depth), None)
        if level is not None and level.sentence != change.sentence:
            level = None
        if not subject and level is not None and level.figure.unit == "%":
            if change.figure.unit == "%" and _RATE.search(before(line, said, said.index(level))):
                yield finding(
                    source, line, change.clause, change.figure.end, "points", f"{change.printed}%",
                    "个百分点", "比率的变化应以百分点表示；如为相对变化请写明",
                )  # fmt: skip
        elif change.figure.unit == "百分点":
            rate = re.search(r"率|比例|占比|比重|满意度|覆盖|比率|达标|优[良ⅢⅡ]", subject)
            whole = subject or (level is not None and level.figure.unit != "百分点")
            if whole and not rate and not (not subject and level is None):
                yield finding(
                    source, line, change.clause, change.figure.end, "points",
                    f"{change.printed}个百分点", "%", "不是比率的量，其变化不能以百分点表示",
                )  # fmt: skip


def _half(said: Said) -> Decimal:
    return Decimal(5).scaleb(-said.decimals - 1)


def _of_base(level: Decimal, change: Decimal, sign: int) -> Decimal | None:
    base = level - sign * change
    return change * 100 / base if base else None
