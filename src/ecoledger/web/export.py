"""What a list shows, all pages of it, as .xlsx: same columns, filters and times; on the audit trail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.visitors import address
from ecoledger.listings.workbook import EXPORT_LIMIT, Head, workbook
from ecoledger.web.access import Request


def xlsx(content: bytes, name: str) -> HttpResponse:
    """A workbook to save under ``name``."""
    return HttpResponse(
        content,
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )


def footer(request: Request, count: int) -> str:
    """Who took the list out, when, and how long it is."""
    return _("导出人：%(name)s　　导出时间：%(at)s　　共 %(count)d 行") % {
        "name": request.user.name,
        "at": f"{timezone.localtime():%Y-%m-%d %H:%M}",
        "count": count,
    }


def too_long(request: Request, count: int) -> bool:
    """Whether a list is longer than a spreadsheet should be; then the person is told what helps."""
    if count > EXPORT_LIMIT:
        messages.error(request, _("结果有 %d 行，请先筛选再导出。") % count)
    return count > EXPORT_LIMIT


def download(
    request: Request,
    page: str,
    title: str,
    heads: Sequence[Head],
    rows: Iterable[Sequence[Any]],
    count: int,
) -> HttpResponse:
    """The list of the page named ``page`` as a file; back to the page when it is too long."""
    if too_long(request, count):
        return redirect(page)
    content = workbook(heads, rows, title=title, footer=footer(request, count))
    audit.record(
        request.user,
        "export_list",
        details={"list": page, "query": request.GET.dict(), "rows": count},
        address=address(request),
    )
    return xlsx(content, f"{title}_{timezone.localdate():%Y%m%d}.xlsx")
