"""Parts against their whole: 其中, a bracket, what is left, which of three counts a rate is of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal

from ecoledger.indicators.plan import sentences
from ecoledger.indicators.plan.checking.said import (
    Finding,
    Said,
    base_unit,
    before,
    finding,
    rounded,
    scale_of,
    shown,
)
from ecoledger.indicators.plan.folding import Line
from ecoledger.indicators.plan.parts import alike

# Parts that come to less than this share of the whole are examples, not a division.
DIVIDES = Decimal("0.8")


def parts(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    for number, whole in enumerate(said):
        if not whole.figure.counts:
            continue
        for members in (
            in_bracket(line, said, number),
            _after_of_which(line, said, number),
            _in_next_sentence(line, said, number),
        ):
            total = sum((m.value for m in members), Decimal(0))
            if len(members) < 2 or total == whole.value or total < whole.value * DIVIDES:
                continue
            last = members[-1].figure.end
            more = total > whole.value
            note = (
                "各分项之和大于总数"
                if more
                else f"各分项之和少{shown(whole.value - total)}，其余未说明"
            )
            yield finding(
                source, line, whole.figure.start, last, "parts", whole.printed, shown(total), note
            )


def in_bracket(line: Line, said: list[Said], number: int) -> list[Said]:
    """Figures of the bracket right behind a figure or its noun."""
    whole = said[number]
    for row in sentences.brackets(line.text):
        between = line.text[whole.figure.end : row.start]
        if row.mark != "(" or row.start < whole.figure.end or re.search(r"[\d,;。、]", between):
            continue
        if len(between) > 12:
            continue
        return [
            m
            for m in said
            if row.start < m.figure.start < row.end
            and m.depth == whole.depth + 1
            and alike(m.figure.unit, whole.figure.unit)
        ]
    return []


def _after_of_which(line: Line, said: list[Said], number: int) -> list[Said]:
    """Figures after 其中 or 包括 in the same sentence, as long as they are of the same kind."""
    whole = said[number]
    following = [
        m for m in said[number + 1 :] if m.sentence == whole.sentence and m.depth == whole.depth
    ]
    if not following:
        return []
    between = line.text[whole.figure.end : following[0].figure.lead]
    opened = re.search(r"[,、(]?(其中|包括|包含)", between)
    if opened is None or "," in between[: opened.start()] or re.search(r"[;。]", between):
        return []
    members: list[Said] = []
    for m in following:
        begin = line.text.rfind(",", 0, m.figure.start) + 1
        if re.match(
            r"(?:均|已|并|同时|共|累计|目前|[较比与](?:20\d\d年|去年|上年))",
            line.text[begin : m.figure.start],
        ):
            break
        if not alike(m.figure.unit, whole.figure.unit):
            break
        # 大气类34个、水类23个,完成51个: parts stand in a row, what became of the whole behind a comma.
        if len(members) > 1 and re.match(
            r"(?:已)?(?:完成|办结|整改|销号|建成)", line.text[begin : m.figure.start]
        ):
            break
        # What follows parts that fill the whole says what became of it: 办结210件.
        if len(members) > 1 and sum((o.value for o in members), Decimal(0)) == whole.value:
            break
        members.append(m)
    return members


def after_a_rate(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``项目215个,完成209个,完成率97.2%,其中工业126个、锅炉38个、扬尘51个``: they divide one of the counts before."""
    for number in range(2, len(said)):
        first = said[number]
        if not re.match(r",其中", line.text[said[number - 1].figure.end :]) or first.depth:
            continue
        if not first.figure.counts or said[number - 1].figure.unit != "%":
            continue
        wholes = [
            m
            for m in said[: number - 1]
            if m.sentence == first.sentence
            and alike(m.figure.unit, first.figure.unit)
            and not m.depth
        ]
        members: list[Said] = []
        for m in said[number:]:
            ends = members and re.search(
                r"[,;。]", line.text[members[-1].figure.end : m.figure.start]
            )
            if m.sentence != first.sentence or not alike(m.figure.unit, first.figure.unit) or ends:
                break
            members.append(m)
        total = sum((m.value for m in members), Decimal(0))
        if len(members) < 2 or not wholes or any(total == m.value for m in wholes):
            continue
        near = min(wholes, key=lambda m: abs(m.value - total))
        if near.value * DIVIDES <= total:
            yield finding(
                source, line, near.figure.start, members[-1].figure.end, "parts", near.printed,
                shown(total), "各分项之和不等于前面的任何一个总数",
            )  # fmt: skip


def _in_next_sentence(line: Line, said: list[Said], number: int) -> list[Said]:
    """``完成项目137个,…。其中工业类43个、农业类29个``: the first figure of its unit in the sentence before."""
    whole = said[number]
    stop = min(
        (at for mark in "。;" if (at := line.text.find(mark, whole.figure.end)) >= 0), default=-1
    )
    if stop < 0 or not line.text.startswith("其中", stop + 1) or whole.depth:
        return []
    begin = max(line.text.rfind(mark, 0, whole.figure.start) for mark in "。;")
    first = next(
        m for m in said if m.figure.start > begin and alike(m.figure.unit, whole.figure.unit)
    )
    if first is not whole:
        return []
    end = min(
        (at for mark in "。;" if (at := line.text.find(mark, stop + 1)) >= 0),
        default=len(line.text),
    )
    members: list[Said] = []
    for m in said:
        if not stop < m.figure.start < end or m.depth:
            continue
        if not alike(m.figure.unit, whole.figure.unit):
            break
        members.append(m)
    return members


