"""A whole text to its items."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from ecoledger.indicators.plan import (
    actions,
    figures,
    levels,
    owners,
    sentences,
    tables,
    things,
    times,
)
from ecoledger.indicators.plan.drafts import Draft, Sentence
from ecoledger.indicators.plan.folding import lines
from ecoledger.indicators.plan.items import FACT, TARGET, TASK, Item
from ecoledger.indicators.plan.quantities import Reader
from ecoledger.indicators.plan.spaced_tables import with_bars
from ecoledger.indicators.plan.structure import PLAN, Passage, passages
from ecoledger.indicators.plan.words import Words, load

# Inside a summary, words that speak of what is still to be.
_AHEAD = re.compile(
    r"计划(?:创建|完成|新建|新增|建设|实施|投入|于|在|到|用)|力争|拟(?:于|在|完成)|下一步|下半年(?:将|计划|力争|完成|要)|将(?:于|在)|预计(?:到|年底|于)"
    r"|(?<!已)(?<!已于)(?<!已在)(?:年底|\d{1,2}月底|月底)前(?:全部|基本|可|将|要|能)?(?:完成|完工|建成|投运|竣工|投入|销号|启用)"
)
_GOAL = re.compile(r"(?:目标|指标|任务)(?:为|是|如下)?[::]")
# (全年优良天数比率不低于92.5%): a goal set beside the figure it is for.
_GOAL_ASIDE = re.compile(
    r"(?:全年|年度|考核|省|市|县|上级)*(?:考核)?(?:目标|任务|要求|指标)|即?(?:全年|年度)|即"
)
_GOAL_AFTER = re.compile(r"^[”)]?的?(?:年度|工作|总体|考核)?(?:目标|要求|任务|指标)")
# Inside a plan, words that speak of what has been.
_PAST = re.compile(
    r"已(?:经)?(?:完成|建成|有|累计|达|实现|投运|开工|启动)|目前[,,]?(?:已|全)|截[至止](?:目前|20\d\d)|累计(?:完成|建成)"
    r"|(?:同比|较去年|较上年|比上年)(?![^,;。]*(?:以上|以内|左右|目标))"
)


def extract(source: str, own_words: Path | None = None) -> list[Item]:
    """Targets, tasks and facts of a text, in the order of their spans."""
    words = load(own_words)
    items: list[Item] = []
    pending: list[tuple[Passage, list[Draft]]] = []
    head: tables.Header | None = None
    for passage in passages(list(lines(with_bars(source)))):
        if tables.is_row(passage.line.text):
            new = tables.header(passage.line.text)
            rows = [] if new or head is None else list(tables.row(words, passage, head))
            head = new or head
            pending.append((passage, rows))
            continue
        head = None
        pending.append((passage, list(_passage(words, passage))))
    for passage, drafts in _owned(words, pending):
        items += [_finished(source, passage, draft) for draft in drafts]
    items.sort(key=lambda item: (item.start, item.end))
    return items


def _passage(words: Words, passage: Passage) -> Iterator[Draft]:
    text = passage.line.text
    rows = sentences.brackets(text)
    hidden = sentences.hidden_marks(text, rows)
    reader = Reader(words)
    stretches = list(sentences.split(text, passage.start, passage.end, "。;!", hidden))
    for number, (begin, end) in enumerate(stretches):
        for start, stop in _listed(words, text, begin, end, rows):
            inner = sentences.hidden_marks(
                text, [r for r in rows if start <= r.start and r.end <= stop]
            )
            listed = Sentence(
                text, start, stop, inner, rows, passage.part == PLAN, passage.line.span
            )
            yield from Reader(words).read(listed)
        title = passage.heading or (
            number == 0 and _opens(passage, text[begin:end], len(stretches))
        )
        goal = text[max(passage.start, text.rfind("。", 0, begin) + 1) : end]
        plan = _is_plan(passage, text[begin:end], goal)
        sentence = Sentence(text, begin, end, hidden, rows, plan, passage.line.span)
        quoted: list[Draft] = []
        if not plan or "(即" in text[begin:end]:
            for start, stop in _quoted_goals(sentence):
                inner = sentences.hidden_marks(
                    text, [r for r in rows if start <= r.start and r.end <= stop]
                )
                goal_sentence = Sentence(text, start, stop, inner, rows, True, passage.line.span)
                quoted += _sentence(
                    words, Reader(words), goal_sentence, title=False, split_plan=True
                )
        yield from _beside(
            quoted,
            _sentence(words, reader, sentence, title=title, split_plan=passage.part == PLAN),
        )


def _beside(quoted: list[Draft], drafts: Iterator[Draft]) -> Iterator[Draft]:
    """Items of a sentence and the goals quoted in it; an item ends where the goal's bracket begins."""
    for draft in drafts:
        for goal in quoted:
            figure = draft.figure
            if figure is not None and draft.start < figure.end < goal.start < draft.end:
                draft.end = goal.start - 1
                if goal.item.indicator is None and goal.item.unit == draft.item.unit:
                    goal.item.indicator = draft.item.indicator
                    goal.item.quantity_of = draft.item.quantity_of
        if not any(goal.start < draft.end and draft.start < goal.end for goal in quoted):
            yield draft
    yield from quoted


