"""The board of a campaign, its objects, and recording a visit."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from ecoledger.accounts.wording import numbered
from ecoledger.books import campaign as campaigns
from ecoledger.books import checklists
from ecoledger.books.campaign import Campaign
from ecoledger.books.models import Checklist, Drive, DriveTask
from ecoledger.entities.models import Entity
from ecoledger.listings import asked
from ecoledger.listings.cells import area_name
from ecoledger.listings.refusals import Refused
from ecoledger.web.access import Request
from ecoledger.web.books import checklist_form
from ecoledger.web.books.finding import book_of, needs_editor, row_of, says_refusals
from ecoledger.web.listings.once import once

# A rate of fewer visits than this is said as a fraction, without a shade.
FEW = 10
SHOWN = 50
# Proposed objects on one page, to be confirmed together.
CHOSEN = 300


@require_GET
def board(request: Request, key: str, pk: int) -> HttpResponse:
    """How far the drive is, where, by whom, and what it finds."""
    book = book_of(Campaign, key, request)
    drive = row_of(book.visible_to(request.user), pk)
    tasks = book.tasks_of(drive, request.user)
    todo = tasks.filter(state=DriveTask.State.TODO).order_by("area_code", "entity__name")
    return render(
        request,
        "web/books/board.html",
        {
            "book": book,
            "drive": drive,
            "coverage": campaigns.coverage(drive, tasks),
            "problems": tasks.aggregate(n=Count("findings", distinct=True))["n"],
            "closed": tasks.filter(findings__closed_at__isnull=False).aggregate(
                n=Count("findings", distinct=True)
            )["n"],
            "days": (drive.end - drive.begin).days + 1,
            "passed": _passed(drive),
            "places": _places(drive, tasks),
            "teams": campaigns.coverage_by(tasks.exclude(team=""), "team"),
            "clauses": _clauses(drive, tasks),
            "todo": todo[:SHOWN],
            "todo_count": todo.count(),
            "may_change": book.may_change(request.user),
            "may_visit": request.user.has_role(*book.visitors),
            "today": timezone.localdate(),
        },
    )


def _passed(drive: Drive) -> int:
    days = (drive.end - drive.begin).days + 1
    return min(max((timezone.localdate() - drive.begin).days + 1, 0), days)


def _places(drive: Drive, tasks: QuerySet[DriveTask]) -> list[dict[str, Any]]:
    rows = []
    found = {
        row["area_code"]: row["n"]
        for row in tasks.filter(findings__isnull=False)
        .order_by()
        .values("area_code")
        .annotate(n=Count("pk", distinct=True))
    }
    days, passed = (drive.end - drive.begin).days + 1, _passed(drive)
    for row in campaigns.coverage_by(tasks.order_by(), "area_code"):
        to_visit = row["planned"] - row["left_out"]
        expected = to_visit * passed // days
        with_problems = found.get(row["area_code"], 0)
        rows.append(
            {
                **row,
                "name": area_name(row["area_code"]),
                "to_visit": to_visit,
                "ahead": row["done"] - expected,
                "behind": expected - row["done"],
                "with_problems": with_problems,
                "clean": row["done"] - with_problems,
                "clean_share": _share(row["done"] - with_problems, to_visit),
                "problem_share": _share(with_problems, to_visit),
                "rate": _share(row["done"], to_visit),
            }
        )
    return sorted(rows, key=lambda row: -row["planned"])


def _share(part: int, whole: int) -> float:
    return round(100 * part / whole, 1) if whole else 0.0


def _clauses(drive: Drive, tasks: QuerySet[DriveTask]) -> dict[str, Any]:
    """Which clause fails where: per cent of the visits, or a fraction where there were few."""
    questions = [q for q in campaigns.questions_of(drive.checklist) if q.finds]
    visits: dict[str, int] = {}
    failed: dict[tuple[str, str], int] = {}
    for area, answers in tasks.filter(state=DriveTask.State.DONE).values_list(
        "area_code", "answers"
    ):
        visits[area] = visits.get(area, 0) + 1
        for question in checklists.problems(questions, answers):
            cell = (question.name, area)
            failed[cell] = failed.get(cell, 0) + 1
    areas = sorted(visits, key=lambda area: -visits[area])[:8]
    rows: list[dict[str, Any]] = []
    for question in questions:
        total = sum(n for (name, _a), n in failed.items() if name == question.name)
        cells = []
        for area in areas:
            n = failed.get((question.name, area), 0)
            percent = round(100 * n / visits[area])
            few = visits[area] < FEW and n > 0
            cells.append(
                {
                    "text": f"{n}/{visits[area]}" if few else (str(percent) if n else "·"),
                    "shade": "few" if few else f"k{min(5, -(-percent // 7))}",
                }
            )
        rows.append({"label": question.label, "total": total, "cells": cells})
    rows.sort(key=lambda row: -row["total"])
    return {"areas": [area_name(area) for area in areas], "rows": rows}


@require_POST
@says_refusals
def move(request: Request, key: str, pk: int) -> HttpResponse:
    """Select or draw objects, start, end."""
    book = book_of(Campaign, key, request)
    needs_editor(book, request)
    drive = row_of(book.visible_to(request.user), pk)
    match request.POST.get("action"):
        case "all":
            rows = book.objects().filter(area_code__startswith=drive.area_code)
            new = campaigns.add_objects(book, drive, rows, by=request.user)
            messages.success(request, numbered("已列入 %d 个对象。", new) % new)
        case "draw":
            count = asked.number(request.POST.get("count", "")) or 0
            if count <= 0:
                raise Refused("form", _("没有抽取数量。"), _("请填写一个整数。"))
            new = campaigns.draw_objects(book, drive, count, by=request.user)
            messages.success(request, numbered("已抽取 %d 个对象。", new) % new)
        case "start":
            campaigns.start(book, drive, by=request.user)
        case "end":
            campaigns.end(book, drive, by=request.user)
    return redirect("board", book.key, drive.pk)


@require_http_methods(["GET", "POST"])
@says_refusals
def choose(request: Request, key: str, pk: int) -> HttpResponse:
    """What the campaign proposes, each with its grounds, to be confirmed by hand; others are added by name."""
    book = book_of(Campaign, key, request)
    needs_editor(book, request)
    drive = row_of(book.visible_to(request.user), pk)
    inside = Entity.objects.filter(area_code__startswith=drive.area_code)
    proposed = book.objects().filter(area_code__startswith=drive.area_code)
    if request.method == "POST":
        numbers = [
            n for text in request.POST.getlist("object") if (n := asked.number(text)) is not None
        ]
        rows = inside.filter(
            Q(pk__in=proposed.values("pk")) | Q(kind__in=_kinds(book)), pk__in=numbers
        )
        new = campaigns.add_objects(book, drive, rows, by=request.user)
        messages.success(request, numbered("已列入 %d 个对象。", new) % new)
        return redirect("board", book.key, drive.pk)
    words = request.GET.get("q", "").strip()
    listed = drive.tasks.values("entity_id")
    rows = proposed.exclude(pk__in=listed).order_by("area_code", "name")
    others: QuerySet[Any] = Entity.objects.none()
    if words:
        rows = rows.filter(name__contains=words)
        others = inside.filter(kind__in=_kinds(book), name__contains=words).exclude(
            Q(pk__in=proposed.values("pk")) | Q(pk__in=listed)
        )
    shown = [
        {"row": row, "why": book.grounds(row) if book.grounds else ""} for row in rows[:CHOSEN]
    ]
    return render(
        request,
        "web/books/choose.html",
        {
            "book": book,
            "drive": drive,
            "rows": shown,
            "count": rows.count(),
            "others": others.order_by("name")[:SHOWN],
            "q": words,
            "listed": drive.tasks.count(),
        },
    )


def _kinds(book: Campaign) -> set[str]:
    """Kinds of things that the campaign visits."""
    model = book.objects().model
    return {kind} if (kind := getattr(model, "KIND", "")) else set()


@require_http_methods(["GET", "POST"])
@says_refusals
@once
def visit(request: Request, key: str, pk: int, task: int) -> HttpResponseBase:
    """The checklist of one object, to fill in; or what was answered."""
    book = book_of(Campaign, key, request)
    drive = row_of(book.visible_to(request.user), pk)
    row = row_of(book.tasks_of(drive, request.user), task)
    questions = campaigns.questions_of(drive.checklist)
    said: dict[str, Any] = row.answers
    wrong: checklist_form.Wrong = {}
    if request.method == "POST":
        if request.POST.get("action") == "leave_out":
            needs_editor(book, request)
            campaigns.leave_out(book, row, by=request.user, reason=request.POST.get("reason", ""))
            return redirect("board", book.key, drive.pk)
        if not request.user.has_role(*book.visitors):
            raise Refused("role", _("您的岗位不承担这项检查。"))
        said = checklist_form.answers(request, questions)
        try:
            campaigns.visit(
                book,
                row,
                said,
                by=request.user,
                note=request.POST.get("note", "").strip(),
                beyond_cap=request.POST.get("beyond_cap", ""),
                client_id=request.POST.get("client_id") or None,
                seen=[
                    line.strip()
                    for line in request.POST.get("seen", "").splitlines()
                    if line.strip()
                ],
            )
        except Refused as refused:
            wrong = checklist_form.shown_again(request, refused)
        else:
            messages.success(request, _("已记录：%s。") % row.entity)
            return redirect("board", book.key, drive.pk)
    visits = campaigns.visits_this_year(row.entity, timezone.localdate())
    return render(
        request,
        "web/books/visit.html",
        {
            "book": book,
            "drive": drive,
            "task": row,
            "questions": checklist_form.rows(questions, said, wrong),
            "typed": request.POST,
            "visits": visits,
            "capped": bool(book.yearly_cap and visits >= book.yearly_cap),
            "may_visit": request.user.has_role(*book.visitors),
            "may_change": book.may_change(request.user),
            "finds": book.finding is not None,
        },
        status=422 if wrong else 200,
    )


@require_http_methods(["GET", "POST"])
@says_refusals
def checklist_versions(request: Request) -> HttpResponse:
    """Checklists and their versions; a spreadsheet sent here becomes the next version."""
    from ecoledger.accounts.roles import BUREAU

    if not request.user.has_role(*BUREAU):
        raise Refused("role", _("检查表由局机关维护。"))
    if request.method == "POST":
        upload = request.FILES.get("file")
        name = request.POST.get("name", "").strip()
        if upload is None or not name:
            raise Refused("form", _("没有名称或文件。"), _("请填写名称并选择 .xlsx 文件。"))
        row = campaigns.keep_checklist(name, upload.read(), upload.name or "", by=request.user)
        messages.success(request, _("已保存：%s。") % row)
        return redirect("checklists")
    return render(request, "web/books/checklists.html", {"rows": Checklist.objects.all()[:200]})
