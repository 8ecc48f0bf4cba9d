"""Saying of frames put aside that they need nothing more, and taking it back."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from ecoledger.listings import asked
from ecoledger.listings.refusals import Refused
from ecoledger.monitoring.arriving import dismissing
from ecoledger.web import scoped
from ecoledger.web.access import Request, needs
from ecoledger.web.monitoring.quarantine import dismissals_of


@require_POST
@needs("replay_frames")
def dismiss(request: Request) -> HttpResponse:
    """Dismiss the frames of one device and one reason, up to the last that was on the page."""
    post = request.POST
    mn = post.get("mn", "")
    through = asked.number(post.get("through", ""))
    if (
        through is None
        or "\x00" in mn + post.get("reason", "")
        or not scoped.frames(request.user, "quarantined").hold(mn)
    ):
        raise Http404
    later = post.get("later") == "on"
    try:
        dismissing.dismiss(
            request.user,
            mn,
            post.get("reason", ""),
            None if later else through,
            post.get("why", ""),
            post.get("note", ""),
        )
    except Refused as refused:
        messages.error(request, f"{refused.why}{refused.remedy}")
    else:
        messages.success(request, _("已列入“不再处理”，理由记入操作记录；可以撤回。"))
    return redirect("quarantine")


@require_POST
@needs("replay_frames")
def withdraw(request: Request, pk: int) -> HttpResponse:
    dismissing.withdraw(get_object_or_404(dismissals_of(request), pk=pk), request.user)
    messages.success(request, _("已撤回，这些报文重新等待处理。"))
    return redirect("quarantine")
