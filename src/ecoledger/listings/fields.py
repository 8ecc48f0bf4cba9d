"""A model field for several of a list of codes (多选): kept as ``,air,noise,`` so that every database finds one of them."""

from __future__ import annotations

from typing import Any

from django.db import models


class CodesField(models.CharField):  # type: ignore[type-arg]  # not generic when it runs
    """Codes of ``choices``; a list in Python. ``field__contains=",air,"`` asks for rows that have one."""

    # What lists, forms and imports take it for.
    listing_kind = "choices"

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **{"max_length": 200, "blank": True, "default": list, **options})

    def from_db_value(self, value: Any, _expression: Any, _connection: Any) -> list[str]:
        return self.to_python(value)

    def to_python(self, value: Any) -> list[str]:
        if isinstance(value, str):
            return [code for code in value.split(",") if code]
        return list(value or ())

    def get_prep_value(self, value: Any) -> str:
        if isinstance(value, str):
            return value
        codes = sorted(set(value or ()))
        return f",{','.join(codes)}," if codes else ""
