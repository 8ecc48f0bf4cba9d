"""Files of evidence, as they are handed out."""

from __future__ import annotations

from django.http import FileResponse, Http404, HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from ecoledger.accounts import audit
from ecoledger.accounts.visitors import address
from ecoledger.matters import actions, evidence
from ecoledger.matters.actions import NotVisible
from ecoledger.matters.models import Evidence
from ecoledger.registers.plan.target_evidence import TargetEvidence
from ecoledger.web.access import Request, needs
from ecoledger.web.errors import refused_as_altered
from ecoledger.web.office import integrity


@needs("see_matters")
@require_GET
def evidence_file(request: Request, pk: int) -> HttpResponseBase:
    """The file itself, for who may see its matter. Looking is on the audit trail."""
    try:
        found = actions.find_evidence(pk, request.user)
    except NotVisible as error:
        raise Http404 from error
    return handed_out(request, found)


def handed_out(request: Request, found: Evidence | TargetEvidence) -> HttpResponseBase:
    """A kept file to somebody who may have it, looked at before: one that was altered is refused and reported."""
    try:
        file = evidence.opened(found)
    except FileNotFoundError as error:
        raise Http404 from error
    if not evidence.intact(found):
        file.close()
        audit.record(request.user, "evidence_altered", found, address=address(request))
        integrity.tell(
            _("证据 #%(number)d “%(name)s”缺失或被改动") % {"number": found.pk, "name": found.name}
        )
        return refused_as_altered(request)
    inline = found.content_type in evidence.INLINE and "download" not in request.GET
    # A picture drawn on the matter's own page is part of that page, which is not an opening of its own.
    drawn = inline and "shown" in request.GET and found.content_type.startswith("image/")
    if not drawn:
        audit.record(
            request.user,
            "open_evidence",
            found,
            details={"name": found.name},
            address=address(request),
        )
    response = FileResponse(
        file, as_attachment=not inline, filename=found.name, content_type=found.content_type
    )
    # Whatever the file holds, it runs nothing here.
    response["Content-Security-Policy"] = (
        "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"
    )
    response["Cache-Control"] = "private, no-store"
    return response
