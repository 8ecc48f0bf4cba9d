"""The records behind a figure: one page draws every declared table of them."""

from __future__ import annotations

from datetime import date
from typing import Any, cast

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.indicators import records as _tables  # noqa: F401  declares the tables
from ecoledger.indicators.records.declaring import (
    A_PAGE,
    Asked,
    Cell,
    NotThere,
    Page,
    Row,
    Rows,
    Sight,
    table_of,
)
from ecoledger.listings.workbook import Head
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.export import download, too_long
from ecoledger.web.templatetags.show import water_class


def _found(request: Request, kind: str) -> Page:
    asked = Asked(request.GET.dict(), request.user, cast(Sight, scoped))
    try:
        return table_of(kind)(asked)
    except NotThere as wrong:
        raise Http404 from wrong


@needs("see_monitoring")
def page(request: Request, kind: str) -> HttpResponse:
    """The table behind a door, drawn as any other."""
    found = _found(request, kind)
    rows, pages = found.rows, None
    if isinstance(rows, Rows):
        pages = Paginator(rows.queryset, A_PAGE).get_page(request.GET.get("page"))
        rows = [found.rows.row(shown) for shown in pages]  # type: ignore[union-attr]
    months = list(dict.fromkeys(month for row in rows if (month := month_of(row))))
    return render(
        request,
        "web/figures/records.html",
        {"found": found, "rows": rows, "page": pages, "kind": kind, "months": months},
    )


def month_of(row: Row) -> str:
    """The month of a row that begins with a day: a long table has a section for each."""
    first = row.cells[0] if row.cells else None
    day = first.value if first is not None and first.kind == "day" and not row.total else None
    return f"{day:%Y-%m}" if isinstance(day, date) else ""


@needs("see_monitoring")
@require_GET
def export(request: Request, kind: str) -> HttpResponse:
    """The same table as a file: numbers as numbers, days as days."""
    found = _found(request, kind)
    rows = found.rows
    count = rows.queryset.count() if isinstance(rows, Rows) else len(rows)
    if too_long(request, count):
        return redirect(f"{reverse('records', args=[kind])}?{request.GET.urlencode()}")
    drawn = list(map(rows.row, rows.queryset) if isinstance(rows, Rows) else rows)
    kinds = [cell.kind for cell in drawn[-1].cells] if drawn else [""] * len(found.columns)
    heads = [
        Head(_(column.label), _SHEET_KINDS.get(kind, column.kind), 16)
        for column, kind in zip(found.columns, kinds, strict=True)
    ]
    lines = ([_plain(cell) for cell in row.cells] for row in drawn)
    return download(request, "records", found.title, heads, lines, count)


# What the cells of a column are in a spreadsheet, where the column does not say it.
_SHEET_KINDS = {"number": "number", "aqi": "number", "day": "date", "moment": "datetime"}


def _plain(cell: Cell) -> Any:
    """A cell as a spreadsheet keeps it."""
    value = cell.value
    match cell.kind:
        case "number":
            return None if value is None else round(float(value), cell.decimals)
        case "day" | "moment" | "aqi":
            return value
        case "water":
            return water_class(value)
        case "level":
            return cell.note
        case "tick":
            return "✓" if value else ""
        case "figure":
            return str(value)
        case _:
            return "" if value is None else f"{value} {cell.note}".strip()
