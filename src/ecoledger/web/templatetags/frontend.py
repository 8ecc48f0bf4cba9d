"""Tags for what the front end built: the scripts and styles of a page, and small icons."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from django import template
from django.templatetags.static import static
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

register = template.Library()

MANIFEST = Path(__file__).resolve().parent.parent / "static" / "dist" / "manifest.json"


@lru_cache(maxsize=2)
def _manifest(changed_ns: int) -> dict[str, Any]:
    """Vite's table of built files; ``changed_ns`` makes a rebuild show without a restart."""
    table: dict[str, Any] = json.loads(MANIFEST.read_text(encoding="utf-8"))
    return table


def _entry(name: str) -> dict[str, Any] | None:
    if not MANIFEST.exists():
        return None
    entry: dict[str, Any] | None = _manifest(MANIFEST.stat().st_mtime_ns).get(f"src/{name}.ts")
    return entry


@register.simple_tag
def styles(name: str) -> SafeString:
    """Links to the style sheets of a front-end entry."""
    entry = _entry(name) or {}
    return format_html_join(
        "\n",
        '<link rel="stylesheet" href="{}">',
        ((static(f"dist/{path}"),) for path in entry.get("css", ())),
    )


@register.simple_tag
def scripts(name: str) -> SafeString:
    """The module script of a front-end entry; nothing when it has not been built."""
    entry = _entry(name)
    if entry is None:
        return mark_safe("<!-- front end not built: run `make frontend` -->")
    return format_html('<script type="module" src="{}"></script>', static(f"dist/{entry['file']}"))


@register.simple_tag
def frontend_is_built() -> bool:
    return MANIFEST.exists()


