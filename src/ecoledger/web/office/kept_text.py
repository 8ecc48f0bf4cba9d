"""What somebody was writing when the session ended: kept through the sign-in and offered after it.

The form that came too late is not stored. It travels, signed, in the sign-in page; once the password is right it lies
in the new session, and the person sends it again or throws it away. Files and passwords are not kept.
"""

from __future__ import annotations

from typing import Any

from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from ecoledger.web.access import Request

FIELD = "kept"
_SALT = "ecoledger.kept_text"
_PATIENCE = 2 * 3600  # seconds between the form and the sign-in
_SESSION = "kept_text"
_NOT_KEPT = frozenset({"csrfmiddlewaretoken", "code"})


class SessionEndedMiddleware(LoginRequiredMiddleware):
    """Asks for the sign-in as Django's does, and keeps the text of a form that came without a session."""

    def handle_no_permission(  # type: ignore[override]  # the page itself asks for the sign-in
        self, request: HttpRequest, view_func: Any
    ) -> HttpResponseBase:
        said = _fields(request) if request.method == "POST" else []
        if not any(value.strip() for _name, value in said):
            return super().handle_no_permission(request, view_func)
        kept = {"path": request.get_full_path(), "fields": said, "files": list(request.FILES)}
        context = {
            "next": reverse("kept-text"),
            FIELD: signing.dumps(kept, salt=_SALT, compress=True),
            "ended": True,
        }
        response = render(request, "web/office/sign_in.html", context)
        # A form that a device sends by itself learns that it was not taken.
        response.headers["X-Signed-Out"] = "1"
        return response


def _fields(request: HttpRequest) -> list[tuple[str, str]]:
    """The texts of a form, in their order."""
    return [
        (name, str(value))
        for name, values in request.POST.lists()
        if name not in _NOT_KEPT and "password" not in name
        for value in values
    ]


def take_along(request: HttpRequest) -> bool:
    """Put the text that came with a sign-in into the session; whether there was one."""
    try:
        kept = signing.loads(request.POST.get(FIELD, ""), salt=_SALT, max_age=_PATIENCE)
    except signing.BadSignature:
        return False
    request.session[_SESSION] = kept
    return True


@never_cache
def page(request: Request) -> HttpResponse:
    """What was written; sent on to where it was meant for, or thrown away."""
    kept = request.session.get(_SESSION)
    if kept is None:
        return redirect("/")
    if request.method == "POST":
        del request.session[_SESSION]
        if request.POST.get("kept_answer") == "send":
            # 307: the browser sends the same fields again, to the page they were written for.
            return HttpResponse(status=307, headers={"Location": kept["path"]})
        return redirect(kept["path"].partition("?")[0] if _is_page(kept["path"]) else "/")
    own = ("submission",)
    context = {
        "kept": kept,
        "shown": [value for name, value in kept["fields"] if name not in own and len(value) > 1],
    }
    return render(request, "web/office/kept_text.html", context)


def _is_page(path: str) -> bool:
    """Whether the address is one of a form that is also shown, not of an action alone."""
    return path.rstrip("/").endswith(("/new", "/edit"))
