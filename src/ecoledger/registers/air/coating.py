"""喷涂行业“回头看” (mission A8): every coating firm looked at again, its problems listed and closed."""

from __future__ import annotations

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


def coating_firms() -> QuerySet[Any]:
    """Firms that coat: by trade, in their own words."""
    return Enterprise.objects.filter(Q(industry__contains="涂装") | Q(industry__contains="喷涂"))


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


COATING = declare(Campaign(
    key="coating", label="喷涂行业回头看", line="air", objects=coating_firms, finding=as_problem,
    columns=("name", "state", "begin", "end", "area_code", "checklist"), filters=("state",),
    fields=("name", "area_code", "begin", "end", "checklist", "basis"), search=("name",),
    lead="name", yearly_cap=3, edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF}),
    empty="还没有喷涂行业的专项行动。登记一次行动并选取对象后会出现在这里。",
))  # fmt: skip
