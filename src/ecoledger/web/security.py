"""Headers of every answer: own scripts only, nothing inline, nothing from elsewhere; nothing private kept by others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpRequest, HttpResponseBase

Respond = Callable[[HttpRequest], HttpResponseBase]


def policy(tile_url: str) -> str:
    """The header's text; ``tile_url`` opens images and requests to the bureau's own map tiles."""
    parts = urlsplit(tile_url)
    tiles = f" {parts.scheme}://{parts.netloc}" if parts.netloc else ""
    return "; ".join(
        (
            "default-src 'self'",
            "script-src 'self'",
            # Charts and maps place their labels by style attributes.
            "style-src 'self' 'unsafe-inline'",
            f"img-src 'self' data: blob:{tiles}",
            f"connect-src 'self'{tiles}",
            "worker-src 'self' blob:",
            "frame-ancestors 'none'",
            "form-action 'self'",
            "base-uri 'none'",
            "object-src 'none'",
        )
    )


class ContentSecurityPolicyMiddleware:
    """Adds the policy to responses that have none."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response
        self.policy = policy(settings.TILE_URL)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        response.headers.setdefault("Content-Security-Policy", self.policy)
        return response


# The greatest key that a database can have.
_GREATEST = 2**63 - 1


class StorableMiddleware:
    """Refuses what no database stores: a NUL in a field, and as the key of a row a number beyond 64 bits."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, _view: Any, _args: Any, named: dict[str, Any]
    ) -> None:
        if any(isinstance(value, int) and value > _GREATEST for value in named.values()):
            raise Http404
        nul = "%00" in request.META.get("QUERY_STRING", "") or "\x00" in request.path
        if request.method == "POST" and not nul:
            if request.content_type == "application/json":
                nul = b"\\u0000" in request.body
            elif not request.path.startswith("/api/"):  # the interface reads its own body, once
                nul = any("\x00" in text for _, texts in request.POST.lists() for text in texts)
        if nul:
            raise BadRequest("a NUL in a field")


class PrivatePagesMiddleware:
    """Answers to who has signed in are for that person alone: kept by no cache, gone with the back button."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        # Static files are answered before a session is looked at.
        if hasattr(request, "session"):
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response
