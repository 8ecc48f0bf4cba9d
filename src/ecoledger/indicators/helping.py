"""Which sections fail and should be helped, and what help came to (mechanism W10)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import Count, Q
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts.models import Person
from ecoledger.books.models import Drive, DriveTask
from ecoledger.entities.models import Section
from ecoledger.indicators import water
from ecoledger.matters.workflow import COMPLETED
from ecoledger.monitoring import runtime
from ecoledger.registers.water import section_help
from ecoledger.registers.water.section_help import HELP
from ecoledger.standards import surface_water


def month_before(day: date) -> tuple[date, date]:
    """The last month that is over: its first day and the day after it."""
    end = day.replace(day=1)
    return (end - timedelta(days=1)).replace(day=1), end


def failing() -> dict[int, str]:
    """Sections that missed their target in the last month, or by the mean of the year so far, and by what."""
    if not runtime.is_open():
        return {}
    begin, end = month_before(timezone.localdate())
    why: dict[int, list[str]] = {}
    for section in water.period("", begin, end).sections:
        if section.attains is False:
            said = _("%(month)s %(class)s类，劣于目标%(target)s类：%(why)s")
            why.setdefault(section.section.pk, []).append(
                said % {"month": f"{begin:%Y-%m}", "class": section.label, "target": section.target, "why": section.failures}
            )  # fmt: skip
    for year in water.year("", begin.replace(month=1), end).sections:
        if year.attains is False:
            said = _("今年累计%(class)s类，劣于目标%(target)s类")
            why.setdefault(year.section.pk, []).append(said % {"class": year.label, "target": year.target})  # fmt: skip
    return {pk: "；".join(reasons) for pk, reasons in why.items()}


@dataclass(frozen=True, slots=True)
class Helped:
    """A section that was visited in a drive: its class in the month before and after, and what became of the findings."""

    drive: Drive
    task: DriveTask
    section: Section
    before: int | None
    after: int | None
    found: int
    closed: int

    @property
    def better(self) -> bool | None:
        if self.before is None or self.after is None:
            return None
        return self.after < self.before


def followed(person: Person, year: int) -> list[Helped]:
    """Every visit of a year's drives that the person may see, the newest drive first."""
    drives = HELP.visible_to(person).filter(begin__year=year).order_by("-begin", "-pk")
    rows: list[Helped] = []
    for drive in drives:
        before = _classes(*month_before(drive.begin))
        following = (drive.end.replace(day=1) + timedelta(days=31)).replace(day=1)
        after = _classes(following, (following + timedelta(days=31)).replace(day=1))
        tasks = HELP.tasks_of(drive, person).annotate(
            found=Count("findings", distinct=True),
            closed=Count("findings", filter=Q(findings__phase__in=COMPLETED), distinct=True),
        )
        sections = Section.objects.in_bulk([task.entity_id for task in tasks])
        for task in tasks.order_by("area_code", "pk"):
            section = sections.get(task.entity_id)
            if section is not None:
                rows.append(Helped(drive, task, section, before.get(section.pk), after.get(section.pk), task.found, task.closed))  # fmt: skip
    return rows


def _classes(begin: date, end: date) -> dict[int, int | None]:
    if not runtime.is_open() or begin > timezone.localdate():
        return {}
    return {section.section.pk: section.rank for section in water.period("", begin, end).sections}


def said(rank: int | None) -> str:
    return surface_water.label(rank) or "—"


section_help.failing.append(failing)
