"""Which figures of a clause say something, and where a list must be cut."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise

from ecoledger.indicators.plan import figures, things
from ecoledger.indicators.plan.drafts import Sentence
from ecoledger.indicators.plan.figures import Figure
from ecoledger.indicators.plan.words import Words

_MEANS = re.compile(
    r"^(?:重点)?(?:针对|围绕|发挥|依托|聚焦|对照|对标|根据|按照|结合|紧盯|以|充分发挥|充分利用|利用|通过)"
)
_BUILT = re.compile(r"(?<!对标)(?:建设|新建|建成|完成|布设|安装|新增|创建|打造)$")
# 利用抓拍系统抓拍黑烟车542辆: what the means brought to light.
_FOUND = re.compile(
    r"(?:抓拍|发现|查处|查获|查实|推送|锁定|识别)(?!系统|平台|设备|装置|仪)[^\d,;。]{0,10}$"
)
_ACTS = re.compile(r"(?:开展|实施|进行)[^,]*$")
_MACHINES = {"台", "套", "座", "台套", "组", "辆", "口", "眼", "处", "户", "条"}
_JUDGED = re.compile(
    r"(?:优于|好于|低于|高于|超过|超出|超额|距离?|差)[^,;。]{0,14}(?:目标|考核|均值|平均|标准|要求|任务)[^,;。]{0,6}$|目标(?:值)?(?:的)?[^,;。]{0,3}$"
)
_RANK = re.compile(r"(?:排名|排第|排在)[^,;。]{0,10}$|位[列居次][^,;。]{0,8}$|名列[^,;。]{0,8}$")


# 在全市15个区县排名第10位: the number says among how many.
_AMONG = re.compile(
    r"[^,;。\d]{0,10}(?:中|里)?(?:综合)?(?:排名|排第|排在|位列|位居|居第|列第|名列)"
)


def visible(words: Words, sentence: Sentence, begin: int, end: int) -> list[Figure]:
    rows = figures.find(words, sentence.text, begin, end)
    return [f for f in rows if not sentence.hidden[f.start]]


def pieces(words: Words, sentence: Sentence, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """A clause cut where a list gives each member its own figure (``水站3个、雨量站2个``)."""
    text = sentence.text
    rows = [f for f in visible(words, sentence, begin, end) if f.unit and not f.bound]
    if len(rows) < 2 or "分别" in text[begin:end]:
        yield begin, end
        return
    start = begin
    for here, following in pairwise(rows):
        between = text[here.end : following.start]
        if here.end >= following.start or (
            here.unit in ("%", "百分点") and following.unit == "百分点"
        ):
            continue
        if here.counts and not following.counts and between[:1] not in ("、", "和", "及", "与"):
            continue
        places = [
            here.end + m.start()
            for m in re.finditer(r"、|以及|和|及(?!以)|与|并", between)
            if not sentence.hidden[here.end + m.start()]
        ]
        if not places:
            continue
        # A figure in front of its noun: the cut is before the next figure; behind it: right after.
        cut = places[-1]
        if between and between[0] in "、和及与":
            cut = here.end
        if (
            between[:1] in "、和与及"
            and len(between) == 1
            and here.unit == following.unit
            and not here.counts
        ):
            continue
        if cut > start:
            yield start, cut
            start = cut
    if start < end:
        yield start, end


def chosen(
    words: Words, sentence: Sentence, clause: int, begin: int, end: int, rows: list[Figure]
) -> list[Figure]:
    text = sentence.text
    kept: list[Figure] = []
    for figure in rows:
        before = text[begin : figure.lead]
        clause_end = text.find(",", figure.end) if "," in text[figure.end :] else len(text)
        noun = text[figure.end : figure.end + 6]
        if figure.bound or _RANK.search(text[begin : figure.start]):
            continue
        if figure.counts and _AMONG.match(text[figure.end : clause_end]):
            continue
        if figure.unit is None and not re.search(r"指数|AQI|满意度", text[begin : figure.start]):
            if figure.value or not things.is_rate(text[begin : figure.lead]):
                continue
            figure.unit = "%"
        if figure.counts and re.match(
            r"^[^,;。]{0,20}(?:断面|点位|水源地|水体|河流)[^,;。]{0,12}(?:水质)?(?=水质|、\d)",
            text[figure.end : clause_end],
        ):
            continue
        if re.search(r"“?[前后]$", text[begin : figure.start]) or re.search(
            r"如下$|“[前后]\d+", text[begin:end]
        ):
            continue
        if _JUDGED.search(text[begin : figure.start]) and (
            figure.unit == "百分点" or re.search(r"[优好]于|距|差", before[-16:])
        ):
            continue
        if re.search(r"(?<![较比与])(?:去年|上年)同期(?:为|是|的)?$", text[begin : figure.start]):
            continue  # 优良天数127天,去年同期为89天: what it is compared with
        if re.search(r"首次突破$|突破$", text[begin : figure.start]) and re.match(
            r"自", text[begin:end]
        ):
            continue  # 自…以来首次突破90%: said of the level before
        if figure.unit == "倍" and re.search(r"超[^,;。]{0,8}标准", before):
            continue
        if re.search(r"[较比与]?[^,;。]{0,8}目标(?:值)?(?:下降|上升|降低|提高|高|低|优)", before):
            continue
        if re.search(r"距离?$", before) and re.match(r"的?(?:目标|要求)", text[figure.end :]):
            continue
        if figure.counts and any(noun.startswith(word) for word in words.abstract):
            continue
        if kept and _attribute(text, figure, kept[-1], begin, end, words):
            continue
        if figure.unit == "天" and re.search(r"(?:连续|为期)$", before):
            continue
        kept.append(figure)
    if _MEANS.match(text[clause:end]) and not (
        text.startswith("针对", clause) and _ACTS.search(text[clause:end])
    ):
        kept = [
            f
            for f in kept
            if _BUILT.search(text[begin : f.start]) or _FOUND.search(text[begin : f.start])
        ]
    if re.match(r"^[^,]*中$", text[begin:end]) and len(kept) == 1 and kept[0].counts:
        return []
    if "分别" in text[begin:end] and len(kept) > 1:
        tail = [f for f in kept if f.start > text.index("分别", begin)]
        return tail or kept
    kept = [f for n, f in enumerate(kept) if not _left_behind(text, begin, f, kept[n + 1 : n + 2])]
    result: list[Figure] = []
    for position, figure in enumerate(kept):
        following = kept[position + 1] if position + 1 < len(kept) else None
        if following is not None and figure.counts:
            between = text[figure.end : following.lead]
            together = between in ("", "共计", "合计", "总计")
            if together and following.unit in words.bounding and figure.unit in _MACHINES:
                # 锅炉23台117蒸吨: the second says how large they are together.
                result.append(figure)
                break
            if not re.search(r"[、,和及与并]", between) or not following.counts:
                continue
        result.append(figure)
    if len(result) == 1 and len(kept) > 1 and result[0].unit == "百分点":
        return [kept[0]]
    return result


def _left_behind(text: str, begin: int, figure: Figure, following: list[Figure]) -> bool:
    """Whether a figure is where a level came from (``由2020年的61.2%提高到74.8%``): the item is where it went."""
    if not following or following[0].unit != figure.unit:
        return False
    return bool(
        re.search(r"(?:由|从)[^,;。、]{0,16}$", text[begin : figure.start])
        and re.search(r"(?:到|至|为)$", text[figure.end : following[0].start])
    )


def _attribute(
    text: str, figure: Figure, before: Figure, begin: int, end: int, words: Words
) -> bool:
    """Whether a figure says which things are counted (``2台65蒸吨锅炉``), not how many."""
    if figure.unit not in words.bounding or not re.match(r"[\w“]", text[figure.end : end]):
        return False
    measured = re.search(r"[高长深容径重]\w{0,2}$", text[begin : figure.lead])
    return before.end == figure.start or measured is not None
