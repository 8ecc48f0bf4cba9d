"""A form that waited on a device is taken from the person who wrote it, and from nobody who signed in there later."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse

from ecoledger.accounts.models import Person
from ecoledger.web.security import Respond

HEADER = "X-Sent-By"
# Where the answer would have led: the page goes there itself, so that what it is to be told is not read before.
WENT_TO = "X-Went-To"


class SentByMiddleware:
    """Refuses what names another sender than the session's; pages themselves name none."""

    def __init__(self, get_response: Respond) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> Any:
        sender = request.headers.get(HEADER)
        if not sender:
            return self.get_response(request)
        if isinstance(request.user, Person) and sender != name_of(request):
            return HttpResponse(status=409, headers={HEADER: "other"})
        response: Any = self.get_response(request)
        if "Location" not in response:
            return response
        led = HttpResponse(status=204, headers={WENT_TO: response["Location"]})
        led.cookies = response.cookies
        return led


def name_of(request: HttpRequest) -> str:
    """The writer as forms on a device name them; who acts for somebody is another writer than either alone."""
    deputy = getattr(request, "deputy", None)
    return f"{deputy.pk}-{request.user.pk}" if deputy is not None else str(request.user.pk)
