"""A book's own table of data, edited row by row: a station's checklist, the items of an assessment."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from ecoledger.accounts.roles import Role
from ecoledger.listings.own_tables import table_of
from ecoledger.listings.refusals import Refused
from ecoledger.web.access import Request
from ecoledger.web.listings import meanwhile
from ecoledger.web.listings.finding import the_listing

# Who sets the rules of a book: not everybody who writes in it.
_EDITORS = frozenset({Role.LEADER, Role.SECTION_CHIEF, Role.SYSTEM_ADMIN})
# Empty rows below those that are there.
_MORE = 3


def page(request: Request, key: str) -> HttpResponse:
    """The rows; saved whole. Everybody who sees the book may look."""
    listing = the_listing(request, key)
    table = table_of(key)
    if table is None:
        raise Http404
    may_change = request.user.has_role(*_EDITORS)
    typed: list[dict[str, Any]] | None = None
    if request.method == "POST":
        if not may_change:
            raise PermissionDenied(_("检查表由局领导、科长或系统管理员修改。"))
        names = ("key", *(column.name for column in table.columns))
        columns = [request.POST.getlist(f"row-{name}") for name in names]
        typed = [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=False)]
        try:
            meanwhile.refuse_unseen(request, table.said())
            table.write(typed, by=request.user)
        except Refused as refused:
            messages.error(request, str(refused))
        else:
            messages.success(request, _("已保存，新登记的按新表。"))
            return redirect(request.path)
    rows = typed if typed is not None else [*table.shown(), *([{}] * _MORE if may_change else [])]
    return render(
        request,
        "web/listings/own_table.html",
        {
            "listing": listing,
            "table": table,
            "rows": [
                {
                    "key": row.get("key", ""),
                    "cells": [(c, row.get(c.name, "")) for c in table.columns],
                }
                for row in rows
            ],
            "mark": table.said().get("mark", ""),
            "may_change": may_change,
            "shown": meanwhile.hidden_whole(table.said()),
        },
        status=422 if typed is not None else 200,
    )
