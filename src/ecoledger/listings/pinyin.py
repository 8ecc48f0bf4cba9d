"""Initials of Chinese names, by which a person on a keyboard finds them: 石桥镇 is ``sqz``."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

from django.db import models


@lru_cache(maxsize=8192)
def _letter(character: str) -> str:
    """The one first letter that a character has in all its readings; "" where they differ."""
    from pypinyin import Style, pinyin

    if not "\u4e00" <= character <= "\u9fff":
        return character
    readings = pinyin(character, style=Style.FIRST_LETTER, heteronym=True)[0]
    return readings[0] if len(set(readings)) == 1 else ""


def initials(text: str) -> str:
    """First letters of the syllables, lower case; letters and digits stay, signs go.

    >>> initials("石桥镇第2中学"), initials("重庆长江")
    ('sqzd2zx', 'cqcj')
    """
    # Its dictionary of phrases takes half a second to read: not before it is needed.
    from pypinyin import Style, lazy_pinyin

    letters = [_letter(character) for character in text]
    # Only a character with several readings needs the words around it, which cost much more to look up.
    # Letters in a row are one word to pypinyin: it leaves what is not Chinese as it stands.
    spelt = "".join(letters if all(letters) else lazy_pinyin(text, style=Style.FIRST_LETTER))
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
