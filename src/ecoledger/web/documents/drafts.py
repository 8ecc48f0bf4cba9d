"""A draft on its way: words written, figures locked, each step taken by whoever may."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from ecoledger.listings import asked
from ecoledger.listings.refusals import Refused
from ecoledger.listings.unchanged import mark
from ecoledger.matters.register import register_of, visible_matters
from ecoledger.reports import (
    checking,
    differences,
    drafting,
    letter_file,
    matter_values,
    rendering,
    visible,
)
from ecoledger.reports.declaration import Letter, Report, document_of, has_document
from ecoledger.reports.models import Draft, IssuedDocument
from ecoledger.reports.profile import DocumentsError
from ecoledger.reports.template_in_force import template_of
from ecoledger.reports.typesetting.pdf import TypesettingError
from ecoledger.web.access import Request, needs
from ecoledger.web.documents import shown
from ecoledger.web.listings import meanwhile

_TYPES = {
    "pdf": "application/pdf",
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def content_type(ending: str) -> str:
    """The type of a document's file. Raises :class:`Http404` for one it cannot have."""
    if ending not in _TYPES:
        raise Http404
    return _TYPES[ending]


@needs("see_matters")
@require_POST
def begin(request: Request, kind: str, matter: int) -> HttpResponse:
    """Begin a letter about a matter."""
    letter = document_of(kind) if has_document(kind) else None
    if not isinstance(letter, Letter):
        raise Http404
    about = get_object_or_404(visible_matters(request.user), pk=matter)
    try:
        draft = drafting.begin_letter(letter, about, by=request.user)
    except Refused as refused:
        messages.error(request, str(refused))
        return redirect("matter", about.register, about.pk)
    return redirect("draft", draft.pk)


@needs("see_documents")
@never_cache
def page(request: Request, pk: int) -> HttpResponse:
    """One draft."""
    draft = get_object_or_404(visible.drafts(request.user), pk=pk)
    return _page(request, draft)


def _page(
    request: Request,
    draft: Draft,
    fields: dict[str, list[str]] | None = None,
    typed: dict[str, str] | None = None,
) -> HttpResponse:
    document = document_of(draft.kind)
    words = typed or draft.words
    person = request.user
    own = drafting.is_author(draft, person)
    state = draft.state
    signs = person.may("sign_documents") and not own
    works = person.may(document.capability)
    reviews = state == Draft.State.REVIEW and works and not own
    reviewed = state == Draft.State.SIGN and drafting.is_reviewer(draft, person)
    context: dict[str, Any] = {
        "draft": draft,
        "document": document,
        "words": [
            {
                "word": word,
                "text": words.get(word.name, ""),
                # Told of what another wrote, a person holds his own against that.
                "shown": mark(draft.words.get(word.name, "")),
                "errors": (fields or {}).get(word.name, []),
            }
            for word in document.words
        ],
        "steps": draft.steps.select_related("person"),
        "way": _way(document.steps, state),
        "own": own,
        "writes": state == Draft.State.DRAFT and works,
        "approves": reviews or (state == Draft.State.SIGN and signs and not reviewed),
        # Who reviewed it and might sign: another signs, and he may still return it.
        "reviewed": reviewed and signs,
        "signs_alone": reviews and drafting.signs_alone(draft, person),
        "issues": state == Draft.State.NUMBER and works and not own,
        "open": state not in (Draft.State.ISSUED, Draft.State.DISCARDED),
        "discards": drafting.may_discard(draft, person),
        "earlier": _earlier(draft),
    }
    if isinstance(document, Report):
        bulletin = rendering.report_of(draft, draft.content["number"])
        context |= {
            "bulletin": bulletin,
            "findings": checking.findings(bulletin),
            "sections": shown.sections(bulletin),
        }
    elif isinstance(document, Letter):
        context["values"] = _said(draft, document)
    if context["earlier"]:
        context["differences"] = differences.between(
            context["earlier"],
            IssuedDocument(
                kind=draft.kind,
                matter=draft.matter,
                content=draft.content,
                words=words,
                figures=rendering.figures_of(draft),
            ),
        )
    return render(request, "web/documents/draft.html", context, status=422 if fields else 200)


def _said(draft: Draft, letter: Letter) -> dict[str, str]:
    """Of what was locked, what the letter's file says, by the labels of the matter."""
    used = letter_file.variables(template_of(letter))
    known = matter_values.labels(register_of(draft.matter.register)) if draft.matter else {}
    return {
        known.get(name, name): text if isinstance(text, str) else _("共 %d 行") % len(text)
        for name, text in draft.content.items()
        if name in used and text
    }


