"""Pages of many matters: a register's list with its views and narrowings, export, map, batch, draw and statistics."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404, HttpResponse, JsonResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop as noop
from django.views.decorators.http import require_GET, require_POST

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.visitors import address
from ecoledger.listings import asked, cells, forms, selecting
from ecoledger.listings.parts import Column
from ecoledger.listings.selecting import ordered, related, select
from ecoledger.matters import actions
from ecoledger.matters.actions import NotVisible, Refused
from ecoledger.matters.models import BatchEdit
from ecoledger.matters.register import Register, headers
from ecoledger.matters.workflow import Phase
from ecoledger.web.access import Request, needs
from ecoledger.web.export import exported_list
from ecoledger.web.matters.filters import shown_filters
from ecoledger.web.matters.finding import the_register
from ecoledger.web.matters.posted import say
from ecoledger.web.work import left_of

# Columns shown on a phone too, where few fit.
NARROW = frozenset({"number", "title", "state", "due", "level"})


@needs("see_matters")
def listing_page(request: Request, key: str) -> HttpResponse:
    register = the_register(request, key)
    if register.on_trail:
        said = {"listing": str(register.label), "query": request.GET.dict()}
        audit.record(request.user, "open_restricted", details=said, address=address(request))
    query = request.GET
    sort = query.get("sort", "")
    own = {field.name for field in register.model._meta.local_fields}
    matters = (select if sort.lstrip("-") in own else headers)(register, request.user, query)
    rows = ordered(register, request.user, matters, sort)
    number = asked.number(query.get("page", "")) or 1
    shown = selecting.page(register, rows, number, exact=not query.get("q"))
    every = register.open_columns(request.user)
    columns = _telling(register, every, shown.rows, query.get("sort", ""))
    under = _under(register, request.user, columns)
    columns = [c for c in columns if c not in under]
    now = timezone.now()
    manages = register.may_manage(request.user)
    return render(
        request,
        "web/matters/list.html",
        {
            "register": register,
            "under": [_head(column, query) for column in under],
            "columns": [_head(column, query) for column in columns],
            "rows": [
                {
                    "matter": matter,
                    "cells": [
                        {
                            "column": c,
                            "text": cells.text_of(matter, c),
                            "value": cells.value_of(matter, c.name),
                            "narrow": c.narrow or c.name in NARROW,
                        }
                        for c in columns
                    ],
                    "under": " · ".join(filter(None, (cells.text_of(matter, c) for c in under))),
                    "left": left_of(matter.due, now) if register.state_of(matter).open else "",
                    "overdue": matter.overdue and register.state_of(matter).open,
                    "phase": register.state_of(matter).phase,
                    "level": matter.level,
                }
                for matter in shown.rows
            ],
            "page": shown,
            "hidden": [_(str(c.label)) for c in every if c not in (*columns, *under)],
            "filters": (filters := shown_filters(register, request.user, query)),
            "more_filters": any(f.value or f.until for f in filters[3:]),
            "words": query.get("q", ""),
            "flags": [n for n in ("open", "overdue", "closed", "reopened", "mine") if n in query],
            "views": _views(register, query),
            "now": now,
            "manages": manages,
            "may_open": bool(register.fields) and register.may_open(request.user),
            "may_import": bool(register.imports) and register.may_open(request.user),
            "batch_form": forms.form_of(
                [replace(ask, required=False) for ask in register.batch],
                register.model,
                person=request.user,
            )
            if manages and register.batch
            else None,
            "may_draw": manages and any(s.phase is Phase.REVIEW for s in register.workflow.states),
            "recent_edits": BatchEdit.objects.filter(register=key, undone_at=None)[:3]
            if manages
            else [],
        },
    )


# Narrowings that every register has, shown as views before its own; each stands alone.
_FLAGS = {
    "open": noop("在办"),
    "overdue": noop("超期"),
    "mine": noop("我负责"),
    "closed": noop("已销号"),
    "reopened": noop("反弹过"),
    "merged": noop("重复件"),
}


def _views(register: Register, query: QueryDict) -> list[dict[str, Any]]:
    """Everything first, then the narrowings of every register, then the register's own views."""
    asked_now = {k: v for k, v in query.items() if k not in ("page", "sort") and v}
    views = [{"label": noop("全部"), "query": "", "chosen": not asked_now}]
    for flag, label in _FLAGS.items():
        views.append({"label": label, "query": f"{flag}=1", "chosen": asked_now == {flag: "1"}})
    for view in register.views:
        wanted = dict(view.query) | ({"sort": view.sort} if view.sort else {})
        views.append(
            {
                "label": view.label,
                "query": urlencode(wanted),
                "chosen": asked_now == {k: str(v) for k, v in view.query.items()},
            }
        )
    return views


def _head(column: Column, query: QueryDict) -> dict[str, Any]:
    """A column's head: its name and the order that a click on it asks for."""
    sort = query.get("sort", "")
    return {
        "column": column,
        "sort": column.name if sort != column.name else f"-{column.name}",
        "sorted": sort.removeprefix("-") == column.name,
        "descending": sort.startswith("-"),
    }


