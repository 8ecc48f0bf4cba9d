"""What a request brings, and how a refusal is said."""

from __future__ import annotations

from django.contrib import messages

from ecoledger.listings import asked
from ecoledger.matters.actions import Refused, Upload
from ecoledger.web.access import Request


def uploads(request: Request) -> list[Upload]:
    """The request's files, each with the caption given for all of them."""
    caption = request.POST.get("caption", "").strip()
    return [Upload(file, caption) for file in request.FILES.getlist("files")]


def revision(request: Request) -> int | None:
    return asked.number(request.POST.get("revision", ""))


def say(request: Request, refused: Refused) -> None:
    """Why something was not done, on the next page."""
    details = [m for ms in refused.fields.values() for m in ms] if refused.code == "form" else []
    messages.error(request, " ".join(filter(None, (refused.why, *details, refused.remedy))))
