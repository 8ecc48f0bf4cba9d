"""A .docx as PDF."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import typst

from ecoledger.listings.word.package import Package
from ecoledger.reports.typesetting import fonts
from ecoledger.reports.typesetting.story import PRELUDE, Story

# The same file gives the same bytes whenever it is set.
_STAMP = datetime(2000, 1, 1, tzinfo=UTC)


class TypesettingError(ValueError):
    """The document could not be set; the message says what Typst said."""


@dataclass(frozen=True)
class Source:
    """A document in Typst's words, the pictures in it and the fonts that it names."""

    text: str
    files: dict[str, bytes]
    fonts: frozenset[str]


def source(document: bytes, own_fonts: str = "") -> Source:
    """Reads a .docx. Raises :class:`~.package.NotADocumentError`."""
    story = Story(Package(document), own_fonts)
    body = story.document()
    return Source(f"{PRELUDE}\n#{{\n{body}\n}}\n", story.drawings.files, frozenset(story.named))


def render(document: bytes, own_fonts: str = "") -> bytes:
    """The PDF of a .docx, set in the bureau's fonts of the folder ``own_fonts`` and free ones.

    Raises :class:`~.package.NotADocumentError` and :class:`TypesettingError`.
    """
    said = source(document, own_fonts)
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place)
        (folder / "main.typ").write_text(said.text, encoding="utf-8")
        for name, content in said.files.items():
            (folder / name).write_bytes(content)
        try:
            result = typst.compile(
                str(folder / "main.typ"),
                root=place,
                font_paths=fonts.loaded(own_fonts),
                format="pdf",
                timestamp=_STAMP,
            )
        except (typst.TypstError, RuntimeError) as wrong:
            raise TypesettingError(f"排版失败：{wrong}") from wrong
    return bytes(result)
