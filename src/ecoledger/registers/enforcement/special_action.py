"""专项执法行动 (mechanism E3): several actions at a time, and one visit that serves all of them at a firm."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from django.db import models, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from ecoledger.accounts.fields import AreaCodeField
from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books.campaign import Campaign
from ecoledger.books.models import Drive, DriveTask
from ecoledger.entities.models import Enterprise
from ecoledger.listings.catalogue import declare
from ecoledger.listings.listing import Listing
from ecoledger.listings.lookups import Lookup, declare_lookup
from ecoledger.listings.parts import Ask, Import
from ecoledger.listings.tallies import tally
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


class ActionMeeting(models.Model):
    """One consultation or joint action of the departments in a special action (会商、联合执法)."""

    class Kind(models.TextChoices):
        MEETING = "meeting", "会商"
        JOINT = "joint", "联合执法"

    drive = models.ForeignKey(
        Drive, verbose_name="专项行动", on_delete=models.PROTECT, related_name="meetings"
    )
    area_code = AreaCodeField("属地")
    kind = models.CharField("种类", max_length=8, choices=Kind.choices, default=Kind.MEETING)
    on = models.DateField("日期", db_index=True)
    departments = models.CharField("参加部门", max_length=200)
    subject = models.CharField("议题或内容", max_length=200)
    conclusion = models.TextField("议定事项或结果", blank=True)
    firms = models.PositiveIntegerField("检查家数", default=0)

    class Meta:
        verbose_name = "专项行动会商"

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.on:%Y-%m-%d}"


class Meetings(Listing):
    """They lie where their action does."""

    def open_row(
        self, values: Mapping[str, Any], by: Person | None, at: datetime, **more: Any
    ) -> Any:
        area = {"area_code": values["drive"].area_code}
        return super().open_row({**area, **values}, by, at, **more)


declare_lookup(
    Lookup(
        key="special_action",
        model=Drive,
        label="专项行动",
        rows=lambda person: (
            ACTIONS.visible_to(person) if person else Drive.objects.filter(book=ACTIONS.key)
        ),
        exact=("name",),
        contains=("name",),
        few=True,
    )
)
MEETINGS = declare(Meetings(
    key="action_meeting", label="专项行动会商", line="enforcement", model=ActionMeeting,
    columns=("drive", "kind", "on", "departments", "subject", "conclusion", "firms", "area_code"),
    filters=("kind", "on", "drive"), search=("drive__name", "subject", "departments"),
    fields=(Ask("drive", among="special_action"), "kind", "on", "departments", "subject", "conclusion",
            "firms"),
    lead="subject", under=("drive",), edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF, Role.OFFICER}),
    imports=Import(key=("drive", "on", "subject"), headers={"drive": ("行动名称",), "on": ("时间",),
                                                            "departments": ("参加单位",)},
                   examples={"drive": "静夜守护", "kind": "会商", "on": "2026-03-02",
                             "departments": "公安局、住建局", "subject": "夜间施工噪声会商"}),
    empty="还没有会商和联合执法记录。登记后按行动统计次数和检查家数。",
))  # fmt: skip
tally(MEETINGS, "meetings", "会商", Q(kind="meeting"), dated="on", unit="次")
tally(MEETINGS, "joint", "联合执法", Q(kind="joint"), dated="on", unit="次")


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
