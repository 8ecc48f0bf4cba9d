"""Headers of every answer: own scripts only, nothing inline, nothing from elsewhere; nothing private kept by others."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import HttpRequest, HttpResponseBase

Respond = Callable[[HttpRequest], HttpResponseBase | Awaitable[HttpResponseBase]]


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
    """Adds the policy to responses that have none; serves sync and async requests."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response
        self.policy = policy(settings.TILE_URL)
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        response = self.get_response(request)
        if isinstance(response, HttpResponseBase):
            return self._with_policy(response)
        return self._later(response)

    async def _later(self, response: Awaitable[HttpResponseBase]) -> HttpResponseBase:
        return self._with_policy(await response)

    def _with_policy(self, response: HttpResponseBase) -> HttpResponseBase:
        response.headers.setdefault("Content-Security-Policy", self.policy)
        return response


class NoNulMiddleware:
    """Refuses requests with a NUL in a field: no text has one, and PostgreSQL stores none."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, *_: Any) -> None:
        nul = "%00" in request.META.get("QUERY_STRING", "") or "\x00" in request.path
        if request.method == "POST" and not nul:
            if request.content_type == "application/json":
                nul = b"\\u0000" in request.body
            else:
                nul = any("\x00" in text for _, texts in request.POST.lists() for text in texts)
        if nul:
            raise BadRequest("a NUL in a field")


class PrivatePagesMiddleware:
    """Answers to who has signed in are for that person alone: kept by no cache, gone with the back button."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> HttpResponseBase | Awaitable[HttpResponseBase]:
        response = self.get_response(request)
        if isinstance(response, HttpResponseBase):
            return _kept_private(request, response)
        return self._later(request, response)

    async def _later(
        self, request: HttpRequest, response: Awaitable[HttpResponseBase]
    ) -> HttpResponseBase:
        return _kept_private(request, await response)


def _kept_private(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    # Static files are answered before a session is looked at.
    if hasattr(request, "session"):
        response.headers.setdefault("Cache-Control", "private, no-store")
    return response
