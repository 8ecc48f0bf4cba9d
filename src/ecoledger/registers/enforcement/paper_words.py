"""The issued papers of a case compared word by word (mechanism E5): facts, laws, sums, parties and numbers as they stand in print.

Fields may agree while the papers do not: a template was edited, a word written over, a paper issued before the case was
put right. Read is the .docx that went out; what is not read is said by :mod:`.unread`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import cached_property
from itertools import chain
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.listings.word.package import NotADocumentError
from ecoledger.listings.word.text import lines
from ecoledger.standards import fines

NOTICES = ("penalty_notice", "daily_notice")
DECISIONS = ("penalty_decision", "daily_decision", "penalty_on_spot")
# Papers that go to the party and so name it.
TO_PARTY = (*NOTICES, *DECISIONS, "penalty_none", "penalty_hearing", "penalty_demand", "penalty_instalments",
            "correction_order", "seizure_decision", "seizure_release", "limit_notice", "halt_notice",
            "limit_decision", "halt_decision")  # fmt: skip
_FACTS = re.compile(r"(?:违法行为|复查发现)[：:](.*?)(?:以上事实|上述行为|证据[：:])")
_LAW = re.compile(
    # A name without its marks ends where another of these words begins: a heading may stand before it.
    r"(?:违反了?|依据|根据|按照|参照|适用|[、，和及])"
    r"((?:《[^》]+》|(?:(?!依据|根据|违反|按照|参照|适用)[\u4e00-\u9fa5]){2,14}?法典?)"
    r"第[一二三四五六七八九十百千零〇\d]+条)"
)
# Laws of procedure are named in every paper.
_PROCEDURE = re.compile(r"行政(处罚|复议|诉讼|强制)法")
_CAPITALS = re.compile(r"人民币([零壹贰叁肆伍陆柒捌玖拾佰仟万亿元圆角分整]+)")
_CODE = re.compile(r"(?<![0-9A-Z])[0-9A-HJ-NPQRTUWXY]{18}(?![0-9A-Z])")
_NUMBER = re.compile(r"[\u4e00-\u9fa5（）]{2,14}〔\d{4}〕\d+号")
_TOLD_ON = re.compile(r"我局于(\d{4}年\d{1,2}月\d{1,2}日)告知")
_BLANK = re.compile(r"\{\{|\}\}|_{3,}|×{2,}|〔\s*〕|[（(]\s{2,}[)）]")


@dataclass(frozen=True)
class Paper:
    """One issued paper: what kind, what it is called, its number, its words without blanks."""

    kind: str
    name: str
    number: str
    text: str

    @cached_property
    def facts(self) -> str:
        """The act, as this paper tells it."""
        match = _FACTS.search(self.text)
        return match[1] if match else ""

    @cached_property
    def laws(self) -> set[str]:
        """The articles on which it rests, those of procedure left out."""
        return {law for law in _LAW.findall(self.text) if not _PROCEDURE.search(law)}

    @cached_property
    def sums(self) -> list[str]:
        return _CAPITALS.findall(self.text)


def papers(case: Any) -> list[Paper]:
    """The papers of a case and of what hangs on it that stand, in the order of their issue."""
    its = matters_of(case)
    rows = chain.from_iterable(matter.documents.filter(replaced_by=None) for matter in its)
    return [p for row in sorted(rows, key=lambda row: (row.issued_at, row.pk)) if (p := _read(row))]


def matters_of(case: Any) -> list[Any]:
    """The case and what hangs on it: orders, seizures, limits of production."""
    return [case, *case.orders.all(), *case.seizures.all(), *case.production_orders.all()]


def _read(document: Any) -> Paper | None:
    try:
        with document.word_file.open("rb") as file:
            said = lines(file.read())
    except (OSError, NotADocumentError):
        return None
    text = re.sub(r"\s", "", "".join(said))
    return Paper(document.kind, document.title.partition("：")[0], document.number, text)


def of(case: Any) -> Iterator[str]:
    """Everything in which the papers differ from each other or from the case, in words."""
    issued = papers(case)
    yield from _parties(case, issued)
    yield from _told_and_decided(case, issued)
    yield from _numbers(case, issued)
    for paper in issued:
        if match := _BLANK.search(paper.text):
            yield _("%(paper)s还有没填写的空白：“%(where)s”。") % {
                "paper": paper.name, "where": paper.text[max(match.start() - 12, 0) : match.end() + 4],
            }  # fmt: skip


def _parties(case: Any, issued: list[Paper]) -> Iterator[str]:
    party = re.sub(r"\s", "", case.party)
    for paper in issued:
        if party and paper.kind in TO_PARTY and party not in paper.text:
            yield _("%(paper)s（%(number)s）正文里没有当事人“%(party)s”。") % {
                "paper": paper.name, "number": paper.number, "party": case.party,
            }  # fmt: skip
        if len(case.party_code) == 18:
            for code in set(_CODE.findall(paper.text)) - {case.party_code}:
                yield _("%(paper)s的代码 %(code)s 与案件的 %(own)s 不一致。") % {
                    "paper": paper.name, "code": code, "own": case.party_code,
                }  # fmt: skip


def _told_and_decided(case: Any, issued: list[Paper]) -> Iterator[str]:
    """What was decided is what was told: the act, the law, the sum."""
    told = next((p for p in reversed(issued) if p.kind in NOTICES), None)
    decided = next((p for p in reversed(issued) if p.kind in DECISIONS), None)
    if decided is None:
        return
    own = fines.in_capitals(case.fine)
    if decided.sums and own not in decided.sums:
        yield _("决定书写罚款%(paper)s，案件是%(own)s。") % {"paper": decided.sums[0], "own": own}
    if told is None:
        return
    if told.facts and decided.facts and told.facts != decided.facts:
        yield _("告知书与决定书的违法事实不一致：%s。") % "；".join(
            differences(told.facts, decided.facts)
        )
    if more := sorted(decided.laws - told.laws):
        yield _("决定书适用的%s没有在告知书中告知。") % "、".join(more)
    day = _TOLD_ON.search(decided.text)
    served = case.notice_served_on
    if day and served and day[1] != f"{served.year}年{served.month}月{served.day}日":
        yield _("决定书写告知于%(paper)s，告知书送达于%(own)s。") % {
            "paper": day[1], "own": f"{served.year}年{served.month}月{served.day}日",
        }  # fmt: skip


def _numbers(case: Any, issued: list[Paper]) -> Iterator[str]:
    """A paper cites no number that is not of this file. A daily fine cites the first case's."""
    if case.kind == "daily":
        return
    known = {p.number for p in issued} | {case.number, case.decision_no, case.notice_no}
    known |= {o.order_no for o in case.orders.all()} | {s.decision_no for s in case.seizures.all()}
    known.discard("")
    for paper in issued:
        for cited in dict.fromkeys(_NUMBER.findall(paper.text)):
            if "环" in cited and not any(cited.endswith(number) for number in known):
                yield _("%(paper)s引用的文号“%(number)s”不在本案。") % {
                    "paper": paper.name,
                    "number": cited,
                }


def differences(one: str, other: str) -> list[str]:
    """Where two texts differ, each place with a few letters around it; at most five.

    >>> differences("排放超标2倍的废水", "排放超标3倍的废水")
    ['“放超标2倍的废”≠“放超标3倍的废”']
    """
    places = []
    for tag, a, b, c, d in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        if tag != "equal":
            places.append(f"“{one[max(a - 3, 0) : b + 3]}”≠“{other[max(c - 3, 0) : d + 3]}”")
    return places[:5]
