"""A round of a score sheet: the ranking, one score with its marks, publication and objections."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.accounts.scope import visible
from ecoledger.books import score_sheet as sheets
from ecoledger.books.models import Objection, Score, ScoreRound
from ecoledger.books.score_sheet import ScoreSheet
from ecoledger.listings import asked
from ecoledger.listings.cells import area_name
from ecoledger.listings.refusals import Refused
from ecoledger.web.access import Request
from ecoledger.web.books.finding import book_of, needs_editor, row_of, says_refusals


def _round(request: Request, book: ScoreSheet, pk: int) -> ScoreRound:
    """A round of the person's area; who is scored in it sees it from its publication on."""
    rows = ScoreRound.objects.filter(book=book.key)
    row: ScoreRound = row_of(rows, pk)
    if visible(rows, request.user).filter(pk=pk).exists():
        return row
    scores = visible(Score.objects.filter(round=row), request.user, "area_code", "entity__code")
    return row_of(rows.exclude(state="draft").filter(scores__in=scores).distinct(), pk)  # type: ignore[no-any-return]


def _scores(request: Request, row: ScoreRound) -> Any:
    return visible(Score.objects.filter(round=row), request.user, "area_code", "entity__code")


@require_GET
def round_page(request: Request, key: str, pk: int) -> HttpResponse:
    """The ranking; what lacks data stands apart."""
    book = book_of(ScoreSheet, key, request)
    row = _round(request, book, pk)
    seen = set(_scores(request, row).values_list("pk", flat=True))
    places, apart = sheets.ranking(row)
    return render(
        request,
        "web/books/round.html",
        {
            "book": book,
            "round": row,
            "items": sheets.items_of(row),
            "places": [
                {"place": p, "name": p.score.entity or area_name(p.score.area_code)}
                for p in places
                if p.score.pk in seen
            ],
            "apart": [
                {"score": s, "name": s.entity or area_name(s.area_code)}
                for s in apart
                if s.pk in seen
            ],
            "left_out": [i.label for i in sheets.items_of(row) if i.key in sheets.left_out(row)],
            "full": sheets.full_marks(row),
            "waiting": Objection.objects.filter(mark__score__round=row, upheld=None).count(),
            "may_change": book.may_change(request.user),
            "until": timezone.localdate() + timedelta(days=7),
            "over": row.end < timezone.localdate(),
            "lock_refused": sheets.refusal_to_lock(book, row, request.user),
        },
    )


@require_GET
def score_page(request: Request, key: str, pk: int, score: int) -> HttpResponse:
    """One score: item, basis, value, marks, reason, objections."""
    book = book_of(ScoreSheet, key, request)
    row = _round(request, book, pk)
    scored = row_of(_scores(request, row).select_related("entity"), score)
    marks = {mark.item: mark for mark in scored.marks.prefetch_related("objections")}
    return render(
        request,
        "web/books/score.html",
        {
            "book": book,
            "round": row,
            "score": scored,
            "name": scored.entity or area_name(scored.area_code),
            "rows": [(item, marks[item.key]) for item in sheets.items_of(row)],
            "may_change": book.may_change(request.user),
            "may_object": row.state == "published",
        },
    )


@require_POST
@says_refusals
def act(request: Request, key: str, pk: int) -> HttpResponse:
    """Compute again, publish or lock a round."""
    book = book_of(ScoreSheet, key, request)
    needs_editor(book, request)
    row = row_of(visible(ScoreRound.objects.filter(book=book.key), request.user), pk)
    match request.POST.get("action"):
        case "compute":
            sheets.compute(book, row)
        case "publish":
            until = asked.day(request.POST.get("until", ""))
            if until is None:
                raise Refused("form", _("没有异议期限。"), _("请选择日期。"))
            sheets.publish(book, row, until, by=request.user)
        case "lock":
            sheets.lock(book, row, by=request.user)
    return redirect("score-round", book.key, row.pk)


@require_POST
@says_refusals
def mark(request: Request, key: str, pk: int, score: int) -> HttpResponse:
    """Give marks, object to them, or answer an objection."""
    book = book_of(ScoreSheet, key, request)
    row = _round(request, book, pk)
    scored = row_of(_scores(request, row), score)
    said = request.POST
    target = row_of(scored.marks.all(), asked.number(said.get("mark", "")) or 0)
    match said.get("action"):
        case "give":
            needs_editor(book, request)
            sheets.give(book, target, _number(said), by=request.user, reason=said.get("reason", ""))
        case "object":
            sheets.object_to(target, said.get("text", ""), by=request.user)
            messages.success(request, _("异议已提交。"))
        case "answer":
            needs_editor(book, request)
            objection = row_of(
                target.objections.all(), asked.number(said.get("objection", "")) or 0
            )
            upheld = said.get("upheld") == "1"
            sheets.answer(
                book,
                objection,
                by=request.user,
                text=said.get("text", ""),
                marks=_number(said) if upheld else None,
            )
    return redirect("score", book.key, row.pk, scored.pk)


def _number(said: Any) -> Decimal:
    number = asked.amount(said.get("marks", ""))
    if number is None:
        raise Refused("form", _("得分不是数。"), _("请填写数字。"))
    return number
