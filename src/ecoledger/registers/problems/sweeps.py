"""举一反三排查 (mechanism T9): from one problem a sweep over all similar objects, with its coverage.

Begun on the problem itself: the sweep keeps which problem it comes from, lists every object of the kind or
trade said, and what it finds becomes problems of its own.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books import campaign as campaigns
from ecoledger.books.campaign import Campaign
from ecoledger.books.models import Checklist, Drive, DriveTask
from ecoledger.entities.inventory import all_inventories
from ecoledger.entities.models import Entity
from ecoledger.listings.catalogue import declare
from ecoledger.listings.parts import Kind
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.workflow import Step, said


class WatchSite(Entity):
    """A place that is no firm and is swept all the same: transfer station, scrap yard, abandoned mine (重点点位)."""

    KIND = "watch_site"
    entity_ptr = models.OneToOneField(
        Entity, on_delete=models.CASCADE, parent_link=True, related_name="as_watch_site"
    )

    class Sort(models.TextChoices):
        TRANSFER = "transfer", "建筑垃圾中转站"
        SCRAP = "scrap", "垃圾（废品）回收站"
        MINE = "mine", "废弃矿山"
        FARM = "farm", "畜禽养殖场"
        DUMP = "dump", "堆放场"
        OTHER = "other", "其他"

    sort = models.CharField("点位类别", max_length=10, choices=Sort.choices, default=Sort.OTHER)
    keeper = models.CharField("管理单位", max_length=120, blank=True)

    class Meta:
        verbose_name = "重点点位"
        ordering = ["code"]


ASKS = (
    said(
        "words",
        "同类对象（名称、行业或类别含）",
        Kind.TEXT,
        help="几个词用顿号分开，如：建筑垃圾、废弃矿山；写台账名的，如入河排污口，该类对象全部列入",
    ),
    said("begin", "排查开始", Kind.DATE),
    said("end", "排查结束", Kind.DATE),
)
OFFERS = (said("checklist", "检查表", Kind.REFERENCE, to=Checklist, required=False),)


def similar(words: str, area_code: str) -> QuerySet[Any]:
    """Things of the area whose name, trade or sort says one of ``words``, and all of a kind that is called so."""
    fitting = Q(pk__in=[])
    sorts = dict(WatchSite.Sort.choices)
    swept = Q(kind__in=("enterprise", WatchSite.KIND))
    for word in words.replace("，", "、").split("、"):
        if not (word := word.strip()):
            continue
        alike = [value for value, label in sorts.items() if word in str(label)]
        fitting |= swept & Q(name__contains=word)
        fitting |= Q(as_watch_site__sort__in=alike) | Q(as_enterprise__industry__contains=word)
        fitting |= Q(kind__in=[book.key for book in all_inventories() if word in str(book.label)])
    return Entity.objects.filter(fitting, area_code__startswith=area_code, until=None)


def begin(step: Step) -> None:
    """Make the sweep of a problem and start it. Raises ``Refused`` where nothing is similar."""
    problem, form = step.matter, step.form
    area = problem.area_code[:6]
    rows = list(similar(form["words"], area))
    if not rows:
        raise Refused(
            "form",
            _("没有名称、行业或类别含“%s”的对象。") % form["words"],
            _("请换几个词，或先导入对象名单。"),
        )
    drive = SWEEPS.open_row(
        {
            "name": f"举一反三：{problem.title}"[:80], "area_code": area, "begin": form["begin"],
            "end": form["end"], "checklist": form.get("checklist"), "basis": problem.number,
            "cause": problem, "selection": {"way": "query", "words": form["words"], "of": len(rows)},
        },
        step.person,
        step.at,
    )  # fmt: skip
    campaigns.add_objects(SWEEPS, drive, rows, by=step.person)
    campaigns.start(SWEEPS, drive, by=step.person)


def as_problem(task: DriveTask, label: str, by: Person, at: datetime) -> Any:
    """A clause that failed, as a problem begotten by the one the sweep comes from."""
    from ecoledger.registers.problems.problem_ledger import REGISTER

    values = {
        "title": f"{task.entity}：{label}"[:200], "area_code": task.area_code, "entity": task.entity,
        "origin_kind": "self", "source_batch": task.drive.name[:40],
    }  # fmt: skip
    return actions.open_matter(REGISTER, values, by=by, at=at, origin_matter=task.drive.cause)


SWEEPS = declare(Campaign(
    key="sweep", label="举一反三排查", line="rectification", model=Drive, objects=Entity.objects.all,
    finding=as_problem,
    columns=("name", "state", "begin", "end", "area_code", "cause", "checklist"), filters=("state",),
    search=("name", "basis"), lead="name", labels={"cause": "起因问题"},
    # What is swept for like it.
    tells=("cause",),
    visitors=frozenset({Role.OFFICER, Role.TOWN, Role.GRID, Role.DISPATCHER}),
    edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF}),
    empty="还没有举一反三排查。在一个问题的页面上发起，同类对象自动列入。",
))  # fmt: skip
