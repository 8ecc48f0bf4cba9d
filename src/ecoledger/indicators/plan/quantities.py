"""Items that carry a figure."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise

from ecoledger.indicators.plan import figures, sentences, things
from ecoledger.indicators.plan.figures import Figure
from ecoledger.indicators.plan.items import FACT, TARGET, TASK, Item, Part
from ecoledger.indicators.plan.words import Named, Words, any_of

_BASE = (
    r"(?:同比(?:去年)?|环比|[较比与](?:20\d\d年|上年|去年|前年|上月|上季度|\d{4}年)(?:的)?(?:同期|底|度)?(?:均值|水平)?(?:相比|比较|比)?"
    r"|较?上年(?:同期)?|较同期|与?上年同期相比|累计|总体)?"
)
_WAY = (
    r"(?P<way>下降|减少|降低|改善|上升|提高|增加|增长|提升|压缩|缩短|压减|削减|升高|增|降|减|升|好转|恶化|上涨|缩减|下滑)"
    r"(?:了|幅度?(?:为|达)?|率为?|比例为?)?"
)
_CHANGE = re.compile(
    rf"(?P<base>{_BASE})(?:均|分别|又|再|大幅|累计|平均|持续|进一步|明显)*{_WAY}(?:时限|时间)?(?:约|近|超过?|至少)?$"
)
_DOWN = re.compile(r"下降|减少|降低|压缩|缩短|压减|削减|降|减|缩减|下滑|好转")
_PARTS = re.compile(r"^(?:其中|包括|包含|含|分别为|分别是)")
_MEANS = re.compile(
    r"^(?:重点)?(?:针对|围绕|发挥|依托|聚焦|对照|对标|根据|按照|结合|紧盯|以|充分发挥|充分利用|利用|通过)"
)
_BUILT = re.compile(r"(?<!对标)(?:建设|新建|建成|完成|布设|安装|新增|创建|打造)$")
_ACTS = re.compile(r"(?:开展|实施|进行)[^,]*$")
_JUDGED = re.compile(
    r"(?:优于|好于|低于|高于|超过|超出|超额|距离?|差)[^,;。]{0,14}(?:目标|考核|均值|平均|标准|要求|任务)[^,;。]{0,6}$|目标(?:值)?(?:的)?[^,;。]{0,3}$"
)
_RANK = re.compile(r"(?:排名|排第|排在)[^,;。]{0,10}$|位[列居次][^,;。]{0,8}$|名列[^,;。]{0,8}$")


@dataclass
class Sentence:
    """One sentence as the rules see it; ``hidden`` marks what brackets, titles and names keep apart."""

    text: str
    begin: int
    end: int
    hidden: list[bool]
    brackets: list[sentences.Bracket]
    plan: bool
    span: Callable[[int, int], tuple[int, int]]


@dataclass
class Draft:
    """An item whose span is still in the folded line."""

    item: Item
    start: int
    end: int
    quantity: str = ""
    figure: Figure | None = None
    better: str = "up"
    tags: set[str] = field(default_factory=set)


class Reader:
    """Reads the figures of one sentence after the other; remembers what a clause leaves out."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.noun = ""
        self.unit: str | None = None
        self.drafts: list[Draft] = []
        self.group: list[Draft] = []
        self.taken: list[Draft] = []

    def read(self, sentence: Sentence, taken: list[Draft] | None = None) -> list[Draft]:
        """All figure items of a sentence, but for clauses that ``taken`` items have read already."""
        self.taken = taken or []
        self.drafts, self.group = [], []
        self.noun, self.unit = "", None
        whole: Draft | None = None
        for begin, end in sentences.split(
            sentence.text, sentence.begin, sentence.end, ",:!", sentence.hidden
        ):
            if any(draft.start < end and begin < draft.end for draft in self.taken):
                whole, self.group = None, []
                continue
            for start, stop in self._pieces(sentence, begin, end):
                whole = self._piece(sentence, begin, start, stop, whole)
        return self.drafts

    def _visible(self, sentence: Sentence, begin: int, end: int) -> list[Figure]:
        rows = figures.find(self.words, sentence.text, begin, end)
        return [f for f in rows if not sentence.hidden[f.start]]

    def _pieces(self, sentence: Sentence, begin: int, end: int) -> Iterator[tuple[int, int]]:
        """A clause cut where a list gives each member its own figure (``水站3个、雨量站2个``)."""
        text = sentence.text
        rows = [f for f in self._visible(sentence, begin, end) if f.unit and not f.bound]
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

    def _piece(
        self, sentence: Sentence, clause: int, begin: int, end: int, whole: Draft | None
    ) -> Draft | None:
        text = sentence.text
        stretch = text[begin:end]
        rows = self._visible(sentence, begin, end)
        if not rows:
            if self._flat(sentence, begin, end):
                return whole
            return None if stretch and not _PARTS.match(stretch) else whole
        if _PARTS.match(stretch.lstrip("、,和及")) and (whole or self.drafts):
            whole = whole or self.drafts[-1]
            if not self._rate_of_its_own(sentence, begin, rows):
                return self._add_parts(sentence, whole, begin, end, rows)
        elif whole is not None and self._continues(whole, stretch, rows):
            return self._add_parts(sentence, whole, begin, end, rows)
        if self._attach_change(sentence, begin, end, rows):
            return None
        rows = self._chosen(sentence, clause, begin, end, rows)
        if not rows:
            return None
        before = len(self.drafts)
        self._items(sentence, clause, begin, end, rows)
        self.group = self.drafts[before:]
        for draft in self.group:
            self._bracket(sentence, draft, end)
        if self.group and "parts" in self.group[-1].tags:
            return self.group[-1]
        return None

    # ---- which figures say something

    def _chosen(
        self, sentence: Sentence, clause: int, begin: int, end: int, rows: list[Figure]
    ) -> list[Figure]:
        text = sentence.text
        kept: list[Figure] = []
        for figure in rows:
            before = text[begin : figure.lead]
            clause_end = text.find(",", figure.end) if "," in text[figure.end :] else len(text)
            noun = text[figure.end : figure.end + 6]
            if figure.bound or _RANK.search(text[begin : figure.start]):
                continue
            if figure.unit is None and not re.search(
                r"指数|AQI|满意度", text[begin : figure.start]
            ):
                if figure.value or not things.is_rate(text[begin : figure.lead]):
                    continue
                figure.unit = "%"
            if figure.counts and re.match(
                r"^[^,]{0,20}(?:断面|点位|水源地|水体|河流)[^,]{0,12}(?:水质)?(?=水质|、\d)",
                text[figure.end : clause_end],
            ):
                continue
            if re.search(r"“?[前后]$", text[begin : figure.start]) or re.search(
                r"如下$|“[前后]\d+", text[begin:end]
            ):
                continue
            if _JUDGED.search(text[begin : figure.start]) and figure.unit == "百分点":
                continue
            if figure.counts and any(noun.startswith(word) for word in self.words.abstract):
                continue
            if figure.unit == "天" and re.search(r"连续$", before):
                continue
            kept.append(figure)
        if _MEANS.match(text[clause:end]) and not (
            text.startswith("针对", clause) and _ACTS.search(text[clause:end])
        ):
            kept = [f for f in kept if _BUILT.search(text[begin : f.start])]
        if re.match(r"^[^,]*中$", text[begin:end]) and len(kept) == 1 and kept[0].counts:
            return []
        if "分别" in text[begin:end] and len(kept) > 1:
            tail = [f for f in kept if f.start > text.index("分别", begin)]
            return tail or kept
        result: list[Figure] = []
        for position, figure in enumerate(kept):
            following = kept[position + 1] if position + 1 < len(kept) else None
            if following is not None and figure.counts:
                between = text[figure.end : following.lead]
                if not re.search(r"[、,和及与并]", between) or not following.counts:
                    continue
            result.append(figure)
        if len(result) == 1 and len(kept) > 1 and result[0].unit == "百分点":
            return [kept[0]]
        return result

    def _rate_of_its_own(self, sentence: Sentence, begin: int, rows: list[Figure]) -> bool:
        figure = rows[-1]
        if figure.counts:
            return False
        prefix = sentence.text[begin : figure.lead]
        return (
            things.indicator(self.words, prefix, figure.unit, prefix, prefix) is not None
            or figure.unit == "%"
        )

    def _continues(self, whole: Draft, stretch: str, rows: list[Figure]) -> bool:
        """A further part of the whole: the same unit, no verb of its own beginning a new statement."""
        if "其中" not in whole.tags or whole.figure is None:
            return False
        if re.match(r"^(?:均|已|并|同时|共|累计|全部|目前)", stretch.lstrip("、")):
            return False
        return all(_alike(f.unit, whole.figure.unit) for f in rows)

    # ---- changes

    def _attach_change(self, sentence: Sentence, begin: int, end: int, rows: list[Figure]) -> bool:
        """A clause that is only a change belongs to the item before it."""
        text = sentence.text
        first = rows[0]
        opening = text[begin : first.start].lstrip("、,和")
        match = _CHANGE.fullmatch(opening) or re.fullmatch(
            r"(?:降幅|增幅|改善幅度|改善率|上升幅度|下降幅度|升幅)(?:为|达|达到)?()(?P<way>)(?P<base>)",
            opening,
        )
        if match is None or not self.group:
            return False
        values = rows if len(rows) == len(self.group) else [first] * len(self.group)
        for draft, figure in zip(self.group, values, strict=True):
            self._change(draft, figure, match["base"] or "", match["way"] or opening)
            draft.end = max(draft.end, self._closed(sentence, rows[-1].end, end))
        return True

    def _flat(self, sentence: Sentence, begin: int, end: int) -> bool:
        text = sentence.text[begin:end]
        if not self.group or not re.match(r"^(?:同比|环比|[较比与]).*持平|^持平", text):
            return False
        for draft in self.group:
            draft.item.change_value = 0
            draft.item.change_unit = None
            draft.item.change_base = _base(text)
            draft.end = begin + text.index("持平") + 2
        return True

    def _change(self, draft: Draft, figure: Figure, base: str, way: str) -> None:
        if draft.item.change_value is not None:
            return
        draft.item.change_value = _signed(figure.value, way, draft.better)
        draft.item.change_unit = figure.unit
        draft.item.change_base = _base(base)

    def _closed(self, sentence: Sentence, position: int, end: int) -> int:
        """The end of a bracket that follows at once, else the position."""
        for row in sentence.brackets:
            if row.mark == "(" and row.start == position and row.end <= end:
                return row.end
        return position

    # ---- items

    def _items(
        self, sentence: Sentence, clause: int, begin: int, end: int, rows: list[Figure]
    ) -> None:
        text = sentence.text
        if "分别" in text[begin : rows[0].start] and len(rows) > 1:
            self._respectively(sentence, begin, end, rows)
            return
        figure = rows[-1] if not rows[0].counts and len(rows) == 1 else rows[0]
        later = [f for f in rows if f is not figure]
        prefix = text[begin : figure.lead]
        prefix_full = text[begin : figure.start]
        change = _CHANGE.search(prefix_full)
        if change and re.search(r"[到至为]$", prefix_full):
            change = None
        if (
            change
            and figure.counts
            and figure.unit in ("吨", "万吨")
            and re.search(r"减排|削减|排放", prefix_full)
        ):
            change = None
        if (
            change
            and not change["base"]
            and figure.counts
            and change["way"] in ("增加", "增", "减", "降", "升", "减少", "缩减", "提升")
        ):
            change = None
        if change:
            self._only_change(sentence, begin, end, figure, change)
            return
        names = (
            things.indicators(self.words, prefix, figure.unit, text[begin:end])
            if not figure.counts
            else []
        )
        several = things.rates(prefix) if len(names) < 2 and figure.unit == "%" else []
        start = begin + things.loose(text[begin:end])
        if len(names) > 1:
            for _, named in names:
                self._add(
                    sentence, start, self._reach(sentence, begin, end, figure), figure, named, ""
                )
        elif len(several) > 1:
            for name in several:
                self._add(
                    sentence, start, self._reach(sentence, begin, end, figure), figure, None, name
                )
        else:
            entry = self._indicator(sentence, clause, begin, end, figure)
            noun = "" if entry and not figure.counts else self._noun(sentence, begin, end, figure)
            self._add(
                sentence, start, self._reach(sentence, begin, end, figure), figure, entry, noun
            )
        for more in later:
            tail = text[figure.end : more.start]
            match = _CHANGE.search(tail)
            if match:
                self._change(self.drafts[-1], more, match["base"] or "", match["way"])
                self.drafts[-1].end = max(
                    self.drafts[-1].end, self._closed(sentence, more.end, end)
                )
                break

    def _indicator(
        self, sentence: Sentence, clause: int, begin: int, end: int, figure: Figure
    ) -> Named | None:
        text = sentence.text
        prefix, around = text[begin : figure.start], text[begin:end]
        before = text[sentence.begin : figure.start]
        tries = [prefix]
        if figure.counts or figure.unit == "%":
            following = re.split(r"[,;。、]", text[figure.end : end])[0]
            tries.append(prefix + following)
        if not figure.counts:
            tries += [text[clause : figure.start], before[-60:]]
        for number, attempt in enumerate(tries):
            entry = things.indicator(self.words, attempt, figure.unit, attempt + around, before)
            if entry is not None:
                if number > 1 and things.is_rate(text[begin : figure.lead]):
                    # A rate named here keeps its own name, unless the subject before completes it.
                    stop = max(
                        (m.end() for w in entry.words for m in w.finditer(attempt)), default=0
                    )
                    if stop < len(attempt) - len(prefix) + 2:
                        continue
                return entry
        return None

    def _noun(self, sentence: Sentence, begin: int, end: int, figure: Figure) -> str:
        text = sentence.text
        before, after = text[begin : figure.lead], text[figure.end : end]
        if not figure.counts:
            if figure.unit == "%" and not things.is_rate(before) and re.search(r"占", before):
                return re.split(r"占", before)[0]
            if things.is_rate(before):
                return things.rates(before)[-1]
            verb = re.match(rf"(?:{any_of(self.words.following)})+", after)
            return (
                things.noun(self.words, "", after[verb.end() :] if verb else after)
                or things.rates(before)[-1]
            )
        name = things.noun(self.words, before, after)
        if len(name) >= 2:
            return name
        if self.noun and self.unit == figure.unit:
            return self.noun
        rest = re.sub(r"^[对为在将]$", "", before[things.loose(before) :])
        behind = re.split(r"[,;。]", after)[0]
        verb = re.match(rf"(?:{any_of(self.words.following)}|了)+", behind)
        return rest or (behind[verb.end() :] if verb else behind) or self.noun

    def _reach(self, sentence: Sentence, begin: int, end: int, figure: Figure) -> int:
        """Where the span of an item ends: with the clause if the noun follows, else with the figure."""
        text = sentence.text
        after = text[figure.end : end]
        if not after:
            return end
        if (
            figure.counts
            and re.match(r"[\w“《(的]", after)
            and not re.match(r"(?:同比|环比|较|比)", after)
        ):
            bracket = self._closed(sentence, figure.end, end)
            if bracket > figure.end and bracket < end and text[bracket] in "、和及":
                return bracket
            return end
        if (
            figure.unit == "%"
            and re.match(r"(?:完成|实行|实现|达标|的)?[\w“]", after)
            and not re.match(r"(?:同比|环比|较|比|[、和])", after)
        ):
            return end
        return self._closed(sentence, figure.end, end)

    def _respectively(self, sentence: Sentence, begin: int, end: int, rows: list[Figure]) -> None:
        text = sentence.text
        at = text.index("分别", begin)
        subject = text[begin:at]
        verb = text[at : rows[0].start]
        way = re.search(_WAY + "$", verb)
        pieces = re.split(r"[、和与及](?![^()]*\))", subject)
        if len(pieces) != len(rows):
            pieces = (pieces * len(rows))[: len(rows)] if len(pieces) == 1 else pieces[-len(rows) :]
        start = begin + things.loose(text[begin:end])
        stop = self._closed(sentence, rows[-1].end, end)
        for number, figure in enumerate(rows):
            piece = pieces[number] if number < len(pieces) else pieces[-1]
            unit = figure.unit
            whole = text[sentence.begin : at]
            entry = None
            for attempt in (piece, piece + _tail(pieces[-1]), whole):
                entry = entry or things.indicator(
                    self.words, attempt, unit, subject + verb, whole, change=way is not None
                )
            figure.comparator = (
                rows[0].comparator if figure.comparator == "=" else figure.comparator
            )
            if way and not re.search(r"[到至]$", verb):
                draft = self._add(
                    sentence, start, stop, figure, entry, things.noun(self.words, piece, "")
                )
                self._to_change(draft, figure, verb, way["way"])
            else:
                self._add(
                    sentence,
                    start,
                    stop,
                    figure,
                    entry,
                    "" if entry else things.noun(self.words, piece, ""),
                )

    def _only_change(
        self, sentence: Sentence, begin: int, end: int, figure: Figure, change: re.Match[str]
    ) -> None:
        text = sentence.text
        subject = text[begin : begin + change.start()]
        around = text[begin:end]
        entry = things.indicator(
            self.words, subject, figure.unit, around, text[sentence.begin : end], change=True
        )
        start = begin + things.loose(text[begin:end])
        better = "down" if re.search(r"浓度|指数|能耗|排放|污染|投诉|信访", subject) else "up"
        draft = self._add(
            sentence, start, self._closed(sentence, figure.end, end), figure, entry,
            "" if entry else things.noun(self.words, subject, "") or subject,
        )  # fmt: skip
        if entry is None:
            draft.better = better
        self._to_change(draft, figure, change["base"] or "", change["way"])

    def _to_change(self, draft: Draft, figure: Figure, base: str, way: str) -> None:
        item = draft.item
        item.change_value = _signed(figure.value, way, draft.better)
        item.change_unit, item.change_base = figure.unit, _base(base)
        item.value = item.value_high = item.unit = None
        item.comparator = "trend_down" if (item.change_value or 0) < 0 else "trend_up"

    def _add(
        self,
        sentence: Sentence,
        start: int,
        end: int,
        figure: Figure,
        entry: Named | None,
        noun: str,
    ) -> Draft:
        text = sentence.text
        while end > start + 1 and text[end - 1] in ",、;:。和及与":
            end -= 1
        kind = self._kind(sentence, figure, entry, noun, text[start:end])
        known = entry.id if entry else None
        if (
            kind == TASK
            and known
            and not known.startswith(("emission.", "fund.", "enforce.inspections"))
        ):
            noun, known = noun or self._noun(sentence, start, end, figure), None
        item = Item(
            kind, "", 0, 0, indicator=known, comparator=figure.comparator, value=figure.value,
            value_high=figure.high, unit=_per(text, start, figure), quantity_of=noun or None,
            confidence=0.95 if known else 0.85,
        )  # fmt: skip
        if item.indicator and not figure.counts:
            item.quantity_of = None
        draft = Draft(
            item, start, max(end, figure.end), noun, figure, entry.better if entry else "up"
        )
        self.drafts.append(draft)
        if figure.counts and noun:
            self.noun, self.unit = noun, figure.unit
        return draft

    def _kind(
        self, sentence: Sentence, figure: Figure, entry: Named | None, noun: str, stretch: str
    ) -> str:
        level = (entry is not None and entry.level) or (
            entry is None
            and (
                things.is_level(figure.unit)
                or (
                    figure.unit == "%"
                    and (things.is_rate(noun) or not re.search(r"^(?:完成|实施)", stretch))
                )
            )
        )
        if not sentence.plan:
            return FACT
        if (
            entry is not None
            and entry.id.startswith("emission.")
            and re.search(r"^(?:完成|实现|削减|减排)", stretch)
            and "量" not in stretch
        ):
            return TASK
        return TARGET if level else TASK

    # ---- what divides a figure

    def _bracket(self, sentence: Sentence, draft: Draft, end: int) -> None:
        """A bracket behind the figure: its parts, or a remark that ends the span."""
        if draft.figure is None:
            return
        for row in sentence.brackets:
            if (
                row.mark != "("
                or not draft.figure.end <= row.start <= draft.end + 1
                or row.end > end + 1
            ):
                continue
            rows = figures.find(self.words, sentence.text, row.start + 1, row.end - 1)
            rows = [f for f in rows if _alike(f.unit, draft.figure.unit)]
            if rows and draft.figure.counts and draft.item.change_value is None:
                self._collect(sentence, draft, row.start + 1, rows)
                draft.end = max(draft.end, row.end)
                draft.tags.add("parts")
            elif row.start == draft.figure.end:
                draft.end = max(draft.end, row.end)
                inside = sentence.text[row.start + 1 : row.end - 1]
                if re.search(r"(?:镇|街道|村|社区|乡|园区|县|区)$", inside) and not re.search(
                    r"\d|以下简称", inside
                ):
                    draft.item.area = inside

    def _add_parts(
        self, sentence: Sentence, whole: Draft, begin: int, end: int, rows: list[Figure]
    ) -> Draft | None:
        if whole.figure is None or any(
            not _alike(f.unit, whole.figure.unit) for f in rows if f.counts
        ):
            return None
        usable = [f for f in rows if _alike(f.unit, whole.figure.unit)]
        if not usable or whole.figure.unit == "%":
            return None
        self._collect(sentence, whole, begin, usable)
        inner: list[Figure] = []
        last = usable[-1].end
        for row in sentence.brackets:
            if row.mark == "(" and begin <= row.start < end:
                hidden = figures.find(self.words, sentence.text, row.start + 1, row.end - 1)
                inner += [f for f in hidden if _alike(f.unit, whole.figure.unit)]
                if row.start <= last + 1:
                    last = max(last, row.end)
        if inner:
            self._collect(sentence, whole, begin, inner)
        whole.end = max(whole.end, last)
        whole.tags |= {"parts", "其中"}
        return whole

    def _collect(self, sentence: Sentence, whole: Draft, begin: int, rows: list[Figure]) -> None:
        text = sentence.text
        parts = whole.item.parts or []
        start = begin
        for figure in rows:
            before = re.split(r"[、,(;和]", text[start : figure.lead])[-1]
            after = re.split(r"[、,);和及]", text[figure.end :])[0]
            noun = things.noun(self.words, _PARTS.sub("", before), after)
            parts.append(Part(noun or None, figure.value, figure.unit))
            start = figure.end
        whole.item.parts = parts


