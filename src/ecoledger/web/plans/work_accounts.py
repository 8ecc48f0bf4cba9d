"""干事对账: the month's account of every section and person, and its signing."""

from __future__ import annotations

from datetime import date, timedelta

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.listings.refusals import Refused
from ecoledger.registers.closing import CHECKERS
from ecoledger.registers.plan import work_tasks
from ecoledger.web.access import Request, needs


def _month(written: str) -> date:
    """The month asked for (``2026-10``), else the last one that is over."""
    try:
        return date.fromisoformat(f"{written}-01")
    except ValueError:
        return (timezone.localdate().replace(day=1) - timedelta(days=1)).replace(day=1)


@needs("see_plans")
def page(request: Request) -> HttpResponse:
    month = _month(request.GET.get("month", ""))
    tasks = work_tasks.REGISTER.visible_to(request.user)
    sections, people = work_tasks.accounts(tasks, month, request.user.own_area)
    return render(
        request,
        "web/plans/work_accounts.html",
        {
            "month": month,
            "tables": (("责任科室", sections, True), ("责任人", people, False)),
            "total": work_tasks.account_of(tasks, month),
            "may_sign": request.user.has_role(*CHECKERS),
        },
    )


@needs("see_plans")
@require_POST
def sign(request: Request) -> HttpResponse:
    """Sign one section's account."""
    month = _month(request.POST.get("month", ""))
    try:
        work_tasks.sign(
            request.POST.get("section", ""), month, request.user.own_area, by=request.user,
            note=request.POST.get("note", ""),
        )  # fmt: skip
        messages.success(request, _("已对账。"))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect(f"{reverse('work-accounts')}?month={month:%Y-%m}")