def _under(register: Register, person: Person, columns: Sequence[Column]) -> list[Column]:
    """What stands in a quiet line under the title: the number, and what the declaration says."""
    if not any(c.name == "title" for c in columns):
        return []
    names = dict.fromkeys(("number", *register.under))
    return [c for c in register.open_columns(person) if c.name in names]


def _telling(
    register: Register, columns: Sequence[Column], matters: Sequence[Any], sort: str
) -> list[Column]:
    """The columns in which some matter of the page has anything, and those that always stand."""
    kept = {"number", "title", "state", "due", sort.removeprefix("-")}
    return [
        c
        for c in columns
        if not matters
        or c.name in kept
        or any(cells.value_of(m, c.name) not in (None, "", 0) for m in matters)
    ]


@needs("see_matters")
@require_GET
def export(request: Request, key: str) -> HttpResponse:
    """What the list shows, all pages of it, as .xlsx; on the audit trail, for data leave here."""
    return exported_list(request, the_register(request, key))


@needs("see_matters")
@require_GET
def geojson(request: Request, key: str) -> JsonResponse:
    register = the_register(request, key)
    rows = select(register, request.user, request.GET).select_related(*related(register))
    return JsonResponse(cells.features(register, request.user, rows[:5000]))


@needs("see_matters")
@require_POST
def batch(request: Request, key: str) -> HttpResponse:
    """Edit, or merge, the matters ticked in the list."""
    register = the_register(request, key)
    ids = [pk for text in request.POST.getlist("ids") if (pk := asked.number(text)) is not None]
    reason = request.POST.get("reason", "").strip()
    try:
        if request.POST.get("what") == "merge":
            into = request.POST.get("into", "")
            target = register.visible_to(request.user).filter(number=into).first()
            if target is None:
                raise Refused(
                    "form",
                    _("没有编号为“%s”的事项可以并入。") % into,
                    _("请填写保留的那一件的完整编号。"),
                )
            actions.merge(ids, target.pk, by=request.user, reason=reason)
            messages.success(request, _("已并入 %s。") % target.number)
        else:
            edit = actions.batch_edit(
                register, ids, request.POST.dict(), by=request.user, reason=reason
            )
            messages.success(request, _("已修改 %d 件，可在本页撤销。") % len(edit.before))
            _warn_of_idle(request, register, edit)
    except NotVisible as error:
        raise Http404 from error
    except Refused as refused:
        say(request, refused)
    return redirect(f"{reverse('matter-list', args=[key])}?{request.POST.get('back', '')}")


def _warn_of_idle(request: Request, register: Register, edit: BatchEdit) -> None:
    """An owner that was changed before the matter was handed over works on nothing yet."""
    if not {"owner", "owner_organisation"} & set(edit.changes):
        return
    rows = register.visible_to(request.user).filter(pk__in=[int(pk) for pk in edit.before])
    idle = [
        m.number for m in rows if register.state_of(m).open and not register.state_of(m).by_owner
    ]
    if idle:
        messages.warning(
            request,
            _("%(n)d 件尚未交办，改了责任单位也不会到它手里；请勾选后“批量办理”：%(numbers)s")
            % {"n": len(idle), "numbers": "、".join(idle[:10])},
        )


@needs("see_matters")
@require_POST
def batch_undo(request: Request, key: str, pk: int) -> HttpResponse:
    register = the_register(request, key)
    try:
        kept = actions.undo_batch_edit(register, pk, by=request.user)
    except NotVisible as error:
        raise Http404 from error
    except Refused as refused:
        say(request, refused)
    else:
        if kept:
            numbers = "、".join(m.number for m in kept[:10])
            messages.warning(request, _("已撤销；以下事项此后又有变动，未改回：%s") % numbers)
        else:
            messages.success(request, _("批量修改已撤销。"))
    return redirect("matter-list", key)


@needs("see_matters")
@require_POST
def draw(request: Request, key: str) -> HttpResponse:
    """Draw closed matters for a second look."""
    register = the_register(request, key)
    share = asked.number(request.POST.get("share", ""))
    try:
        if share is None or not 1 <= share <= 100:
            raise Refused("form", _("抽查比例应为 1 到 100 的整数。"))
        if request.POST.get("step") != "do":
            # How many, not which: the seed comes when it is confirmed, so nobody draws until it suits.
            count, among = actions.count_for_review(register, share / 100, by=request.user)
            context = {"register": register, "count": count, "among": among, "share": share}
            return render(request, "web/matters/draw.html", context)
        seed = secrets.randbelow(10**12)
        drawn = actions.draw_for_review(register, share / 100, seed, by=request.user)
        messages.success(request, _("抽中 %d 件，已进入回头看。") % len(drawn))
    except Refused as refused:
        say(request, refused)
    return redirect("matter-list", key)
