"""Initials of Chinese names, by which a person on a keyboard finds them: 石桥镇 is ``sqz``."""

from __future__ import annotations

from typing import Any

from django.db import models


def initials(text: str) -> str:
    """First letters of the syllables, lower case; letters and digits stay, signs go.

    >>> initials("石桥镇第2中学")
    'sqzd2zx'
    """
    # Its dictionary of phrases takes half a second to read: not before it is needed.
    from pypinyin import Style, lazy_pinyin

    # Letters in a row are one word to pypinyin: it leaves what is not Chinese as it stands.
    spelt = "".join(lazy_pinyin(text, style=Style.FIRST_LETTER))
    return "".join(c for c in spelt.lower() if c.isalnum())


class InitialsField(models.CharField):  # type: ignore[type-arg]
    """A column that keeps the initials of another one, so that an index finds them. Filled on saving."""

    def __init__(self, *args: Any, of: str = "name", **kwargs: Any) -> None:
        self.of = of
        kwargs.setdefault("max_length", 120)
        kwargs |= {"editable": False, "blank": True, "default": "", "db_index": True}
        super().__init__(*args, **kwargs)

    def deconstruct(self) -> Any:
        name, path, args, kwargs = super().deconstruct()
        return name, path, args, kwargs | {"of": self.of}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        value = initials(str(getattr(model_instance, self.of) or ""))[: self.max_length]
        setattr(model_instance, self.attname, value)
        return value
