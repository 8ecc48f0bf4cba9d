"""Official-document layout (GB/T 9704-2012) for Word files.

Fonts are named, never shipped: 小标宋 and 仿宋 stand on every office machine in a bureau. Each name carries
the alternative Word is to take where the font is missing, and every run names its East-Asian font,
without which Word takes its own. The numbers behind the layout were not all checked against the printed
standard (mark 2: two places agree).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from io import BytesIO
from typing import Any

from docx import Document
from docx.enum.section import WD_ORIENT, WD_SECTION
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls, qn
from docx.shared import Mm, Pt, RGBColor, Twips
from docx.text.paragraph import Paragraph

# Chinese type sizes in points (号).
SIZE_2, SIZE_3, SIZE_4, SIZE_4_SMALL, SIZE_5, SIZE_5_SMALL = 22.0, 16.0, 14.0, 12.0, 10.5, 9.0
FOLIO_FONT = "宋体"
LATIN_FONT = "Times New Roman"


@dataclass(frozen=True, slots=True)
class Fonts:
    """The fonts of a document's levels. 仿宋_GB2312 and 楷体_GB2312 know 6 763 characters only: a bureau
    whose names hold rarer ones sets 仿宋 and 楷体 in its profile."""

    title: str = "方正小标宋简体"
    body: str = "仿宋_GB2312"
    heading: str = "黑体"
    subheading: str = "楷体_GB2312"


# What stands in for a font that the reader's machine lacks.
ALTERNATIVES = {
    "方正小标宋简体": "华文中宋",
    "方正小标宋_GBK": "华文中宋",
    "仿宋_GB2312": "仿宋",
    "楷体_GB2312": "楷体",
    "仿宋": "FangSong",
    "楷体": "KaiTi",
    "黑体": "SimHei",
    "宋体": "SimSun",
}
RED = RGBColor(0xE6, 0x00, 0x12)
# Type area (版心) 156 mm × 225 mm with 22 lines of 28 characters (GB/T 9704-2012, 5.2).
TYPE_WIDTH, TYPE_HEIGHT = Mm(156), Mm(225)
LINES, CHARACTERS = 22, 28
# 225 mm hold 22 lines of 28.95 pt; with 29 pt the last one would go over by a hair.
LINE_PITCH = Twips(579)
# 28 characters of 16 pt are 6 pt too wide for 156 mm: body text is set tighter by a quarter of a point.
# A character grid would do the same, but Word, WPS and LibreOffice each read it in their own way.
BODY_SPACING = -5  # in twentieths of a point
_CELL_PADDING = Mm(1)


class OfficialDocument:
    """One document being written, top to bottom."""

    def __init__(
        self,
        issuer: str,
        number: str,
        title: str,
        fonts: Fonts | None = None,
        *,
        compact: bool = False,
        room_for: int = 0,
    ) -> None:
        """``compact``: small type and no room above the letterhead, for what must fit one page a day.

        ``room_for``: characters that the letterhead must hold in one line, where ``issuer`` is filled in later.
        """
        self._room_for = room_for
        self.fonts = fonts or Fonts()
        self._compact = compact
        self._body = SIZE_4_SMALL if compact else SIZE_3
        self._pitch = Pt(17.5) if compact else LINE_PITCH
        self._document = Document()
        self._set_page(self._document.sections[0])
        self._set_fonts()
        self._letterhead(issuer, number)
        self._title(title)

    # -- layout ----------------------------------------------------------------------------------

    def _set_page(self, section: Any) -> None:
        """A4, its type area and page numbers (5.2, 7.5)."""
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.left_margin = Mm(37), Mm(28)
        section.bottom_margin, section.right_margin = Mm(35), Mm(26)
        # The dash of the page number lies 7 mm below the type area.
        section.footer_distance = Mm(25)
        if self._compact:
            section.top_margin, section.bottom_margin = Mm(22), Mm(20)
            section.footer_distance = Mm(11)
        self._document.settings.odd_and_even_pages_header_footer = True
        self._folio(section.footer.paragraphs[0], WD_ALIGN_PARAGRAPH.RIGHT)
        self._folio(section.even_page_footer.paragraphs[0], WD_ALIGN_PARAGRAPH.LEFT)

    def _set_fonts(self) -> None:
        normal = self._document.styles["Normal"]
        normal.font.name = LATIN_FONT
        normal.font.size = Pt(self._body)
        normal.element.get_or_add_rPr().get_or_add_rFonts().set(qn("w:eastAsia"), self.fonts.body)
        normal.paragraph_format.space_before = normal.paragraph_format.space_after = Pt(0)
        normal.paragraph_format.line_spacing_rule = WD_LINE_SPACING.EXACTLY
        normal.paragraph_format.line_spacing = self._pitch
        # No line of a heading alone at the foot of a page; lone lines of text are allowed, 22 a page.
        normal.paragraph_format.widow_control = False
        part = self._document.part.part_related_by(RELATIONSHIP_TYPE.FONT_TABLE)
        fonts = parse_xml(part.blob)
        for name, other in ALTERNATIVES.items():
            fonts.append(
                parse_xml(
                    f'<w:font {nsdecls("w")} w:name="{name}"><w:altName w:val="{other}"/>'
                    '<w:charset w:val="86"/></w:font>'
                )
            )
        part._blob = _xml_bytes(fonts)

    def _folio(self, paragraph: Paragraph, side: WD_ALIGN_PARAGRAPH) -> None:
        """Page number between dashes, outer side, one character in (7.5)."""
        paragraph.alignment = side
        # An exact pitch of body lines would lower the number and push the type area up.
        paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        indent = Pt(SIZE_4)
        if side == WD_ALIGN_PARAGRAPH.RIGHT:
            paragraph.paragraph_format.right_indent = indent
        else:
            paragraph.paragraph_format.left_indent = indent
        self._run(paragraph, "— ", FOLIO_FONT, SIZE_4, latin=FOLIO_FONT)
        run = self._run(paragraph, "", FOLIO_FONT, SIZE_4, latin=FOLIO_FONT)
        for kind, text in (("begin", None), (None, "PAGE"), ("end", None)):
            if kind:
                element = OxmlElement("w:fldChar")
                element.set(qn("w:fldCharType"), kind)
            else:
                element = OxmlElement("w:instrText")
                element.set(qn("xml:space"), "preserve")
                element.text = text
            run._r.append(element)
        self._run(paragraph, " —", FOLIO_FONT, SIZE_4, latin=FOLIO_FONT)

    def _run(
        self,
        paragraph: Paragraph,
        text: str,
        font: str = "",
        size: float | None = None,
        *,
        bold: bool = False,
        colour: RGBColor | None = None,
        latin: str = LATIN_FONT,
    ) -> Any:
        """Text of one look; the digits of PM2.5, SO2, O3 and the like are set below the line."""
        run = None
        for place, part in enumerate(_FORMULA.split(text)):
            # Every third part is a formula's letters, the one after it its digits.
            if part or not text:
                run = self._one_run(paragraph, part, font, size, bold, colour, latin)
                run.font.subscript = True if place % 3 == 2 else None
        return run

    def _one_run(
        self,
        paragraph: Paragraph,
        text: str,
        font: str,
        size: float | None,
        bold: bool,
        colour: RGBColor | None,
        latin: str,
    ) -> Any:
        size = size or self._body
        run = paragraph.add_run(text)
        run.font.name = latin
        run.font.size = Pt(size)
        run.font.bold = bold
        if colour is not None:
            run.font.color.rgb = colour
        properties = run._r.get_or_add_rPr()
        if size == SIZE_3:
            spacing = OxmlElement("w:spacing")
            spacing.set(qn("w:val"), str(BODY_SPACING))
            properties.insert_element_before(spacing, *_AFTER_SPACING)
        fonts = properties.get_or_add_rFonts()
        fonts.set(qn("w:eastAsia"), font or self.fonts.body)
        # Quotation marks, dashes and the like belong to both scripts: here they are Chinese.
        fonts.set(qn("w:hint"), "eastAsia")
        return run

    def _rule(self, paragraph: Paragraph, colour: str, eighths: int, space: int) -> None:
        properties = paragraph._p.get_or_add_pPr()
        borders = properties.find(qn("w:pBdr"))
        if borders is None:
            borders = OxmlElement("w:pBdr")
            # The schema fixes the order of these children; Word refuses a file that has another.
            properties.insert_element_before(borders, *_AFTER_BORDERS)
        line = OxmlElement("w:bottom")
        for name, value in (
            ("val", "single"),
            ("sz", str(eighths)),
            ("space", str(space)),
            ("color", colour),
        ):
            line.set(qn(f"w:{name}"), value)
        borders.append(line)

    def _letterhead(self, issuer: str, number: str) -> None:
        """Issuer in red 35 mm below the top of the type area, number two lines below, red rule (7.2)."""
        mark = self._document.add_paragraph()
        mark.alignment = WD_ALIGN_PARAGRAPH.CENTER
        mark.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        mark.paragraph_format.space_before = Mm(0 if self._compact else 35)
        mark.paragraph_format.space_after = Pt(self._pitch.pt * (0.5 if self._compact else 2))
        # As large as fits one line, smaller than the 上级机关's own 22 mm high letterhead.
        size = min(
            30.0 if self._compact else 48.0,
            (TYPE_WIDTH.pt - 10) / max(_width(issuer), self._room_for, 1),
        )
        self._run(mark, issuer, self.fonts.title, int(size), colour=RED)
        line = self._document.add_paragraph()
        line.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self._run(line, number)
        # 4 mm below the number, as wide as the type area.
        self._rule(line, "E60012", 12, space=11)

    def _title(self, title: str) -> None:
        """The title, two lines below the red rule (7.3.1)."""
        if not self._compact:
            self._document.add_paragraph()
            self._document.add_paragraph()
        lines = [title.replace("\n", "")] if self._compact else title.split("\n")
        for part in lines:
            paragraph = self._document.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.line_spacing = Pt(32)
            self._run(paragraph, part, self.fonts.title, SIZE_3 if self._compact else SIZE_2)
        if not self._compact:
            self._document.add_paragraph()

    # -- content ---------------------------------------------------------------------------------

    def addressee(self, text: str) -> None:
        """Main recipient (主送机关), flush left with a full-width colon."""
        self._run(self._document.add_paragraph(), f"{text}：")

    def heading(self, text: str) -> None:
        """First-level heading, already numbered 一、"""
        paragraph = self._indented()
        paragraph.paragraph_format.keep_with_next = True
        self._run(paragraph, text, self.fonts.heading)

    def subheading(self, text: str) -> None:
        """Second-level heading, already numbered （一）"""
        paragraph = self._indented()
        paragraph.paragraph_format.keep_with_next = True
        self._run(paragraph, text, self.fonts.subheading)

    def paragraph(self, text: str) -> None:
        """Body text, two characters in."""
        paragraph = self._indented()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        self._run(paragraph, text)

    def note(self, text: str) -> None:
        """A note in small type, as wide as the text."""
        paragraph = self._document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
        paragraph.paragraph_format.line_spacing = Pt(11 if self._compact else 16)
        paragraph.paragraph_format.space_after = Pt(3 if self._compact else 6)
        self._run(paragraph, text, self.fonts.body, 8.0 if self._compact else SIZE_5)

    def _indented(self) -> Paragraph:
        paragraph = self._document.add_paragraph()
        paragraph.paragraph_format.first_line_indent = Pt(self._body * 2)
        return paragraph

    def table(
        self, caption: str, header: Sequence[str], rows: Iterable[Sequence[str]], note: str = ""
    ) -> None:
        """A ruled table with its caption above and a note below; the header repeats on each page.

        Columns are as wide as what they hold needs. A table that does not fit the type area even in
        small type goes on a landscape page of its own.
        """
        rows = [list(row) for row in rows]
        size = SIZE_5_SMALL if self._compact else SIZE_5
        widths = column_widths(header, rows, size)
        if sum(widths) > TYPE_WIDTH.pt:
            size = SIZE_5_SMALL
            widths = column_widths(header, rows, size)
        turned = sum(widths) > TYPE_WIDTH.pt * 1.6
        room = TYPE_HEIGHT.pt if turned else TYPE_WIDTH.pt
        if turned:
            self._turn(landscape=True)
        title = self._document.add_paragraph()
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        title.paragraph_format.keep_with_next = True
        title.paragraph_format.space_before = Pt(0 if self._compact else 6)
        self._run(title, caption, self.fonts.heading, SIZE_5 if self._compact else SIZE_4)
        self._grid_table(header, rows, fitted(widths, room, size), size)
        if note:
            self.note(f"注：{note}")
        if turned:
            self._turn(landscape=False)

    def _grid_table(
        self,
        header: Sequence[str],
        rows: Sequence[Sequence[str]],
        widths: Sequence[float],
        size: float,
    ) -> None:
        table = self._document.add_table(rows=1, cols=len(header), style="Table Grid")
        table.alignment = WD_TABLE_ALIGNMENT.CENTER
        table.autofit = False
        margins = OxmlElement("w:tblCellMar")
        for side in ("left", "right"):
            edge = OxmlElement(f"w:{side}")
            edge.set(qn("w:w"), str(_CELL_PADDING.twips))
            edge.set(qn("w:type"), "dxa")
            margins.append(edge)
        table._tbl.tblPr.append(margins)
        for column, width in zip(table.columns, widths, strict=True):
            column.width = Pt(width)
        self._cells(table.rows[0], header, widths, size, bold=True)
        repeat = OxmlElement("w:tblHeader")
        repeat.set(qn("w:val"), "true")
        table.rows[0]._tr.get_or_add_trPr().append(repeat)
        for row in rows:
            self._cells(table.add_row(), row, widths, size)

    def _cells(
        self,
        row: Any,
        values: Sequence[str],
        widths: Sequence[float],
        size: float,
        *,
        bold: bool = False,
    ) -> None:
        row._tr.get_or_add_trPr().append(OxmlElement("w:cantSplit"))
        for cell, value, width in zip(row.cells, values, widths, strict=True):
            cell.width = Pt(width)
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
            paragraph = cell.paragraphs[0]
            # Long words read better from the left; short ones stand in the middle.
            lines = _width(value) * size > 2 * (width - 2 * _CELL_PADDING.pt)
            paragraph.alignment = WD_ALIGN_PARAGRAPH.LEFT if lines else WD_ALIGN_PARAGRAPH.CENTER
            paragraph.paragraph_format.line_spacing = Pt(size * 1.45)
            self._run(paragraph, value, FOLIO_FONT, size, bold=bold)

    def _turn(self, *, landscape: bool) -> None:
        """A new page, lying or standing; margins turn with it so that the binding stays where it is."""
        section = self._document.add_section(WD_SECTION.NEW_PAGE)
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.left_margin = Mm(37), Mm(28)
        section.bottom_margin, section.right_margin = Mm(35), Mm(26)
        section.orientation = WD_ORIENT.PORTRAIT
        if landscape:
            section.orientation = WD_ORIENT.LANDSCAPE
            section.page_width, section.page_height = Mm(297), Mm(210)
            section.top_margin, section.left_margin = Mm(28), Mm(35)
            section.bottom_margin, section.right_margin = Mm(26), Mm(37)

    def picture(self, png: bytes, caption: str) -> None:
        """A picture as wide as the type area, with its caption below."""
        paragraph = self._document.add_paragraph()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        # An exact line pitch would crop the picture to one line.
        paragraph.paragraph_format.line_spacing_rule = WD_LINE_SPACING.SINGLE
        paragraph.paragraph_format.keep_with_next = True
        paragraph.add_run().add_picture(BytesIO(png), width=Mm(154))
        title = self._document.add_paragraph()
        title.alignment = WD_ALIGN_PARAGRAPH.CENTER
        title.paragraph_format.space_after = Pt(6)
        self._run(title, caption, self.fonts.heading, SIZE_4)

    def sign(self, issuer: str, on: date) -> None:
        """Issuer and date, for a document that is sealed: the date four characters from the right edge,
        the issuer centred over it (7.3.5.1)."""
        self.sign_as(issuer, f"{on.year}年{on.month}月{on.day}日")

    def sign_as(self, issuer: str, day: str) -> None:
        """Issuer and date as they are written, or as variables of a template."""
        # Digits are half a character wide. A long issuer may not run into the margin.
        over = max(4 + (_width(day) - _width(issuer)) / 2, 0)
        # No page with a signature alone: the end of the text goes with it.
        for paragraph in self._document.paragraphs[-1:]:
            paragraph.paragraph_format.keep_with_next = True
        if not self._compact:
            self._document.add_paragraph().paragraph_format.keep_with_next = True
        for text, indent in ((issuer, over), (day, 4)):
            paragraph = self._document.add_paragraph()
            paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            paragraph.paragraph_format.right_indent = Pt(self._body * indent)
            paragraph.paragraph_format.keep_with_next = text == issuer
            self._run(paragraph, text)

    def imprint(self, copies_to: str, office: str, on: date) -> None:
        """Imprint (版记): copies, issuing office and date between rules, at the foot of the last page
        (7.4): outer rules 0.35 mm, the inner one 0.25 mm."""
        lines = [f"抄送：{copies_to}。"] if copies_to else []
        lines.append(f"{office}\t{on.year}年{on.month}月{on.day}日印发")
        table = self._document.add_table(rows=len(lines), cols=1)
        table.autofit = False
        table.columns[0].width = TYPE_WIDTH
        properties = table._tbl.tblPr
        # Hangs on the foot of the type area, whatever stands above it.
        place = OxmlElement("w:tblpPr")
        for name, value in (
            ("vertAnchor", "margin"),
            ("horzAnchor", "margin"),
            ("tblpXSpec", "left"),
            ("tblpYSpec", "bottom"),
        ):
            place.set(qn(f"w:{name}"), value)
        properties.insert_element_before(place, *_AFTER_PLACE)
        borders = OxmlElement("w:tblBorders")
        for side, eighths in (("top", 8), ("bottom", 8), ("insideH", 6)):
            line = OxmlElement(f"w:{side}")
            for name, value in (
                ("val", "single"),
                ("sz", str(eighths)),
                ("space", "0"),
                ("color", "000000"),
            ):
                line.set(qn(f"w:{name}"), value)
            borders.append(line)
        properties.insert_element_before(borders, *_AFTER_TABLE_BORDERS)
        for row, text in zip(table.rows, lines, strict=True):
            row.cells[0].width = TYPE_WIDTH
            paragraph = row.cells[0].paragraphs[0]
            # One character in on either side.
            paragraph.paragraph_format.left_indent = Pt(SIZE_4)
            paragraph.paragraph_format.right_indent = Pt(SIZE_4)
            paragraph.paragraph_format.line_spacing = Pt(24)
            stop = Pt(TYPE_WIDTH.pt - 2 * SIZE_4)
            paragraph.paragraph_format.tab_stops.add_tab_stop(stop, alignment=2)
            self._run(paragraph, text, self.fonts.body, SIZE_4)
        # A floating table is anchored to the paragraph after it; that one must take no line of its own.
        anchor = self._document.add_paragraph()
        anchor.paragraph_format.line_spacing = Pt(1)

    def save(self) -> bytes:
        """The finished file."""
        buffer = BytesIO()
        self._document.save(buffer)
        return buffer.getvalue()


# Children of w:pPr that follow those put in by hand, in the schema's order (ISO/IEC 29500-1, 17.3.1.26).
_AFTER_BORDERS = (
    *("w:shd", "w:tabs", "w:suppressAutoHyphens", "w:kinsoku", "w:wordWrap", "w:overflowPunct"),
    *("w:topLinePunct", "w:autoSpaceDE", "w:autoSpaceDN", "w:bidi", "w:adjustRightInd"),
    "w:snapToGrid",
    *("w:spacing", "w:ind", "w:contextualSpacing", "w:mirrorIndents", "w:suppressOverlap"),
    *("w:jc", "w:textDirection", "w:textAlignment", "w:textboxTightWrap", "w:outlineLvl"),
    *("w:divId", "w:cnfStyle", "w:rPr", "w:sectPr", "w:pPrChange"),
)
# Children of w:tblPr that follow its place and its borders (17.4.60).
_AFTER_TABLE_BORDERS = ("w:shd", "w:tblLayout", "w:tblCellMar", "w:tblLook")
_AFTER_PLACE = (
    *("w:tblOverlap", "w:bidiVisual", "w:tblStyleRowBandSize", "w:tblStyleColBandSize"),
    *("w:tblW", "w:jc", "w:tblCellSpacing", "w:tblInd", "w:tblBorders"),
    *_AFTER_TABLE_BORDERS,
)
# Children of w:rPr that follow w:spacing (17.3.2.28).
_AFTER_SPACING = (
    *("w:w", "w:kern", "w:position", "w:sz", "w:szCs", "w:highlight", "w:u", "w:effect", "w:bdr"),
    *("w:shd", "w:fitText", "w:vertAlign", "w:rtl", "w:cs", "w:em", "w:lang", "w:eastAsianLayout"),
    *("w:specVanish", "w:oMath"),
)


# Formulas whose digits stand below the line: letters, digits.
_FORMULA = re.compile(
    r"(?<![A-Za-z0-9])(PM(?=2\.5|10)|SO(?=2)|NO(?=[2x])|CO(?=2)|O(?=3)|H(?=2))"
    r"(2\.5|10|[23x])(?![A-Za-z0-9.]|\.\d)"
)


def _xml_bytes(element: Any) -> bytes:
    from lxml import etree

    return bytes(etree.tostring(element, xml_declaration=True, encoding="UTF-8", standalone=True))


def _width(text: str) -> float:
    """How many Chinese characters wide a text is; Latin letters and digits are half as wide."""
    return sum(1.0 if unicodedata.east_asian_width(c) in "WFA" else 0.52 for c in text)


def column_widths(header: Sequence[str], rows: Sequence[Sequence[str]], size: float) -> list[float]:
    """Width in points each column would like: its longest cell on one line, up to 14 characters a line."""
    padding = 2 * _CELL_PADDING.pt + 2
    widths = []
    for n, name in enumerate(header):
        longest = max([_width(row[n]) for row in rows], default=0)
        wanted = max(min(longest, 14), min(_width(name), 5))
        widths.append(wanted * size + padding)
    return widths


def fitted(widths: Sequence[float], room: float, size: float) -> list[float]:
    """``widths`` made to fill ``room``: wide columns give up most, none goes below two characters."""
    if sum(widths) <= room:
        spare = (room - sum(widths)) / len(widths)
        return [width + spare for width in widths]
    least = 2 * size + 2 * _CELL_PADDING.pt + 2
    floors = [min(width, max(least, min(width, 4 * size))) for width in widths]
    over = sum(widths) - room
    slack = sum(width - floor for width, floor in zip(widths, floors, strict=True))
    if slack <= over:
        share = room / sum(floors)
        return [floor * share for floor in floors]
    return [
        width - (width - floor) * over / slack for width, floor in zip(widths, floors, strict=True)
    ]
