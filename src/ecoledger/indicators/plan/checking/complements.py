"""What is done and what is not, what comes in and goes out: each must leave the rest that is said."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from ecoledger.indicators.plan.checking.said import (
    Finding,
    Said,
    before,
    finding,
    rounded,
    shown,
    with_unit,
)
from ecoledger.indicators.plan.folding import Line

_NOT = re.compile(
    r"(?:尚|还)?未(?P<verb>完成|开工|整改|整治|办结|启动|完工|达标|安装|验收|处置)[^,;。\d]{0,6}$"
)
_NOT_BEHIND = re.compile(
    r"[^,;。\d]{0,8}?(?:尚|还)?未(?P<verb>完成|开工|整改|整治|办结|启动|完工|达标|安装|验收|处置)"
)
_LEFT = re.compile(r"(?:剩余|尚有|还有|尚余)的?$")
_AT_ONCE = re.compile(r"(?:立行立改|立即整改|当场整改|现场整改|立查立改)[^,;。\d]{0,4}$")
_IN_TIME = re.compile(r"限期整改[^,;。\d]{0,4}$")
_USED = re.compile(r"(?:利用|处置|收集|回收)(?:利用|处置)?量[^,;。\d]{0,4}$")
_MADE = re.compile(r"产生量[^,;。\d]{0,4}$")
_USE_RATE = re.compile(r"(?:综合)?(?:利用|处置|收集|回收)(?:利用|处置)?率[^,;。\d]{0,4}$")


def left_undone(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``计划64个,已开工58个,…,未开工6个``."""
    for number, rest in enumerate(said):
        named = _NOT.search(before(line, said, number)) or _NOT_BEHIND.match(
            line.text[rest.figure.end :]
        )
        left = named is None and _LEFT.search(before(line, said, number))
        if (named is None and not left) or not rest.figure.counts:
            continue
        verb = named["verb"] if named else "办结|整改|完成|整治|销号"
        done = next(
            (
                k
                for k in range(number - 1, -1, -1)
                if said[k].figure.unit == rest.figure.unit
                and said[k].figure.start > line.text.rfind("。", 0, rest.figure.start)
                and re.search(rf"(?<!未)(?:{verb})(?!任务|问题)", before(line, said, k))
            ),
            None,
        )
        # Within one stretch what is left is asked with the other parts.
        if done is None or (left and said[done].sentence == rest.sentence):
            continue
        wholes = [
            m
            for m in said[:done]
            if m.figure.unit == rest.figure.unit
            and m.figure.start > line.text.rfind("。", 0, rest.figure.start)
            and m.value >= said[done].value
            and not m.depth
        ]
        if not wholes or any(m.value == said[done].value + rest.value for m in wholes):
            continue
        # Work under way beside what is done and what is not: those three are asked elsewhere.
        between = line.text[said[done].figure.end : rest.figure.start]
        if re.search(r"正在|在建|推进中|整改中", between):
            continue
        whole = wholes[-1]
        yield finding(
            source, line, whole.figure.start, rest.figure.end, "parts", rest.printed,
            shown(whole.value - said[done].value), f"{whole.printed}－{said[done].printed}",
        )  # fmt: skip


def more_than_all(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``发现问题432个,已整改438个``: more is done than there was."""
    for number in range(1, len(said)):
        whole, part = said[number - 1], said[number]
        if whole.figure.unit != part.figure.unit or whole.sentence != part.sentence:
            continue
        if not part.figure.counts or part.value <= whole.value or part.depth != whole.depth:
            continue
        if re.search(
            r"(?:发现|交办|受理|排查出?|收到)[^,;。\d]{0,12}$", before(line, said, number - 1)
        ) and re.search(
            r"^,(?:均?已)?(?:完成整改|整改完成|整改|办结|销号)$", before(line, said, number)
        ):
            yield finding(
                source, line, whole.figure.start, part.figure.end, "parts", part.printed,
                whole.printed, "办理数大于发现数",
            )  # fmt: skip


def stock(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``产生3250吨,转移处置3120吨,年末库存较年初增加130吨``."""
    for number in range(2, len(said)):
        made, gone, change = said[number - 2 : number + 1]
        if not (made.figure.unit == gone.figure.unit == change.figure.unit):
            continue
        if not (made.sentence == gone.sentence == change.sentence):
            continue
        way = re.search(r"(?:库存|贮存)[^,;。\d]{0,10}(增加|减少)$", before(line, said, number))
        if way is None or "产生" not in before(line, said, number - 2):
            continue
        if not re.search(r"转移|处置|利用", before(line, said, number - 1)):
            continue
        computed = made.value - gone.value
        stated = change.value if way[1] == "增加" else -change.value
        if computed != stated:
            yield finding(
                source, line, made.figure.start, change.figure.end, "parts",
                with_unit(change.value, change.figure.unit), with_unit(abs(computed), change.figure.unit),
                f"{made.printed}－{gone.printed}",
            )  # fmt: skip


def use_rates(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``综合利用量46.2万吨,产生量52.5万吨,综合利用率88%``."""
    for number, rate in enumerate(said):
        if rate.figure.unit != "%" or not _USE_RATE.search(before(line, said, number)):
            continue
        inside = [k for k in range(number) if said[k].sentence == rate.sentence]
        used = [said[k] for k in inside if _USED.search(before(line, said, k))]
        made = [said[k] for k in inside if _MADE.search(before(line, said, k))]
        if len(used) != 1 or len(made) != 1 or used[0].figure.unit != made[0].figure.unit:
            continue
        if not made[0].value:
            continue
        computed = rounded(used[0].value * 100 / made[0].value, rate.decimals)
        slack = Decimal(1).scaleb(-rate.decimals) if used[0].decimals < 2 else Decimal(0)
        if abs(computed - rate.value) > slack:
            first = min(used[0], made[0], key=lambda m: m.figure.start)
            yield finding(
                source, line, first.figure.start, rate.figure.end, "ratio", f"{rate.printed}%",
                f"{shown(computed)}%", f"{used[0].printed}/{made[0].printed}",
            )  # fmt: skip


def put_right(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``发现隐患46处,立行立改31处,限期整改15处``; ``产生4.12万吨,委托处置1.87万吨、自行利用2.25万吨``."""
    for whole, first, second in zip(said, said[1:], said[2:], strict=False):
        number = said.index(whole)
        if not (whole.figure.unit == first.figure.unit == second.figure.unit):
            continue
        if not (whole.sentence == first.sentence == second.sentence):
            continue
        ahead = before(line, said, number + 1), before(line, said, number + 2)
        total = first.value + second.value
        found = _AT_ONCE.search(ahead[0]) and _IN_TIME.search(ahead[1]) and total != whole.value
        waste = (
            "产生" in before(line, said, number)
            and re.search(r"(?:处置|利用)$", ahead[0])
            and re.search(r"(?:处置|利用)$", ahead[1])
            and total > whole.value
        )
        if found or waste:
            yield finding(
                source, line, whole.figure.start, second.figure.end, "parts", whole.printed,
                shown(total), "各分项之和大于总数" if waste else "立行立改与限期整改之和不等于发现数",
            )  # fmt: skip
