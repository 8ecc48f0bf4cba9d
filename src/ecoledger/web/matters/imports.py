"""Bringing tables into a register: template, preview row by row, accept, error file, undo."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from ecoledger.matters import importing
from ecoledger.matters.actions import NotVisible, Refused
from ecoledger.matters.importing import reading
from ecoledger.matters.models import ImportBatch
from ecoledger.matters.register import Register
from ecoledger.web.access import Request, needs
from ecoledger.web.export import xlsx
from ecoledger.web.matters.finding import the_register
from ecoledger.web.matters.pages import say

ROWS = 100


def _importable(request: Request, key: str) -> Register:
    register = the_register(request, key)
    if not register.imports or not register.may_open(request.user):
        raise PermissionDenied(_("您的岗位不能向“%s”导入表格。") % _(str(register.label)))
    return register


def _batch(register: Register, pk: int, request: Request) -> ImportBatch:
    """The batch, for who uploaded it and for the register's managers."""
    found = ImportBatch.objects.filter(pk=pk, register=register.key).first()
    if found is None or (
        found.person_id != request.user.pk and not register.may_manage(request.user)
    ):
        raise Http404
    return found


@needs("see_matters")
def page(request: Request, key: str) -> HttpResponse:
    register = _importable(request, key)
    if request.method == "POST":
        file = request.FILES.get("file")
        try:
            if file is None:
                raise Refused("file", _("没有选择文件。"), _("请选择 .xlsx、.xls 或 .csv 文件。"))
            reading.check_size(file.size or 0)
            made = importing.preview(register, file.name or "", file.read(), by=request.user)
        except Refused as refused:
            say(request, refused)
        else:
            return redirect("matter-import-batch", key, made.pk)
    batches = ImportBatch.objects.filter(register=key).exclude(state=ImportBatch.State.DISCARDED)
    if not register.may_manage(request.user):
        batches = batches.filter(person=request.user)
    return render(
        request,
        "web/matters/import.html",
        {"register": register, "batches": batches.select_related("person").defer("rows")[:20]},
    )


@needs("see_matters")
@require_GET
def template(request: Request, key: str) -> HttpResponse:
    register = _importable(request, key)
    return xlsx(importing.template(register), _("%s导入模板.xlsx") % _(str(register.label)))


@needs("see_matters")
@require_GET
def batch(request: Request, key: str, pk: int) -> HttpResponse:
    register = _importable(request, key)
    found = _batch(register, pk, request)
    names = [name for name in found.mapping.values() if name]
    labels = {c.name: _(str(c.ask.label)) for c in register.import_columns}
    only = request.GET.get("only", "")
    rows = found.bad if only == "bad" else found.rows
    shown = Paginator(rows, ROWS).get_page(request.GET.get("page"))
    return render(
        request,
        "web/matters/import_batch.html",
        {
            "register": register,
            "batch": found,
            "good": len(found.good),
            "bad": len(found.bad),
            "only": only,
            "page": shown,
            "labels": [labels[name] for name in names if name in labels],
            "rows": [
                {
                    "row": row,
                    "cells": [
                        {
                            "text": row["cells"].get(name, ""),
                            "label": labels[name],
                            "wrong": any(e["column"] == name for e in row["errors"]),
                        }
                        for name in names
                        if name in labels
                    ],
                }
                for row in shown
            ],
            "unmatched": [header for header, name in found.mapping.items() if not name],
            "own": found.person_id == request.user.pk,
        },
    )


@needs("see_matters")
@require_GET
def errors(request: Request, key: str, pk: int) -> HttpResponse:
    register = _importable(request, key)
    found = _batch(register, pk, request)
    return xlsx(importing.error_file(register, found), _("未导入的行_%s.xlsx") % found.pk)


@needs("see_matters")
@require_POST
def act(request: Request, key: str, pk: int, action: str) -> HttpResponse:
    """accept, undo, redo, discard."""
    register = _importable(request, key)
    try:
        match action:
            case "accept":
                made, left = importing.accept(register, pk, by=request.user)
                messages.success(request, _("已导入 %d 件。") % made)
                if left:
                    messages.warning(
                        request, _("%d 行没有导入，可下载未导入的行，改正后重新上传。") % left
                    )
            case "undo":
                kept = importing.undo(register, pk, by=request.user)
                messages.success(request, _("整批导入已撤销。"))
                if kept:
                    numbers = "、".join(m.number for m in kept[:10])
                    messages.warning(request, _("已经办理过的没有撤销：%s") % numbers)
            case "redo":
                count = importing.redo(register, pk, by=request.user)
                messages.success(request, _("已恢复 %d 件。") % count)
            case "discard":
                importing.discard(register, pk, by=request.user)
                return redirect("matter-import", key)
            case _:
                raise Http404
    except NotVisible as error:
        raise Http404 from error
    except Refused as refused:
        say(request, refused)
    return redirect("matter-import-batch", key, pk)
