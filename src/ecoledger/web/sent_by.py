"""A form that waited on a device is taken from the person who wrote it, and from nobody who signed in there later."""

from __future__ import annotations

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpRequest, HttpResponse, HttpResponseBase

from ecoledger.accounts.models import Person
from ecoledger.web.security import Respond

HEADER = "X-Sent-By"


class SentByMiddleware:
    """Refuses what names another sender than the session's; pages themselves name none."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> object:
        sender = request.headers.get(HEADER)
        if sender and isinstance(request.user, Person) and sender != name_of(request):
            refusal = HttpResponse(status=409, headers={HEADER: "other"})
            return _at_once(refusal) if iscoroutinefunction(self.get_response) else refusal
        return self.get_response(request)


def name_of(request: HttpRequest) -> str:
    """The writer as forms on a device name them; who acts for somebody is another writer than either alone."""
    deputy = getattr(request, "deputy", None)
    return f"{deputy.pk}-{request.user.pk}" if deputy is not None else str(request.user.pk)


async def _at_once(response: HttpResponseBase) -> HttpResponseBase:
    return response
