"""A form that is sent twice (two taps, back and again) does its work once; the second leads to the first's result."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any, Concatenate, ParamSpec, cast
from uuid import uuid4

from django.contrib import messages
from django.db import transaction
from django.http import HttpResponseBase, HttpResponseRedirect
from django.shortcuts import redirect
from django.utils import timezone
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from ecoledger.listings.models import Submission
from ecoledger.web.access import Request

P = ParamSpec("P")
FIELD = "submission"
# Longer than a phone may be without a connection or its owner on leave.
_KEPT = timedelta(days=30)
_KEY = re.compile(r"[0-9a-f]{32}")


def hidden_field(sent: str = "") -> SafeString:
    """The hidden field that makes a form one of its kind; shown again after a mistake it stays the same one."""
    key = sent if _KEY.fullmatch(sent) else uuid4().hex
    return mark_safe(f'<input type="hidden" name="{FIELD}" value="{key}">')  # noqa: S308 - hexadecimal


def once(
    view: Callable[Concatenate[Request, P], HttpResponseBase],
) -> Callable[Concatenate[Request, P], HttpResponseBase]:
    """Let a view that makes something do so once for each form that was drawn."""

    @wraps(view)
    def guarded(request: Request, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        key = request.POST.get(FIELD, "") if request.method == "POST" else ""
        if not _KEY.fullmatch(key):
            return view(request, *args, **kwargs)
        Submission.objects.filter(at__lt=timezone.now() - _KEPT).delete()
        with transaction.atomic():
            # The second of two at once waits here until the first has committed.
            sent, is_new = Submission.objects.get_or_create(
                key=key, defaults={"person": request.user}
            )
            if not is_new and sent.person_id == request.user.pk and sent.url:
                messages.info(request, _("您刚才已提交，这是那一次的结果。"))
                return redirect(sent.url)
            response = view(request, *args, **kwargs)
            if isinstance(response, HttpResponseRedirect):
                sent.url = response.url[:200]
                sent.save(update_fields=["url"])
            else:
                sent.delete()
        return response

    return cast("Callable[Concatenate[Request, P], HttpResponseBase]", guarded)


def context(request: Any) -> dict[str, Any]:
    """For templates: ``{{ submission }}`` stands in each form that makes something."""
    return {FIELD: lambda: hidden_field(request.POST.get(FIELD, ""))}