def rest(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``9个…,已有4个…,2个…,其余3个``: what is left must fill the whole."""
    text = line.text
    for number, last in enumerate(said):
        if not last.figure.counts or not re.search(
            r"(?:其余|剩余|余下)的?$", text[last.clause : last.figure.start]
        ):
            continue
        before = [
            m
            for m in said[:number]
            if m.sentence == last.sentence and m.figure.unit == last.figure.unit
        ]
        if len(before) < 2:
            continue
        sums = [
            (whole, sum((m.value for m in before[k + 1 :]), last.value))
            for k, whole in enumerate(before[:-1])
        ]
        whole, total = sums[0]
        if any(total == one.value for one, total in sums):
            continue
        if whole.value != max(m.value for m in before):
            # 发现问题432个,已整改438个,剩余14个: what is done alone is more than there was.
            whole, total = sums[-1]
            if not (
                re.search(r"发现|交办|排查|共", text[whole.clause : whole.figure.start])
                and before[-1].value > whole.value
            ):
                continue
        yield finding(
            source, line, whole.figure.start, last.figure.end, "parts", whole.printed, shown(total),
            "各分项与其余之和不等于总数",
        )  # fmt: skip


def remaining(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``47件(重复20件,不属实1件),已完成整改22件``: which of the three counts is the whole?"""
    text = line.text
    for number, whole in enumerate(said):
        members = in_bracket(line, said, number)
        out = [
            m for m in members if re.search(r"重复|不属实|查否", text[m.clause : m.figure.start])
        ]
        if not out:
            continue
        net = whole.value - sum((m.value for m in out), Decimal(0))
        for m in said[number + 1 :]:
            if m.sentence != whole.sentence or m.figure.unit != whole.figure.unit or m.depth:
                continue
            if re.search(r"(?:完成整改|整改完成|办结|整改到位)$", text[m.clause : m.figure.start]):
                if m.value != net:
                    yield finding(
                        source, line, whole.figure.start, m.figure.end, "denominator", m.printed,
                        shown(net), f"剔除后应办{shown(net)}，尚有{shown(net - m.value)}未完成；请说明以哪个数为分母",
                    )  # fmt: skip
                break


_STAGES = (
    re.compile(r"完成|办结|建成|完工|竣工|销号|整改到位"),
    re.compile(r"正在|在建|推进中|整改中|施工"),
    re.compile(r"未|待|其余|剩余|余下"),
)


def stages(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``24个,已完成17个,正在整改5个,尚未启动2个``: what is done, under way and to come fill the whole."""
    for number, whole in enumerate(said):
        if not whole.figure.counts or any(p.search(before(line, said, number)) for p in _STAGES):
            continue
        rows: dict[int, Said] = {}
        for k in range(number + 1, len(said)):
            m = said[k]
            if m.sentence != whole.sentence or m.figure.unit != whole.figure.unit or m.depth:
                break
            words = before(line, said, k)
            stage = next((s for s in (2, 1, 0) if _STAGES[s].search(words)), None)
            if stage is None or stage in rows:
                break
            rows[stage] = m
        if set(rows) != {0, 1, 2}:
            continue
        total = sum((m.value for m in rows.values()), Decimal(0))
        if total != whole.value:
            last = max(m.figure.end for m in rows.values())
            yield finding(
                source, line, whole.figure.start, last, "parts", whole.printed, shown(total),
                "已完成、正在办和未办之和不等于总数",
            )  # fmt: skip


def sums(source: str, line: Line, said: list[Said]) -> Iterator[Finding]:
    """``优126天、良187天,优良天数共313天``: a total behind its members."""
    for number, total in enumerate(said):
        if not total.figure.counts or not re.search(
            r"(?:共计?|合计|总计|总共)[为达]?$", before(line, said, number)
        ):
            continue
        # 新建18.5公里,改造11.5公里,合计30公里: a bare 合计 sums over commas too.
        bare = re.fullmatch(r"(?:合计|共计|总计)[为达]?", before(line, said, number))
        members: list[Said] = []
        for k in range(number - 1, -1, -1):
            m = said[k]
            same = m.sentence == total.sentence and m.depth == total.depth
            if not same or base_unit(m.figure.unit) != base_unit(total.figure.unit):
                break
            members.insert(0, m)
            mark = before(line, said, k)[:1]
            if mark != "、" and not (bare and line.text[m.clause - 1] == ","):
                break
        scale = scale_of(total.figure.unit)
        come_to = sum((m.value * scale_of(m.figure.unit) / scale for m in members), Decimal(0))
        if any(m.figure.unit != total.figure.unit for m in members):
            come_to = rounded(come_to, total.decimals)
        if len(members) < 2 or come_to == total.value or come_to < total.value * DIVIDES:
            continue
        # 优19天、良246天、轻度污染78天,优良天数共265天: some of them make the total.
        if any(
            sum((m.value for m in members[a:b]), Decimal(0)) == total.value
            for a in range(len(members))
            for b in range(a + 2, len(members) + 1)
        ):
            continue
        yield finding(
            source, line, members[0].figure.start, total.figure.end, "parts", total.printed,
            shown(come_to), "各项之和与合计不一致",
        )  # fmt: skip
