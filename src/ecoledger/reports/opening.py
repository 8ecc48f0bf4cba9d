"""Files of issued documents, given out only when they are what was issued."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from ecoledger.reports.models import IssuedDocument

ENDINGS = {"docx": "word", "pdf": "pdf", "xlsx": "excel"}


class AlteredError(Exception):
    """The file is not the one that was issued, or is gone; the message says which."""


def content(document: IssuedDocument, ending: str) -> bytes:
    """A file of a document. Raises :class:`AlteredError`; ``KeyError`` for a file it never had."""
    name = ENDINGS[ending]
    kept = getattr(document, f"{name}_sha256")
    if not kept:
        raise KeyError(ending)
    try:
        with getattr(document, f"{name}_file").open("rb") as file:
            found = bytes(file.read())
    except OSError as wrong:
        raise AlteredError(f"{document.number} 的 {ending} 文件不在数据文件夹中") from wrong
    if hashlib.sha256(found).hexdigest() != kept:
        raise AlteredError(f"{document.number} 的 {ending} 文件与印发时不一致")
    return found


def altered() -> Iterator[IssuedDocument]:
    """Every document of which a file is not as it was issued."""
    for document in IssuedDocument.objects.order_by("pk").iterator():
        try:
            for ending, name in ENDINGS.items():
                if getattr(document, f"{name}_sha256"):
                    content(document, ending)
        except AlteredError:
            yield document
