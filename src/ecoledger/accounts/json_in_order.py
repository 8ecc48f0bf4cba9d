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


@cache
def _in_letters(encoder: type[json.JSONEncoder] | None) -> type[json.JSONEncoder]:
    """``encoder``, but that it writes letters as they are: escaped, a Chinese one takes six bytes in place of three."""

    class InLetters(encoder or json.JSONEncoder):  # type: ignore[misc]  # one class for each encoder
        def encode(self, o: Any) -> str:
            self.ensure_ascii = False
            text = super().encode(o)
            try:
                text.encode()
            except UnicodeEncodeError:  # half a letter of a broken file, which a database takes only escaped
                self.ensure_ascii = True
                return super().encode(o)
            return text

    return InLetters


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
        return connection.ops.adapt_json_value(value, _in_letters(self.encoder))

    def get_transform(self, name: str) -> Any:
        """A value inside is compared as PostgreSQL compares ``jsonb``."""
        into = super().get_transform(name)
        return lambda whole: into(Cast(whole, models.JSONField()))
