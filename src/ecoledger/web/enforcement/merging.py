"""Visits to plan: what the running actions want of each firm, merged into one visit each."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ecoledger.accounts.wording import numbered
from ecoledger.listings import asked
from ecoledger.listings.refusals import Refused
from ecoledger.registers.enforcement import inspections, special_action
from ecoledger.registers.enforcement.check_plan import CheckPlan
from ecoledger.web.access import Request, needs
from ecoledger.web.books.finding import says_refusals


@needs("merge_visits")
@require_http_methods(["GET", "POST"])
@says_refusals
def page(request: Request) -> HttpResponse:
    """Firms with what waits there; ticked ones get one visit each."""
    groups = {
        entity: tasks
        for code in request.user.area_codes
        for entity, tasks in special_action.waiting(code).items()
    }
    if request.method == "POST":
        until = asked.day(request.POST.get("check_by", ""))
        chosen = [groups[pk] for text in request.POST.getlist("objects")
                  if (pk := asked.number(text)) in groups]  # fmt: skip
        if until is None or not chosen:
            raise Refused("form", _("没有选择对象或检查期限。"), _("请勾选企业并填写期限。"))
        plan = CheckPlan.objects.filter(pk=asked.number(request.POST.get("plan", "")) or 0).first()
        made = special_action.merge(chosen, check_by=until, plan=plan, by=request.user)
        messages.success(request, numbered("已生成 %d 次检查，等待下达。", len(made)) % len(made))
        return redirect("matter-list", inspections.REGISTER.key)
    year = timezone.localdate().year
    rows = [
        {
            "entity": tasks[0].entity,
            "tasks": tasks,
            "visits": (visits := inspections.visits(tasks[0].entity, year)),
            "capped": visits >= inspections.yearly_cap(),
        }
        for tasks in groups.values()
    ]
    rows.sort(key=lambda row: -len(row["tasks"]))  # type: ignore[arg-type]
    return render(
        request,
        "web/enforcement/merging.html",
        {
            "rows": rows,
            "plans": CheckPlan.objects.filter(year=year),
            "cap": inspections.yearly_cap(),
            "tasks": sum(len(tasks) for tasks in groups.values()),
        },
    )
