"""The .docx a kind of letter is filled from: what it may say, the file in force, a new version."""

from __future__ import annotations

import hashlib
from typing import Any

from django.contrib import messages
from django.core.files.base import ContentFile
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from ecoledger.accounts import audit
from ecoledger.accounts.visitors import address
from ecoledger.reports import letter_file, letters, named_figures, rendering
from ecoledger.reports.declaration import Letter, document_of, has_document
from ecoledger.reports.models import LetterTemplate
from ecoledger.reports.profile import DocumentsError
from ecoledger.reports.summary import Summary
from ecoledger.reports.template_in_force import template_of
from ecoledger.web.access import Request, needs
from ecoledger.web.documents.drafts import content_type

MOST_BYTES = 20 * 2**20


def _letter(kind: str) -> Letter | Summary:
    letter = document_of(kind) if has_document(kind) else None
    if not isinstance(letter, Letter | Summary):
        raise Http404
    return letter


def _examples(letter: Letter | Summary) -> dict[str, Any]:
    return letter.examples() if isinstance(letter, Summary) else letters.examples(letter)


@needs("edit_letter_templates")
def page(request: Request, kind: str) -> HttpResponse:
    """The template in force, and the upload of a new version, checked before it is kept."""
    letter = _letter(kind)
    errors: tuple[str, ...] = ()
    if request.method == "POST":
        upload = request.FILES.get("file")
        if upload is None or not upload.size:
            errors = (_("请选择 .docx 文件。"),)
        elif upload.size > MOST_BYTES:
            errors = (_("文件超过 20 MB：请压缩图片后再上传。"),)
        else:
            content = upload.read()
            found = letter_file.check(content, _examples(letter), rendering.own_fonts())
            errors = found.errors
            if not errors:
                _keep(request, letter, upload.name or "", content, found)
                messages.success(request, _("新模板已启用。"))
                return redirect("letter-template", kind)
    return render(
        request,
        "web/documents/template.html",
        {
            "letter": letter,
            "versions": LetterTemplate.objects.filter(kind=kind).select_related("uploaded_by"),
            "variables": letter.variables()
            if isinstance(letter, Summary)
            else letters.variables(letter),
            "aspects": [a for a in named_figures.ASPECTS if a]
            if isinstance(letter, Summary)
            else [],
            "rows": named_figures.LISTS if isinstance(letter, Summary) else {},
            "lines": [word.name for word in letter.words if word.kind == "lines"],
            "errors": errors,
        },
        status=422 if errors else 200,
    )


def _keep(
    request: Request,
    letter: Letter | Summary,
    name: str,
    content: bytes,
    findings: letter_file.Findings,
) -> None:
    last = LetterTemplate.objects.filter(kind=letter.key).first()
    template = LetterTemplate(
        kind=letter.key,
        version=last.version + 1 if last else 1,
        name=name[:200],
        sha256=hashlib.sha256(content).hexdigest(),
        uncarried=list(findings.uncarried),
        missing_fonts=list(findings.missing_fonts),
        uploaded_by=request.user,
    )
    template.file.save(f"{letter.key}-{template.version}.docx", ContentFile(content), save=False)
    template.save()
    said = {"sha256": template.sha256}
    audit.record(request.user, "更换文书模板", template, details=said, address=address(request))


@needs("edit_letter_templates")
def current(request: Request, kind: str) -> HttpResponse:
    """The file in force, to be edited."""
    letter = _letter(kind)
    try:
        content = template_of(letter)
    except DocumentsError as wrong:
        messages.error(request, str(wrong))
        return redirect("letter-template", kind)
    response = HttpResponse(content, content_type=content_type("docx"))
    response["Content-Disposition"] = f'attachment; filename="{kind}.docx"'
    return response
