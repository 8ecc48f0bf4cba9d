"""Words that change with a number: one form in Chinese, two in English."""

from __future__ import annotations

from django.utils.translation import ngettext


def numbered(text: str, number: int) -> str:
    """``text`` in the person's language, in the form that goes with ``number``; the number is put in by who asked.

    >>> numbered("共 %d 行", 2) % 2
    '共 2 行'
    """
    return ngettext(text, text, number)
