"""What of a case's file a machine has not read (mechanism E5): said piece by piece, so that a person reads it.

The words of issued papers are compared (:mod:`.paper_words`). A photograph, a clip and a scan without a text layer are
pictures to a machine; papers that came from outside have no fixed words to compare.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext as _

from ecoledger.matters import evidence
from ecoledger.matters.models import Evidence
from ecoledger.registers.enforcement import paper_words

MOST_PAGES, MOST_BYTES = 40, 20 << 20
# Fewer letters than this are a page number or a stamp's edge, no text.
LEAST_LETTERS = 12
PDF = b"%PDF"


def of(case: Any) -> list[str]:
    """Every piece that was not read, with why; none: all of the file was."""
    return [*_papers(case), *_scans(case), *_files(case)]


def differing_scans(case: Any) -> Iterator[str]:
    """Scans of sealed papers that can be read and lack the number of their paper."""
    for document, scan in _sealed(case):
        content = _content(scan.file)
        text = text_of(content) if content.startswith(PDF) else ""
        if text and document.number and document.number not in text:
            yield _("%(scan)s是%(number)s的盖章扫描件，其中没有这个文号。") % {
                "scan": scan.name, "number": document.number,
            }  # fmt: skip


def text_of(content: bytes) -> str:
    """The letters of a PDF without blanks; "" when it has no text layer or cannot be read."""
    if len(content) > MOST_BYTES:
        return ""
    # Loaded when it is needed: every start of the program would wait for it.
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        pages = PdfReader(io.BytesIO(content)).pages[:MOST_PAGES]
        text = re.sub(r"\s", "", "".join(page.extract_text() for page in pages))
    except (PyPdfError, ValueError, TypeError, KeyError, IndexError, AttributeError, OSError):
        return ""
    return text if len(text) >= LEAST_LETTERS else ""


def _papers(case: Any) -> Iterator[str]:
    """Issued papers whose file does not open."""
    read = {paper.number for paper in paper_words.papers(case)}
    for matter in paper_words.matters_of(case):
        for document in matter.documents.filter(replaced_by=None):
            if document.number not in read:
                yield _("%(piece)s：文书文件打不开") % {"piece": document.title.partition("：")[0]}


def _sealed(case: Any) -> Iterator[tuple[Any, Any]]:
    for matter in paper_words.matters_of(case):
        for document in matter.documents.filter(replaced_by=None):
            for scan in document.scans.all():
                yield document, scan


def _scans(case: Any) -> Iterator[str]:
    for document, scan in _sealed(case):
        if why := _why(_content(scan.file), ""):
            piece = f"{document.title.partition('：')[0]} {document.number} {scan.name}"
            yield _("%(piece)s（盖章扫描件）：%(why)s") % {"piece": piece, "why": why}


def _files(case: Any) -> Iterator[str]:
    """The evidence of the case and of the visit it came from."""
    matters = [case.pk, *([case.origin_matter_id] if case.origin_matter_id else [])]
    for file in Evidence.objects.filter(matter_id__in=matters):
        content = b""
        if file.content_type == "application/pdf" and file.size <= MOST_BYTES:
            content = _content(evidence.path_of(file.sha256))
        why = _why(content, file.content_type) or _("有文字，来自局外，没有可比对的固定表述")
        yield _("%(piece)s：%(why)s") % {"piece": file.caption or file.name, "why": why}


def _why(content: bytes, content_type: str) -> str:
    """Why a file has no words for a machine; "" when it has."""
    kind = content_type.partition("/")[0]
    if kind in ("video", "audio"):
        return _("音像，内容没有读")
    if content.startswith(PDF) or content_type == "application/pdf":
        return "" if text_of(content) else _("PDF 只有图像，没有文字层，或超过可读的大小")
    if kind == "image" or not content_type:
        return _("图片，其中的文字没有读")
    return ""


def _content(file: Any) -> bytes:
    try:
        with file.open("rb") as opened:
            return bytes(opened.read(MOST_BYTES + 1))
    except OSError:
        return b""
