"""Figures of the work on alarms: raised, handled, found true, closed; each opens its list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, QuerySet
from django.utils import timezone

from ecoledger.indicators.figures import Figure, Records, count, ratio
from ecoledger.monitoring.models import Alarm, AlarmRule
from ecoledger.registers.alarm_case import REGISTER, AlarmCase


@dataclass(frozen=True)
class WorkPeriod:
    """Alarms and their cases of an area over a period."""

    raised: Figure
    silenced: Figure
    by_detector: list[tuple[str, int]]
    opened: Figure
    closed: Figure
    in_hand: Figure
    overdue: Figure
    confirmed: Figure


def _moment(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))


def period(area_code: str, begin: date, end: date) -> WorkPeriod:
    """Figures for ``begin <= day < end``; what is in hand or overdue is as of now."""
    since, until = _moment(begin), _moment(end)
    span = {"begin": begin.isoformat(), "end": end.isoformat()}
    last = (end - timedelta(days=1)).isoformat()
    alarms = Alarm.objects.filter(
        area_code__startswith=area_code, raised_at__gte=since, raised_at__lt=until
    )
    loud = alarms.exclude(state=Alarm.State.SILENCED)
    cases: QuerySet[AlarmCase] = AlarmCase.objects.filter(
        area_code__startswith=area_code, withdrawn_at=None, merged_into=None
    )
    opened = cases.filter(opened_at__gte=since, opened_at__lt=until)
    judged = opened.exclude(verdict=AlarmCase.Verdict.PENDING)
    in_hand = cases.filter(state__in=REGISTER.open_states)
    names = dict(AlarmRule.Detector.choices)

    def listed(**query: str) -> Records:
        return Records("matters", {"register": REGISTER.key, **query})

    return WorkPeriod(
        count("预警", loud.count(), Records("alarms", span), "条"),
        count(
            "申报静默",
            alarms.count() - loud.count(),
            Records("alarms", {**span, "state": "silenced"}),
            "条",
        ),
        [
            (str(names[row["rule__detector"]]), row["n"])
            for row in loud.values("rule__detector").annotate(n=Count("id")).order_by("-n")
        ],
        count(
            "新立预警交办件",
            opened.count(),
            listed(opened_from=span["begin"], opened_to=last),
            "件",
        ),
        count(
            "办结",
            cases.filter(closed_at__gte=since, closed_at__lt=until).count(),
            listed(closed="1"),
            "件",
        ),
        count("在办", in_hand.count(), listed(open="1"), "件"),
        count("超期", in_hand.filter(due__lt=timezone.now()).count(), listed(overdue="1"), "件"),
        ratio(
            "预警属实率",
            judged.filter(verdict=AlarmCase.Verdict.CONFIRMED).count(),
            judged.count(),
            listed(),
        ),
    )
