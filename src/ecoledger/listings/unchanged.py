"""Whether what a form or a table says is what is kept already: neither carries a value as exactly as it is kept."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Model


def same(kept: Any, said: Any) -> bool:
    """Whether ``said`` leaves ``kept`` as it is.

    A thing is the same under its kind's model and under that of all kinds; a browser says a moment without its seconds and
    ends lines by two characters.
    """
    match kept, said:
        case Model(), Model():
            return bool(kept.pk == said.pk)
        case datetime(), datetime():
            return said in (kept, kept.replace(second=0, microsecond=0))
        case str(), str():
            return kept == said or _lines(kept) == _lines(said)
    return bool(kept == said)


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