def _way(steps: tuple[str, ...], state: str) -> list[tuple[str, bool]]:
    """The stages of a draft, each with whether it stands there."""
    states = [Draft.State.DRAFT, *map(Draft.State, steps), Draft.State.NUMBER, Draft.State.ISSUED]
    return [(str(s.label), s.value == state) for s in states]


def _earlier(draft: Draft) -> IssuedDocument | None:
    """What this draft is compared with: what it replaces, else the last issue of its kind."""
    if draft.replaces is not None:
        return draft.replaces
    rows = IssuedDocument.objects.filter(kind=draft.kind, area_code=draft.area_code)
    if draft.issued_id:
        rows = rows.exclude(pk=draft.issued_id)
    return rows.filter(begin__lt=draft.begin).first() if draft.begin else None


@needs("see_documents")
@never_cache
def preview(request: Request, pk: int, ending: str) -> HttpResponse:
    """A file of the draft as it would be issued now, without a number."""
    draft = get_object_or_404(visible.drafts(request.user), pk=pk)
    kind = content_type(ending)
    document = document_of(draft.kind)
    number = rendering.UNNUMBERED if document.series else draft.content["number"]
    try:
        files = rendering.files(draft, number, timezone.localdate())
    except (DocumentsError, TypesettingError) as wrong:
        messages.error(request, str(wrong))
        return redirect("draft", pk)
    content = {file_ending: made for _name, file_ending, made in files}.get(ending)
    if content is None:
        raise Http404
    response = HttpResponse(content, content_type=kind)
    response["Content-Disposition"] = disposition(draft.title, ending)
    return response


def disposition(title: str, ending: str) -> str:
    """Under which name a document's file is given out, and that its PDF is looked at in the browser."""
    name = f"{title.replace(chr(10), '')}.{ending}"
    return content_disposition_header(ending != "pdf", name) or "inline"


def _refuse_unseen(request: Request, draft: Draft, own: dict[str, str]) -> None:
    """Raise :class:`Refused` once where another changed a word since, too, that this person changes."""
    both = {}
    for name, text in own.items():
        first, now = request.POST.get(f"shown-{name}"), draft.words.get(name, "")
        if first and mark(now) not in (first, mark(text)):
            both[name] = meanwhile.refusal(name, None, now).messages
    if both:
        raise Refused("conflict", _("您的填写尚未保存。"), fields=both)


@needs("see_documents")
@require_POST
def take_step(request: Request, pk: int, step: str) -> HttpResponse:
    """Save, submit, approve, return, discard or issue a draft."""
    draft = get_object_or_404(visible.drafts(request.user), pk=pk)
    person, note = request.user, request.POST.get("note", "")
    typed = {
        word.name: request.POST.get(f"word-{word.name}", "").replace("\r\n", "\n")
        for word in document_of(draft.kind).words
        if f"word-{word.name}" in request.POST
    }
    # What stands as the page showed it stays as it is now.
    own = {n: text for n, text in typed.items() if mark(text) != request.POST.get(f"shown-{n}")}
    try:
        if step in ("save", "submit"):
            _refuse_unseen(request, draft, own)
            if typed:
                drafting.write(draft, own, by=person)
        else:
            # What is agreed to is what the page showed.
            draft.revision = asked.number(request.POST.get("revision", "")) or draft.revision
        match step:
            case "save":
                messages.success(request, _("草稿已存。"))
            case "renew":
                drafting.renew(draft, by=person)
                messages.success(request, _("数字已按现在的数据重新锁定。"))
            case "submit":
                drafting.submit(draft, by=person)
                messages.success(request, _("已送审。"))
            case "approve":
                drafting.approve(draft, by=person, note=note)
                messages.success(request, _("已同意。"))
            case "back":
                drafting.send_back(draft, by=person, note=note)
                messages.success(request, _("已退回拟稿人。"))
            case "discard":
                drafting.discard(draft, by=person, note=note)
                messages.success(request, _("草稿已作废。"))
            case "issue":
                issued = drafting.issue(draft, by=person)
                messages.success(request, _("已印发，文号%s。") % issued.number)
                return redirect("document", issued.pk)
            case _:
                raise Http404
    except Refused as refused:
        messages.error(request, str(refused))
        if refused.fields:
            return _page(request, draft, refused.fields, {**draft.words, **own})
    return redirect("draft", pk)
