"""What every page's template knows: the menu, the theme, and whether this is the demonstration."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import SimpleLazyObject

from ecoledger.accounts.models import Organisation, Person
from ecoledger.web.navigation import Menu, menu, thumbs
from ecoledger.web.sent_by import name_of
from ecoledger.web.work import rail_load


@lru_cache(maxsize=1)
def _bureau_name(_minute: int) -> str:
    bureau = Organisation.objects.filter(kind=Organisation.Kind.BUREAU).order_by("area_code", "pk")
    return bureau.values_list("name", flat=True).first() or ""


def bureau_name() -> str:
    """The bureau's name, asked for once a minute."""
    return _bureau_name(int(time.monotonic() // 60))


def site(request: HttpRequest) -> dict[str, Any]:
    person = getattr(request, "user", None)
    return {
        "demo": settings.DEMO,
        # Each under its own name: who cannot read the page must find their language.
        "languages": settings.LANGUAGES,
        "theme": "dark" if request.COOKIES.get("theme") == "dark" else "light",
        "bureau": SimpleLazyObject(bureau_name),
        "writer": name_of(request) if isinstance(person, Person) else "",
        "my_work_url": reverse("my-work"),
        "rail_waiting": SimpleLazyObject(lambda: rail_load(request).waiting),
        "thumbs": SimpleLazyObject(
            lambda: thumbs(person, request) if isinstance(person, Person) else []
        ),
        "menu": SimpleLazyObject(
            lambda: menu(person, request) if isinstance(person, Person) else Menu()
        ),
    }
