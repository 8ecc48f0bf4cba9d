"""可能是同一件: open matters that a new one may repeat, shown while it is written."""

from __future__ import annotations

import re
import unicodedata
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Q

from ecoledger.accounts.models import Person
from ecoledger.matters.register import OPEN_WORK, Register

WITHIN = timedelta(days=30)
# Share of the letter pairs of both titles that they have in common.
ENOUGH = 0.5
_LOOKED_AT = 400
SHOWN = 4


def like(
    register: Register,
    person: Person,
    *,
    title: str,
    area_code: str = "",
    entity: int | None = None,
    now: datetime,
) -> list[Any]:
    """Open matters of the last :data:`WITHIN` that ``person`` may see: about the same thing, or of the same town and named alike."""
    pairs = letter_pairs(title)
    if not pairs and entity is None:
        return []
    same_thing = Q(entity=entity) if entity is not None else Q(pk__in=[])
    near = Q(area_code__startswith=area_code) if area_code else Q()
    rows = (
        register.visible_to(person)
        .filter(OPEN_WORK, same_thing | near, opened_at__gte=now - WITHIN)
        .order_by("-opened_at", "-pk")[:_LOOKED_AT]
    )
    alike = [
        row
        for row in rows
        if (entity is not None and row.entity_id == entity)
        or likeness(pairs, letter_pairs(row.title)) >= ENOUGH
    ]
    return alike[:SHOWN]


def letter_pairs(text: str) -> frozenset[str]:
    """Neighbouring letters of a text, half-width and without signs.

    >>> sorted(letter_pairs("河道 垃圾"))
    ['垃圾', '河道', '道垃']
    """
    plain = re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).lower())
    return frozenset(plain[n : n + 2] for n in range(len(plain) - 1))


def likeness(one: frozenset[str], other: frozenset[str]) -> float:
    """Common pairs over all pairs, 0 to 1."""
    return len(one & other) / len(one | other) if one and other else 0.0
