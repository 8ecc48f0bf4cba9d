"""Items that carry a figure."""

from __future__ import annotations

import re

from ecoledger.indicators.plan import changes, choosing, parts, sentences, things
from ecoledger.indicators.plan.drafts import Draft, Sentence
from ecoledger.indicators.plan.figures import Figure
from ecoledger.indicators.plan.items import FACT, TARGET, TASK, Item
from ecoledger.indicators.plan.sentences import bracket_end
from ecoledger.indicators.plan.words import Named, Words, any_of

# 断面13个,占72.2%: the share that a count comes to.
_SHARES = {
    "air.good_days": "air.good_day_ratio",
    "water.section.class3_count": "water.section.class3_ratio",
    "water.section.inferior5_count": "water.section.inferior5_ratio",
}


class Reader:
    """Reads the figures of one sentence after the other; remembers what a clause leaves out."""

    def __init__(self, words: Words) -> None:
        self.words = words
        self.noun = ""
        self.unit: str | None = None
        self.levels: dict[str | None, str | None] = {}
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
            for start, stop in choosing.pieces(self.words, sentence, begin, end):
                whole = self._piece(sentence, begin, start, stop, whole)
        return self.drafts

    def _piece(
        self, sentence: Sentence, clause: int, begin: int, end: int, whole: Draft | None
    ) -> Draft | None:
        text = sentence.text
        stretch = text[begin:end]
        rows = choosing.visible(self.words, sentence, begin, end)
        if not rows:
            if self._flat(sentence, begin, end):
                return whole
            return None if stretch and not parts.OPENS.match(stretch) else whole
        if parts.OPENS.match(stretch.lstrip("、,和及")) and (whole or self.drafts):
            whole = whole or self.drafts[-1]
            if parts.divides(self.words, whole, rows) and not parts.rate_of_its_own(
                self.words, sentence, begin, rows
            ):
                return parts.add_parts(self.words, sentence, whole, begin, end, rows)
        elif whole is not None and parts.continues(self.words, whole, stretch, rows):
            return parts.add_parts(self.words, sentence, whole, begin, end, rows)
        if self._attach_change(sentence, begin, end, rows):
            return None
        if self._second_goal(sentence, begin, end, rows):
            return None
        rows = choosing.chosen(self.words, sentence, clause, begin, end, rows)
        if not rows:
            return None
        before = len(self.drafts)
        self._items(sentence, clause, begin, end, rows)
        self.group = self.drafts[before:]
        for draft in self.group:
            parts.bracket(self.words, sentence, draft, end)
        if self.group and "parts" in self.group[-1].tags:
            return self.group[-1]
        return None

    # ---- which figures say something

    # ---- changes

    def _attach_change(self, sentence: Sentence, begin: int, end: int, rows: list[Figure]) -> bool:
        """A clause that is only a change belongs to the item before it."""
        text = sentence.text
        first = rows[0]
        opening = re.sub(r"\([^()]*\)", "", text[begin : first.start].lstrip("、,和"))
        match = changes.CHANGE.fullmatch(opening) or re.fullmatch(
            r"(?:[较比](?:去年|上年)(?:同期)?(?:多|少)|降幅|增幅|改善幅度|改善率|上升幅度|下降幅度|升幅)(?:为|达|达到)?()(?P<way>)(?P<base>)",
            opening,
        )
        if match is None or not self.group:
            return False
        values = rows if len(rows) == len(self.group) else [first] * len(self.group)
        way, last = match["way"] or opening, first.end
        for draft, figure in zip(self.group, values, strict=True):
            # 同比分别下降4.2%、上升1.2%: each figure has the word before it.
            own = (
                re.search(changes.WAY + "$", text[last : figure.start])
                if figure is not first
                else None
            )
            way = own["way"] if own else way
            self._change(draft, figure, match["base"] or opening, way)
            last = figure.end
            draft.end = max(draft.end, bracket_end(sentence.brackets, rows[-1].end, end))
        return True

    def _flat(self, sentence: Sentence, begin: int, end: int) -> bool:
        text = sentence.text[begin:end]
        if not self.group or not re.match(r"^(?:同比|环比|[较比与]).*持平|^持平", text):
            return False
        for draft in self.group:
            if draft.item.change_value is not None:
                continue
            draft.item.change_value = 0
            draft.item.change_unit = None
            draft.item.change_base = changes.base_of(text)
            draft.end = begin + text.index("持平") + 2
        return True

    def _change(self, draft: Draft, figure: Figure, base: str, way: str) -> None:
        if draft.item.change_value is not None:
            return
        draft.item.change_value = changes.signed(figure.value, way, draft.better)
        draft.item.change_unit = figure.unit
        draft.item.change_base = changes.base_of(base)

    def _second_goal(self, sentence: Sentence, begin: int, end: int, rows: list[Figure]) -> bool:
        """``确保50以下,力争48``: the second figure is another target of the same thing."""
        figure = rows[0]
        if not self.group or not re.fullmatch(
            r"(?:力争|争取|确保|奋斗目标)(?:达到|控制在|达|为|在)?",
            sentence.text[begin : figure.start],
        ):
            return False
        first = self.group[-1]
        if first.item.type != TARGET or figure.unit not in (first.item.unit, None):
            return False
        figure.unit = figure.unit or first.item.unit
        entry = self.words.named(first.item.indicator)
        self._add(sentence, begin, figure.end, figure, entry, first.quantity)
        return True

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
        change = changes.CHANGE.search(prefix_full)
        if change and re.search(r"[到至为]$", prefix_full):
            change = None
        if (
            change
            and figure.counts
            and figure.unit in ("吨", "万吨")
            and re.search(r"减排|排放", prefix_full)
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
            match = changes.CHANGE.search(tail)
            if match:
                self._change(self.drafts[-1], more, match["base"] or "", match["way"])
                self.drafts[-1].end = max(
                    self.drafts[-1].end, bracket_end(sentence.brackets, more.end, end)
                )
                break

    def _indicator(
        self, sentence: Sentence, clause: int, begin: int, end: int, figure: Figure
    ) -> Named | None:
        text = sentence.text
        prefix, around = text[begin : figure.start], text[begin:end]
        before = text[sentence.begin : figure.start]
        if (
            figure.unit == "%"
            and self.drafts
            and re.match(r"(?:约)?占(?!年度|计划|总投资)", prefix)
        ):
            share = _SHARES.get(self.drafts[-1].item.indicator or "")
            if share:
                return self.words.named(share)
        tries = [prefix]
        if figure.counts or figure.unit == "%":
            following = re.split(r"[,;。、]|(?<=....)已", text[figure.end : end])[0]
            tries.append(prefix + following)
        if not figure.counts:
            tries += [text[clause : figure.start], before[-60:]]
        for number, attempt in enumerate(tries):
            whole = before + (around[len(prefix) :] if figure.counts else "")
            entry = things.indicator(self.words, attempt, figure.unit, attempt + around, whole)
            if entry is not None:
                if number > 1 and things.is_rate(text[begin : figure.lead]):
                    # A rate named here keeps its own name, unless the subject before completes it.
                    stop = max(
                        (m.end() for w in entry.words for m in w.finditer(attempt)), default=0
                    )
                    if stop < len(attempt) - len(prefix) + 2:
                        continue
                return entry
        if things.is_level(figure.unit) and not things.substance(prefix):
            # …PM2.5浓度46.8微克/立方米;川南地区55.7微克/立方米: the substance is said once.
            return self.words.named(self.levels.get(figure.unit))
        return None

    def _noun(self, sentence: Sentence, begin: int, end: int, figure: Figure) -> str:
        text = sentence.text
        before, after = text[begin : figure.lead], text[figure.end : end]
        if not figure.counts:
            if figure.unit == "%" and not things.is_rate(before) and re.search(r"占", before):
                return re.sub(r"约$", "", re.split(r"占", before)[0]) or self.noun
            if things.is_rate(before):
                return things.rates(before)[-1]
            verb = re.match(rf"(?:{any_of(self.words.following)})+", after)
            return (
                things.noun(self.words, "", after[verb.end() :] if verb else after)
                or things.rates(before)[-1]
            )
        name = things.noun(self.words, before, after)
        if figure.unit == "次" and re.match(r"研究|部署|推动|调度|督导|检查|调研|深入", after):
            # 召开专题会议30余次研究部署: counted is the meeting.
            name = things.noun(self.words, before, "") or name
        if len(name) >= 2:
            return name
        if self.noun and self.unit == figure.unit:
            return self.noun
        rest = re.sub(
            rf"^(?:[对为在将]|{any_of(self.words.leading)})$", "", things.without_loose(before)
        )
        behind = re.split(r"[,;。]", after)[0]
        verb = re.match(rf"(?:{any_of(self.words.following)}|了)+", behind)
        return (
            rest
            or (behind[verb.end() :] if verb else behind)
            or (self.noun if self.unit == figure.unit else "")
            or things.without_loose(before)
            or self.noun
        )

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
            bracket = bracket_end(sentence.brackets, figure.end, end)
            if bracket > figure.end and bracket < end and text[bracket] in "、和及":
                return bracket
            return end
        if (
            figure.unit == "%"
            and re.match(r"(?:完成|实行|实现|达标|的)?[\w“]", after)
            and not re.match(r"(?:同比|环比|较|比|[、和])", after)
        ):
            return end
        return bracket_end(sentence.brackets, figure.end, end)

    def _respectively(self, sentence: Sentence, begin: int, end: int, rows: list[Figure]) -> None:
        text = sentence.text
        at = text.index("分别", begin)
        subject = text[begin:at]
        verb = text[at : rows[0].start]
        way = re.search(changes.WAY + "$", verb)
        pieces = re.split(r"[、和与及](?![^()]*\))|(?<=PM2\.5)(?=PM10)", subject)
        if len(pieces) != len(rows):
            pieces = (pieces * len(rows))[: len(rows)] if len(pieces) == 1 else pieces[-len(rows) :]
        start = begin + things.loose(text[begin:end])
        stop = bracket_end(sentence.brackets, rows[-1].end, end)
        for number, figure in enumerate(rows):
            piece = pieces[number] if number < len(pieces) else pieces[-1]
            unit = figure.unit
            whole = text[sentence.begin : at]
            entry = None
            # PM2.5、PM10同比分别改善…: a substance alone stands for its concentration.
            named = f"{piece}浓度" if way and things.substance(piece) else piece
            for attempt in (piece, piece + _tail(pieces[-1]), named, whole):
                around = attempt if attempt is named else subject + verb
                entry = entry or things.indicator(
                    self.words, attempt, unit, around, whole, change=way is not None
                )
            shared = next((f.comparator for f in (*rows, figure) if f.comparator != "="), "=")
            figure.comparator = shared if figure.comparator == "=" else figure.comparator
            ordered = entry is not None and entry.id.startswith("emission.")
            if way and not re.search(r"[到至]$", verb) and not (ordered and not _compares(verb)):
                draft = self._add(
                    sentence, start, stop, figure, entry, things.noun(self.words, piece, "")
                )
                self._to_change(draft, figure, subject + verb, way["way"])
            else:
                noun = things.noun(self.words, piece, "")
                if figure.unit == "%" and not things.is_rate(piece):
                    noun += _tail(pieces[-1])
                self._add(sentence, start, stop, figure, entry, "" if entry else noun)

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
        several = things.indicators(self.words, subject, "", around)
        if len(several) > 1:
            for _, named in several:
                member = self._add(
                    sentence,
                    start,
                    bracket_end(sentence.brackets, figure.end, end),
                    figure,
                    named,
                    "",
                )
                self._to_change(member, figure, change["base"] or "", change["way"])
            return
        better = "down" if re.search(r"浓度|指数|能耗|排放|污染|投诉|信访", subject) else "up"
        draft = self._add(
            sentence, start, bracket_end(sentence.brackets, figure.end, end), figure, entry,
            "" if entry else things.noun(self.words, subject, "") or subject,
        )  # fmt: skip
        if entry is None:
            draft.better = better
        elif draft.item.type == TASK:
            draft.item.type, draft.item.indicator = TARGET, entry.id
        self._to_change(draft, figure, change["base"] or "", change["way"])

    def _to_change(self, draft: Draft, figure: Figure, base: str, way: str) -> None:
        item = draft.item
        item.change_value = changes.signed(figure.value, way, draft.better)
        item.change_unit, item.change_base = figure.unit, changes.base_of(base)
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
        if things.is_level(figure.unit):
            self.levels[figure.unit] = known
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
                or (figure.unit == "天" and noun.endswith("天数"))
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
            and "量" not in stretch.replace("化学需氧量", "")
        ):
            return TASK
        return TARGET if level else TASK

    # ---- what divides a figure


def _compares(verb: str) -> bool:
    """Whether a change names what it is against: 同比, 较2020年."""
    return bool(re.search(r"同比|环比|[较比]", verb))


def _tail(piece: str) -> str:
    match = re.search(
        r"(?:年均|平均)?(?:浓度|减排量|排放量|达标率|天数比例|比例|率|值)[^,]*$", piece
    )
    return match.group() if match else ""


def _per(text: str, start: int, figure: Figure) -> str | None:
    unit = figure.unit
    if unit is None:
        return None
    match = re.search(r"每(月|年|周|季度|半年|日|天)", text[max(0, start - 4) : figure.start])
    if match and figure.counts and "/" not in unit:
        return f"{unit}/{match[1]}"
    return unit
