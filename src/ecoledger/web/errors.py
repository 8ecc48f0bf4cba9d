"""Error pages: what happened and what would help."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from ecoledger.monitoring import heartbeat


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "web/403.html", {"reason": str(exception or "")}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "web/404.html", status=404)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "web/403_csrf.html", status=403)


def failed(request: HttpRequest) -> HttpResponse:
    # Nothing that failed may be needed to say so: no database, no session.
    context: dict[str, Any] = {"menu": [], "user": None, "disk_full": not heartbeat.disk()["ok"]}
    return HttpResponse(render(request, "web/500.html", context).content, status=500)


def refused_as_altered(request: HttpRequest) -> HttpResponse:
    """A file that is no longer what was kept is not handed out."""
    return render(request, "web/altered.html", status=409)
