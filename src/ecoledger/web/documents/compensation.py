"""生态补偿规则: which rule the bureau settles by, and who is above and below each section."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from ecoledger.accounts.scope import visible
from ecoledger.entities.models import Section
from ecoledger.listings.refusals import Refused
from ecoledger.reports import compensation_sheet
from ecoledger.web.access import Request, needs


@needs("make_reports")
def page(request: Request) -> HttpResponse:
    """The rule and the parties, as they are and to be changed."""
    chosen = {row["name"]: row for row in compensation_sheet.said().get("section", [])}
    names = visible(Section.objects.order_by("name"), request.user).values_list("name", flat=True)
    parties = [
        (name, *(chosen.get(name, {}).get(side, "") for side in ("upstream", "downstream")))
        for name in dict.fromkeys([*names, *chosen])
    ]
    rule, status = str(compensation_sheet.said().get("rule", "")), 200
    if request.method == "POST":
        rule = request.POST.get("rule", "")
        columns = [request.POST.getlist(name) for name in ("name", "upstream", "downstream")]
        typed = [tuple(cell.strip()[:40] for cell in row) for row in zip(*columns, strict=False)]
        parties, status = [(a, b, c) for a, b, c in typed], 422
        try:
            compensation_sheet.choose(rule, parties, by=request.user)
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("已选定，以后起草的核算表按此核算。"))
            return redirect("compensation-rule")
    return render(
        request,
        "web/documents/compensation.html",
        {
            "rules": compensation_sheet.rules(),
            "rule": rule,
            "parties": parties,
            "lacks": compensation_sheet.lacks()[0],
        },
        status=status,
    )
