"""The publication sheet of a random check: to read, and as the files that anybody draws again from."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from ecoledger.accounts import audit
from ecoledger.matters import actions
from ecoledger.matters.actions import NotVisible
from ecoledger.registers.enforcement import random_check
from ecoledger.standards import draw_sheet
from ecoledger.web.access import Request, needs

_KINDS = {"json": (draw_sheet.to_json, "application/json"), "csv": (draw_sheet.to_csv, "text/csv")}


def _check(request: Request, pk: int) -> Any:
    try:
        check = actions.find(pk, request.user)
    except NotVisible as error:
        raise Http404 from error
    if check.register != random_check.REGISTER.key or not check.lists:
        raise Http404
    return check


@needs("see_matters")
@require_GET
def sheet_file(request: Request, pk: int, kind: str) -> HttpResponse:
    """The sheet as JSON or CSV."""
    if kind not in _KINDS:
        raise Http404
    check = _check(request, pk)
    write, content_type = _KINDS[kind]
    audit.record(request.user, "export_draw_sheet", check, details={"kind": kind})
    # Spreadsheet programs tell UTF-8 by its mark.
    mark = "\ufeff" if kind == "csv" else ""
    name = quote(f"{check.title}公示表.{kind}")
    return HttpResponse(
        mark + write(random_check.sheet(check)),
        content_type=f"{content_type}; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )


@needs("see_matters")
@require_GET
def sheet_page(request: Request, pk: int) -> HttpResponse:
    """The sheet to read and print."""
    check = _check(request, pk)
    sheet = random_check.sheet(check)
    names = {o["code"]: o["name"] for o in sheet["objects"]}
    people = {i["code"]: i["name"] for i in sheet["inspectors"]}
    draws = [
        {
            **draw,
            "rows": [
                {
                    **row,
                    "name": names.get(row["object"], ""),
                    "people": [people.get(code, code) for code in row["inspectors"]],
                }
                for row in draw["result"]
            ],
        }
        for draw in sheet["draws"]
    ]
    return render(
        request,
        "web/enforcement/draw_sheet.html",
        {
            "check": check,
            "sheet": sheet,
            "draws": draws,
            "differences": draw_sheet.differences(sheet) if draws else [],
        },
    )
