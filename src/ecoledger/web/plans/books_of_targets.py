"""目标跟踪: the target books of a year, each target beside what is true, its pace and what the rest must be.

A target's own page has its steps over the years and the files that prove it.
"""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.indicators import target_book
from ecoledger.listings import asked
from ecoledger.listings.refusals import Refused
from ecoledger.registers.plan import target_evidence
from ecoledger.registers.plan.short_boards import REGISTER as SHORT_BOARDS
from ecoledger.registers.plan.target_book import TARGETS
from ecoledger.registers.plan.target_grades import GRADES
from ecoledger.web.access import Request, needs
from ecoledger.web.matters.evidence import handed_out


@needs("see_plans")
def page(request: Request) -> HttpResponse:
    """One book, or the choice of books."""
    rows = TARGETS.visible_to(request.user)
    books = list(rows.order_by("-year", "book").values_list("year", "book", "area_code").distinct())
    # The year in hand opens first; books of several years reach beyond it.
    this = timezone.localdate().year
    first = next((b for b in books if b[0] <= this), books[0] if books else (0, "", ""))
    year = asked.number(request.GET.get("year", "")) or first[0]
    book = request.GET.get("book", "") or next((b[1] for b in books if b[0] == year), first[1])
    chosen = list(
        rows.filter(year=year, book=book)
        .select_related("lead")
        .prefetch_related("evidence")
        .order_by("pk")
    )
    on = asked.day(request.GET.get("on", "")) or timezone.localdate()
    standings = target_book.standings(chosen, on, request.user)
    return render(
        request,
        "web/plans/target_book.html",
        {
            "books": books,
            "year": year,
            "book": book,
            "on": on,
            "totals": target_book.totals(chosen),
            "elsewhere": target_book.said_elsewhere(chosen, rows),
            "groups": _groups(standings),
            "marks": target_book.marked(standings),
            "grades": GRADES.visible_to(request.user).filter(book=book, year=year),
            "years": target_book.years(rows, book) if chosen else None,
            "short": [s for s in standings if s.met is False],
            "short_boards": SHORT_BOARDS,
            "may_list": SHORT_BOARDS.may_open(request.user),
        },
    )


def _groups(standings: list[target_book.Standing]) -> list[dict[str, Any]]:
    """Standings by kind, conditions last."""
    groups = []
    for kind in (*target_book.INDICATORS, target_book.Kind.CONDITION):
        inside = [s for s in standings if s.target.kind == kind]
        if inside:
            met = sum(1 for s in inside if s.met)
            untold = sum(1 for s in inside if s.untold)
            lacking = sum(1 for s in inside if s.met is None) - untold
            group = {"label": kind.label, "rows": inside, "met": met}
            groups.append(group | {"lacking": lacking, "untold": untold})
    return groups


@needs("see_plans")
@require_POST
def list_short(request: Request, pk: int) -> HttpResponse:
    """List a target that is missed as a short board; one listed before is shown."""
    row = get_object_or_404(TARGETS.visible_to(request.user), pk=pk)
    there = SHORT_BOARDS.visible_to(request.user).filter(
        year=row.year, title=row.name, area_code=row.area_code
    ).first()  # fmt: skip
    if there is None:
        try:
            there = target_book.list_short(row, timezone.localdate(), by=request.user)
        except Refused as refused:
            messages.error(request, str(refused))
            return redirect("target-book")
    return redirect("matter", SHORT_BOARDS.key, there.pk)


@needs("see_plans")
@require_GET
def one(request: Request, pk: int) -> HttpResponse:
    """One target: how it stands, its steps over the years, its evidence."""
    row = get_object_or_404(TARGETS.visible_to(request.user).select_related("lead"), pk=pk)
    same = TARGETS.visible_to(request.user).filter(
        book=row.book, number=row.number, area_code=row.area_code
    )
    today = timezone.localdate()
    return render(
        request,
        "web/plans/target.html",
        {
            "target": row,
            "standing": target_book.standing(
                row, target_book.end_of(row.year, today), request.user
            ),
            "steps": [
                target_book.standing(step, target_book.end_of(step.year, today), request.user)
                for step in same.order_by("year")
            ],
            "evidence": row.evidence.select_related("uploaded_by"),
            "may_add": TARGETS.may_change(request.user),
        },
    )


@needs("see_plans")
@require_POST
def prove(request: Request, pk: int) -> HttpResponse:
    """Keep a file beside a target."""
    row = get_object_or_404(TARGETS.visible_to(request.user), pk=pk)
    file = request.FILES.get("file")
    try:
        if file is None:
            raise Refused("form", _("没有选择文件。"))
        kept = target_evidence.add(row, file, request.POST.get("caption", ""), by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
    else:
        messages.success(request, _("已附上“%s”。") % kept)
    return redirect("target", pk)


@needs("see_plans")
@require_GET
def evidence_file(request: Request, pk: int, file: int) -> HttpResponseBase:
    """A file beside a target, for who may see the target."""
    row = get_object_or_404(TARGETS.visible_to(request.user), pk=pk)
    return handed_out(request, get_object_or_404(row.evidence, pk=file))
