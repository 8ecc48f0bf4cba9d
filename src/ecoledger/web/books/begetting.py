"""A log's entry that calls for work: the matter is opened from it, with the pictures that prove it."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.books import log as logs
from ecoledger.books.log import Log
from ecoledger.web.access import Request
from ecoledger.web.books.finding import book_of, needs_editor, row_of, says_refusals


@require_POST
@says_refusals
def beget(request: Request, key: str, pk: int) -> HttpResponse:
    """Open the matter of an entry and go to it."""
    book = book_of(Log, key, request)
    needs_editor(book, request)
    row = row_of(book.visible_to(request.user), pk)
    files, lacking = logs.proof_of(book, row) if row.begets_id is None else ((), "")
    matter = logs.beget(book, row, by=request.user, files=files)
    messages.success(request, _("已转办：%s。") % matter.number)
    if lacking:
        messages.warning(request, _("没有取到图片：%s") % lacking)
    return redirect("matter", matter.register, matter.pk)
