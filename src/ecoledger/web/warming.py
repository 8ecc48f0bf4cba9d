"""What takes long to load and stays: read soon after the start, not in front of the first who opens a page."""

from __future__ import annotations

import gc
from pathlib import Path

from django.forms.renderers import get_default_renderer
from django.template.loader import get_template

from ecoledger.listings import pinyin

TEMPLATES = Path(__file__).resolve().parent / "templates"


def warm() -> None:
    """Compile the templates and read the dictionary of pinyin; both take most of a second."""
    for path in sorted(TEMPLATES.rglob("*.html")):
        get_template(str(path.relative_to(TEMPLATES)))
    get_default_renderer().get_template("django/forms/widgets/select.html")
    pinyin.warm()
    gc.freeze()  # nothing of it is garbage, ever
