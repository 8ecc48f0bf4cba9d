"""Whether somebody still sits at the page: signs out after a while without anybody, and asks for a new password.

A page that asks by itself (live parts, the bell) marks that nobody has touched it lately
(``X-Unattended``); such requests do not keep a session alive.
"""

from __future__ import annotations

import contextlib
import time

from django.conf import settings
from django.contrib import messages
from django.contrib.auth import logout
from django.contrib.auth.middleware import get_user
from django.contrib.sessions.backends.base import SessionBase, UpdateError
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from ecoledger import engines
from ecoledger.accounts import audit, passwords, second_factor
from ecoledger.accounts.models import Person
from ecoledger.accounts.visitors import address
from ecoledger.web.security import Respond

SEEN = "seen"
_EVERY = 300  # seconds between two notes in the session; between them the process remembers
# Session -> when somebody was last seen: a page must not wait for whoever writes the database.
_seen: dict[str, int] = {}
_MOST = 10_000


class AttendanceMiddleware:
    """Ends idle sessions; leads to the account page who has to change the password."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Themselves, not the stand-in that fetches them at first sight: a page asks thousands of times what they may.
        request.user = get_user(request)
        return _stopped(request) or self.get_response(request)


def _note(session: SessionBase, now: int) -> None:
    """Keep that somebody was seen, unless another writes the database just now: then a later page does."""
    modified = session.modified
    session[SEEN] = now
    with contextlib.suppress(UpdateError), engines.without_waiting(connection):
        session.save()
    session.modified = modified


def _stopped(request: HttpRequest) -> HttpResponseBase | None:
    """The answer in place of the page, when the session is over or the password has to be changed."""
    if not isinstance(request.user, Person):
        return None
    now = int(time.time())
    key = request.session.session_key or ""
    noted = request.session.get(SEEN)
    seen = max(noted, _seen.get(key, 0)) if noted is not None else None
    if seen is not None and now - seen > settings.IDLE_MINUTES * 60:
        audit.record(request.user, "signed_out_idle", request.user, address=address(request))
        logout(request)
        messages.info(request, _("长时间没有操作，已自动退出，请重新登录。"))
        return None  # as a stranger from here on: pages lead to the sign-in
    unattended = "X-Unattended" in request.headers or request.path == reverse("live")
    if not unattended:
        if len(_seen) > _MOST:
            _seen.clear()
        _seen[key] = now
        if noted is None or now - noted >= _EVERY:
            _note(request.session, now)
    if passwords.must_change(request.user) and request.path not in _open():
        if request.path.startswith("/api/") or request.headers.get("HX-Request"):
            return HttpResponse(_("请先修改密码。"), status=403)
        messages.warning(request, _("请先修改密码，再使用其他页面。"))
        return redirect("account")
    if second_factor.must_set_up(request.user) and request.path not in _open():
        if request.path.startswith("/api/") or request.headers.get("HX-Request"):
            return HttpResponse(_("请先设置动态口令。"), status=403)
        messages.warning(request, _("请先设置动态口令，再使用其他页面。"))
        return redirect("second-factor")
    return None


def _open() -> frozenset[str]:
    """What is answered before that: where it is done, and what every page asks by itself."""
    return frozenset(
        reverse(name)
        for name in ("account", "second-factor", "sign-in", "sign-out", "language", "live", "bell")
    )
