"""工作总结: begin a draft of a summary, a publication, a notice or a daily report for a span and a division."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.listings.refusals import Refused
from ecoledger.reports import drafting, inspectorate
from ecoledger.reports.compensation_sheet import SHEET
from ecoledger.reports.declaration import Report, document_of, has_document
from ecoledger.reports.notices import NOTICES
from ecoledger.reports.profile import DocumentsError
from ecoledger.reports.publication import NOTICE, PUBLICATION
from ecoledger.reports.summary import SUMMARIES
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs

KINDS = (
    *SUMMARIES,
    NOTICE,
    *NOTICES,
    SHEET,
    PUBLICATION,
    inspectorate.DAILY,
    inspectorate.PUBLIC,
)
FIRST_YEAR = 2014


def choices(request: Request) -> dict[str, Any]:
    """What the form offers."""
    last = timezone.localdate()
    return {
        "kinds": KINDS,
        "areas": [a for a in scoped.areas(request.user) if _inside(request, a.code)],
        "day": last.isoformat(),
    }


def _inside(request: Request, code: str) -> bool:
    return any(code.startswith(own) for own in request.user.area_codes)


@needs("make_reports")
@require_POST
def begin(request: Request) -> HttpResponse:
    """A draft of the chosen kind for the span that holds the chosen day, or the first of the chosen month."""
    kind, area = request.POST.get("kind", ""), request.POST.get("area", "")
    document = document_of(kind) if has_document(kind) else None
    if document not in KINDS or not isinstance(document, Report):
        raise Http404
    if not _inside(request, area):
        raise PermissionDenied(_("该行政区不在您的数据范围内。"))
    try:
        day = date.fromisoformat(request.POST.get("day") or f"{request.POST.get('month', '')}-01")
    except ValueError:
        messages.error(request, _("请选择日期。"))
        return redirect("documents")
    if day > timezone.localdate() or day.year < FIRST_YEAR:
        messages.error(request, _("该期间尚无数据。"))
        return redirect("documents")
    try:
        draft = drafting.begin_report(document, area, day, by=request.user)
    except (Refused, DocumentsError) as refused:
        messages.error(request, str(refused))
        unset = document is SHEET and isinstance(refused, Refused) and refused.code == "settings"
        return redirect("compensation-rule" if unset else "documents")
    return redirect("draft", draft.pk)
