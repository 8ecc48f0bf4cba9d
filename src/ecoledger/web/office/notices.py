"""The bell: messages inside the system for one person."""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST

from ecoledger.matters.models import Notice
from ecoledger.web.access import Request

NEWEST = 100


@never_cache
def bell(request: Request) -> HttpResponse:
    """How many are unread, for the top of every page."""
    count = Notice.objects.filter(person=request.user, read_at=None).count()
    return render(request, "web/office/_bell.html", {"count": count})


def page(request: Request) -> HttpResponse:
    rows = Notice.objects.filter(person=request.user)
    if request.GET.get("unread"):
        rows = rows.filter(read_at=None)
    return render(request, "web/office/notices.html", {"rows": rows[:NEWEST]})


@require_POST
def opened(request: Request, pk: int) -> HttpResponse:
    """Mark one as read and go to what it is about."""
    notice = get_object_or_404(Notice.objects.select_related("matter"), person=request.user, pk=pk)
    if notice.read_at is None:
        notice.read_at = timezone.now()
        notice.save(update_fields=["read_at"])
    if notice.matter is not None:
        return redirect("matter", notice.matter.register, notice.matter_id)
    # A path of this site, written by the system itself.
    if notice.link.startswith("/") and not notice.link.startswith("//"):
        return redirect(notice.link)
    return redirect("notices")


@require_POST
def all_read(request: Request) -> HttpResponse:
    Notice.objects.filter(person=request.user, read_at=None).update(read_at=timezone.now())
    return redirect(reverse("notices"))
