"""Initials of Chinese names, by which a person on a keyboard finds them: 石桥镇 is ``sqz``."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from django.db import models

_HAN = re.compile("[\u4e00-\u9fff]+")
_SIGNS = re.compile(r"[\W_]+")
# A firm's name after its town's is a name of its own: 安澜市长青 is no mayor (市长) and is not spelt zhǎng.
_NAME_AFTER_TOWN = re.compile(
    "(?<=[\u4e00-\u9fff]{2}[市县区镇乡])(?=长(?!办公|热线|信箱|电话|接待)[\u4e00-\u9fff])"
)
# Stands for a character whose readings begin with different letters.
_SEVERAL = "\0"


class _Letters(dict[int, str]):
    """Code point -> the one first letter that a character has in all its readings; filled as characters come."""

    def __missing__(self, code: int) -> str:
        # The dictionary takes half a second to read: not before it is needed.
        from pypinyin import Style, pinyin

        letter = chr(code)
        if _HAN.match(letter):
            readings = set(pinyin(letter, style=Style.FIRST_LETTER, heteronym=True)[0])
            letter = readings.pop() if len(readings) == 1 else _SEVERAL
        self[code] = letter
        return letter


_letters = _Letters()


@lru_cache(maxsize=32768)
def _word(word: str) -> str:
    """First letters of a word; the words of a bureau come again and again."""
    from pypinyin import Style, lazy_pinyin

    return "".join(lazy_pinyin([word], style=Style.FIRST_LETTER))


@lru_cache(maxsize=16384)
def _spelt(text: str) -> str:
    """First letters of Chinese text. Only a character with several readings needs the words around it."""
    from pypinyin.seg.mmseg import seg

    letters = text.translate(_letters)
    if _SEVERAL not in letters:
        return letters
    parts = _NAME_AFTER_TOWN.split(text)
    return "".join(_word(word) for part in parts for word in seg.cut(part))


@lru_cache(maxsize=16384)
def initials(text: str) -> str:
    """First letters of the syllables, lower case; letters and digits stay, signs go.

    >>> initials("石桥镇第2中学"), initials("重庆长江")
    ('sqzd2zx', 'cqcj')
    """
    return _SIGNS.sub("", _HAN.sub(lambda run: _spelt(run[0]), text).lower())


def warm() -> None:
    """Read the dictionary now: it takes half a second, which the first who searches need not wait for."""
    initials("重庆")  # readings of one character, and words that tell which


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
