"""Rates of counts that are stated: 完成率, 占比, a share of so many sections."""

from __future__ import annotations

import itertools
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
from ecoledger.indicators.plan.parts import alike

_RATE = re.compile(
    r"(?P<verb>优良|完成|建成|整治|整改|超标|达标|合格|治理|消除|办结|属实|查处|化解|安装|验收|投运|处置|回复|答复|结案|开工"
    r"|竣工|完工|联网|销号|落实|执行|登记|核查|覆盖|通过|检出|改造)(?:率|比例)(?:约?[为达是]|达到|均|只有|仅为?)*$"
)
# Which verbs say of a count what the rate says; else the rate's own.
_VERBS = {
    "完成": "完成|建成|完工|竣工|整治|整改|办结|销号",
    "整改": "整改",
    "消除": "消除",
    "开工": "开工",
    "完工": "完工|竣工|建成",
}
# 整改任务28项 names what is to be done, 完成整改任务25项 what is.
_NAMED_ONLY = re.compile(r"(?:整改|治理|整治|建设|改造)(?:任务|问题|事项|项目|清单|工程)")
_DONE = re.compile(r"已|完成(?!率)|办结|销号|竣工|建成")
_AVERAGE = re.compile(
    r"(?:[案件户人场月]均|平均每?(?:家次|人次|[个家件户天月次场篇起])?)[^,;。\d]{0,6}$"
)
_SHARE_OF = re.compile(r"占(?P<of>[^,;。\d]{2,14}?)的?$")
_SECTIONS = re.compile(
    r"断面[^,;。\d]{0,16}(?:优良|优Ⅲ|优Ⅱ|优三|Ⅲ类|劣Ⅴ|达标)[^,;。\d]{0,8}(?:比例|率|占比)?[均为达到]*$"
)


