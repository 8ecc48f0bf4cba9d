"""Levels without a figure: named yardsticks, water classes, directions, none and all."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ecoledger.indicators.plan import figures, sentences, things
from ecoledger.indicators.plan.drafts import Draft, Sentence, draft
from ecoledger.indicators.plan.items import FACT, TARGET
from ecoledger.indicators.plan.words import Named, Words

_REACH = r"(?:稳定|全面|持续|均|全部)*(?:达到|达|完成|实现|满足|符合|优于|好于|高于|低于|不低于|不高于)(?:或优于|或好于)?"
_WATER = re.compile(
    r"断面|水质|矿井水|尾水|出水|排水|河|湖|水库|点位|水体|水源|流域|溪|渠|港|入海|海域"
)
_ELIMINATED = re.compile(
    r"(?<!基本)(?:全面|全部|稳定|动态)*消除[^,;。]{0,8}?(?P<thing>劣Ⅴ类|劣V类|黑臭水体|黑臭|重污染天气)"
)
_ELIMINATED_BEFORE = re.compile(
    r"(?P<thing>劣Ⅴ类(?:水体|断面)?|黑臭水体|重污染天气)[^,;。]{0,4}(?<!基本)(?:全面|全部|稳定|动态)*(?:消除|清零|归零)"
)
_NONE = re.compile(
    r"(?:不得(?:再)?(?:出现|发生)|不(?:再)?(?:出现|发生)|杜绝(?:发生)?|未(?:出现|发生)|没有(?:出现|发生)|无)"
)
_TREND = re.compile(
    r"(?P<thing>[^,;。]{2,30}?)(?:和[^,;。]{1,8})?(?:要|得到)?(?:持续|稳步|进一步|逐步|逐年|继续|不断|明显|稳定|总体|有所)*(?P<way>下降|降低|上升|提升|提高|减少)$"
)
# Reductions that are ordered: 完成省下达的氮氧化物、化学需氧量总量减排任务.
_REDUCTIONS = re.compile(
    r"完成[^,;。]{0,14}?(?:下达的?)(?P<things>[^,;。]{2,60}?(?:重点工程|总量|主要污染物)?减排(?:量)?(?:年度)?(?:目标任务|任务|目标|要求|指标))"
)
_TWO_CLASSES = re.compile(r"(类(?:水质)?(?:标准)?)[、和](?=[^、和]{3,}类)")
_NOUGHT = re.compile(r"(?P<thing>[^,;。]{2,24}?率)(?:控制|保持|稳定)?(?:为|在|到)零$")
_ALL_GOOD = re.compile(r"(?:全部|均)(?:稳定)?达标$|达标率均?为?百分之百")


def _clauses(sentence: Sentence, taken: list[Draft]) -> Iterator[tuple[int, int]]:
    """Clauses that gave no item with a figure."""
    for begin, end in sentences.split(
        sentence.text, sentence.begin, sentence.end, ",:!;", sentence.hidden
    ):
        if not any(row.start < end and begin < row.end for row in taken):
            yield begin, end


def targets(words: Words, sentence: Sentence, taken: list[Draft]) -> Iterator[Draft]:
    """Levels that a plan names without a figure."""
    for begin, end in _clauses(sentence, taken):
        if _stated(words, sentence, begin, end):
            yield from _target(words, sentence, begin, end)


def _stated(words: Words, sentence: Sentence, begin: int, end: int) -> bool:
    """Whether a clause states a level in words: its only figures, if any, size what it speaks of."""
    text = sentence.text
    rows = [
        f for f in figures.find(words, text, begin, end) if not sentence.hidden[f.start] and f.unit
    ]
    if not rows:
        return True
    verb = re.search(_REACH + r"|稳定在|保持在|消除|达标", text[rows[-1].end : end])
    return (
        verb is not None
        and all(f.counts for f in rows)
        and not re.search(r"[有中]\d", text[begin:end])
    )


def _target(words: Words, sentence: Sentence, begin: int, end: int) -> Iterator[Draft]:
    text = sentence.text
    clause = text[begin:end]
    start = begin + things.loose(clause)
    yardstick = re.search(
        rf"{_REACH}(?:{words.yardsticks.pattern})(?:以上|及以上|值|水平)*$", clause
    )
    if yardstick:
        subject = clause[: yardstick.start()]
        names = things.indicators(words, re.sub(r"^[^,]*?(?=地下水)", "", subject), "", clause)
        if not names:
            # PM2.5完成省定目标: the substance alone stands for its concentration.
            names = things.indicators(words, subject, "微克/立方米", clause + "浓度")
        if not names:
            before = text[max(sentence.begin, begin - 30) : begin + yardstick.start()]
            entry = things.indicator(words, before, "%", clause, before)
            if entry is not None and "比例" in subject:
                names = [(0, entry)]
        comparator = "reach"
        for _, named in names:
            if named.level or "ratio" in named.id:
                yield draft(
                    TARGET, start, end, indicator=named.id, comparator=comparator, confidence=0.8
                )
        if names and re.search(r"[、和]([^、和]*断面水质)等?指标", subject):
            yield draft(
                TARGET, start, end, indicator="water.class", comparator="reach", confidence=0.6
            )
        if (
            not names
            and re.search(r"主要污染物|六项污染物|[六6]项", subject)
            and "级标准" in clause
        ):
            yield draft(
                TARGET, start, end, comparator="reach", quantity_of="主要污染物", confidence=0.7
            )
        if not names and re.search(
            r"(?:断面|河流|水库|湖泊|入[河海湖])[^,;。]{0,6}水质$|[考控]断面$", subject
        ):
            yield draft(
                TARGET, start, end, indicator="water.class", comparator="reach", confidence=0.6
            )
            return
        if names:
            return
    ordered = _REDUCTIONS.search(clause)
    if ordered and not yardstick:
        for _, named in things.indicators(words, ordered["things"], "", clause):
            if named.id.startswith("emission."):
                at = begin + ordered.start("things")
                yield draft(TARGET, at, end, indicator=named.id, comparator="reach", confidence=0.7)
        return
    found = figures.water_class(text, begin, end)
    if found and _WATER.search(text[sentence.begin : end]) and not re.search(r"比例|占比", clause):
        name, at, stop = found
        if re.search(
            r"(?:达到|达|稳定在|保持在|保持|优于|好于|稳定达到|实现|不低于|提升至|提升到|为|或优于|或好于)(?:地表水|地下水|国家)?(?:环境质量)?(?:标准)?$",
            text[begin:at],
        ):
            yield draft(
                TARGET, start, min(end, stop), indicator="water.class", comparator="reach", value=name,
                unit="类", area=things.area(clause), confidence=0.8,
            )  # fmt: skip
            return
    if _ALL_GOOD.search(clause):
        yield from _all_good(words, clause, start, end, TARGET)
        return
    yield from _none_left(words, sentence, begin, end, start)
    if "全覆盖" in clause and re.search(r"(?:实现|推动|达到|确保|做到)?[^,]{2,24}全覆盖", clause):
        thing = re.sub(r"(?:实现)?全覆盖.*$", "", clause[things.loose(clause) :])
        thing = re.sub(r"^(?:推动|推进|实现|达到|做到)", "", thing)
        if len(thing) >= 2:
            at = begin + clause.index(thing)
            yield draft(
                TARGET, at, begin + clause.index("全覆盖") + 3, comparator="=", value=100, unit="%",
                quantity_of=thing, confidence=0.7,
            )  # fmt: skip
        return
    nought = _NOUGHT.search(clause)
    if nought:
        thing = nought["thing"][things.loose(nought["thing"]) :]
        yield draft(
            TARGET, start, end, comparator="=", value=0, unit="%", quantity_of=thing, confidence=0.6
        )
        return
    if "归零" in clause:
        for thing in re.split(
            r"[和、与]", re.sub(r"[“]?归零.*$", "", clause[things.loose(clause) :])
        ):
            unit = "%" if thing.endswith("率") else "件"
            yield draft(
                TARGET,
                start,
                end,
                comparator="=",
                value=0,
                unit=unit,
                quantity_of=thing,
                confidence=0.6,
            )
        return
    trend = _TREND.search(clause)
    if trend and trend.start() <= 8 and not yardstick:
        subject = trend["thing"]
        entry = _any_unit(words, subject, clause)
        if (
            entry is not None
            and entry.level
            and re.search(r"浓度|率|比例|满意度|指数|天数|强度|能耗|排放|总量", subject)
        ):
            way = "trend_down" if re.search(r"下降|降低|减少", trend["way"]) else "trend_up"
            yield draft(TARGET, start, end, indicator=entry.id, comparator=way, confidence=0.6)


def _any_unit(words: Words, subject: str, around: str) -> Named | None:
    for unit in ("%", "微克/立方米", "天", "", "毫克/升", "万吨"):
        entry = things.indicator(words, subject, unit, around, subject)
        if entry is not None:
            return entry
    return None


def _none_left(
    words: Words, sentence: Sentence, begin: int, end: int, start: int
) -> Iterator[Draft]:
    text = sentence.text
    clause = text[begin:end]
    gone = _ELIMINATED.search(clause) or _ELIMINATED_BEFORE.search(clause)
    kind = TARGET if sentence.plan else FACT
    if gone:
        thing = gone["thing"]
        if thing.startswith("劣"):
            known, unit = "water.section.inferior5_count", "个"
        elif thing.startswith("黑臭"):
            known, unit = "water.black_odorous.count", "个"
        else:
            known, unit = "air.heavy_days", "天"
        yield draft(
            kind, start, end, indicator=known, comparator="=", value=0, unit=unit, confidence=0.7
        )
        return
    if re.search(r"无劣(?:Ⅴ|V|五)(?:\(V\))?类", clause):
        yield draft(
            kind, start, end, indicator="water.section.inferior5_count", comparator="=", value=0, unit="个",
            confidence=0.7,
        )  # fmt: skip
        return
    none = _NONE.search(clause)
    if none:
        rest = clause[none.end() :]
        if re.search(r"^[^,]{0,6}重度?污染(?:天|日)", rest):
            yield draft(
                kind,
                start,
                end,
                indicator="air.heavy_days",
                comparator="=",
                value=0,
                unit="天",
                confidence=0.7,
            )
        elif re.search(
            r"^[^,]{0,14}(?:突发|重大|较大)[^,]{0,8}环境[^,]{0,6}事件", rest
        ) or re.search(r"^[^,]{0,8}环境(?:污染|安全)(?:责任)?事[件故]", rest):
            yield draft(
                kind,
                start,
                end,
                indicator="emergency.count",
                comparator="=",
                value=0,
                unit="起",
                confidence=0.7,
            )


def facts(words: Words, sentence: Sentence, taken: list[Draft]) -> Iterator[Draft]:
    """Reported states without a number: a water class, none, all."""
    text = sentence.text
    for begin, end in _clauses(sentence, taken):
        if not _stated(words, sentence, begin, end):
            continue
        clause = text[begin:end]
        start = begin + things.loose(clause)
        two = _TWO_CLASSES.search(clause)
        if two:
            # …达到Ⅱ类标准、…达到Ⅲ类标准: two statements in one clause.
            inner = [(begin, begin + two.end(1)), (begin + two.end(), end)]
            for first, last in inner:
                part = Sentence(
                    text, first, last, sentence.hidden, sentence.brackets, False, sentence.span
                )
                yield from facts(words, part, [])
            continue
        found = figures.water_class(text, begin, end)
        if (
            found
            and _WATER.search(text[max(sentence.begin, begin - 40) : end])
            and not re.search(
                r"未达|未能|比例|占比|消除|清零|归零|射线|目标|标准的|无劣|考核要求|考核目标|考核标准",
                clause,
            )
            and not (
                re.match(r"(?:稳定|均|全部|且|并|也)*(?:达到|优于|符合|满足)", clause)
                and _class_before(sentence, begin)
            )
        ):
            name, _, stop = found
            yield draft(
                FACT, start, min(end, stop + 2 if text[stop : stop + 2] == "标准" else stop),
                indicator="water.class", comparator="=", value=name, unit="类", area=things.area(clause), confidence=0.7,
            )  # fmt: skip
            continue
        emitted = False
        for row in _none_left(words, sentence, begin, end, start):
            emitted = True
            yield row
        if not emitted and _ALL_GOOD.search(clause):
            yield from _all_good(words, clause, start, end, FACT)


def _all_good(words: Words, clause: str, start: int, end: int, kind: str) -> Iterator[Draft]:
    """``20个国考断面水质全部达标``: a hundred per cent."""
    entry = things.indicator(words, clause + "率", "%", clause, clause)
    if entry is None and "水源" in clause:
        entry = words.named("water.source.compliance_ratio")
    if entry is None and re.search(r"断面|点位", clause):
        entry = words.named("water.section.compliance_ratio")
    if entry is not None:
        yield draft(
            kind,
            start,
            end,
            indicator=entry.id,
            comparator="=",
            value=100,
            unit="%",
            confidence=0.6,
        )


def _class_before(sentence: Sentence, begin: int) -> bool:
    return figures.water_class(sentence.text, sentence.begin, begin) is not None
