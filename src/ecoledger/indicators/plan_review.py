"""Reviewing a plan side by side with its text: confirm and hand out, correct, doubt, drop, add what was missed.

Handing out makes a confirmed task a matter of 重点任务 with its owner and due day, and a confirmed target a row of
a target book followed by its indicator, unless a person says that it is only confirmed. Nothing is handed out that a
person did not confirm, and nothing is confirmed that nobody has to do.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.wording import numbered
from ecoledger.indicators import plans
from ecoledger.indicators.models import PlanItem, PlanText
from ecoledger.indicators.plan import figures
from ecoledger.indicators.plan.words import load
from ecoledger.listings import asked
from ecoledger.listings.refusals import Refused
from ecoledger.registers.plan.target_book import TARGETS, PlanTarget
from ecoledger.registers.plan.work_tasks import REGISTER as TASKS
from ecoledger.standards.rounding import plainly

State, Type = PlanItem.State, PlanItem.Type
# Of a target: it is true, and no book takes it up.
ONLY_CONFIRMED = "only"
# How a plan says a comparison -> how a target book does.
_COMPARED = {">=": ">=", ">": ">=", "<=": "<=", "<": "<=", "=": "=", "reach": ">=", "range": ">="}


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of a line: plain, or that of items, the first of which it opens."""

    text: str
    items: tuple[PlanItem, ...] = ()


def marked(plan: PlanText) -> list[list[Piece]]:
    """The lines of a plan's text in pieces, so that every item stands marked where it is said."""
    lines: list[list[Piece]] = []
    items = list(plan.items.all())
    offset = 0
    for line in plan.text.split("\n"):
        end = offset + len(line)
        inside = [i for i in items if i.start < end and i.end > offset]
        edges = sorted(
            {0, len(line), *(i.start - offset for i in inside), *(i.end - offset for i in inside)}
        )
        edges = [e for e in edges if 0 <= e <= len(line)]
        lines.append(
            [
                Piece(
                    line[a:b],
                    tuple(i for i in inside if i.start - offset <= a and i.end - offset >= b),
                )
                for a, b in pairwise(edges)
            ]
        )
        offset = end + 1
    return lines


@transaction.atomic
def add(plan: PlanText, kind: str, text: str, *, by: Person) -> PlanItem:
    """Propose what the rules missed: a passage that stands in the text word for word."""
    words = text.strip()
    start = plan.text.find(words) if words else -1
    if start < 0 or "\n" in words:
        raise Refused("form", _("原文中没有这段话，请照原文复制一段，不跨行。"))
    if kind not in Type.values:
        raise Refused("form", _("请选择类型。"))
    item = PlanItem.objects.create(
        plan=plan, type=kind, start=start, end=start + len(words), text=words, confidence=1,
        note=_("人工补充"), period=str(plan.year),
    )  # fmt: skip
    audit.record(by, "补充计划事项", item)
    return item


@transaction.atomic
def split(item: PlanItem, pieces: str, *, by: Person) -> list[PlanItem]:
    """Make several items of one, a line each, every line a passage of its text; the item itself is dropped.

    What the item says of section, time, place and units holds for each; a piece's figure is read anew.
    """
    lines = [line.strip() for line in pieces.splitlines() if line.strip()]
    if len(lines) < 2:
        raise Refused("form", _("请至少写两行，每行照原文抄一条。"))
    if item.matter_id or item.target_id:
        raise Refused("form", _("已下达的不能再拆分，请先撤销下达。"))
    made: list[PlanItem] = []
    at = 0
    for number, line in enumerate(lines, 1):
        place = item.text.find(line, at)
        if place < 0:
            place = item.text.find(line)
        if place < 0:
            raise Refused("form", _("第 %d 行不在这一条的原文里，请照原文抄写。") % number)
        at = place + len(line)
        made.append(_part(item, line, item.start + place))
    for row in made:
        row.save()
    note = numbered("已拆分为 %d 条", len(made)) % len(made)
    plans.decide(item, State.DROPPED, by=by, note=note)
    audit.record(by, "拆分计划事项", item, details={"pieces": lines})
    return made


def _part(item: PlanItem, text: str, start: int) -> PlanItem:
    figure = next((f for f in figures.find(load(), text, 0, len(text)) if f.unit), None)
    return PlanItem(
        plan=item.plan, type=item.type, start=start, end=start + len(text), text=text,
        section=item.section, deadline=item.deadline, period=item.period, area=item.area,
        owners=item.owners, confidence=1, note=_("由一条拆分"),
        comparator=figure.comparator if figure else "",
        value=plainly(figure.value) if figure else "", unit=(figure.unit or "") if figure else "",
    )  # fmt: skip