# Drawn on a 24 × 24 grid with a stroke of 1.75.
ICONS = {
    "alarm": "M12 3a6 6 0 0 0-6 6v4l-2 4h16l-2-4V9a6 6 0 0 0-6-6zM10 20a2 2 0 0 0 4 0",
    "arrow-right": "M5 12h14M13 6l6 6-6 6",
    "audit": "M6 3h9l4 4v14H6zM15 3v4h4M9 12h6M9 16h4",
    "bell": "M12 3a6 6 0 0 0-6 6v4l-2 4h16l-2-4V9a6 6 0 0 0-6-6zM10 20a2 2 0 0 0 4 0",
    "bulletin": "M5 4h14v16H5zM8 8h8M8 12h8M8 16h5",
    "catalogue": "M4 6c0-1.700 3.600-3 8-3s8 1.300 8 3-3.600 3-8 3-8-1.300-8-3zM4 6v12c0 1.700 3.600 3 8 3s8-1.300 8-3V6M4 12c0 1.700 3.600 3 8 3s8-1.300 8-3",
    "check": "M5 12.500l4.500 4.500L19 7.500",
    "close": "M6 6l12 12M18 6L6 18",
    "cockpit": "M4 18a9 9 0 1 1 16 0M12 14l4-5M12 14a1.500 1.500 0 1 0 .01 0",
    "enterprise": "M3 21V10l6 4v-4l6 4V4h5v17zM8 17h1M12 17h1M16 17h1",
    "export": "M12 3v11M8 10l4 4 4-4M4 16v4h16v-4",
    "filing": "M4 5h16v14H4zM9 9v6M15 9v6",
    "home": "M4 11l8-7 8 7v9h-5v-6h-6v6H4z",
    "target": "M4 20V10M10 20V4M16 20v-7M3 20h18",
    "assessment": "M6 4h12v16H6zM9 3h6v3H9zM9 10h6M9 14h6",
    "air": "M3 9h11a3 3 0 1 0-3-3M3 13h15a3 3 0 1 1-3 3M3 17h7",
    "water": "M12 3c4 5 6 8 6 11a6 6 0 0 1-12 0c0-3 2-6 6-11z",
    "soil": "M3 10h18v10H3zM3 14h18M7 17h.01M12 17h.01M16 17h.01M12 10V5M12 6c2-3 4-3 5-3-.2 2-2 4-5 4",
    "waste": "M5 7h14M9 7V4h6v3M7 7l1 13h8l1-13M10 11v5M14 11v5",
    "stamp": "M9 3h6v3l-1 5h5v5H5v-5h5L9 6zM5 20h14",
    "shield": "M12 3l8 3v6c0 4.500-3.300 7.700-8 9-4.700-1.300-8-4.500-8-9V6zM9 12l2 2 4-4",
    "warning": "M12 4L2.500 20h19zM12 10v5M12 17.500v.5",
    "help": "M12 3a9 9 0 1 0 .01 0M9.500 9.500a2.500 2.500 0 1 1 3.500 2.300c-.7.3-1 .9-1 1.700M12 17v.5",
    "phone": "M5 4h4l2 5-2.500 1.500a11 11 0 0 0 5 5L15 13l5 2v4a1 1 0 0 1-1 1A16 16 0 0 1 4 5a1 1 0 0 1 1-1z",
    "camera": "M4 8h4l2-3h4l2 3h4v11H4zM12 10a3.500 3.500 0 1 0 .01 0",
    "place": "M12 21c5-6 7-9 7-12a7 7 0 0 0-14 0c0 3 2 6 7 12zM12 6.500a2.500 2.500 0 1 0 .01 0",
    "town": "M12 4a8 8 0 1 0 .01 0M12 9a3 3 0 1 0 .01 0",
    "pin": "M9 3h6l-1 6 4 4H6l4-4zM12 13v8",
    "plus": "M12 5v14M5 12h14",
    "down": "M6 9l6 6 6-6",
    "columns": "M4 5h16v14H4zM10 5v14M15 5v14",
    "density": "M4 6h16M4 10h16M4 14h16M4 18h16",
    "list": "M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01",
    "clock": "M12 3a9 9 0 1 0 .01 0M12 7v5l3 2",
    "send": "M4 12l16-8-6 16-3-7z",
    "good": "M12 3a9 9 0 1 0 .01 0M8 12.500l3 3 5-6",
    "bad": "M12 3a9 9 0 1 0 .01 0M9 9l6 6M15 9l-6 6",
    "import": "M12 15V4M8 8l4-4 4 4M4 16v4h16v-4",
    "language": "M3 12a9 9 0 1 0 18 0 9 9 0 0 0-18 0zM3 12h18M12 3c3 3 3 15 0 18M12 3c-3 3-3 15 0 18",
    "map": "M3 6l6-2 6 2 6-2v14l-6 2-6-2-6 2zM9 4v14M15 6v14",
    "matter": "M5 5h14v15H5zM9 3h6v4H9zM9 12l2 2 4-4",
    "menu": "M4 7h16M4 12h16M4 17h16",
    "moon": "M19 14.500A7.500 7.500 0 0 1 9.500 5 7.500 7.500 0 1 0 19 14.500z",
    "person": "M12 4a4 4 0 1 0 .01 0M4 20c0-3.500 3.600-6 8-6s8 2.500 8 6",
    "people": "M9 5a3.500 3.500 0 1 0 .01 0M2.500 19c0-3 2.900-5 6.500-5s6.500 2 6.500 5M16 5.500a3 3 0 0 1 0 6M18 14.500c2.200.6 3.500 2.200 3.500 4.500",
    "print": "M7 8V3h10v5M5 8h14v9h-3M8 17H5V8M8 14h8v7H8z",
    "quarantine": "M12 3l8 3v6c0 4.500-3.300 7.700-8 9-4.700-1.300-8-4.500-8-9V6zM12 8v5M12 16v.5",
    "register": "M4 5h16v14H4zM4 10h16M9 5v14",
    "routing": "M5 5a2 2 0 1 0 .01 0M5 7v4a4 4 0 0 0 4 4h9M15 11l4 4-4 4M7 5h12",
    "rules": "M4 7h9M17 7h3M15 5v4M4 17h3M11 17h9M9 15v4",
    "search": "M11 4a7 7 0 1 0 .01 0M16 16l4.500 4.500",
    "sign-out": "M14 4H5v16h9M10 12h11M17 8l4 4-4 4",
    "station": "M12 21V10M8 21h8M12 6a2 2 0 1 0 .01 0M7.500 12a6 6 0 0 1 0-8M16.500 12a6 6 0 0 0 0-8",
    "sun": "M12 8a4 4 0 1 0 .01 0M12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.500 1.500M17.500 17.500L19 19M5 19l1.500-1.500M17.500 6.500L19 5",
    "work": "M4 8h16v12H4zM9 8V4h6v4M4 13h16",
}


@register.simple_tag
@lru_cache(maxsize=1024)
def icon(name: str, title: str = "", small: bool = False) -> SafeString:
    """An icon drawn in the text's colour; hidden from screen readers unless it has a title."""
    label = (
        format_html('role="img" aria-label="{}"', title)
        if title
        else mark_safe('aria-hidden="true"')
    )
    return format_html(
        '<svg class="{}" viewBox="0 0 24 24" fill="none" stroke="currentColor" stroke-width="1.75" '
        'stroke-linecap="round" stroke-linejoin="round" {}><path d="{}"/></svg>',
        "icon-s" if small else "icon",
        label,
        ICONS.get(name, ICONS["register"]),
    )
