"""Error pages: what happened and what would help."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def forbidden(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "web/403.html", {"reason": str(exception or "")}, status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return render(request, "web/404.html", status=404)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return render(request, "web/403_csrf.html", status=403)


def failed(request: HttpRequest) -> HttpResponse:
    # Nothing that failed may be needed to say so: no database, no session.
    return HttpResponse(
        render(request, "web/500.html", {"menu": [], "user": None}).content, status=500
    )
