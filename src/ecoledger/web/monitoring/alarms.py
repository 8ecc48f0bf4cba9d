"""Alarms: the list, and one alarm with its evidence, filing and the work that follows from it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import Count
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from ecoledger.listings import asked
from ecoledger.live import times
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, register_of, visible_matters
from ecoledger.monitoring.alarm_book import ALARMS
from ecoledger.monitoring.alarming import words
from ecoledger.monitoring.models import Alarm, AlarmRule
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.listings import pages
from ecoledger.web.listings.beside import beside
from ecoledger.web.listings.drawn import Mark
from ecoledger.web.monitoring import readings
from ecoledger.web.monitoring.station import drawn
from ecoledger.web.templatetags.show import alarm_chip, plain, sentence, span

_TONES = {Alarm.State.OPEN: "bad", Alarm.State.ENDED: "good"}


@needs("see_monitoring")
def page(request: Request) -> HttpResponse:
    counted = ALARMS.visible_to(request.user).order_by().values_list("state")
    rule = asked.number(request.GET.get("rule", ""))
    shown = pages.listed(
        request,
        ALARMS,
        counts=dict(counted.annotate(Count("pk"))),
        mark=lambda alarm: Mark(_TONES.get(alarm.state, "")),
        own={"level": alarm_chip, "text": sentence},
    )
    of_rule = None if rule is None else AlarmRule.objects.filter(pk=rule).first()
    return render(request, "web/monitoring/alarms.html", shown | {"rule": of_rule})


def linked_matters(request: Request, alarm: Alarm) -> list[tuple[Register, Matter]]:
    """The cases the alarm belongs to, as far as the person may see them."""
    rows = visible_matters(request.user).filter(as_alarm_case__alarms=alarm)[:10]
    return [(register_of(matter.register), matter) for matter in rows]


def judged_values(alarm: Alarm) -> list[tuple[datetime, float]]:
    """The values the alarm rests on, newest first: start of the period and what was judged."""
    return [
        (datetime.fromisoformat(start), value)
        for start, value in reversed(alarm.evidence.get("values", []))
    ]


def facts(alarm: Alarm) -> list[tuple[str, str]]:
    """What else the evidence says, in words; what the detectors note for themselves stays out."""
    evidence, found = alarm.evidence, []
    if (seconds := evidence.get("seconds")) and alarm.rule.detector != AlarmRule.Detector.MISSING:
        found.append((_("判断时段"), span(seconds)))
    if "corrected" in evidence:
        found.append((_("更正后的值"), plain(evidence["corrected"])))
    good, needed = evidence.get("good", 0), int(alarm.rule.settings.get("clear_after", 1))
    if alarm.state == Alarm.State.OPEN and good:
        found.append(
            (
                _("恢复进度"),
                _("已连续正常 %(good)d 次，满 %(needed)d 次即恢复")
                % {"good": good, "needed": needed},
            )
        )
    return found


@needs("see_monitoring")
def alarm(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(
        scoped.alarms(request.user).select_related("filing", "point__entity"), pk=pk
    )
    declared = {p.code: p for p in readings.declared(found.point)}
    parameter = declared.get(found.parameter)
    unit = parameter.unit if parameter else ""
    return render(
        request,
        "web/monitoring/alarm.html",
        {
            "alarm": found,
            "neighbours": beside(request, found),
            "label": readings.label(found.parameter, found.point) if found.parameter else "",
            "matters": linked_matters(request, found),
            "earlier": scoped.alarms(request.user)
            .filter(point=found.point, parameter=found.parameter)
            .exclude(pk=found.pk)[:8],
            "chart": reverse("alarm-series", args=[found.pk]),
            "unit": unit,
            # As many decimals as the values of the point have, one more than a mean needs.
            "decimals": max(parameter.decimals, 1) if parameter else 2,
            "judged": judged_values(found),
            "facts": facts(found),
            "absorbed": scoped.alarms(request.user).filter(merged_into=found)[:20],
            "limit_name": words.held_against(found.rule.detector),
            "prevention": words.prevention(found.rule.detector),
        },
    )


@needs("see_monitoring")
def series(request: Request, pk: int) -> JsonResponse:
    """The value that raised the alarm: a day before it to its end, beside its limit."""
    found = get_object_or_404(scoped.alarms(request.user), pk=pk)
    begin = times.naive(found.begin) - timedelta(days=1)
    end = times.naive(found.end or found.last) + timedelta(hours=12)
    # A point that has gone silent altogether: its first factors show until when it spoke.
    known = [p.code for p in readings.declared(found.point)]
    codes = [found.parameter] if found.parameter else known[:3]
    scale = "hour"
    rows = readings.series(found.point, codes, scale, begin, end)
    if rows.is_empty():
        scale = "raw"
        rows = readings.series(found.point, codes, scale, begin, end)
    return JsonResponse(
        {
            "kind": "lines",
            "series": drawn(found.point, codes, rows),
            "limits": [{"name": _(words.held_against(found.rule.detector)), "value": found.limit}]
            if found.limit is not None
            else [],
            "period": readings.SCALES[scale][1],
            "flagged": _("带标记"),
            "empty": _("这段时间没有数据。"),
        }
    )
