"""每月专项帮扶 (mechanism W10): experts and officers go to the sections that fail, and what they find is followed up.

Which sections fail is proposed by what their water came to (``indicators.helping``, which says so here) and confirmed by
hand. A visit is a task of the month's drive; each problem found goes into the one ledger with the section as its thing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from ecoledger.accounts.models import Person
from ecoledger.accounts.roles import Role
from ecoledger.books.campaign import Campaign
from ecoledger.books.models import DriveTask
from ecoledger.entities.models import Section
from ecoledger.entities.validity import in_force
from ecoledger.listings.catalogue import declare
from ecoledger.registers.water.sources import as_problem

# Section -> why it should be helped, of the last month that is over: set by ``indicators.helping``.
failing: list[Callable[[], dict[int, str]]] = []


def _why() -> dict[int, str]:
    return failing[0]() if failing else {}


def sections() -> QuerySet[Any]:
    """The sections that fail."""
    return Section.objects.filter(in_force(), pk__in=list(_why()))


def grounds(section: Any) -> str:
    return _why().get(section.pk, "")


def finding(task: DriveTask, label: str, by: Person, at: datetime) -> Any:
    return as_problem(task, label, by, at)


HELP = declare(Campaign(
    key="section_help", label="断面专项帮扶", line="water", objects=sections, grounds=grounds, finding=finding,
    visitors=frozenset({Role.OFFICER, Role.MONITOR, Role.TOWN, Role.THIRD_PARTY}),
    columns=("name", "state", "begin", "end", "area_code", "checklist"), filters=("state",),
    fields=("name", "area_code", "begin", "end", "checklist", "basis"), search=("name",), lead="name",
    edit=frozenset({Role.DISPATCHER, Role.SECTION_CHIEF}),
    empty="还没有帮扶。每月登记一次，系统推荐上月和今年累计不达标的断面；发现的问题自动转入问题一本账。",
))  # fmt: skip
