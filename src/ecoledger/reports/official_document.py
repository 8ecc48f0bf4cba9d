"""Official-document layout (GB/T 9704-2012) for Word files.

Fonts are named, never shipped: 小标宋 and 仿宋 stand on every office machine in a bureau; where one is
missing Word says so and substitutes. Every run names its East-Asian font, without which Word takes its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt, RGBColor
from docx.text.paragraph import Paragraph

# Chinese type sizes in points (号).
SIZE_2, SIZE_3, SIZE_4, SIZE_5 = 22.0, 16.0, 14.0, 10.5
TITLE_FONT = "方正小标宋简体"
BODY_FONT = "仿宋_GB2312"
HEADING_FONT = "黑体"
SUBHEADING_FONT = "楷体_GB2312"
FOLIO_FONT = "宋体"
LATIN_FONT = "Times New Roman"
RED = RGBColor(0xE6, 0x00, 0x12)
# 22 lines in a type area 225 mm high (GB/T 9704-2012, 5.2.3).
LINE_PITCH = Pt(29)


class OfficialDocument:
    """One document being written, top to bottom."""

    def __init__(self, issuer: str, number: str, title: str) -> None:
        self._document = Document()
        self._set_page()
        self._letterhead(issuer, number)
        self._title(title)

    # -- layout ----------------------------------------------------------------------------------

    def _set_page(self) -> None:
        section = self._document.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.left_margin = Mm(37), Mm(28)
        section.bottom_margin, section.right_margin = Mm(35), Mm(26)
        section.footer_distance = Mm(25)
        normal = self._document.styles["Normal"]
        normal.font.name = LATIN_FONT
        normal.font.size = Pt(SIZE_3)
        normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), BODY_FONT)
        normal.paragraph_format.space_before = normal.paragraph_format.space_after = Pt(0)
        normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        normal.paragraph_format.line_spacing = LINE_PITCH
        self._document.settings.odd_and_even_pages_header_footer = True
        self._folio(section.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
        self._folio(section.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)

    def _folio(self, paragraph: Paragraph, side: WD_ALIGN_PARAGRAPH) -> None:
        """Page number between dashes, outer side, one character in (7.5)."""
        paragraph.alignment = side
        indent = Pt(SIZE_4)
        if side == WD_ALIGN_PARAGRAPH.RIGHT:
            paragraph.paragraph_format.right_indent = indent
        else:
            paragraph.paragraph_format.left_indent = indent
        self._run(paragraph, "— ", FOLIO_FONT, SIZE_4)
        run = self._run(paragraph, "", FOLIO_FONT, SIZE_4)
        for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
            if kind:
                element = OxmlElement("w:fldChar")
                element.set(qn("w:fldCharType"), kind)
            else:
                element = OxmlElement("w:instrText")
                element.set(qn("xml:space"), "preserve")
                element.text = text
            run._r.append(element)
        self._run(paragraph, " —", FOLIO_FONT, SIZE_4)

    def _run(
        self,
        paragraph: Paragraph,
        text: str,
        font: str = BODY_FONT,
        size: float = SIZE_3,
        *,
        bold: bool = False,
        colour: RGBColor | None = None,
    ) -> Any:
        run = paragraph.add_run(text)
        run.font.name = LATIN_FONT
        run.font.size = Pt(size)
        run.font.bold = bold
        if colour is not None:
            run.font.color.rgb = colour
        run._r.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), font)
        return run

    def _rule(self, paragraph: Paragraph, colour: str, eighths: int, side: str = "bottom") -> None:
        borders = OxmlElement("w:pBdr")
        line = OxmlElement(f"w:{side}")
        for name, value in (
            ("val", "single"),
            ("sz", str(eighths)),
            ("space", "4"),
            ("color", colour),
        ):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)
        paragraph._p.get_or_add_pPr().append(borders)

    def _letterhead(self, issuer: str, number: str) -> None:
        mark = self._document.add_paragraph()
        mark.alignment = WD_ALIGN_PARAGRAPH.CENTER
        mark.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        mark.paragraph_format.space_after = Pt(LINE_PITCH.pt)
        self._run(mark, issuer, TITLE_FONT, 36.0, colour=RED)
        line = self._document.add_paragraph()
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self._run(line, number)
        self._rule(line, "E60012", 12)

    def _title(self, title: str) -> None:
        self._document.add_paragraph()
        for part in title.split("\n"):
            paragraph = self._document.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.line_spacing = Pt(32)
            self._run(paragraph, part, TITLE_FONT, SIZE_2)
        self._document.add_paragraph()

    # -- content ---------------------------------------------------------------------------------

    def addressee(self, text: str) -> None:
        """Main recipient (主送机关), flush left with a full-width colon."""
        self._run(self._document.add_paragraph(), f"{text}：")

    def heading(self, text: str) -> None:
        """First-level heading, already numbered 一、"""
        self._run(self._indented(), text, HEADING_FONT)

    def subheading(self, text: str) -> None:
        """Second-level heading, already numbered （一）"""
        self._run(self._indented(), text, SUBHEADING_FONT)

    def paragraph(self, text: str) -> None:
        """Body text, two characters in."""
        paragraph = self._indented()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        self._run(paragraph, text)

    def _indented(self) -> Paragraph:
        paragraph = self._document.add_paragraph()
        paragraph.paragraph_format.first_line_indent = Pt(SIZE_3 * 2)
        return paragraph

    def table(
        self, caption: str, header: Sequence[str], rows: Iterable[Sequence[str]], note: str = ""
    ) -> None:
        """A ruled table with its caption above and a note below; the header repeats on each page."""
        title = self._document.add_paragraph()
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        title.paragraph_format.keep_with_next = True
        self._run(title, caption, HEADING_FONT, SIZE_4)
        table = self._document.add_table(rows=1, cols=len(header), style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        self._cells(table.rows[0], header, bold=True)
        repeat = OxmlElement("w:tblHeader")
        repeat.set(qn("w:val"), "true")
        table.rows[0]._tr.get_or_add_trPr().append(repeat)
        for row in rows:
            self._cells(table.add_row(), row)
        if note:
            paragraph = self._document.add_paragraph()
            paragraph.paragraph_format.line_spacing = Pt(18)
            self._run(paragraph, f"注：{note}", BODY_FONT, SIZE_5)

    def _cells(self, row: Any, values: Sequence[str], *, bold: bool = False) -> None:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, value in zip(row.cells, values, strict=True):
            paragraph = cell.paragraphs[0]
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.line_spacing = Pt(18)
            self._run(paragraph, value, FOLIO_FONT, SIZE_5, bold=bold)

    def picture(self, png: bytes, caption: str) -> None:
        """A picture as wide as the type area, with its caption below."""
        paragraph = self._document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        # An exact line pitch would crop the picture to one line.
        paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        paragraph.paragraph_format.keep_with_next = True
        paragraph.add_run().add_picture(BytesIO(png), width=Mm(152))
        title = self._document.add_paragraph()
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self._run(title, caption, HEADING_FONT, SIZE_4)

    def sign(self, issuer: str, on: date) -> None:
        """Issuer and date, four characters from the right edge (7.3.5)."""
        self._document.add_paragraph()
        for text in (issuer, f"{on.year}年{on.month}月{on.day}日"):
            paragraph = self._document.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            paragraph.paragraph_format.right_indent = Pt(SIZE_3 * 4)
            paragraph.paragraph_format.keep_together = True
            self._run(paragraph, text)

    def imprint(self, copies_to: str, office: str, on: date) -> None:
        """Imprint (版记): copies, issuing office and date between rules, at the end of the text."""
        self._document.add_paragraph()
        first = self._document.add_paragraph()
        first.paragraph_format.left_indent = first.paragraph_format.right_indent = Pt(SIZE_4)
        self._rule(first, "000000", 8, "top")
        self._run(first, f"抄送：{copies_to}。", BODY_FONT, SIZE_4)
        last = self._document.add_paragraph()
        last.paragraph_format.left_indent = last.paragraph_format.right_indent = Pt(SIZE_4)
        self._rule(last, "000000", 8)
        last.paragraph_format.tab_stops.add_tab_stop(Mm(146), alignment=2)
        self._run(last, f"{office}\t{on.year}年{on.month}月{on.day}日印发", BODY_FONT, SIZE_4)

    def save(self) -> bytes:
        """The finished file."""
        buffer = BytesIO()
        self._document.save(buffer)
        return buffer.getvalue()
