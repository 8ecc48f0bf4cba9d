"""Figures of the work on alarms: raised, handled, found true, closed; each opens its list."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, QuerySet
from django.utils import timezone

from ecoledger.entities.models import Section
from ecoledger.indicators.figures import Figure, Records, count, ratio
from ecoledger.matters.models import Circulation, Matter
from ecoledger.matters.register import OPEN_WORK
from ecoledger.monitoring.models import Alarm, AlarmRule
from ecoledger.registers.alarms import alarm_case
from ecoledger.registers.alarms.alarm_case import AlarmCase


@dataclass(frozen=True)
class WorkPeriod:
    """Alarms and their cases of an area over a period."""

    raised: Figure
    silenced: Figure
    by_detector: list[Figure]
    opened: Figure
    closed: Figure
    in_hand: Figure
    overdue: Figure
    confirmed: Figure


def moment(day: date) -> datetime:
    """Midnight at the beginning of a day, in China standard time."""
    return timezone.make_aware(datetime.combine(day, time()))


def raised(area_code: str, begin: date, end: date) -> QuerySet[Alarm]:
    """Alarms raised on the days ``begin <= day < end``, silenced ones too."""
    return Alarm.objects.filter(
        area_code__startswith=area_code, raised_at__gte=moment(begin), raised_at__lt=moment(end)
    )


def verified(cases: QuerySet[AlarmCase], begin: date, end: date) -> QuerySet[AlarmCase]:
    """Of ``cases``, those opened on ``begin <= day < end`` that were found true or false."""
    return cases.filter(
        opened_at__gte=moment(begin), opened_at__lt=moment(end), merged_into=None
    ).exclude(verdict=AlarmCase.Verdict.PENDING)


def period(area_code: str, begin: date, end: date) -> WorkPeriod:
    """Figures for ``begin <= day < end``; what is in hand or overdue is as of now."""
    span = {"area": area_code, "begin": begin.isoformat(), "end": end.isoformat()}
    last = (end - timedelta(days=1)).isoformat()
    alarms = raised(area_code, begin, end)
    loud = alarms.exclude(state=Alarm.State.SILENCED)
    cases: QuerySet[AlarmCase] = AlarmCase.objects.filter(
        area_code__startswith=area_code, withdrawn_at=None, merged_into=None
    )
    opened = cases.filter(opened_at__gte=moment(begin), opened_at__lt=moment(end))
    closed = cases.filter(closed_at__gte=moment(begin), closed_at__lt=moment(end))
    judged = verified(cases, begin, end)
    in_hand = cases.filter(OPEN_WORK)
    names = dict(AlarmRule.Detector.choices)

    def listed(**query: str) -> Records:
        register = alarm_case.REGISTER.key
        return Records("matters", {"register": register, "area_code": area_code, **query})

    kinds = loud.order_by().values("rule__detector").annotate(n=Count("id")).order_by("-n")
    return WorkPeriod(
        count("预警", loud.count(), Records("alarms", {**span, "state": "loud"}), "条"),
        count(
            "申报静默",
            alarms.count() - loud.count(),
            Records("alarms", {**span, "state": "silenced"}),
            "条",
        ),
        [
            count(
                str(names[row["rule__detector"]]),
                row["n"],
                Records("alarms", {**span, "state": "loud", "detector": row["rule__detector"]}),
                "条",
            )
            for row in kinds
        ],
        count(
            "新立预警交办件",
            opened.count(),
            listed(opened_at_from=begin.isoformat(), opened_at_to=last),
            "件",
        ),
        count(
            "办结",
            closed.count(),
            listed(closed_at_from=begin.isoformat(), closed_at_to=last),
            "件",
        ),
        count("在办", in_hand.count(), listed(open="1"), "件"),
        count("超期", in_hand.filter(due__lt=timezone.now()).count(), listed(overdue="1"), "件"),
        ratio(
            "预警属实率",
            judged.filter(verdict=AlarmCase.Verdict.CONFIRMED).count(),
            judged.count(),
            Records("verified-cases", span),
            missing="没有已核实件",
        ),
    )


def open_about(sections: Iterable[Section]) -> dict[int, list[Matter]]:
    """Open matters of each section, of every register, by the section's key.

    A matter is about a section when it names the section or a station at it. Problems of restricted
    circulation stay out: a bulletin is read by more people than they are.
    """
    ids = [section.pk for section in sections]
    about_section: dict[int, list[Matter]] = {pk: [] for pk in ids}
    stations = dict(
        Section.objects.filter(pk__in=ids, stations__isnull=False).values_list("stations", "pk")
    )
    about = {**{pk: pk for pk in ids}, **stations}
    rows = Matter.objects.filter(OPEN_WORK, entity__in=list(about), withdrawn_at=None).exclude(
        circulation=Circulation.RESTRICTED
    )
    for matter in rows.select_related("owner_organisation").order_by("due", "pk"):
        about_section[about[matter.entity_id]].append(matter)
    return about_section
