"""What a request brings, and how a refusal is said."""

from __future__ import annotations

from datetime import datetime

from django.contrib import messages
from django.utils import timezone
from django.utils.translation import gettext as _

from ecoledger.listings import asked
from ecoledger.matters.actions import Upload
from ecoledger.matters.workflow import Transition
from ecoledger.web.access import Request


def uploads(request: Request, transition: Transition | None = None) -> list[Upload]:
    """The request's files, each with the caption given for all of them, and where and when the device says it was.

    Pictures that ``transition`` asks for in places of their own are captioned by them.
    """
    caption = request.POST.get("caption", "").strip()
    lon, lat = _degrees(request, "files_lon", 180), _degrees(request, "files_lat", 90)
    if lon is None or lat is None:
        lon = lat = None
    at = device_time(request.POST.get("files_time", ""))
    places = [("files", caption)]
    for key, label in transition.pictures if transition is not None else ():
        places.append((f"picture-{key}", str(label)))
    return [
        Upload(file, said, lon, lat, at)
        for field, said in places
        for file in request.FILES.getlist(field)
    ]


def _degrees(request: Request, name: str, most: float) -> float | None:
    """What the device says of its place; None where it says nothing that can be a place."""
    try:
        degrees = float(request.POST.get(name, ""))
    except ValueError:
        return None
    return degrees if abs(degrees) <= most else None


def device_time(said: str) -> datetime | None:
    """When the device says that it was; kept beside the server's own time."""
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        return None
    if asked.day(f"{at.date()}") is None:  # a year that no database keeps in every zone
        return None
    return at if timezone.is_aware(at) else timezone.make_aware(at)


def revision(request: Request) -> int | None:
    return asked.number(request.POST.get("revision", ""))


def say_files_are_gone(request: Request) -> None:
    """A page that comes back with what was filled in does not bring files: no browser lets it."""
    if request.FILES:
        messages.warning(request, _("选好的照片和文件未保存，请改正后重新选择。"))