def _listed(
    words: Words, text: str, begin: int, end: int, rows: list[sentences.Bracket]
) -> Iterator[tuple[int, int]]:
    """Brackets that list figures of their own, ``其余四项均达标(二氧化硫10微克/立方米、…)``, behind words without any."""
    for row in rows:
        if row.mark != "(" or not begin <= row.start or row.end > end:
            continue
        clause = max(text.rfind(mark, begin, row.start) for mark in ",;。:")
        before = figures.find(words, text, max(begin, clause + 1), row.start)
        inside = figures.find(words, text, row.start + 1, row.end - 1)
        levels_inside = [f for f in inside if things.is_level(f.unit)]
        if len(levels_inside) > 1 and not any(f.unit for f in before):
            yield row.start + 1, row.end - 1


def _opens(passage: Passage, sentence: str, count: int) -> bool:
    """Whether the first sentence of a point is its headline."""
    return (
        bool(passage.section)
        and count > 1
        and len(sentence) <= 36
        and ("," not in sentence or len(sentence) <= 26)
        and passage.start > 0
        and ":" not in sentence
    )


def _is_plan(passage: Passage, sentence: str, whole: str) -> bool:
    """Whether a sentence speaks of what is to be; ``whole`` begins after the last full stop."""
    if passage.part == PLAN:
        return not (_PAST.search(sentence) and not re.search(r"力争|确保|要|将", sentence))
    return bool(_GOAL.search(whole)) or bool(_AHEAD.search(sentence))


def _sentence(
    words: Words, reader: Reader, sentence: Sentence, *, title: bool, split_plan: bool
) -> Iterator[Draft]:
    text = sentence.text
    stated = list((levels.targets if sentence.plan else levels.facts)(words, sentence, []))
    drafts = reader.read(sentence, stated) + stated
    if sentence.plan and not split_plan and _AHEAD.search(text, sentence.begin, sentence.end):
        ahead = _AHEAD.search(text, sentence.begin, sentence.end)
        # Only what follows the word that looks ahead is planned.
        if ahead:
            for draft in drafts:
                if draft.end <= ahead.start():
                    draft.item.type = FACT
    # A goal that is only pointed at (距离40%的目标) names nothing by itself.
    drafts = [d for d in drafts if d.item.type != TARGET or d.item.indicator or d.item.quantity_of]
    if title:
        yield from (draft for draft in drafts if draft.figure is not None)
        return
    if sentence.plan:
        started = sentence.begin
        if not split_plan:
            ahead = _AHEAD.search(text, sentence.begin, sentence.end)
            started = ahead.start() if ahead else sentence.begin
        drafts += [d for d in actions.tasks(words, sentence, drafts) if d.end > started]
    drafts.sort(key=lambda draft: draft.start)
    yield from drafts


def _quoted_goals(sentence: Sentence) -> Iterator[tuple[int, int]]:
    """Goals that a summary quotes: ``指标(优良率不低于97.1%)``, ``围绕“…治理率达40%…”的目标``, ``对照…的要求``."""
    text = sentence.text
    for row in sentence.brackets:
        if not sentence.begin <= row.start < sentence.end:
            continue
        named_before = row.mark == "(" and re.search(
            r"(?:目标|指标|要求|任务)$", text[sentence.begin : row.start]
        )
        aside = (
            row.mark == "("
            and _GOAL_ASIDE.match(text[row.start + 1 : row.end - 1])
            and re.search(
                r"不[低高少多]于|不[能得]?超过|以上|以下|以内|控制在|达到|目标为?\d",
                text[row.start : row.end],
            )
        )
        if row.mark == "“" and re.search(
            r"目标(?:任务)?(?:为|是):?$", text[sentence.begin : row.start]
        ):
            yield row.start + 1, row.end - 1
            continue
        if aside and text[row.start + 1] == "即":
            yield row.start + 2, row.end - 1
            continue
        if named_before or aside or (row.mark == "“" and _GOAL_AFTER.match(text[row.end :])):
            yield row.start + 1, row.end - 1
    for match in re.finditer(
        r"(?:对照|按照|距离?)([^,;。“”]*\d[^,;。“”]*?)的?(?:目标|要求)"
        r"|(?:超额完成|未能?完成)([^,;。“”]*\d[^,;。“”]*?%[^,;。“”]*?)的?(?:改善|考核|年度)?(?:目标|要求)",
        text[sentence.begin : sentence.end],
    ):
        if match[2] is not None:
            yield sentence.begin + match.start(2), sentence.begin + match.end(2)
            continue
        yield sentence.begin + match.start(1), sentence.begin + match.end(1)


