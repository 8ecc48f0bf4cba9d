"""One file a matter (一案一档) as a PDF; taking it out is on the audit trail."""

from __future__ import annotations

from urllib.parse import quote

from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.views.decorators.http import require_GET

from ecoledger.accounts import audit
from ecoledger.accounts.roles import STAFF
from ecoledger.accounts.visitors import address
from ecoledger.listings.personal import note_seen
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES
from ecoledger.reports import matter_book
from ecoledger.web.access import Request, needs
from ecoledger.web.matters.finding import the_matter


@needs("see_matters")
@require_GET
def book(request: Request, key: str, pk: int) -> HttpResponse:
    """The file, for staff who may see the matter; a penalty case has a file of its own order."""
    register, matter = the_matter(request, key, pk)
    if not request.user.has_role(*STAFF):
        raise Http404
    if register.key == CASES.key:
        return redirect("case-book", pk)
    content = matter_book.assemble(matter, request.user)
    said = {"bytes": len(content)}
    audit.record(request.user, "export_matter_book", matter, details=said, address=address(request))
    note_seen(register, request.user, [matter], register.hidden, address(request))
    name = quote(f"{register.label}{matter.number}.pdf")
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={"Content-Disposition": f"inline; filename*=UTF-8''{name}"},
    )
