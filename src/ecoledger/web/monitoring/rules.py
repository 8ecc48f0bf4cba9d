"""Alarm rules: what raises an alarm, by how much, how often it was right; edited under their version."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.monitoring.alarming import alarms
from ecoledger.monitoring.models import Alarm, AlarmRule, Point
from ecoledger.registers.alarms import alarm_case, economy
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.monitoring import rule_spoken, rule_trial
from ecoledger.web.monitoring.rule_form import RuleForm

JUDGED_SHOWN = 20


def _precision(request: Request) -> dict[int, dict[str, Any]]:
    """How many of each rule's cases were real, among those the person may see."""
    cases = alarm_case.REGISTER.visible_to(request.user).filter(merged_into=None)
    return {entry["rule_id"]: entry for entry in alarm_case.precision_by_rule(cases)}


@needs("edit_rules")
def page(request: Request) -> HttpResponse:
    rules = AlarmRule.objects.order_by("kind", "detector", "id")
    if (kind := request.GET.get("kind", "")) in Point.Kind.values:
        rules = rules.filter(kind=kind)
    if (detector := request.GET.get("detector", "")) in AlarmRule.Detector.values:
        rules = rules.filter(detector=detector)
    opened = scoped.alarms(request.user).filter(state=Alarm.State.OPEN)
    counts = dict(opened.order_by().values_list("rule").annotate(Count("pk")))
    precision = _precision(request)
    by_kind: dict[str, list[dict[str, Any]]] = {}
    for rule in rules:
        by_kind.setdefault(rule.kind, []).append(
            {
                "rule": rule,
                "words": rule_spoken.conditions(rule),
                "open": counts.get(rule.pk, 0),
                "precision": precision.get(rule.pk),
            }
        )
    return render(
        request,
        "web/monitoring/rules.html",
        {
            "groups": [(label, by_kind[k]) for k, label in Point.Kind.choices if k in by_kind],
            "kinds": Point.Kind.choices[:-1],
            "detectors": AlarmRule.Detector.choices,
        },
    )


@needs("edit_rules")
def edit(request: Request, pk: int) -> HttpResponse:
    if request.method == "POST" and not scoped.covers_everything(request.user):
        raise PermissionDenied(_("规则对全部辖区生效，只能由数据范围覆盖全部辖区的人员修改。"))
    with transaction.atomic():
        rule = get_object_or_404(AlarmRule.objects.select_for_update(), pk=pk)
        form = RuleForm(rule, request.POST if request.method == "POST" else None)
        if request.method == "POST" and form.is_valid():
            if request.POST.get("version") != str(rule.version):
                form.add_error(
                    None,
                    _("保存期间规则已被改为第 %(version)d 版，请刷新页面后重新修改。")
                    % {"version": rule.version},
                )
            elif changes := form.changes():
                alarms.edit_rule(rule, request.user, **changes)
                messages.success(
                    request,
                    _("已保存“%(name)s”第 %(version)d 版，此后的数据按它判断。")
                    % {"name": rule.name, "version": rule.version},
                )
                return redirect("rules")
            else:
                messages.info(request, _("没有改动。"))
                return redirect("rules")
    cases = alarm_case.REGISTER.visible_to(request.user).filter(merged_into=None, rule=rule)
    job, trial = rule_trial.latest(rule, request.user)
    return render(
        request,
        "web/monitoring/rule.html",
        {
            "rule": rule,
            "sentence": rule_spoken.sentence(rule),
            "form": form,
            "may_edit": scoped.covers_everything(request.user),
            "precision": _precision(request).get(rule.pk),
            "months": alarm_case.precision_by_month(cases),
            "held": economy.held_by_rule(rule.pk),
            "a_day": economy.settings().get("a_person_a_day", 20),
            "trial": trial,
            "trial_job": job,
            "judged": cases.exclude(verdict="").order_by("-last_alarm_at")[:JUDGED_SHOWN],
            "register": alarm_case.REGISTER,
        },
    )


@require_POST
@needs("edit_rules")
def try_out(request: Request, pk: int) -> HttpResponse:
    """Begin a trial on the last days; its result comes to the rule's page."""
    rule_trial.ask_for(get_object_or_404(AlarmRule, pk=pk), request.user)
    return redirect("rule", pk)
