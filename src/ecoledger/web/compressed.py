"""Pages and JSON compressed on their way; what is streamed goes as it comes."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponseBase
from django.middleware.gzip import GZipMiddleware

_KINDS = ("text/html", "application/json", "application/geo+json", "text/plain")


class CompressedMiddleware(GZipMiddleware):
    """Django's own compression of whole answers of text.

    Against guessing secrets by the length of answers (BREACH): every form's token is masked anew in each page, and
    Django adds a random length to each compressed answer.
    """

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        kind = response.headers.get("Content-Type", "")
        if response.streaming or not kind.startswith(_KINDS):
            return response
        return super().process_response(request, response)