def ratios(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``134项,完成104项,完成率77.6%``; ``抽测2450辆,超标98辆,超标率4%``: the rate's verb says which count is the part."""
    for number, rate in enumerate(said):
        named = _RATE.search(before(line, said, number))
        if rate.figure.unit != "%" or named is None:
            continue
        verbs = _VERBS.get(named["verb"], named["verb"])
        counts = [
            k
            for k in range(number)
            if said[k].sentence == rate.sentence
            and said[k].figure.counts
            and said[k].depth == rate.depth
        ]
        done = [
            k
            for k in counts
            if re.search(verbs, _around(line, said, k))
            and not re.search(r"正在|未|剩余|其余|阶段", before(line, said, k))
            and not re.search(r"(?:应|需|须|拟|计划)完成", before(line, said, k))
            and (
                not _NAMED_ONLY.search(_around(line, said, k))
                or _DONE.search(_around(line, said, k))
            )
        ]
        if not done:
            yield from _of_undone(source, line, said, counts, number, named["verb"])
            continue
        part = said[done[-1]]
        wholes = [
            k
            for k in counts
            if k < done[-1]
            and k not in done
            and said[k].figure.unit == part.figure.unit
            and said[k].value >= part.value > 0
        ]
        if not wholes and named["verb"] in ("办结", "完成", "整改", "开工", "完工", "整治", "治理"):
            yield from _of_sentence_before(source, line, said, done[-1], number)
        if not wholes:
            continue
        shares = {rounded(part.value * 100 / said[k].value, rate.decimals): k for k in wholes}
        nearest = wholes[-1]
        # Of a sample the rate is of the sample, whatever else is counted before it.
        sampled = re.search(r"抽[查测检样]|检[查测]|评估|监测", _around(line, said, nearest))
        if rate.value in shares and (not sampled or shares[rate.value] == nearest):
            continue
        share = rounded(part.value * 100 / said[nearest].value, rate.decimals)
        if rate.value == share:
            continue
        yield finding(
            source, line, said[nearest].figure.start, rate.figure.end, "ratio", f"{rate.printed}%",
            f"{shown(share)}%", f"{part.printed}/{said[nearest].printed}",
        )  # fmt: skip


def _of_undone(
    source: str, line: Line, said: list[Said], counts: list[int], number: int, verb: str
) -> Iterator[Finding]:
    """``32项,…,未开工3项,开工率90.6%``: what is not is taken from the whole."""
    rate = said[number]
    undone = [k for k in counts if re.search(rf"未{verb}", before(line, said, k))]
    if not undone:
        return
    part = said[undone[-1]]
    wholes = [
        said[k]
        for k in counts
        if k < undone[-1]
        and said[k].figure.unit == part.figure.unit
        and said[k].value >= part.value
    ]
    computed = [
        rounded((m.value - part.value) * 100 / m.value, rate.decimals) for m in wholes if m.value
    ]
    if computed and rate.value not in computed:
        yield finding(
            source, line, wholes[0].figure.start, rate.figure.end, "ratio", f"{rate.printed}%",
            f"{shown(computed[0])}%", f"{wholes[0].printed}－{part.printed}",
        )  # fmt: skip


def of_like_name(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``耕地2.36万亩,安全利用2.27万亩,安全利用率96.2%``: the part has the rate's own name."""
    for number in range(2, len(said)):
        whole, part, rate = said[number - 2 : number + 1]
        named = re.fullmatch(
            r"[,、](?P<name>[\u4e00-\u9fff]{2,8})(?:率|比例)[为达到约]*",
            line.text[part.figure.end : rate.figure.start],
        )
        if named is None or rate.figure.unit != "%" or whole.figure.unit != part.figure.unit:
            continue
        ahead = line.text[whole.figure.end : part.figure.start]
        if not re.fullmatch(
            rf"[,、](?:已|其中|完成|实现)*{named['name']}[\u4e00-\u9fff]{{0,4}}", ahead
        ):
            continue
        if whole.sentence != rate.sentence or not 0 < part.value <= whole.value:
            continue
        share = rounded(part.value * 100 / whole.value, rate.decimals)
        halves = [
            Decimal(5).scaleb(-m.decimals - 1) if m.decimals else Decimal(0) for m in (whole, part)
        ]
        edges = [
            (part.value + a * halves[1]) * 100 / (whole.value + b * halves[0])
            for a in (-1, 1)
            for b in (-1, 1)
        ]
        slack = Decimal(5).scaleb(-rate.decimals - 1)
        if not min(edges) - slack <= rate.value <= max(edges) + slack:
            yield finding(
                source, line, whole.figure.start, rate.figure.end, "ratio", f"{rate.printed}%",
                f"{shown(share)}%", f"{part.printed}/{whole.printed}",
            )  # fmt: skip


def _of_sentence_before(
    source: str, line: Line, said: list[Said], done: int, number: int
) -> Iterator[Finding]:
    """``受理投诉520件,…。办结511件,办结率98.3%``: the whole stands one sentence before."""
    part, rate = said[done], said[number]
    last = next((m for m in reversed(said[:done]) if m.sentence < part.sentence), None)
    if last is None:
        return
    wholes = [
        m
        for m in said[:done]
        if m.sentence == last.sentence and m.figure.unit == part.figure.unit and not m.depth
    ]
    shares = [rounded(part.value * 100 / m.value, rate.decimals) for m in wholes if m.value]
    whole = max(wholes, key=lambda m: m.value, default=None)
    if whole is None or rate.value in shares or whole.value < part.value:
        return
    share = rounded(part.value * 100 / whole.value, rate.decimals)
    # Far from it, the rate is of something else.
    if abs(share - rate.value) < 15:
        yield finding(
            source, line, whole.figure.start, rate.figure.end, "ratio", f"{rate.printed}%",
            f"{shown(share)}%", f"{part.printed}/{whole.printed}",
        )  # fmt: skip


def _around(line: Line, said: list[Said], number: int) -> str:
    """A figure's words: those before it and, up to the next mark, those behind it."""
    behind = re.split(r"[,;。、(]", line.text[said[number].figure.end :])[0]
    if number + 1 < len(said) and said[number + 1].figure.start < said[number].figure.end + len(
        behind
    ):
        behind = ""
    return before(line, said, number) + behind


def of_named_whole(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``完成投资5.4亿元,占年度计划6亿元的90%``: the whole stands in the phrase of the rate."""
    for number in range(2, len(said)):
        part, whole, rate = said[number - 2 : number + 1]
        if rate.figure.unit != "%" or part.figure.unit != whole.figure.unit or not whole.value:
            continue
        if part.sentence != rate.sentence or part.value > whole.value * 10:
            continue
        if not re.search(r"(?:占|完成)[^,;。\d]{0,14}$", before(line, said, number - 1)):
            continue
        if line.text[whole.figure.end : rate.figure.start] not in ("的", "的约", "", ")的", ")"):
            continue
        share = rounded(part.value * 100 / whole.value, rate.decimals)
        # 淘汰4862辆,其中…1745辆,完成任务(4500辆)的108%: any count of the sentence may be the part.
        others = [
            m
            for m in said[: number - 2]
            if m.sentence == rate.sentence and m.figure.unit == whole.figure.unit
        ]
        if any(rounded(m.value * 100 / whole.value, rate.decimals) == rate.value for m in others):
            continue
        if others and whole.depth:
            part = others[0]
            share = rounded(part.value * 100 / whole.value, rate.decimals)
        if share != rate.value:
            yield finding(
                source, line, part.figure.start, rate.figure.end, "ratio", f"{rate.printed}%",
                f"{shown(share)}%", f"{part.printed}/{whole.printed}",
            )  # fmt: skip


def averages(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``处罚54份,罚款432万元,案均罚款8万元``: a total over a count."""
    for number, mean in enumerate(said):
        if not _AVERAGE.search(before(line, said, number)):
            continue
        stop = line.text.rfind("。", 0, mean.figure.start)
        rows = [m for m in said[:number] if m.figure.start > stop and m.figure.counts]
        if not rows:  # …118份,罚款1562.4万元。案均罚款13.24万元
            earlier = line.text.rfind("。", 0, max(stop, 0))
            rows = [
                m
                for m in said[:number]
                if m.figure.start > earlier and m.figure.counts and not m.depth
            ]
        months = _months(line.text[stop + 1 : mean.figure.start], before(line, said, number))
        if months and (
            total := next((m for m in reversed(rows) if m.figure.unit == mean.figure.unit), None)
        ):
            computed = rounded(total.value / months, mean.decimals)
            if computed != mean.value and total.value > mean.value:
                yield finding(
                    source, line, total.figure.start, mean.figure.end, "ratio",
                    with_unit(mean.value, mean.figure.unit), with_unit(computed, mean.figure.unit),
                    f"{total.printed}/{months}个月",
                )  # fmt: skip
            continue
        totals = [m for m in rows if _unit_of(m.figure.unit, mean.figure.unit)]
        counts = [m for m in rows if m.figure.unit != mean.figure.unit and m.value]
        pairs = [(t, c) for t in totals for c in counts]
        if not pairs or any(
            rounded(t.value / c.value, mean.decimals) == mean.value for t, c in pairs
        ):
            continue
        # 平均每件: of the pieces, all of them, not of those fewer than last year.
        per = re.search(r"每([个家件户天月次场篇起]?)|([案件户人场])均", before(line, said, number))
        named = next((g for g in per.groups() if g), "") if per else ""
        alike_to = "件起宗案" if named in ("件", "案") else named
        fitting = [c for c in counts if named and (c.figure.unit or " ")[0] in alike_to]
        total, count = totals[-1], max(fitting or counts[-1:], key=lambda m: m.value)
        computed = rounded(total.value / count.value, mean.decimals)
        first = min(total, count, key=lambda m: m.figure.start)
        yield finding(
            source, line, first.figure.start, mean.figure.end, "ratio",
            with_unit(mean.value, mean.figure.unit), with_unit(computed, mean.figure.unit),
            f"{total.printed}/{count.printed}",
        )  # fmt: skip


def _months(sentence: str, words: str) -> int:
    """How many months a 月均 is of, by the span that the sentence names; 0 where it names none."""
    if not words.endswith("月均"):
        return 0
    span = re.search(r"(\d{1,2})月?份?[-~—至到](\d{1,2})月", sentence)
    if span:
        return max(int(span[2]) - int(span[1]) + 1, 0)
    named = {"上半年": 6, "前三季度": 9, "全年": 12, "下半年": 6}
    return next((n for word, n in named.items() if word in sentence), 0)


def _unit_of(total: str | None, mean: str | None) -> bool:
    """Whether a total is in the unit of its mean: 2460人次 and 3人."""
    return total == mean or bool(total and mean and total.removesuffix("次") == mean)


def products(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``监测点110个,每个点位监测12次,共监测1320次``."""
    for number in range(2, len(said)):
        many, each, total = said[number - 2 : number + 1]
        per = re.search(
            r"[每各](个|家|座|处|条|站|月|村|户|辆|台|期|场|次|批|轮|班)[^,;。\d]{0,12}$",
            before(line, said, number - 1),
        )
        if (
            per is None
            or many.figure.unit != per[1]
            or not _unit_of(total.figure.unit, each.figure.unit)
        ):
            continue
        if total.sentence != many.sentence or not re.search(
            r"共计?|累计|合计|总计", before(line, said, number)
        ):
            continue
        computed = many.value * each.value
        if computed != total.value:
            yield finding(
                source, line, many.figure.start, total.figure.end, "product", total.printed,
                shown(computed), f"{many.printed}×{each.printed}",
            )  # fmt: skip


def shares(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``39件,占5.9%`` of 666; ``占行政许可总事项的71.43%`` of 14."""
    text = line.text
    for number, rate in enumerate(said):
        if rate.figure.unit != "%":
            continue
        words = text[rate.clause : rate.figure.start]
        if re.fullmatch(r"约?占(?:比|总数的?)?(?:为|达)?", words) and number:
            part = said[number - 1]
            wholes = [m for m in said[: number - 1] if alike(m.figure.unit, part.figure.unit)]
            whole = max(wholes, key=lambda m: m.value, default=None)
            if whole is None or not part.figure.counts or part.value > whole.value:
                continue
            share = rounded(part.value * 100 / whole.value, rate.decimals)
            about = Decimal(1).scaleb(-rate.decimals) if "约" in words else Decimal(0)
            if abs(share - rate.value) > about:
                yield finding(
                    source, line, part.figure.start, rate.figure.end, "ratio", f"{rate.printed}%",
                    f"{shown(share)}%", f"{part.printed}/{whole.printed}",
                )  # fmt: skip
            continue
        named = _SHARE_OF.search(words)
        if named is None:
            continue
        noun = re.sub(r"总(?:额|量|数|面积|体)?|全部|所有", "", named["of"])
        yield from _of_named_part(source, line, said, number, named["of"])
        for whole in said[:number]:
            if not whole.figure.counts or not text[whole.clause : whole.figure.start].endswith(
                noun
            ):
                continue
            if "元" not in (whole.figure.unit or "") and not whole.decimals:
                yield from _off_grid(source, line, whole, rate, rate.value)
                continue
            part = said[number - 1]
            if part is whole or part.figure.unit != whole.figure.unit or not whole.value:
                continue
            share = rounded(part.value * 100 / whole.value, rate.decimals)
            if share != rate.value:
                yield finding(
                    source, line, whole.figure.start, rate.figure.end, "ratio", f"{rate.printed}%",
                    f"{shown(share)}%", f"{part.printed}/{whole.printed}",
                )  # fmt: skip


def _of_named_part(
    source: str, line: Line, said: list[Said], number: int, of: str
) -> Iterator[Finding]:
    """``完成调查49个,…;超标7个,占已完成调查地块的14.3%``: the whole is the count that those words tell."""
    rate, part = said[number], said[number - 1] if number else None
    if part is None or not re.fullmatch(r",约?", line.text[part.figure.end : rate.clause]):
        return
    for k in range(number - 1):
        words = before(line, said, k).lstrip(",、;")
        whole = said[k]
        if len(words) < 3 or words not in of or whole.figure.unit != part.figure.unit:
            continue
        if not whole.value or not whole.figure.counts:
            continue
        share = rounded(part.value * 100 / whole.value, rate.decimals)
        if share != rate.value:
            yield finding(
                source, line, whole.figure.start, rate.figure.end, "ratio", f"{rate.printed}%",
                f"{shown(share)}%", f"{part.printed}/{whole.printed}",
            )  # fmt: skip


def sections(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``6个国考断面…比例100%,同比提高66.7个百分点``: a share of six has seven values."""
    text = line.text
    for whole, rate in itertools.pairwise(said):
        between = text[whole.figure.end : rate.figure.start]
        if rate.figure.unit != "%" or not whole.figure.counts or re.search(r"[,;。]", between):
            continue
        if _SECTIONS.search(between):
            yield from _off_grid(source, line, whole, rate, rate.value)


def _off_grid(
    source: str, line: Line, whole: Said, rate: Said, share: Decimal
) -> Iterator[Finding]:
    count = int(whole.value)
    if not 0 < count <= 1000:
        return
    possible = [rounded(Decimal(100 * k) / count, rate.decimals) for k in range(count + 1)]
    if share in possible:
        return
    nearest = min(possible, key=lambda value: abs(value - share))
    yield finding(
        source, line, whole.figure.start, rate.figure.end, "ratio", f"{rate.printed}%",
        f"{shown(nearest)}%", f"{whole.printed}个中的任何个数都得不出这个比例",
    )  # fmt: skip
