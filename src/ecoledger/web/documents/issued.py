"""Issued documents: the list, one with its files and replies, its reissue."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.visitors import address
from ecoledger.listings.refusals import Refused
from ecoledger.reports import drafting, opening, receipts, rendering, scans, visible
from ecoledger.reports.declaration import Letter, Report, all_documents, document_of, has_document
from ecoledger.reports.models import Draft, IssuedDocument
from ecoledger.reports.summary import Summary
from ecoledger.standards.written_dates import UnreadableDateError, read_day
from ecoledger.web.access import Request, needs
from ecoledger.web.documents import shown, summaries
from ecoledger.web.documents.drafts import content_type, disposition
from ecoledger.web.errors import refused_as_altered
from ecoledger.web.listings import beside
from ecoledger.web.navigation import LINES, Text
from ecoledger.web.office import integrity


def _chosen(person: Person, query: QueryDict) -> QuerySet[IssuedDocument]:
    """What was issued, as the list's address asks for it, the newest first."""
    rows = visible.documents(person).order_by("-issued_at", "-pk")
    if has_document(kind := query.get("kind", "")):
        rows = rows.filter(kind=kind)
    if number := query.get("q", "").strip():
        rows = rows.filter(number__icontains=number)
    return rows


beside.walk(
    beside.Walk(
        "documents",
        "/documents",
        IssuedDocument,
        _chosen,
        lambda row: reverse("document", args=[row.pk]),
    )
)


@needs("receive_documents")
def page(request: Request) -> HttpResponse:
    """Kinds of document, drafts in hand, what was issued."""
    rows = _chosen(request.user, request.GET)
    shown_page = Paginator(rows, 50).get_page(request.GET.get("page"))
    kind, number = request.GET.get("kind", ""), request.GET.get("q", "").strip()
    in_hand = visible.drafts(request.user).exclude(
        state__in=(Draft.State.ISSUED, Draft.State.DISCARDED)
    )
    return render(
        request,
        "web/documents/documents.html",
        {
            "kinds": all_documents(),
            "templates": _templates(),
            "summaries": summaries.choices(request),
            "kind": kind,
            "q": number,
            "drafts": in_hand[:50],
            "page": shown_page,
            "unsigned": receipts.waiting(request.user, shown_page.object_list),
            "labels": {d.key: d.label for d in all_documents()},
        },
    )


def _templates() -> list[tuple[Text, list[Letter | Summary]]]:
    """What has a template of its own, by line of business in the order of the menu; summaries come first."""
    found: dict[str, list[Letter | Summary]] = {}
    for document in all_documents():
        if isinstance(document, Letter | Summary):
            key = "" if isinstance(document, Summary) else document.line
            found.setdefault(key, []).append(document)
    labels: list[tuple[str, Text]] = [("", _("工作总结")), *((x.key, x.label) for x in LINES)]
    return [(label, found[key]) for key, label in labels if key in found]


def _document(request: Request, pk: int) -> IssuedDocument:
    return get_object_or_404(visible.documents(request.user), pk=pk)


@needs("see_matters")
def one(request: Request, pk: int) -> HttpResponse:
    """One document as it went out."""
    issued = _document(request, pk)
    document = document_of(issued.kind)
    spoken: dict[str, Any] = {}
    if isinstance(document, Report):
        bulletin = rendering.report_of(issued, issued.number)
        spoken = {
            "bulletin": bulletin,
            "sections": shown.sections(bulletin),
        }
    return render(
        request,
        "web/documents/document.html",
        spoken
        | {
            "issued": issued,
            "document": document,
            "neighbours": beside.beside(request, issued),
            "endings": [
                e for e, name in opening.ENDINGS.items() if getattr(issued, f"{name}_sha256")
            ],
            "replies": issued.replies.select_related("recorded_by"),
            "later": issued.replaced_by.all(),
            "scans": issued.scans.select_related("added_by"),
            "works": request.user.may(document.capability),
            "signs_for": bool(receipts.waiting(request.user, [issued])),
            "receipts": (signed := list(issued.receipts.select_related("organisation", "person"))),
            "not_signed": [
                unit
                for unit in receipts.addressees(issued)
                if unit.pk not in {one.organisation_id for one in signed}
            ],
            "is_letter": isinstance(document, Letter),
        },
    )


@needs("see_matters")
def file(request: Request, pk: int, ending: str) -> HttpResponse:
    """A file as it was issued; one that was altered since is not given out."""
    issued = _document(request, pk)
    kind = content_type(ending)
    try:
        content = opening.content(issued, ending)
    except KeyError as wrong:
        raise Http404 from wrong
    except opening.AlteredError as wrong:
        details = {"file": ending, "what": str(wrong)}
        audit.record(
            request.user, "document_altered", issued, details=details, address=address(request)
        )
        integrity.tell(_("已印发的“%(title)s”文件缺失或被改动") % {"title": issued})
        return refused_as_altered(request)
    audit.record(
        request.user, "下载文书", issued, details={"file": ending}, address=address(request)
    )
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = disposition(f"{issued.number} {issued.title}", ending)
    return response


@needs("see_documents")
@require_POST
def reissue(request: Request, pk: int) -> HttpResponse:
    """Begin a draft that replaces this document under the same number."""
    issued = _document(request, pk)
    document = document_of(issued.kind)
    try:
        if isinstance(document, Report) and issued.begin is not None:
            draft = drafting.begin_report(
                document, issued.area_code, issued.begin, by=request.user, replaces=issued
            )
        elif isinstance(document, Letter) and issued.matter is not None:
            draft = drafting.begin_letter(document, issued.matter, by=request.user, replaces=issued)
        else:
            raise Http404
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("document", pk)
    return redirect("draft", draft.pk)


@needs("see_documents")
@require_POST
def reply(request: Request, pk: int) -> HttpResponse:
    """Put a reply on record."""
    issued = _document(request, pk)
    try:
        day = read_day(request.POST.get("received_on", "")).day
    except UnreadableDateError:
        day = None
    if day is None:
        messages.error(request, _("请填写收到日期。"))
        return redirect("document", pk)
    try:
        drafting.reply(issued, request.POST.get("text", ""), day, by=request.user)
        messages.success(request, _("反馈已登记。"))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("document", pk)


@needs("receive_documents")
@require_POST
def sign(request: Request, pk: int) -> HttpResponse:
    """Sign for a document in the name of one's unit."""
    try:
        receipts.sign(_document(request, pk), by=request.user)
        messages.success(request, _("已签收。"))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("document", pk)


@needs("see_documents")
@require_POST
def add_scan(request: Request, pk: int) -> HttpResponse:
    """Attach the scan of the sealed paper."""
    issued = _document(request, pk)
    upload = request.FILES.get("scan")
    try:
        if upload is None:
            raise Refused("form", _("请选择扫描件。"))
        scans.add(issued, upload.name or "", upload.read(), by=request.user)
        messages.success(request, _("盖章扫描件已附上。"))
    except Refused as refused:
        messages.error(request, str(refused))
    return redirect("document", pk)


@needs("see_matters")
def scan(request: Request, pk: int, number: int) -> HttpResponse:
    """A scan as it was attached; one that was altered since is not given out."""
    row = get_object_or_404(_document(request, pk).scans, pk=number)
    try:
        content, kind = scans.content_of(row)
    except opening.AlteredError:
        integrity.tell(_("已印发的“%(title)s”文件缺失或被改动") % {"title": row.document})
        return refused_as_altered(request)
    return HttpResponse(content, content_type=kind)
