"""Alarms: the list, and one alarm with its evidence, filing and the work that follows from it."""

from __future__ import annotations

from datetime import timedelta

from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _

from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, all_registers
from ecoledger.monitoring import times
from ecoledger.monitoring.models import Alarm, AlarmRule
from ecoledger.web import readings, scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.station import drawn

PAGE = 50


@needs("see_monitoring")
def page(request: Request) -> HttpResponse:
    alarms = scoped.alarms(request.user)
    states = dict(alarms.order_by().values_list("state").annotate(Count("pk")))
    state = request.GET.get("state", Alarm.State.OPEN)
    if state in Alarm.State.values:
        alarms = alarms.filter(state=state)
    if (level := request.GET.get("level", "")) in Alarm.Level.values:
        alarms = alarms.filter(level=level)
    if (detector := request.GET.get("detector", "")) in AlarmRule.Detector.values:
        alarms = alarms.filter(rule__detector=detector)
    if area := request.GET.get("area", ""):
        alarms = alarms.filter(area_code__startswith=area)
    if words := request.GET.get("q", "").strip():
        alarms = alarms.filter(text__icontains=words)
    shown = Paginator(alarms, PAGE).get_page(request.GET.get("page"))
    return render(
        request,
        "web/alarms.html",
        {
            "shown": shown,
            "states": [
                (value, label, states.get(value, 0)) for value, label in Alarm.State.choices
            ],
            "state": state,
            "levels": Alarm.Level.choices,
            "detectors": AlarmRule.Detector.choices,
            "areas": scoped.areas(request.user),
        },
    )


def linked_matters(request: Request, alarm: Alarm) -> list[tuple[Register, Matter]]:
    """Matters that name the alarm, in any register, as far as the person may see them."""
    found: list[tuple[Register, Matter]] = []
    for register in all_registers():
        names = {field.name for field in register.model._meta.get_fields()}
        if "alarm" in names:
            rows = register.visible_to(request.user).filter(alarm=alarm)
        elif "alarms" in names:
            rows = register.visible_to(request.user).filter(alarms=alarm)
        else:
            continue
        found += [(register, matter) for matter in rows[:10]]
    return found


@needs("see_monitoring")
def alarm(request: Request, pk: int) -> HttpResponse:
    found = get_object_or_404(
        scoped.alarms(request.user).select_related("filing", "point__entity"), pk=pk
    )
    return render(
        request,
        "web/alarm.html",
        {
            "alarm": found,
            "label": readings.label(found.parameter, found.point) if found.parameter else "",
            "matters": linked_matters(request, found),
            "earlier": scoped.alarms(request.user)
            .filter(point=found.point, parameter=found.parameter)
            .exclude(pk=found.pk)[:8],
            "chart": reverse("alarm-series", args=[found.pk]),
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
            "limits": [{"name": _("限值"), "value": found.limit}]
            if found.limit is not None
            else [],
            "period": readings.SCALES[scale][1],
            "flagged": _("带标记"),
            "empty": _("这段时间没有数据。"),
        }
    )
