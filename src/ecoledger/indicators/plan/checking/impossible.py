"""What cannot be whatever else is said: days that no month has, shares above a whole."""

from __future__ import annotations

import re
from calendar import monthrange
from collections.abc import Iterator
from decimal import Decimal

from ecoledger.indicators.plan.checking.said import Finding, Said, before, finding, shown
from ecoledger.indicators.plan.folding import Line
from ecoledger.indicators.plan.parts import alike

_DATE = re.compile(r"(?<!\d)(?:(?P<year>20\d\d)年)?(?P<month>\d{1,2})月(?P<day>\d{1,2})日")
# Rates that no work can carry beyond a hundred; 完成率 and 投资率 may be.
_WHOLE = re.compile(
    r"(?:优良(?:天数)?(?:比率|比例|率)|达标(?:率|比例)|办结率|满意(?:率|度)|合格率|处置率|安全利用率|联网率|覆盖率|整改率|断面比例)(?:均|为|达|到)*$"
)


def dates(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``6月31日``."""
    for match in _DATE.finditer(line.text):
        month, day = int(match["month"]), int(match["day"])
        last = monthrange(int(match["year"] or 2024), month)[1] if 1 <= month <= 12 else 0
        if not 1 <= day <= last:
            yield finding(
                source, line, match.start(), match.end(), "date", match.group(),
                f"{month}月{last}日" if last else "—", "没有这一天",
            )  # fmt: skip


def above_all(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``优良率103.2%``."""
    for number, rate in enumerate(said):
        if (
            rate.figure.unit == "%"
            and rate.value > 100
            and _WHOLE.search(before(line, said, number))
        ):
            yield finding(
                source, line, rate.clause, rate.figure.end, "ratio", f"{rate.printed}%", "≤100%",
                "这个比例不能超过100%",
            )  # fmt: skip


def shares_of_one(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``焚烧占68%、填埋占21%、堆肥占13%``: together more than all."""
    run: list[Said] = []
    for number, share in enumerate([*said, None]):
        words = before(line, said, number) if share else ""
        if share and share.figure.unit == "%" and re.search(r"占(?:比|到|为|约)*$", words):
            near = run and line.text[run[-1].figure.end] in "、,和" and len(words) <= 14
            if run and (not near or share.sentence != run[-1].sentence):
                yield from _together(source, line, run)
                run = []
            run.append(share)
            continue
        yield from _together(source, line, run)
        run = []


def _together(source: str, line: Line, run: list[Said]) -> Iterator[Finding]:
    total = sum((m.value for m in run), Decimal(0))
    slack = sum((Decimal(5).scaleb(-m.decimals - 1) for m in run), Decimal(0))
    if len(run) >= 3 and total > 100 + slack:
        yield finding(
            source, line, run[0].figure.start, run[-1].figure.end, "parts", "100%", f"{shown(total)}%",
            "各占比之和超过100%",
        )  # fmt: skip


def member_shares(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``受理524件,其中大气212件、…,大气类占40.5%``: a member named before, and its share of the whole."""
    text = line.text
    for number, rate in enumerate(said):
        named = re.search(
            r"^(?P<name>[^,;。\d]{2,10}?)(?:类|单位|企业|件|案件)*占(?:比)?(?:约|为|达|到)*$",
            text[rate.clause : rate.figure.start],
        )
        if rate.figure.unit != "%" or named is None:
            continue
        stop = text.rfind("。", 0, rate.figure.start)
        inside = [k for k in range(number) if said[k].figure.start > stop and said[k].figure.counts]
        member = next(
            (
                said[k]
                for k in inside
                if len(noun := _noun(before(line, said, k))) >= 2
                and (noun.endswith(named["name"]) or named["name"].startswith(noun))
            ),
            None,
        )
        if member is None:
            continue
        wholes = [
            said[k]
            for k in inside
            if alike(said[k].figure.unit, member.figure.unit)
            and said[k].figure.start < member.figure.start
        ]
        whole = max(wholes, key=lambda m: m.value, default=None)
        if whole is None or whole.value <= member.value:
            continue
        computed = (member.value * 100 / whole.value).quantize(Decimal(1).scaleb(-rate.decimals))
        if abs(computed - rate.value) > Decimal(1).scaleb(-rate.decimals - 1):
            yield finding(
                source, line, whole.figure.start, rate.figure.end, "ratio", f"{rate.printed}%",
                f"{shown(computed)}%", f"{member.printed}/{whole.printed}",
            )  # fmt: skip


def _noun(words: str) -> str:
    return re.sub(r"^[、,;和及]?(?:其中|包括)?:?|(?:类|共|为|有)+$", "", words)
