"""目录与时限 (mechanism P2): the catalogue by sort, how much is done at once, and how far promises lie below the law."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ecoledger.registers.approval.items import ITEMS, ApprovalItem, promises, shipped, take_shipped
from ecoledger.web.access import Request, needs
from ecoledger.web.books.finding import says_refusals


@needs("see_matters")
@require_http_methods(["GET", "POST"])
@says_refusals
def page(request: Request) -> HttpResponse:
    """Figures of the items in force; who keeps the catalogue may take the shipped rows in."""
    may = ITEMS.may_open(request.user)
    if request.method == "POST":
        if not may:
            raise PermissionDenied
        made = take_shipped(by=request.user, at=timezone.now())
        messages.success(request, _("带入 %d 项。请逐项核对后改为本局公布的内容。") % made)
        return redirect("approval-catalogue")
    rows = ApprovalItem.objects.filter(active=True)
    there = set(rows.values_list("code", flat=True))
    context = {
        "book": ITEMS,
        "rows": rows,
        "promises": promises(rows),
        "may": may,
        "to_take": sum(row["code"] not in there for row in shipped()),
        "unsure": rows.exclude(mark=ApprovalItem.Mark.OWN).count(),
    }
    return render(request, "web/approval/catalogue.html", context)
