"""Editions of a roster: their list, one edition with its lines, and what changed since another."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db.models import F
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from ecoledger.accounts.scope import visible
from ecoledger.books import roster as rosters
from ecoledger.books.models import Edition
from ecoledger.books.roster import Roster
from ecoledger.listings import asked
from ecoledger.listings.cells import area_name, text_of
from ecoledger.listings.refusals import Refused
from ecoledger.web.access import Request
from ecoledger.web.books.finding import book_of, needs_editor, row_of, says_refusals

SHOWN = 200


def _editions(request: Request, book: Roster) -> Any:
    return visible(Edition.objects.filter(book=book.key), request.user)


@require_GET
def editions(request: Request, key: str) -> HttpResponse:
    """Every edition of the roster, the newest first, and the one in force marked."""
    book = book_of(Roster, key, request)
    rows = list(_editions(request, book).order_by(F("since").desc(nulls_last=True), "-id"))
    for row in rows:
        row.count = book.lines(row).count()
    return render(
        request,
        "web/books/editions.html",
        {"book": book, "editions": rows, "may_change": book.may_change(request.user)},
    )


@require_http_methods(["GET", "POST"])
@says_refusals
def edition(request: Request, key: str, pk: int) -> HttpResponse:
    """One edition: its lines and, beside another edition, only the differences."""
    book = book_of(Roster, key, request)
    row = row_of(_editions(request, book), pk)
    if request.method == "POST":
        needs_editor(book, request)
        return _do(request, book, row)
    others = [
        e
        for e in _editions(request, book).order_by(F("since").desc(nulls_last=True), "-id")
        if e.pk != row.pk
    ]
    with_pk = asked.number(request.GET.get("with", ""))
    other = next((e for e in others if e.pk == with_pk), None)
    lines = book.lines(row).order_by("area_code", "entity__name", "organisation__name", "pk")
    columns = [c for c in book.open_columns(request.user) if c.name != "edition"]
    shown = [
        {"line": line, "cells": [text_of(line, column) for column in columns]}
        for line in lines[:SHOWN]
    ]
    return render(
        request,
        "web/books/edition.html",
        {
            "book": book,
            "edition": row,
            "by_rule": book.proposes is not None,
            "area": area_name(row.area_code),
            "others": others,
            "other": other,
            "comparison": _compared(book, other, row) if other else None,
            "columns": columns,
            "lines": shown,
            "count": lines.count(),
            "may_change": book.may_change(request.user),
        },
    )


def _compared(book: Roster, old: Edition, new: Edition) -> dict[str, Any]:
    seen = rosters.compare(book, old, new)
    labels = {name: book.derive.column(name) for name in book.compared}
    changed = [
        {
            "subject": change.line.subject,
            "values": [
                {"label": labels[name].label, "old": before, "new": after}
                for name, (before, after) in change.values.items()
            ],
        }
        for change in seen.changed
    ]
    return {"added": seen.added, "left": seen.left, "changed": changed, "same": seen.same}


def _do(request: Request, book: Roster, row: Edition) -> HttpResponse:
    match request.POST.get("action"):
        case "copy":
            name = request.POST.get("name", "").strip()
            if not name:
                raise Refused("form", _("没有新版本的名称。"), _("请填写名称。"))
            new = rosters.copy(book, row, name, by=request.user)
            messages.success(request, _("已复制为“%s”，公布之前不生效。") % name)
            return redirect("edition", book.key, new.pk)
        case "publish":
            since = asked.day(request.POST.get("since", ""))
            if since is None:
                raise Refused("form", _("没有生效日。"), _("请选择生效日。"))
            rosters.publish(book, row, since, by=request.user)
            messages.success(request, _("已公布，自 %s 起生效。") % f"{since:%Y-%m-%d}")
        case "rule":
            n, left = rosters.fill_by_rule(book, row, timezone.localdate(), by=request.user)
            messages.success(
                request, _("按条件列入 %(n)d 家，退出 %(left)d 家。") % {"n": n, "left": len(left)}
            )
            for why in left[:10]:
                messages.warning(request, why)
        case "freeze":
            rosters.freeze(book, row, by=request.user)
            messages.success(request, _("已冻结。"))
        case "remove":
            line = row_of(book.lines(row), asked.number(request.POST.get("line", "")) or 0)
            rosters.remove(book, line, by=request.user)
            messages.success(request, _("已移出：%s。") % line.subject)
    return redirect("edition", book.key, row.pk)


@require_http_methods(["POST"])
@says_refusals
def draft(request: Request, key: str) -> HttpResponse:
    """Begin an empty edition of the person's own division."""
    book = book_of(Roster, key, request)
    needs_editor(book, request)
    name, area = request.POST.get("name", "").strip(), request.POST.get("area_code", "")
    if not name:
        raise Refused("form", _("没有新版本的名称。"), _("请填写名称。"))
    if not any(area.startswith(code) for code in request.user.area_codes):
        raise Refused("form", _("没有属地，或不在您的范围内。"), _("请选择属地。"))
    row = rosters.draft(book, name, area, by=request.user, basis=request.POST.get("basis", ""))
    return redirect("edition", book.key, row.pk)
