"""登记表抽取 (mechanism P3): filed registration forms are drawn for a check by the system's random source, or by a kept seed."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ecoledger.listings import asked
from ecoledger.listings.refusals import Refused
from ecoledger.registers.approval import filing_checks
from ecoledger.web.access import Request, needs
from ecoledger.web.books.finding import says_refusals


@needs("draw_filings")
@require_http_methods(["GET", "POST"])
@says_refusals
def draw(request: Request) -> HttpResponse:
    """Choose the span, the round and how many; what was looked at before is not drawn again."""
    book = filing_checks.REGISTER
    said = request.POST if request.method == "POST" else request.GET
    last = asked.day(said.get("last", "")) or timezone.localdate()
    first = asked.day(said.get("first", "")) or last.replace(month=1, day=1)
    if request.method == "POST":
        count = asked.number(said.get("count", "")) or 0
        seed = said.get("seed", "").strip()
        if seed and (len(seed) > 64 or "|" in seed):
            raise Refused("form", _("种子不超过 64 个字，不含竖线。"))
        made = filing_checks.draw(
            said.get("round", ""), count, first, last, by=request.user, seed=seed
        )
        messages.success(request, _("抽中 %d 件，已列入登记表核查。") % len(made))
        return redirect("matter-list", book.key)
    context = {
        "first": first,
        "last": last,
        "waiting": filing_checks.waiting(request.user, first, last).count(),
        "book": book,
    }
    return render(request, "web/approval/filings.html", context)
