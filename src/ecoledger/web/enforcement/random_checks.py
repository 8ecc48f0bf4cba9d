"""The publication sheet of a random check: to read, and as the files that anybody draws again from."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from django.contrib.auth.decorators import login_not_required
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET

from ecoledger.accounts import audit
from ecoledger.accounts.visitors import address
from ecoledger.matters import actions
from ecoledger.matters.actions import NotVisible
from ecoledger.registers.enforcement import random_check
from ecoledger.reports import inspectorate
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
    audit.record(
        request.user, "export_draw_sheet", check, details={"kind": kind}, address=address(request)
    )
    return _file(check, kind)


def _file(check: Any, kind: str, sheet: dict[str, Any] | None = None) -> HttpResponse:
    write, content_type = _KINDS[kind]
    # Spreadsheet programs tell UTF-8 by its mark.
    mark = "\ufeff" if kind == "csv" else ""
    name = quote(f"{check.title}公示表.{kind}")
    return HttpResponse(
        mark + write(sheet or random_check.sheet(check)),
        content_type=f"{content_type}; charset=utf-8",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"},
    )


@needs("see_matters")
@require_GET
def sheet_page(request: Request, pk: int) -> HttpResponse:
    """The sheet to read and print."""
    check = _check(request, pk)
    sheet = random_check.sheet(check)
    draws = _with_names(sheet)
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


def _with_names(sheet: dict[str, Any]) -> list[dict[str, Any]]:
    """The draws with the names of objects and inspectors beside their codes."""
    names = {o["code"]: o["name"] for o in sheet["objects"]}
    people = {i["code"]: i["name"] for i in sheet["inspectors"]}
    return [
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


# ---- for everybody: what was published, and nothing else -------------------------------------------


def _published() -> QuerySet[random_check.RandomCheck]:
    rows = random_check.RandomCheck.objects.filter(state="published", withdrawn_at=None)
    return rows.order_by("-closed_at", "-pk")


def _public_sheet(check: random_check.RandomCheck) -> dict[str, Any]:
    """The sheet without the telephone and identity numbers that somebody wrote into a remark."""
    sheet = random_check.sheet(check)
    for rows, name in (("results", "handled"), ("replacements", "reason"), ("draws", "discarded")):
        sheet[rows] = [{**row, name: inspectorate.public(row[name])} for row in sheet[rows]]
    return sheet


@login_not_required
@require_GET
def public_list(request: HttpRequest) -> HttpResponse:
    """The random checks whose results are published, the latest first."""
    return render(request, "web/public/draws.html", {"checks": _published()[:200]})


@login_not_required
@require_GET
def public_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One published sheet, to read."""
    check = get_object_or_404(_published(), pk=pk)
    sheet = _public_sheet(check)
    context = {"check": check, "sheet": sheet, "draws": _with_names(sheet)}
    return render(request, "web/public/draw.html", context)


@login_not_required
@require_GET
def public_file(request: HttpRequest, pk: int, kind: str) -> HttpResponse:
    """One published sheet, to draw again from."""
    if kind not in _KINDS:
        raise Http404
    check = get_object_or_404(_published(), pk=pk)
    return _file(check, kind, _public_sheet(check))
