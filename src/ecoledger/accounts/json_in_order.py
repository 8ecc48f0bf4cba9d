"""JSON that comes back as it was written: what a person filled in is shown in the order of the form.

PostgreSQL's ``jsonb`` sorts an object's keys; its ``json`` keeps them, and is used here. A table with such a column
cannot be asked for ``DISTINCT`` whole rows.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Cast


class _InLetters:
    """Encodes as ``encoder`` does, but writes letters as they are: escaped, a Chinese one takes six bytes in place of
    three. Made once and called where an encoder is made: in bulk that takes as long as encoding."""

    def __init__(self, encoder: type[json.JSONEncoder]) -> None:
        self._letters, self._escaped = encoder(ensure_ascii=False), encoder()

    def __call__(self, **_options: Any) -> _InLetters:
        return self

    def encode(self, value: Any) -> str:
        text = self._letters.encode(value)
        try:
            text.encode()
        except (
            UnicodeEncodeError
        ):  # half a letter of a broken file, which a database takes only escaped
            return self._escaped.encode(value)
        return text


@cache
def _in_letters(encoder: Any) -> Any:
    return _InLetters(encoder or json.JSONEncoder)


class JSONInOrder(models.JSONField):
    """A JSON field whose objects keep the order of their keys on every engine."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        return "json" if connection.vendor == "postgresql" else super().db_type(connection)

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        """As text, which the field reads itself: the driver would read ``json`` before it."""
        if compiler.connection.vendor == "postgresql":
            return f"({sql})::text", params
        return super().select_format(compiler, sql, params)

    def get_db_prep_value(
        self, value: Any, connection: BaseDatabaseWrapper, prepared: bool = False
    ) -> Any:
        if not prepared:
            value = self.get_prep_value(value)
        # As text: what Django makes of it goes a longer way, and through ``jsonb`` on PostgreSQL, which sorts the keys.
        own: Any = self.encoder
        return _in_letters(own).encode(value)

    def get_transform(self, name: str) -> Any:
        """A value inside is compared as PostgreSQL compares ``jsonb``."""
        return _as_jsonb(super().get_transform(name))

    def get_lookup(self, lookup_name: str) -> Any:
        """So is the whole: PostgreSQL's ``json`` knows no equality."""
        return _as_jsonb(super().get_lookup(lookup_name))


def _as_jsonb(compared: Any) -> Any:
    return compared and (lambda whole, *other: compared(Cast(whole, models.JSONField()), *other))
