"""Error pages: what happened and what would help."""

from __future__ import annotations

from typing import Any, cast

from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed
from django.shortcuts import render

from ecoledger.accounts import audit
from ecoledger.accounts.models import Person
from ecoledger.accounts.visitors import address
from ecoledger.monitoring import heartbeat
from ecoledger.web.security import Respond


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """A page that is refused; who asked for it stands on the trail."""
    if isinstance(getattr(request, "user", None), Person):
        details = {"method": request.method, "path": request.path[:200]}
        audit.record(
            cast("Person", request.user), "refused", details=details, address=address(request)
        )
    return render(request, "web/403.html", {"reason": str(exception or "")}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "web/404.html", status=404)


class SentOnlyMiddleware:
    """Says in a page, to who opens or reloads it, that an address takes only what is sent to it."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.method != "GET" or not isinstance(response, HttpResponseNotAllowed):
            return response
        page = render(request, "web/405.html", status=405)
        page.headers["Allow"] = response.headers["Allow"]
        return page


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    # Behind a proxy on another port or name the browser says an address that this installation does not know.
    foreign = request.headers.get("Origin", "") if reason.startswith("Origin checking") else ""
    return render(request, "web/403_csrf.html", {"origin": foreign}, status=403)


def failed(request: HttpRequest) -> HttpResponse:
    # Nothing that failed may be needed to say so: no database, no session.
    context: dict[str, Any] = {"menu": [], "user": None, "disk_full": not heartbeat.disk()["ok"]}
    return HttpResponse(render(request, "web/500.html", context).content, status=500)


def refused_as_altered(request: HttpRequest) -> HttpResponse:
    """A file that is no longer what was kept is not handed out."""
    return render(request, "web/altered.html", status=409)
