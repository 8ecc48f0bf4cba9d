"""错峰执行 (mechanism A16): what is agreed for a day, what it should cut, and what instruments saw."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_GET

from ecoledger.books.models import Edition
from ecoledger.listings import asked
from ecoledger.registers.air import staggering
from ecoledger.registers.air.emergency_list import POLLUTANTS
from ecoledger.registers.air.staggering import STAGGERING
from ecoledger.web.access import Request, needs


@needs("see_cockpit")
@require_GET
def page(request: Request) -> HttpResponse:
    """The lines in force on a day, those not kept first."""
    day = asked.day(request.GET.get("day", "")) or timezone.localdate() - timedelta(days=1)
    lines = (
        STAGGERING.visible_to(request.user)
        .exclude(edition__state=Edition.State.DRAFT)
        .filter(begins_on__lte=day, ends_on__gte=day)
        .select_related("entity", "edition")
    )
    rows = staggering.kept(lines, day)
    judged = [row for row in rows if row.met is not None]
    measured = [row for row in rows if row.cut is not None]
    sums = [
        {
            "pollutant": label,
            "lines": len(agreed),
            "agreed": sum((row.line.cut_rate for row in agreed), Decimal(0)),
            "seen": len(seen),
            "agreed_seen": sum((row.line.cut_rate for row in seen), Decimal(0)),
            "cut": (
                cut := sum((row.cut or Decimal(0) for row in seen), Decimal(0)) if seen else None
            ),
            "more": -cut if cut is not None else None,
        }
        for key, label in POLLUTANTS.items()
        if (agreed := [row for row in rows if row.line.pollutant == key])
        for seen in ([row for row in measured if row.line.pollutant == key],)
    ]
    context = {
        "day": day,
        "rows": rows,
        "book": STAGGERING,
        "sums": sums,
        "met": sum(row.met is True for row in rows),
        "judged": len(judged),
    }
    return render(request, "web/air/staggering.html", context)
