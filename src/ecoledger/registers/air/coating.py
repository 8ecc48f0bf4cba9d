"""行业整治“回头看” (mission A8): every firm of a trade looked at again, its problems listed and closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books.campaign import Campaign
from ecoledger.books.models import DriveTask
from ecoledger.entities.models import Enterprise
from ecoledger.listings.catalogue import declare
from ecoledger.matters import actions
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.problems.problem_ledger import Problem


def firms_of(*words: str) -> Callable[[], QuerySet[Any]]:
    """The firms of a trade, by the words that its firms say of themselves."""

    def firms() -> QuerySet[Any]:
        trade = Q()
        for word in words:
            trade |= Q(industry__contains=word)
        return Enterprise.objects.filter(trade)

    return firms


def as_problem(task: DriveTask, label: str, by: Person, at: datetime) -> Any:
    """A clause that failed, in the one ledger of problems."""
    return actions.open_matter(
        PROBLEMS,
        {
            "title": f"{task.entity}：{label}",
            "area_code": task.area_code,
            "entity": task.entity,
            "origin_kind": Problem.Origin.SELF,
            "category": Problem.Category.AIR,
            "source_batch": task.drive.name[:40],
        },
        by=by,
        at=at,
    )


def trade(key: str, name: str, *words: str) -> Campaign:
    """The campaign that looks at a trade again."""
    return declare(Campaign(
        key=key, label=f"{name}行业回头看", line="air", objects=firms_of(*words), finding=as_problem,
        columns=("name", "state", "begin", "end", "area_code", "checklist"), filters=("state",),
        fields=("name", "area_code", "begin", "end", "checklist", "basis"), search=("name",),
        lead="name", yearly_cap=3, edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF}),
        empty="还没有这个行业的专项行动。登记一次行动并选取对象后会出现在这里。",
    ))  # fmt: skip


COATING = trade("coating", "喷涂", "涂装", "喷涂")
BEARINGS = trade("bearings", "轴承", "轴承")
HEAT_TREATMENT = trade("heat_treatment", "热处理", "热处理")
