"""What the figures of surface water know of a section's file: where it stands against its target, month by month."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from ecoledger.accounts.wording import numbered
from ecoledger.entities.file import Fact, File, Happening, HealthItem, Mark, Tab, knows
from ecoledger.entities.models import Section, Station
from ecoledger.indicators import doors, water
from ecoledger.monitoring import runtime
from ecoledger.monitoring.models import Point
from ecoledger.standards import surface_water

# Months of the timeline.
MONTHS = 24


def _days(section: Section, begin: date, end: date) -> str:
    """Where the records of a class are shown."""
    return f"{reverse('records', args=[doors.WATER_DAYS.key])}?section={section.pk}&begin={begin}&end={end}"


def _facts(file: File) -> Iterable[Fact]:
    """What a section is meant to be, and the station that speaks for it; of a station, the section it stands at."""
    entity, person = file.entity, file.person
    if isinstance(entity, Station) and entity.section is not None:
        yield Fact(_("断面"), entity.section.name, f"/entities/{entity.section_id}")
    if not isinstance(entity, Section):
        return
    yield Fact(_("水质目标"), _(entity.get_target_class_display()))
    yield Fact(_("河流"), entity.river.name, f"/entities/{entity.river_id}")
    if person.may("see_monitoring"):
        stood = Point.objects.filter(entity__as_station__section=entity, enabled=True)
        for point in stood.order_by("pk"):
            yield Fact(_("水站"), point.name, reverse("station", args=[point.pk]))


def _health(file: File) -> Iterable[HealthItem]:
    """The class of the year so far against the target."""
    entity, person = file.entity, file.person
    if not isinstance(entity, Section) or not person.may("see_monitoring"):
        return
    item, rule = (
        _("水质"),
        _("今年累计劣于水质目标为需处置；仅本月劣于目标为需关注；达到目标为良好"),
    )
    today = timezone.localdate()
    begin, end = today.replace(month=1, day=1), today + timedelta(days=1)
    url, target = _days(entity, begin, end), entity.target_class
    year = water.section_year(entity, begin, end) if runtime.is_open() else None
    if year is None or year.rank is None:
        there = year is not None and year.point is not None
        why = _("今年没有有效数据") if there else _(water.NO_STATION)
        yield HealthItem(item, why, Mark.UNKNOWN, rule, url=url)
        return
    said = {"class": _class(year.rank), "target": _class(target)}
    now = year.months.get(today.replace(day=1))
    if year.rank > target:
        text, mark = _("今年累计%(class)s，劣于目标%(target)s"), Mark.BAD
    elif now is not None and now > target:
        text, mark = _("今年累计%(class)s，达到目标%(target)s；本月%(now)s，劣于目标"), Mark.WATCH
        said["now"] = _class(now)
    else:
        text, mark = _("今年累计%(class)s，达到目标%(target)s"), Mark.GOOD
    yield HealthItem(item, text % said, mark, rule, url=url)


def _class(rank: int) -> str:
    return _("%s类") % pgettext("水质类别", surface_water.label(rank))


def _timeline(file: File) -> Iterable[Happening]:
    """The class of each month, with the days it was judged by."""
    entity, person = file.entity, file.person
    if not isinstance(entity, Section) or not person.may("see_monitoring") or not runtime.is_open():
        return
    today = timezone.localdate()
    last = today.replace(day=1)
    begin = date(last.year - MONTHS // 12, last.month, 1)
    days = water.section_days(entity, begin, today + timedelta(days=1))
    for month, mean, rank in days.months:
        if rank is None:
            continue
        following = (month + timedelta(days=31)).replace(day=1)
        # A month speaks when it is over; the one that runs, as of today.
        at = datetime.combine(min(following - timedelta(days=1), today), time(12))
        met = rank <= entity.target_class
        said = {
            "class": _class(rank),
            "days": mean.parts,
            "why": water.failing(mean, entity, month),
        }
        text = (
            numbered("%(class)s，达到目标（%(days)d 天）", mean.parts)
            if met
            else numbered("%(class)s，劣于目标：%(why)s（%(days)d 天）", mean.parts)
        ) % said
        yield Happening(
            min(timezone.make_aware(at), timezone.now()), _("水质月评价"), text, _days(entity, month, following),
            Tab.DATA, "good" if met else "bad",
        )  # fmt: skip


knows(facts=_facts, health=_health, timeline=_timeline)
