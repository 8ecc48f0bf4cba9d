"""Whether what a form or a table says is what is kept already: neither carries a value as exactly as it is kept."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django.db.models import Model
from django.utils import timezone


def same(kept: Any, said: Any) -> bool:
    """Whether ``said`` leaves ``kept`` as it is.

    A thing is the same under its kind's model and under that of all kinds; a browser says a moment without its seconds, a
    table without parts of one, and a browser ends lines by two characters.
    """
    match kept, said:
        case Model(), Model():
            return bool(kept.pk == said.pk)
        case datetime(), datetime():
            return said in (
                kept,
                kept.replace(microsecond=0),
                kept.replace(second=0, microsecond=0),
            )
        case str(), str():
            return kept == said or _lines(kept) == _lines(said)
        case (float(), Decimal()) | (Decimal(), float()):
            return bool(plain(kept) == plain(said))
    return bool(kept == said)


def mark(value: Any) -> str:
    """What tells a value from others as far as a form carries it: alike of a kept value and of what a form says unchanged."""
    said = json.dumps(plain(value), sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:16]


def plain(value: Any) -> Any:
    """A value in the one form in which what is kept and what is said of it are alike: a moment to the minute, a number without
    noughts behind, a thing by its key."""
    match value:
        case None | "" | []:
            return None
        case Model():
            return plain(value.pk)
        case bool():
            return value
        case int() | float() | Decimal():
            return f"{Decimal(str(value)).normalize()}"
        case datetime():
            moment = value if timezone.is_aware(value) else timezone.make_aware(value)
            return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"
        case str():
            return _lines(value)
        case list() | tuple() | set():
            return [plain(part) for part in value]
        # As a pattern ``{}`` would be every mapping.
        case dict():
            return {key: plain(one) for key, one in value.items()} or None
    return value


def _lines(text: str) -> str:
    return text.replace("\r\n", "\n").strip()
