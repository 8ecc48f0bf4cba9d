"""部门生态环境保护责任清单 (mechanism T14): which department answers for what, and by which law.

A roster in editions; the edition in force on the day a problem is registered says to which department it
goes. The dispatcher sees the proposal and its basis, and decides.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q
from django.utils import timezone

from ecoledger.accounts.roles import Role
from ecoledger.books.models import Edition, RosterLine
from ecoledger.books.roster import Roster
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Ask, Import
from ecoledger.registers.problems.categories import Category


class Responsibility(RosterLine):
    """One item of a department's list."""

    item = models.CharField("责任事项", max_length=120)
    category = models.CharField("类别", max_length=20, choices=Category.choices, blank=True)
    # Words by which a problem is told to be of this item, apart by 、.
    words = models.CharField("关键词", max_length=200, blank=True)
    basis = models.CharField("法律依据", max_length=200, blank=True)

    class Meta:
        verbose_name = "责任事项"

    def weight(self, problem: Any) -> int:
        """How well the item fits a problem: the letters of its words that are said there; 0 for none."""
        text = f"{problem.title} {problem.description} {problem.address}"
        words = [word for word in self.words.replace("，", "、").split("、") if word.strip()]
        hits = sum(len(word) for word in words if word in text)
        if self.category and problem.category and self.category != problem.category:
            return 0
        return hits * 2 + (1 if self.category and self.category == problem.category else 0)


RESPONSIBILITIES = declare(Roster(
    key="responsibility", label="生态环境保护责任清单", line="rectification", model=Responsibility,
    identity=("organisation_id", "item"), attributes=("category", "words", "basis", "reason"),
    columns=("organisation", "item", "category", "words", "basis", "edition"),
    filters=("edition", "category", "organisation"), search=("item", "words", "organisation__name"),
    fields=("edition", Ask("organisation", required=True), "item", "category", "words", "basis"), lead="item",
    imports=Import(key=("organisation", "item"), headers={
        "organisation": ("部门", "责任部门", "责任单位"), "item": ("责任", "职责", "事项"),
        "basis": ("依据",), "words": ("关键字",), "edition": ("年度",),
    }, examples={
        "edition": "2026", "organisation": "住房和城乡建设局", "item": "施工工地扬尘", "category": "大气",
        "words": "工地、扬尘", "basis": "大气污染防治法第六十九条",
    }),
    edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF}),
    empty="还没有责任清单。导入本地印发的《责任清单》，公布后新问题会按它提出责任单位。",
))  # fmt: skip


def responsible_for(problem: Any, day: date | None = None) -> Responsibility | None:
    """The item in force that fits a problem best; ``None`` when none fits."""
    day = day or timezone.localdate()
    lines = Responsibility.objects.filter(
        Q(edition__until=None) | Q(edition__until__gte=day),
        edition__book=RESPONSIBILITIES.key,
        edition__since__lte=day,
    ).exclude(edition__state=Edition.State.DRAFT)
    fitting = [
        (line.weight(problem), -line.pk, line)
        for line in lines.select_related("organisation", "edition")
        if problem.area_code.startswith(line.edition.area_code)
    ]
    best = max(fitting, default=None, key=lambda fit: fit[:2])
    return best[2] if best and best[0] > 0 else None


def department_of(problem: Any) -> Any:
    """The department that answers for a problem by the list in force, to be offered at its hand-over."""
    line = responsible_for(problem)
    return line.organisation if line else None
