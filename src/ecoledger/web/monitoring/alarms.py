"""Alarms: the list, and one alarm with its evidence, filing and the work that follows from it."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.core.paginator import Paginator
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.listings import asked
from ecoledger.listings.workbook import Head
from ecoledger.live import times
from ecoledger.matters.models import Matter
from ecoledger.matters.register import Register, register_of, visible_matters
from ecoledger.monitoring.alarming import words
from ecoledger.monitoring.models import Alarm, AlarmRule, Point
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.export import download
from ecoledger.web.monitoring import readings
from ecoledger.web.monitoring.station import drawn
from ecoledger.web.scenes.cockpit import RANK
from ecoledger.web.templatetags.show import plain, span, tr

PAGE = 50


def _chosen(request: Request) -> QuerySet[Alarm]:
    """The alarms in scope that fit the filters in the address; the open ones unless others are asked."""
    alarms = scoped.alarms(request.user)
    if (state := request.GET.get("state", Alarm.State.OPEN)) in Alarm.State.values:
        alarms = alarms.filter(state=state)
    if (level := request.GET.get("level", "")) in Alarm.Level.values:
        alarms = alarms.filter(level=level)
    if (detector := request.GET.get("detector", "")) in AlarmRule.Detector.values:
        alarms = alarms.filter(rule__detector=detector)
    if (rule := asked.number(request.GET.get("rule", ""))) is not None:
        alarms = alarms.filter(rule=rule)
    if (about := asked.number(request.GET.get("about", ""))) is not None:
        at = Point.objects.filter(Q(entity=about) | Q(entity__parent=about))
        alarms = alarms.filter(point__in=at.values("pk"))
    if area := request.GET.get("area", ""):
        alarms = alarms.filter(area_code__startswith=area)
    if part := request.GET.get("q", "").strip():
        alarms = alarms.filter(text__icontains=part)
    return alarms


@needs("see_monitoring")
def page(request: Request) -> HttpResponse:
    counted = scoped.alarms(request.user).order_by().values_list("state").annotate(Count("pk"))
    states = dict(counted)
    # Red first, then the newest.
    rows = (
        _chosen(request)
        .select_related("rule")
        .annotate(rank=RANK)
        .order_by("-rank", "-last", "-pk")
    )
    shown = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    rule = asked.number(request.GET.get("rule", ""))
    return render(
        request,
        "web/monitoring/alarms.html",
        {
            "shown": shown,
            "states": [
                (value, label, states.get(value, 0)) for value, label in Alarm.State.choices
            ],
            "state": request.GET.get("state", Alarm.State.OPEN),
            "levels": Alarm.Level.choices,
            "detectors": AlarmRule.Detector.choices,
            "rule": None if rule is None else AlarmRule.objects.filter(pk=rule).first(),
            "areas": scoped.areas(request.user),
        },
    )


@needs("see_monitoring")
@require_GET
def export(request: Request) -> HttpResponse:
    alarms = _chosen(request)
    heads = [
        Head(_("内容"), width=70),
        Head(_("等级"), width=8),
        Head(_("类型"), width=12),
        Head(_("监测点"), width=32),
        Head(_("开始"), "datetime"),
        Head(_("最近一次"), "datetime"),
        Head(_("次数"), "number"),
        Head(_("近30日"), "number"),
        Head(_("状态"), width=10),
    ]
    cells = (
        [
            alarm.text,
            tr(alarm.get_level_display()),
            tr(alarm.rule.get_detector_display()),
            alarm.point.name,
            alarm.begin,
            alarm.last,
            alarm.occurrences,
            alarm.count_30d,
            tr(alarm.get_state_display()),
        ]
        for alarm in alarms.iterator(chunk_size=2000)
    )
    return download(request, "alarms", _("预警"), heads, cells, alarms.count())


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
            "limits": [{"name": _("限值"), "value": found.limit}]
            if found.limit is not None
            else [],
            "period": readings.SCALES[scale][1],
            "flagged": _("带标记"),
            "empty": _("这段时间没有数据。"),
        }
    )
