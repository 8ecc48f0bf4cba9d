"""JSON that comes back as it was written: what a person filled in is shown in the order of the form.

PostgreSQL's ``jsonb`` sorts an object's keys; its ``json`` keeps them, and is used here. A table with such a column
cannot be asked for ``DISTINCT`` whole rows.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models.functions import Cast


class JSONInOrder(models.JSONField):
    """A JSON field whose objects keep the order of their keys on every engine."""

    def db_type(self, connection: BaseDatabaseWrapper) -> str | None:
        return "json" if connection.vendor == "postgresql" else super().db_type(connection)

    def select_format(self, compiler: Any, sql: str, params: Any) -> tuple[str, Any]:
        """As text, which the field reads itself: the driver would read ``json`` before it."""
        if compiler.connection.vendor == "postgresql":
            return f"({sql})::text", params
        return super().select_format(compiler, sql, params)

    def get_transform(self, name: str) -> Any:
        """A value inside is compared as PostgreSQL compares ``jsonb``."""
        into = super().get_transform(name)
        return lambda whole: into(Cast(whole, models.JSONField()))
