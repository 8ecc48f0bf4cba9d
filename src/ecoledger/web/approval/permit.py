"""一证式 (mechanism P9): one page of a permit with all that hangs on it; on any day, with the limits of that day."""

from __future__ import annotations

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ecoledger.listings import asked
from ecoledger.registers.approval import one_permit
from ecoledger.registers.approval.permits import PERMITS
from ecoledger.web.access import Request, needs


@needs("see_monitoring")
@require_GET
def page(request: Request, pk: int) -> HttpResponse:
    """The permit, its outlets and limits, monitoring, amounts, ledgers, reports and the work about its holder."""
    permit = PERMITS.visible_to(request.user).select_related("parent").filter(pk=pk).first()
    if permit is None:
        raise Http404
    shown = one_permit.gather(permit, request.user, asked.day(request.GET.get("day", "")))
    context = {"shown": shown, "permit": permit, "book": PERMITS, "ledgers": permit.ledgers.all()}
    return render(request, "web/approval/permit.html", context)
