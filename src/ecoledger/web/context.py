"""What every page's template knows: the menu, the theme, and whether this is the demonstration."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from ecoledger.web.navigation import menu


def site(request: HttpRequest) -> dict[str, Any]:
    person = getattr(request, "user", None)
    return {
        "demo": settings.DEMO,
        # Each under its own name: who cannot read the page must find their language.
        "languages": settings.LANGUAGES,
        "theme": "dark" if request.COOKIES.get("theme") == "dark" else "light",
        "menu": SimpleLazyObject(
            lambda: list(menu(person)) if person and person.is_authenticated else []
        ),
    }
