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

    def __init__(
        self, verbose_name: str = "行政区划代码", *, follows: bool = True, **options: Any
    ) -> None:
        self.follows = follows
        super().__init__(verbose_name, **{"max_length": 12, "db_index": True, **options})


class EntityCodeField(models.CharField):  # type: ignore[type-arg]  # not generic when it runs
    """Code of an entity, where a foreign key is not wanted: rows read in bulk, and rooms below entities."""

    def __init__(
        self, verbose_name: str = "对象编码", *, follows: bool = True, **options: Any
    ) -> None:
        self.follows = follows
        defaults = {"max_length": 40, "db_index": True, "blank": True}
        super().__init__(verbose_name, **{**defaults, **options})
