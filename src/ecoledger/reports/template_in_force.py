"""The .docx that a kind of document is filled from now."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Protocol

from ecoledger.accounts.language import in_chinese
from ecoledger.reports.models import LetterTemplate
from ecoledger.reports.official_document import Fonts
from ecoledger.reports.profile import documents


class FromTemplate(Protocol):
    """A kind of document with a file to begin with."""

    @property
    def key(self) -> str: ...

    @property
    def template(self) -> Callable[[], bytes]: ...


def made_once(make: Callable[[], bytes]) -> Callable[[], bytes]:
    """A file to begin with, kept: making it anew takes longer than filling it, and only the bureau's fonts change it."""

    @lru_cache(maxsize=2)
    @in_chinese
    def for_fonts(_fonts: Fonts) -> bytes:
        return make()

    @wraps(make)
    def template() -> bytes:
        return for_fonts(documents().fonts)

    return template


def newest(document: FromTemplate) -> LetterTemplate | None:
    """The bureau's own file in force."""
    return LetterTemplate.objects.filter(kind=document.key).first()


def content_of(row: LetterTemplate) -> bytes:
    """The bytes of one version."""
    with row.file.open("rb") as file:
        return bytes(file.read())


def template_of(document: FromTemplate) -> bytes:
    """The bureau's newest file, else the one the house begins with."""
    own = newest(document)
    return document.template() if own is None else content_of(own)
