"""The search: its answers under the box on every page, and as a page of their own without script."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from ecoledger.web.access import Request
from ecoledger.web.models import Opened
from ecoledger.web.search import finding


def _answers(request: Request) -> dict[str, Any]:
    typed = request.GET.get("q", "").strip()[:60]
    groups = finding.find(request.user, typed)
    return {
        "typed": typed,
        "groups": groups,
        "lately": [] if typed else finding.lately(request.user),
        "nearest": finding.nearest(request.user, typed) if typed and not groups else "",
    }


@require_GET
@never_cache
def hits(request: Request) -> HttpResponse:
    """The answers alone, for each keystroke."""
    return render(request, "web/search/hits.html", _answers(request))


@require_GET
@never_cache
def page(request: Request) -> HttpResponse:
    return render(request, "web/search/page.html", _answers(request))


@require_GET
def opened(request: Request) -> HttpResponse:
    """Remember what was opened from the search, and go there."""
    target = request.GET.get("to", "")
    label = request.GET.get("label", "")[:200]
    inside = target.startswith("/") and url_has_allowed_host_and_scheme(target, allowed_hosts=None)
    if not inside:
        return redirect(reverse("search"))
    if label:
        Opened.objects.update_or_create(
            person=request.user, url=target[:300], defaults={"label": label, "at": timezone.now()}
        )
    return redirect(target)
