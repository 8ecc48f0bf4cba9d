"""The layout of an enforcement paper (执法文书): organ, name and number as the national forms set them, in black.

生态环境行政执法文书制作指南 (环办执法〔2024〕9号) by way of the Hunan set of 2024: no red letterhead, the number at the right
below the name; approval forms are one ruled table of items and what is said of them.
"""

from __future__ import annotations

from collections.abc import Sequence

from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.shared import Mm, Pt

from ecoledger.reports.official_document import (
    SIZE_2,
    SIZE_4_SMALL,
    TYPE_WIDTH,
    OfficialDocument,
)

ITEM_WIDTH = Mm(40)
ROW_HEIGHT, OPINION_HEIGHT = Mm(7), Mm(14)


class EnforcementPaper(OfficialDocument):
    """One paper being written, top to bottom."""

    def _letterhead(self, issuer: str, number: str) -> None:
        """The organ's name above the paper's own; the number waits for the name."""
        self._number = number
        mark = self._document.add_paragraph()
        mark.alignment = WD_ALIGN_PARAGRAPH.CENTER
        mark.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        self._run(mark, issuer, self.fonts.title, SIZE_2)

    def _title(self, title: str) -> None:
        for part in title.split("\n"):
            paragraph = self._document.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.line_spacing = Pt(34)
            self._run(paragraph, part, self.fonts.title, SIZE_2)
        line = self._document.add_paragraph()
        line.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        line.paragraph_format.space_after = Pt(10)
        self._run(line, self._number)

    def form(self, rows: Sequence[tuple[str, str]], note: str = "") -> None:
        """Items and what is said of them: a ruled table without heads, its items narrow, room for a seal under an opinion."""
        table = self._document.add_table(rows=0, cols=2, style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        for column, width in zip(table.columns, (ITEM_WIDTH, TYPE_WIDTH - ITEM_WIDTH), strict=True):
            column.width = width
        for item, text in rows:
            row = table.add_row()
            row.height_rule = WD_ROW_HEIGHT_RULE.AT_LEAST
            row.height = OPINION_HEIGHT if item.endswith("意见") else ROW_HEIGHT
            said = ((item, ITEM_WIDTH, WD_ALIGN_PARAGRAPH.CENTER),
                    (text, TYPE_WIDTH - ITEM_WIDTH, WD_ALIGN_PARAGRAPH.LEFT))  # fmt: skip
            for cell, (words, width, alignment) in zip(row.cells, said, strict=True):
                cell.width = width
                cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
                paragraph = cell.paragraphs[0]
                paragraph.alignment = alignment
                paragraph.paragraph_format.line_spacing = Pt(18)
                self._run(paragraph, words, size=SIZE_4_SMALL)
        if note:
            self.note(f"注：{note}")

    def sign_as(self, issuer: str, day: str) -> None:
        """Never alone on a page: the last words stay with the seal."""
        if last := self._document.paragraphs[-1:]:
            last[0].paragraph_format.keep_with_next = True
        before = len(self._document.paragraphs)
        super().sign_as(issuer, day)
        for paragraph in self._document.paragraphs[before:-1]:
            paragraph.paragraph_format.keep_with_next = True
