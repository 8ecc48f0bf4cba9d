"""Checklists that staff edit as spreadsheets, in XLSForm columns.

Sheet ``survey``: ``type``, ``name``, ``label``, and, where wanted, ``hint``, ``required``, ``relevant``,
``constraint``, ``constraint_message``. Sheet ``choices``: ``list_name``, ``name``, ``label``. Read are the
types below; what else XLSForm knows is refused by name. Source: XLSForm reference, https://xlsform.org/en/.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import python_calamine
from django.utils.translation import gettext as _

from ecoledger.accounts.wording import numbered
from ecoledger.listings.parts import MOST
from ecoledger.listings.refusals import Refused

# XLSForm type → what an answer is.
TYPES = frozenset(
    {
        "text",
        "integer",
        "decimal",
        "date",
        "note",
        "image",
        "geopoint",
        "select_one",
        "select_multiple",
    }
)
# The answer that makes a finding of a question: the choice of a problem found.
PROBLEM = "problem"
_NAME = re.compile(r"[A-Za-z_\u3400-\u9fff][\w\u3400-\u9fff-]*")
_RELEVANT = re.compile(r"\$\{([^}]+)\}\s*(=|!=)\s*'([^']*)'")
_CONSTRAINT = re.compile(r"\.\s*(>=|<=|>|<|=|!=)\s*(-?\d+(?:\.\d+)?)")


@dataclass(frozen=True, slots=True)
class Question:
    """One row of the survey. ``relevant``: (name, "=" or "!=", value) of another answer, or ``None``."""

    name: str
    type: str
    label: str
    hint: str = ""
    required: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    relevant: tuple[str, str, str] | None = None
    constraint: tuple[tuple[str, str], ...] = ()
    constraint_message: str = ""

    @property
    def finds(self) -> bool:
        """Whether an answer may be a finding."""
        return any(value == PROBLEM for value, _label in self.choices)


def read(content: bytes) -> list[Question]:
    """The questions of an .xlsx or .xls. Raises :class:`Refused` that names sheet, row and remedy."""
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    if "survey" not in book.sheet_names:
        raise Refused(
            "file",
            _("文件里没有名为 survey 的工作表。"),
            _("请从模板开始，或把检查项放在名为 survey 的工作表里。"),
        )
    lists = _choices(_rows(book, "choices")) if "choices" in book.sheet_names else {}
    questions: list[Question] = []
    for number, row in _rows(book, "survey"):
        if not any(row.values()):
            continue
        question = _question(number, row, lists)
        if question.name in {q.name for q in questions}:
            _refuse(number, _("名称 %s 已经用过") % question.name, _("请换一个名称"))
        if question.relevant and question.relevant[0] not in {q.name for q in questions}:
            _refuse(
                number,
                _("relevant 提到的 %s 不在前面") % question.relevant[0],
                _("请把它放在本条之前"),
            )
        questions.append(question)
    if not questions:
        raise Refused("file", _("survey 工作表里没有检查项。"), _("请至少填写一条。"))
    return questions


def _rows(book: python_calamine.CalamineWorkbook, sheet: str) -> list[tuple[int, dict[str, str]]]:
    cells = book.get_sheet_by_name(sheet).to_python()
    if not cells:
        return []
    heads = [str(head).strip().lower().split("::")[0] for head in cells[0]]
    return [
        (number, {head: _text(cell) for head, cell in zip(heads, row, strict=False) if head})
        for number, row in enumerate(cells[1:], 2)
    ]


def _text(cell: Any) -> str:
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()


def _choices(rows: Sequence[tuple[int, Mapping[str, str]]]) -> dict[str, list[tuple[str, str]]]:
    lists: dict[str, list[tuple[str, str]]] = {}
    for _number, row in rows:
        name = row.get("list_name") or row.get("list name", "")
        if name and row.get("name"):
            lists.setdefault(name, []).append((row["name"], row.get("label") or row["name"]))
    return lists


def _question(
    number: int, row: Mapping[str, str], lists: Mapping[str, list[tuple[str, str]]]
) -> Question:
    kind, *rest = row.get("type", "").split()
    if kind not in TYPES:
        _refuse(
            number,
            _("不能用类型 %s") % (kind or _("（空）")),
            _("可用：%s") % "、".join(sorted(TYPES)),
        )
    name = row.get("name", "")
    if not _NAME.fullmatch(name):
        _refuse(number, _("名称“%s”不合规") % name, _("请用字母、数字、汉字和下划线"))
    choices: tuple[tuple[str, str], ...] = ()
    if kind.startswith("select"):
        if not rest or rest[0] not in lists:
            _refuse(number, _("没有选项表 %s") % " ".join(rest), _("请写在 choices 工作表里"))
        choices = tuple(lists[rest[0]])
    relevant = _RELEVANT.fullmatch(row.get("relevant", "")) if row.get("relevant") else None
    if row.get("relevant") and relevant is None:
        _refuse(number, _("读不懂 relevant：%s") % row["relevant"], _("请写成 ${名称} = '值'"))
    parts = [p.strip() for p in row.get("constraint", "").split(" and ") if p.strip()]
    limits = [_CONSTRAINT.fullmatch(part) for part in parts]
    if not all(limits):
        _refuse(number, _("读不懂 constraint：%s") % row["constraint"], _("请写成 . >= 0"))
    return Question(
        name=name,
        type=kind,
        label=row.get("label") or name,
        hint=row.get("hint", ""),
        required=row.get("required", "").lower() in ("yes", "true", "1", "true()", "是"),
        choices=choices,
        relevant=(relevant[1], relevant[2], relevant[3]) if relevant else None,
        constraint=tuple((limit[1], limit[2]) for limit in limits if limit),
        constraint_message=row.get("constraint_message", ""),
    )


def _refuse(number: int, why: str, remedy: str) -> None:
    raise Refused(
        "file",
        _("survey 第 %(row)d 行：%(why)s。") % {"row": number, "why": why},
        f"{remedy}。",
    )


def asked(question: Question, answers: Mapping[str, Any]) -> bool:
    """Whether the question applies, given the other answers."""
    if question.relevant is None:
        return True
    name, operator, value = question.relevant
    said = answers.get(name)
    holds = value in said if isinstance(said, list) else str(said or "") == value
    return holds if operator == "=" else not holds


def clean(questions: Sequence[Question], answers: Mapping[str, Any]) -> dict[str, Any]:
    """The answers as they are kept. Raises :class:`Refused` with what is wrong, question by question."""
    kept: dict[str, Any] = {}
    wrong: dict[str, list[str]] = {}
    for question in questions:
        if question.type == "note" or not asked(question, answers):
            continue
        said = answers.get(question.name)
        if said in (None, "", []):
            if question.required:
                wrong[question.name] = [_("请填写“%s”") % question.label]
            continue
        try:
            kept[question.name] = _cleaned(question, said)
        except ValueError as why:
            wrong[question.name] = [str(why)]
    if wrong:
        raise Refused("form", numbered("有 %d 条没有填对。", len(wrong)) % len(wrong), "", wrong)
    return kept


def _cleaned(question: Question, said: Any) -> Any:
    known = {value for value, _label in question.choices}
    if question.type == "select_one":
        if said not in known:
            raise ValueError(_("“%s”不在选项里") % said)
    elif question.type == "select_multiple":
        said = list(said) if isinstance(said, list | tuple) else str(said).split()
        if unknown := [value for value in said if value not in known]:
            raise ValueError(_("“%s”不在选项里") % "、".join(map(str, unknown)))
    elif question.type in ("integer", "decimal"):
        try:
            number = Decimal(str(said))
        except InvalidOperation:
            raise ValueError(_("“%s”不是数") % said) from None
        if number.is_finite() and abs(number) > MOST:  # before it is written out in full
            raise ValueError(_("“%s”数量过大") % said)
        if not number.is_finite() or (question.type == "integer" and number != int(number)):
            raise ValueError(_("“%s”不是整数") % said)
        _check_limits(question, number)
        said = str(number)
    return said


def _check_limits(question: Question, number: Decimal) -> None:
    for operator, text in question.constraint:
        limit = Decimal(text)
        holds = {
            ">=": number >= limit,
            "<=": number <= limit,
            ">": number > limit,
            "<": number < limit,
            "=": number == limit,
            "!=": number != limit,
        }[operator]
        if not holds:
            raise ValueError(
                question.constraint_message
                or _("%(number)s 不满足 %(operator)s %(limit)s")
                % {"number": number, "operator": operator, "limit": limit}
            )


def problems(questions: Sequence[Question], answers: Mapping[str, Any]) -> list[Question]:
    """The questions whose answer says that something is wrong."""
    return [q for q in questions if q.finds and PROBLEM in as_list(answers.get(q.name))]


def as_list(value: Any) -> list[Any]:
    """The answers to a question of one choice or of several."""
    return value if isinstance(value, list) else [value]