_THINGS = {"个", "件", "份", "项", "起", "宗", "例"}


def _alike(a: str | None, b: str | None) -> bool:
    """Whether two units count the same kind of thing, so that one figure can be part of the other."""
    return a == b or (a in _THINGS and b in _THINGS)


def _tail(piece: str) -> str:
    match = re.search(r"(?:年均|平均)?(?:浓度|减排量|排放量|达标率|比例|率|值)[^,]*$", piece)
    return match.group() if match else ""


def _per(text: str, start: int, figure: Figure) -> str | None:
    unit = figure.unit
    if unit is None:
        return None
    match = re.search(r"每(月|年|周|季度|半年|日|天)", text[max(0, start - 4) : figure.start])
    if match and figure.counts and "/" not in unit:
        return f"{unit}/{match[1]}"
    return unit


def _base(text: str) -> str | None:
    if re.search(r"环比|上月|上季度", text):
        return "mom"
    years = re.search(r"(20\d\d)[-~—至](20\d\d)年", text)
    if years:
        return f"{years[1]}-{years[2]}"
    year = re.search(r"(20\d\d)年", text)
    if year:
        return year[1]
    if re.search(r"同比|去年|上年|同期", text):
        return "yoy"
    return None


def _signed(value: float, way: str, better: str) -> float:
    if _DOWN.search(way) or (("改善" in way) and better == "down"):
        return -value
    return value
