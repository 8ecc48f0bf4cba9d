"""Codes that many tables carry, told by their type: of a division, and of the enterprise a row belongs to.

The data scope (``accounts.scope``) reads both. When a division changes or firms merge, every table that
has such a column is found by its type (``entities.succession``); one that tells history says ``follows=False``.
"""

from __future__ import annotations

from typing import Any

from django.db import models


class AreaCodeField(models.CharField):  # type: ignore[type-arg]  # not generic when it runs
    """Code of an administrative division (GB/T 2260, GB/T 10114): 2 to 12 digits."""

    # What lists, forms and imports take it for.
    listing_kind = "area"
    # What the column itself is called; a person reads the division's name in it.
    CODE = "行政区划代码"

    def __init__(self, verbose_name: str = CODE, *, follows: bool = True, **options: Any) -> None:
        self.follows = follows
        super().__init__(verbose_name, **{"max_length": 12, "db_index": True, **options})

    def deconstruct(self) -> Any:
        return _with_all(self, super().deconstruct(), "db_index")


class EntityCodeField(models.CharField):  # type: ignore[type-arg]  # not generic when it runs
    """Code of an entity, where a foreign key is not wanted: rows read in bulk, and rooms below entities."""

    def __init__(
        self, verbose_name: str = "对象编码", *, follows: bool = True, **options: Any
    ) -> None:
        self.follows = follows
        defaults = {"max_length": 40, "db_index": True, "blank": True}
        super().__init__(verbose_name, **{**defaults, **options})

    def deconstruct(self) -> Any:
        return _with_all(self, super().deconstruct(), "db_index", "blank")


def _with_all(field: models.Field, parts: Any, *options: str) -> Any:  # type: ignore[type-arg]
    """A migration leaves out what Django's own default is, which is not this field's."""
    name, path, positional, named = parts
    return name, path, positional, named | {option: getattr(field, option) for option in options}