def _owned(
    words: Words, pending: list[tuple[Passage, list[Draft]]]
) -> Iterator[tuple[Passage, list[Draft]]]:
    """Give units to the items they answer for; an owned point without item gives its first clause."""
    for passage, drafts in pending:
        text = passage.line.text[passage.start : passage.end]
        last = None if tables.is_row(passage.line.text) else owners.closing(text.rstrip("。;"))
        if last is not None:
            names, at = last
            at += passage.start
            drafts[:] = [d for d in drafts if d.start < at]
            members = [d for p, rows in pending if p.point == passage.point for d in rows]
            for draft in members:
                draft.item.owner = draft.item.owner or names
            if not members and passage.part == PLAN:
                drafts += _first_clause(passage, at, names)
        for begin, end in sentences.split(
            passage.line.text, passage.start, passage.end, "。;", [False] * len(passage.line.text)
        ):
            lead = owners.lead(passage.line.text[begin:end])
            if lead is None:
                continue
            inside = [d for d in drafts if begin <= d.start < end and d.item.type == TASK]
            for draft in inside:
                draft.item.owner = draft.item.owner or lead[0]
            if not drafts and passage.part == PLAN:
                drafts += _first_clause(passage, end, lead[0], begin)
        yield passage, drafts


def _first_clause(
    passage: Passage, limit: int, names: list[str], begin: int | None = None
) -> list[Draft]:
    text = passage.line.text
    start = passage.start if begin is None else begin
    end = min([i for i in range(start, limit) if text[i] in ",。;"] + [limit])
    start += things.loose(text[start:end])
    if end - start < 4:
        return []
    return [Draft(Item(TASK, "", 0, 0, owner=names, confidence=0.6), start, end)]


def _finished(source: str, passage: Passage, draft: Draft) -> Item:
    """The item with its span in the source, its section, times and place."""
    line = passage.line
    text = line.text
    item = draft.item
    item.start, item.end = line.span(draft.start, draft.end)
    item.text = source[item.start : item.end]
    item.section = passage.section
    before = text[_sentence_start(text, passage, draft.start, "。;") : draft.start]
    since_stop = text[_sentence_start(text, passage, draft.start, "。") : draft.start]
    inside = text[draft.start : draft.end]
    if item.type != FACT:
        item.deadline = item.deadline or _deadline(before, inside, passage.time.year)
    item.period = item.period or _period(text, passage, draft, since_stop)
    if item.area is None:
        item.area = things.area(inside) or things.area(before[-16:])
    return item


def _sentence_start(text: str, passage: Passage, position: int, marks: str) -> int:
    return max(
        [passage.start] + [i + 1 for i in range(passage.start, position) if text[i] in marks]
    )


def _deadline(before: str, inside: str, year: int | None) -> str | None:
    own = times.deadline(inside[:30], year)
    if own:
        return own
    if year and re.search(r"(?:^|[,;])(?:今年)?全年$", before):
        return times.month_end(year, 12)
    return next(
        (
            value
            for clause in reversed(before.split(","))
            if (value := times.deadline(clause, year))
        ),
        None,
    )


def _period(text: str, passage: Passage, draft: Draft, before: str) -> str | None:
    year = passage.time.year
    default = str(passage.time) or None
    if passage.time.half:
        before = re.sub(r"今年以来|今年", "", before)
    if draft.item.type == FACT:
        own = times.period(before + text[draft.start : draft.start + 12], year)
        if own:
            return own
        paragraph = text[passage.start : draft.start]
        return times.period(paragraph, year) or default
    if draft.item.type == TASK:
        named = re.findall(r"(?<![较比与])(20\d\d)年", before)
        return named[-1] if named and int(named[-1]) != year else default
    if draft.item.type == TARGET:
        own = times.period(before + text[draft.start : draft.end], year)
        if own:
            return own
    return default
