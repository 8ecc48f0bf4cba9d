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
from ecoledger.jobs import running
from ecoledger.listings.listing import Listing
from ecoledger.listings.workbook import EXPORT_LIMIT, Head, workbook
from ecoledger.web.access import Request
from ecoledger.web.listings import long_work


def xlsx(content: bytes, name: str) -> HttpResponse:
    """A workbook to save under ``name``."""
    return HttpResponse(
        content,
        content_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        headers={"Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}"},
    )


def too_long(request: Request, count: int) -> bool:
    """Whether a list is longer than a spreadsheet should be; then the person is told what helps."""
    if count > EXPORT_LIMIT:
        messages.error(request, _("结果有 %d 行，请先筛选再导出。") % count)
    return count > EXPORT_LIMIT


def exported_list(request: Request, listing: Listing) -> HttpResponse:
    """What a declared list shows, all pages of it; a long one is written by a job."""
    count = long_work.rows_of(listing, request.user, request.GET).count()
    if too_long(request, count):
        return redirect(listing.url)
    label = _(str(listing.label))
    if count > long_work.LONG_EXPORT:
        title = _("导出%(list)s %(count)d 行") % {"list": label, "count": count}
        query = dict(request.GET.lists())
        running.begin(
            long_work.EXPORT, title, request.user,
            listing=listing.key, query=query, address=address(request),
        )  # fmt: skip
        messages.info(request, _("内容较多，已在后台导出，完成后在这里下载。"))
        return redirect("jobs")
    content, _count = long_work.exported(listing, request.user, request.GET, address(request))
    return xlsx(content, f"{label}_{timezone.localdate():%Y%m%d}.xlsx")


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
    content = workbook(heads, rows, title=title, footer=long_work.footer(request.user, count))
    audit.record(
        request.user,
        "export_list",
        details={"list": page, "query": request.GET.dict(), "rows": count},
        address=address(request),
    )
    return xlsx(content, f"{title}_{timezone.localdate():%Y%m%d}.xlsx")
