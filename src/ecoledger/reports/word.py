"""A bulletin as a Word file in official-document layout."""

from __future__ import annotations

from datetime import date

from ecoledger.reports.chart import day_chart
from ecoledger.reports.content import Bulletin, DayChart, Statement, Subheading, Table
from ecoledger.reports.official_document import OfficialDocument
from ecoledger.reports.profile import documents


def render(bulletin: Bulletin, on: date, *, compact: bool = False) -> bytes:
    """The .docx of ``bulletin``, dated ``on``, in the bureau's fonts and with its imprint.

    ``compact``: small, so that a day fits one page.

    Raises :class:`ecoledger.reports.profile.DocumentsError` when the bureau's settings are wrong.
    """
    own = documents()
    document = OfficialDocument(
        bulletin.issuer, bulletin.number, bulletin.title, own.fonts, compact=compact
    )
    for section in bulletin.sections:
        document.heading(section.heading)
        for block in section.blocks:
            match block:
                case Subheading(text):
                    document.subheading(text)
                case Statement(note=True):
                    document.note(str(block))
                case Statement():
                    document.paragraph(str(block))
                case Table(rows=()):
                    document.paragraph(block.empty or block.note)
                case Table():
                    rows = [[str(cell) for cell in row] for row in block.rows]
                    document.table(block.title, block.header, rows, block.note)
                case DayChart():
                    document.picture(day_chart(block), block.title)
    if bulletin.standards:
        document.note(f"评价依据：{'；'.join(bulletin.standards)}。")
    document.sign(bulletin.issuer, on)
    if own.copies_to or own.office:
        document.imprint(own.copies_to, own.office or bulletin.issuer, on)
    return document.save()
