"""A penalty case's own pages: the sheet of discretion, and the file as one PDF."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ecoledger.accounts import audit
from ecoledger.accounts.visitors import address
from ecoledger.listings import asked
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.matters.actions import NotVisible
from ecoledger.registers.enforcement import file_review
from ecoledger.registers.enforcement.penalty_case.deciding import tables
from ecoledger.registers.enforcement.penalty_case.register import REGISTER
from ecoledger.reports import case_book
from ecoledger.web.access import Request, needs
from ecoledger.web.books.finding import says_refusals


def _case(request: Request, pk: int) -> Any:
    try:
        case = actions.find(pk, request.user)
    except NotVisible as error:
        raise Http404 from error
    if case.register != REGISTER.key:
        raise Http404
    return case


@needs("see_matters")
@require_http_methods(["GET", "POST"])
def discretion(request: Request, pk: int) -> HttpResponse:
    """Choose the table, then a level of every factor; the arithmetic follows. It begins with what was chosen before, and
    what was refused stays as it was typed."""
    case = _case(request, pk)
    every = tables()
    key = request.POST.get("table") or request.GET.get("table") or case.discretion.get("table", "")
    chosen = every.get(key)
    kept = case.discretion if case.discretion.get("table") == key else {}
    typed, errors = _typed(kept), {}
    if request.method == "POST" and chosen is not None:
        levels = " ".join(
            f"{factor.key}={request.POST[factor.key]}"
            for factor in chosen.factors
            if asked.number(request.POST.get(factor.key, "")) is not None
        )
        form = {
            "table": key,
            "levels": levels,
            "adjust": request.POST.get("adjust", ""),
            "mitigated": request.POST.get("mitigated", ""),
            "why": request.POST.get("why", "").strip(),
        }
        try:
            actions.perform(pk, "assess", by=request.user, form=form)
        except Refused as refused:
            messages.error(request, f"{refused.why}{refused.remedy}")
            typed, errors = request.POST.dict(), refused.fields
        else:
            messages.success(request, _("裁量表已保存。"))
            return redirect("matter", REGISTER.key, pk)
    return render(
        request,
        "web/enforcement/discretion.html",
        {
            "case": case,
            "tables": every.values(),
            "table": chosen,
            "range": (f"{chosen.least:,}", f"{chosen.most:,}") if chosen else (),
            "factors": [
                (factor, asked.number(typed.get(factor.key, "")))
                for factor in (chosen.factors if chosen else ())
            ],
            "typed": typed,
            "errors": errors,
            "said": kept,
        },
        status=422 if errors else 200,
    )


def _typed(kept: dict[str, Any]) -> dict[str, str]:
    """What was chosen when the sheet was saved, as its form sends it."""
    levels = {name: str(place) for name, place in kept.get("levels", {}).items()}
    mitigated = "1" if kept.get("mitigated") else ""
    return {
        **levels,
        "adjust": kept.get("adjust", ""),
        "mitigated": mitigated,
        "why": kept.get("why", ""),
    }


@needs("see_matters")
@require_GET
def book(request: Request, pk: int) -> HttpResponse:
    """The file of the case (案卷) as one PDF; taking it out is on the audit trail."""
    case = _case(request, pk)
    if not request.user.may("see_undecided_penalties"):
        raise Http404
    content = case_book.assemble(case, request.user)
    said = {"bytes": len(content)}
    audit.record(request.user, "export_case_book", case, details=said, address=address(request))
    name = quote(f"案卷{case.number}.pdf")
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": f"inline; filename*=UTF-8''{name}"},
    )


@needs("draw_case_files")
@require_http_methods(["GET", "POST"])
@says_refusals
def review_draw(request: Request) -> HttpResponse:
    """Draw decided cases for review by the system's random source."""
    if request.method == "POST":
        count = asked.number(request.POST.get("count", "")) or 0
        made = file_review.draw(request.POST.get("round", "").strip(), count, by=request.user)
        if not made:
            raise Refused("form", _("没有抽到案卷。"))
        messages.success(request, _("抽中 %d 件，已列入案卷评查。") % len(made))
        return redirect("matter-list", file_review.REGISTER.key)
    decided = REGISTER.visible_to(request.user).filter(decided_on__isnull=False)
    return render(request, "web/enforcement/review_draw.html", {"decided": decided.count()})
