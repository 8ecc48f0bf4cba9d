"""Rows that are about a thing: every room that keeps such rows asks for them, and for who sees them, the same way."""

from __future__ import annotations

from django.db.models import Q

from ecoledger.accounts.models import Person
from ecoledger.accounts.scope import within
from ecoledger.entities.file import File, with_parts


def about(file: File) -> Q:
    """That a row's ``entity`` is the thing of the file or a part of it."""
    return Q(entity__in=file.once(with_parts))


def in_scope(person: Person) -> Q:
    """That a row lies in the person's areas; for a firm's people, that it is about the firm or a part of it."""
    return within(person, "area_code", "entity__code") | within(
        person, "area_code", "entity__parent__code"
    )
