"""星级评定 (mechanism P4): the agencies of a year by the documents that were reviewed, and the rating as it is published."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from ecoledger.listings import asked
from ecoledger.registers.approval import agencies
from ecoledger.registers.approval.agencies import RATINGS, AgencyRating
from ecoledger.registers.approval.document_reviews import REGISTER
from ecoledger.web.access import Request, needs
from ecoledger.web.books.finding import says_refusals


@needs("see_cockpit")
@require_http_methods(["GET", "POST"])
@says_refusals
def page(request: Request) -> HttpResponse:
    """The year so far, or as it was published; a section chief or leader publishes it once."""
    today = timezone.localdate()
    year = asked.number(request.GET.get("year", "")) or today.year
    may = agencies.may_publish(request.user)
    if request.method == "POST":
        if not may:
            raise PermissionDenied
        made = agencies.publish(year, by=request.user, at=timezone.localtime())
        messages.success(request, _("已公布 %d 家编制单位的星级。") % made)
        return redirect(f"{request.path}?year={year}")
    rows = agencies.rated(year)
    published = AgencyRating.objects.filter(year=year).select_related("agency")
    context = {
        "year": year,
        "years": range(today.year, today.year - 5, -1),
        "rows": rows,
        "documents": sum(row.documents for row in rows),
        "published": published,
        "may": may and not published and bool(rows),
        "book": REGISTER,
        "ratings": RATINGS,
        "mark": agencies.rules()["mark"],
    }
    return render(request, "web/approval/agencies.html", context)
