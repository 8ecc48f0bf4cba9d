"""专项执法行动 (mission E3): several actions at a time, and one visit that serves all of them at a firm."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books.campaign import Campaign
from ecoledger.books.models import Drive, DriveTask
from ecoledger.entities.models import Enterprise
from ecoledger.listings.catalogue import declare
from ecoledger.matters import actions
from ecoledger.registers.enforcement import inspections
from ecoledger.registers.enforcement.check_plan import CheckPlan
from ecoledger.registers.enforcement.inspections import Inspection
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS
from ecoledger.registers.problems.problem_ledger import Problem


def _firms() -> QuerySet[Any]:
    return Enterprise.objects.all()


def _as_problem(task: DriveTask, label: str, by: Person, at: datetime) -> Any:
    """A clause that failed, in the one ledger of problems, begotten by the visit where there is one."""
    visit = Inspection.objects.filter(tasks=task, phase="open").first()
    return actions.open_matter(
        PROBLEMS,
        {
            "title": f"{task.entity}：{label}"[:200],
            "area_code": task.area_code,
            "entity": task.entity,
            "origin_kind": Problem.Origin.SELF,
            "source_batch": task.drive.name[:40],
        },
        by=by,
        at=at,
        origin_matter=visit,
    )


ACTIONS = declare(Campaign(
    key="special_action", label="专项执法行动", line="enforcement", objects=_firms, finding=_as_problem,
    visitors=frozenset({Role.OFFICER}),
    columns=("name", "state", "begin", "end", "area_code", "checklist", "basis"), filters=("state",),
    fields=("name", "area_code", "begin", "end", "checklist", "basis"), search=("name", "basis"),
    lead="name", edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF}),
    empty="还没有专项执法行动。登记一次行动，选取对象，再把同一企业的各项合并成一次检查。",
))  # fmt: skip


def waiting(area_code: str) -> dict[int, list[DriveTask]]:
    """Tasks of running actions that no visit serves yet, by object."""
    tasks = DriveTask.objects.filter(
        drive__book=ACTIONS.key,
        drive__state=Drive.State.RUNNING,
        state=DriveTask.State.TODO,
        area_code__startswith=area_code,
        inspections=None,
    ).select_related("entity", "drive")
    by_object: dict[int, list[DriveTask]] = {}
    for task in tasks.order_by("entity__code", "drive_id"):
        by_object.setdefault(task.entity_id, []).append(task)
    return by_object


@transaction.atomic
def merge(
    groups: Iterable[list[DriveTask]],
    *,
    check_by: date,
    plan: CheckPlan | None,
    by: Person,
    at: datetime | None = None,
) -> list[Any]:
    """One visit for each object, with a purpose for every action that goes there."""
    at = at or timezone.now()
    made = []
    for tasks in groups:
        names = [task.drive.name for task in tasks]
        visit = actions.open_matter(
            inspections.REGISTER,
            {
                "title": "、".join(names)[:200],
                "kind": Inspection.Kind.SPECIAL,
                "entity": tasks[0].entity,
                "plan": plan,
                "check_by": check_by,
            },
            by=by,
            at=at,
            lines={"purposes": [{"name": name, "department": ""} for name in names]},
        )
        visit.tasks.set(tasks)
        made.append(visit)
    return made