@transaction.atomic
def hand_out(item: PlanItem, said: Mapping[str, str], *, by: Person) -> PlanItem:
    """Confirm an item with corrections and hand it out: a task to its section, a target into its book."""
    _refuse_idle(item, said)
    corrections: dict[str, Any] = {
        name: said[name].strip()
        for name in (
            "value",
            "unit",
            "quantity_of",
            "period",
            "area",
            "catalogue",
            "note",
            "comparator",
        )
        if name in said
    }
    if "deadline" in said:
        corrections["deadline"] = _day(said["deadline"])
    row = plans.decide(item, State.CONFIRMED, by=by, **corrections)
    if row.type == Type.TASK and row.matter is None:
        row.matter = _task(row, said, by)
        row.register = TASKS.key
    if row.type == Type.TARGET and row.target is None and said["kind"] != ONLY_CONFIRMED:
        row.target = _target(row, said, by)
    row.save(update_fields=["matter", "target", "register"])
    return row


def _refuse_idle(item: PlanItem, said: Mapping[str, str]) -> None:
    """Refuse to confirm what would then be nobody's: a task without a section, a target of which nothing is said."""
    if item.type == Type.TASK and item.matter_id is None and not said.get("section", "").strip():
        raise Refused(
            "form",
            _("没有责任科室。"),
            _("确认的任务随即下达，请填写责任科室和完成时限；不下达的，请写明理由后点“不作任务”。"),
            {"section": [_("请填写")]},
        )
    if item.type == Type.TARGET and item.target_id is None and not said.get("kind"):
        raise Refused("form", _("请选择指标性质。"), "", {"kind": [_("请选择")]})


def _day(written: str) -> date | None:
    day = asked.day(written.strip())
    if day is None and written.strip():
        raise Refused("form", _("完成时限应为日期。"), fields={"deadline": [_("请选择日期")]})
    return day


def _task(row: PlanItem, said: Mapping[str, str], by: Person) -> Any:
    if row.deadline is None:
        raise Refused(
            "form", _("没有完成时限。"), _("请填写完成时限后再下达。"), {"deadline": [_("请填写")]}
        )
    owner = (
        Person.objects.filter(pk=number).first()
        if (number := asked.number(said.get("owner", ""))) is not None
        else None
    )
    values = {
        "year": row.plan.year,
        "title": row.text[:200],
        "section": said["section"].strip(),
        "owner": owner,
        "owner_organisation": owner.organisation if owner else None,
        "area_code": row.plan.area_code,
        "quantity": asked.amount(row.value or ""),
        "unit": row.unit if row.value else "",
        "finish_by": row.deadline,
        "description": row.text,
        "origin": f"{row.plan.name} {row.section}".strip()[:200],
    }
    return TASKS.open_row(values, by, timezone.now())


def _target(row: PlanItem, said: Mapping[str, str], by: Person) -> PlanTarget:
    if said["kind"] not in PlanTarget.Kind.values:
        raise Refused("form", _("请选择指标性质。"))
    book = (said.get("book", "").strip() or row.plan.name)[:120]
    level = asked.amount(row.value or "")
    number = PlanTarget.objects.filter(
        area_code=row.plan.area_code, book=book, year=row.plan.year
    ).count()
    name = re.split(r"(?:不高于|不低于|控制在|保持|达到?|降到|为|≥|≤|\d)", row.text)[0].strip(
        "，,、 "
    )
    values = {
        "book": book,
        "year": row.plan.year,
        "area_code": row.plan.area_code,
        "number": str(number + 1),
        "name": (row.quantity_of or name or row.text)[:120],
        "kind": said["kind"],
        "weight": asked.amount(said.get("weight", "")),
        "comparator": _COMPARED.get(row.comparator, ">="),
        "target": level,
        "unit": row.unit if level is not None else "",
        "words": "" if level is not None else row.text[:200],
        "indicator": row.catalogue,
        "basis": f"{row.plan.name} {row.section}".strip()[:200],
    }
    made: PlanTarget = TARGETS.open_row(values, by, timezone.now())
    return made


def counts(plan: PlanText) -> dict[str, int]:
    """How many items are open, confirmed, doubtful, dropped."""
    states = list(plan.items.values_list("state", flat=True))
    return {state: states.count(state) for state in State.values}


def handed_out(plan: PlanText) -> dict[str, int]:
    """How many tasks and targets there are that nobody dropped, and how many of them became one here."""
    standing = ~Q(state=State.DROPPED)
    return plan.items.aggregate(
        tasks=Count("pk", filter=standing & Q(type=Type.TASK)),
        given=Count("pk", filter=standing & Q(type=Type.TASK, matter__isnull=False)),
        targets=Count("pk", filter=standing & Q(type=Type.TARGET)),
        listed=Count("pk", filter=standing & Q(type=Type.TARGET, target__isnull=False)),
    )
