"""The layout of an enforcement paper (执法文书): organ, name and number as the national forms set them, in black.

生态环境行政执法文书制作指南 (环办执法〔2024〕9号) by way of the Hunan set of 2024: no red letterhead, the number at the right
below the name; approval forms are one ruled table of items and what is said of them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_ROW_HEIGHT_RULE, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.shared import Mm, Pt

from ecoledger.reports.official_document import (
    SIZE_2,
    SIZE_4_SMALL,
    TYPE_WIDTH,
    OfficialDocument,
)
from ecoledger.reports.profile import documents
from ecoledger.reports.template_in_force import made_once

ITEM_WIDTH = Mm(44)
ROW_HEIGHT, OPINION_HEIGHT = Mm(7), Mm(14)


@dataclass(frozen=True, slots=True)
class Rows:
    """A ruled list in a paper (清单): a row of the template for each of the variable ``name``; widths in millimetres."""

    name: str
    columns: tuple[str, ...]
    widths: tuple[int, ...]


class EnforcementPaper(OfficialDocument):
    """One paper being written, top to bottom."""

    def _letterhead(self, issuer: str, number: str) -> None:
        """The organ's name above the paper's own; the number waits for the name."""
        self._number = number
        if not issuer:
            return
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
        if not self._number:
            line.paragraph_format.line_spacing = Pt(4)
        self._run(line, self._number)

    def rows(self, its: Rows) -> None:
        """A list with its heads, which stand again on each page."""
        table = self._document.add_table(rows=0, cols=len(its.columns), style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        marks = [""] * (len(its.columns) - 1)
        lines = (
            list(its.columns),
            [f"{{%tr for 行 in {its.name} %}}", *marks],
            [f"{{{{ 行.{column} }}}}" for column in its.columns],
            ["{%tr endfor %}", *marks],
        )
        for n, line in enumerate(lines):
            row = table.add_row()
            row.height_rule, row.height = WD_ROW_HEIGHT_RULE.AT_LEAST, ROW_HEIGHT
            if n == 0:
                head = OxmlElement("w:tblHeader")
                row._tr.get_or_add_trPr().append(head)
            for cell, words, width in zip(row.cells, line, its.widths, strict=True):
                cell.width = Mm(width)
                cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
                paragraph = cell.paragraphs[0]
                paragraph.paragraph_format.line_spacing = Pt(18)
                if n == 0:
                    paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
                self._run(paragraph, words, size=SIZE_4_SMALL)

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


def paper(
    title: str,
    parts: Sequence[str | Rows],
    addressee: str = "",
    *,
    sealed: bool = True,
    numbered: bool = True,
    of_party: bool = False,
) -> Callable[[], bytes]:
    """The file of a paper to begin with; lines that begin 一、 are headings. The party's own has no organ above."""

    def make() -> bytes:
        number = "{{ 文号 }}" if numbered else ""
        issuer = "" if of_party else "{{ 发文机关 }}"
        document = EnforcementPaper(issuer, number, title, documents().fonts)
        if addressee:
            document.addressee(addressee)
        for part in parts:
            if isinstance(part, Rows):
                document.rows(part)
            elif part[1:2] == "、" and part[0] in "一二三四五六七八九":
                document.heading(part)
            else:
                document.paragraph(part)
        if sealed:
            document.sign_as("{{ 发文机关 }}", "{{ 成文日期 }}")
        return document.save()

    return made_once(make)


def form(
    title: str, rows: Sequence[tuple[str, str]], note: str = "", *, numbered: bool = False
) -> Callable[[], bytes]:
    """The file of an approval form or receipt: items and what is said of them, in one ruled table without a seal of its own."""

    def make() -> bytes:
        number = "{{ 文号 }}" if numbered else ""
        document = EnforcementPaper("{{ 发文机关 }}", number, title, documents().fonts)
        document.form(rows, note)
        return document.save()

    return made_once(make)
