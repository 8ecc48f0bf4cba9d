"""The bulletin's files: official layout in Word, every number with its parts in Excel, kept as issued."""

from __future__ import annotations

import zipfile
from datetime import date
from fractions import Fraction
from io import BytesIO

import pytest
from docx import Document
from docx.enum.section import WD_ORIENT
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml.ns import qn
from docx.shared import Mm
from openpyxl import load_workbook
from pypdf import PdfReader
from tests.daily_values import october

from ecoledger.reports import bulletin, excel, word
from ecoledger.reports.official_document import (
    TYPE_WIDTH,
    OfficialDocument,
    column_widths,
    fitted,
)
from ecoledger.reports.profile import DocumentsError, documents
from ecoledger.reports.typesetting import pdf

COUNTY = "990101"


_made: dict[str, object] = {}


@pytest.fixture
def monthly(request, db):
    """October's bulletin: it cannot change, so the first test that asks for it composes it for all."""
    if "bulletin" not in _made:
        october(request.getfixturevalue("store"), request.getfixturevalue("bureau"))
        _made["bulletin"] = bulletin.monthly(COUNTY, 2026, 10)
    return _made["bulletin"]


@pytest.fixture
def document(monthly):
    """Its Word file, opened; nothing here writes to it."""
    if "document" not in _made:
        _made["document"] = Document(BytesIO(word.render(monthly, date(2026, 11, 2))))
    return _made["document"]


def near(length, millimetres):
    return abs(length - Mm(millimetres)) < Mm(0.1)


def test_page_and_type_area_are_those_of_the_standard(document):
    section = document.sections[0]
    assert near(section.page_width, 210)
    assert near(section.page_height, 297)
    assert near(section.top_margin, 37)
    assert near(section.left_margin, 28)
    assert near(section.page_width - section.left_margin - section.right_margin, 156)
    assert near(section.page_height - section.top_margin - section.bottom_margin, 225)


def test_twenty_two_lines_fit_the_type_area_and_no_more(document):
    pitch = document.styles["Normal"].paragraph_format.line_spacing
    assert 22 * pitch <= Mm(225) < 23 * pitch


def test_twenty_eight_characters_fit_a_line_and_no_more(document):
    body = next(p for p in document.paragraphs if "优良天数比例为" in p.text)
    run = body.runs[0]
    spacing = int(run._r.rPr.find(qn("w:spacing")).get(qn("w:val"))) / 20
    pitch = run.font.size.pt + spacing
    assert 28 * pitch <= TYPE_WIDTH.pt < 29 * pitch


def test_every_run_names_its_east_asian_font(document):
    paragraphs = list(document.paragraphs)
    for table in document.tables:
        paragraphs += [p for row in table.rows for cell in row.cells for p in cell.paragraphs]
    runs = [run for p in paragraphs for run in p.runs if run.text.strip()]
    assert len(runs) > 100
    assert all(run._r.rPr.rFonts.get(qn("w:eastAsia")) for run in runs)


def test_headings_and_body_have_the_fonts_of_their_level(document):
    fonts = {
        p.text: p.runs[0]._r.rPr.rFonts.get(qn("w:eastAsia"))
        for p in document.paragraphs
        if p.text.strip()
    }
    # The issuer signs in body type at the end; its letterhead is the first paragraph.
    assert document.paragraphs[0].runs[0]._r.rPr.rFonts.get(qn("w:eastAsia")) == "方正小标宋简体"
    assert fonts["一、环境空气质量"] == "黑体"
    assert fonts["（一）总体情况"].startswith("楷体")
    assert next(f for text, f in fonts.items() if "优良天数比例为" in text).startswith("仿宋")


def test_missing_fonts_have_named_alternatives(monthly):
    with zipfile.ZipFile(BytesIO(word.render(monthly, date(2026, 11, 2)))) as files:
        table = files.read("word/fontTable.xml").decode()
    assert '<w:altName w:val="仿宋"/>' in table
    assert '<w:altName w:val="楷体"/>' in table


def test_a_bureau_sets_its_own_fonts_and_imprint(monthly, settings, tmp_path):
    settings.PROFILE = tmp_path
    (tmp_path / "documents.toml").write_text(
        '[bulletin]\ncopies_to = "市政府办公室"\n[fonts]\nbody = "仿宋"\n', encoding="utf-8"
    )
    made = Document(BytesIO(word.render(monthly, date(2026, 11, 2))))
    body = next(p for p in made.paragraphs if "优良天数比例为" in p.text)
    assert body.runs[0]._r.rPr.rFonts.get(qn("w:eastAsia")) == "仿宋"
    assert [row.cells[0].text for row in made.tables[-1].rows] == [
        "抄送：市政府办公室。",
        "测试县生态环境局\t2026年11月2日印发",
    ]


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[bulletins]\n", "bulletins"),
        ('[fonts]\nboddy = "仿宋"\n', "boddy"),
        ("[bulletin]\noffice = 3\n", "office"),
        ("[bulletin\n", "line 1"),
    ],
)
def test_wrong_settings_are_named(settings, tmp_path, text, named):
    settings.PROFILE = tmp_path
    (tmp_path / "documents.toml").write_text(text, encoding="utf-8")
    with pytest.raises(DocumentsError, match=named):
        documents()


def test_page_numbers_stand_on_the_outer_side(document):
    section = document.sections[0]
    odd, even = section.footer.paragraphs[0], section.even_page_footer.paragraphs[0]
    assert (odd.alignment, even.alignment) == (WD_ALIGN_PARAGRAPH.RIGHT, WD_ALIGN_PARAGRAPH.LEFT)
    assert odd.text.startswith("— ")
    assert "PAGE" in odd._p.xml
    assert document.settings.odd_and_even_pages_header_footer


def test_a_red_rule_stands_under_the_number(document):
    ruled = next(p for p in document.paragraphs if p._p.find(f".//{qn('w:pBdr')}") is not None)
    assert ruled.text == "2026年第10期"
    line = ruled._p.find(f".//{qn('w:pBdr')}/{qn('w:bottom')}")
    assert line.get(qn("w:color")) == "E60012"


def test_properties_stand_in_the_order_word_insists_on(document):
    order = ("keepNext", "keepLines", "pageBreakBefore", "framePr", "widowControl", "pBdr", "tabs",
             "snapToGrid", "spacing", "ind", "jc", "rPr", "sectPr")  # fmt: skip
    paragraphs = list(document.element.body.iter(qn("w:pPr")))
    assert paragraphs
    for properties in paragraphs:
        names = [child.tag.split("}")[1] for child in properties]
        known = [order.index(name) for name in names if name in order]
        assert known == sorted(known), names


def test_tables_fill_the_type_area_and_repeat_their_heading(document, monthly):
    assert len(document.tables) >= 6
    for table in document.tables:
        assert sum(column.width.pt for column in table.columns) <= TYPE_WIDTH.pt + 1
        assert table.rows[0]._tr.find(f".//{qn('w:tblHeader')}") is not None
    assert len(document.sections) == 1  # nothing had to be turned


def test_a_table_too_wide_for_a_standing_page_lies_on_one_of_its_own():
    made = OfficialDocument("某局", "1", "题")
    made.table("表1 很宽", [f"很长的列名{n}" for n in range(14)], [["八个汉字的单元格"] * 14])
    made.paragraph("后文")
    document = Document(BytesIO(made.save()))
    turned = [section.orientation == WD_ORIENT.LANDSCAPE for section in document.sections]
    assert turned == [False, True, False]
    assert near(document.sections[1].page_width, 297)


def test_columns_give_up_width_in_proportion_and_keep_two_characters():
    rows = [["短", "一段要占去大部分宽度的很长很长的说明文字" * 2, "12.3"]]
    widths = column_widths(["甲", "乙", "丙"], rows, 10.5)
    narrow = fitted(widths, 120, 10.5)
    assert sum(narrow) == pytest.approx(120)
    assert narrow[1] == max(narrow)
    assert sum(fitted(widths, 400, 10.5)) == pytest.approx(400)


def test_imprint_hangs_on_the_foot_between_its_rules():
    made = OfficialDocument("某局", "1", "题")
    made.imprint("市政府办公室", "某局办公室", date(2026, 11, 2))
    table = Document(BytesIO(made.save())).tables[-1]
    assert [row.cells[0].text for row in table.rows] == [
        "抄送：市政府办公室。",
        "某局办公室\t2026年11月2日印发",
    ]
    borders = table._tbl.tblPr.find(qn("w:tblBorders"))
    # In eighths of a point: 1 pt is 0.35 mm, 0.75 pt is 0.26 mm.
    sizes = {child.tag.split("}")[1]: child.get(qn("w:sz")) for child in borders}
    assert sizes == {"top": "8", "bottom": "8", "insideH": "6"}
    assert table._tbl.tblPr.find(qn("w:tblpPr")).get(qn("w:tblpYSpec")) == "bottom"


def test_the_sheet_of_sources_lists_every_figure_and_change_with_its_parts(monthly):
    book = load_workbook(BytesIO(excel.render(monthly)))
    rows = list(book[excel.SOURCES].iter_rows(min_row=2, values_only=True))
    made = [part for part in monthly.parts() if not isinstance(part, str)]
    assert [(row[1], row[2]) for row in rows] == [
        (p.label if getattr(p, "word", "x") else f"{p.label}同比", str(p)) for p in made
    ]
    good = next(row for row in rows if row[1] == "优良天数比例")
    assert (good[2], good[3], good[5], good[6]) == ("80.0%", 80, "24", "30")
    assert good[7] == "HJ 633-2026"
    # Both months by one edition, then each by its own.
    changes = [(r[3], r[5], r[6]) for r in rows if r[1] == "优良天数比例同比"]
    assert changes[:2] == [(80, 80, 0), (-20, 80, 100)]
    for row in rows:
        if row[3] is not None and row[5] is not None and row[4] == "%" and row[9] != "change":
            assert Fraction(row[5]) / Fraction(row[6]) * 100 == pytest.approx(row[3])


def test_tables_hold_numbers_and_the_chart_the_days(monthly):
    book = load_workbook(BytesIO(excel.render(monthly)))
    sheet = next(book[name] for name in book.sheetnames if "主要污染物浓度" in name)
    assert isinstance(sheet["D3"].value, int | float)
    chart = next(book[name] for name in book.sheetnames if "逐日AQI" in name)
    assert chart.max_row == 32
    assert len(chart._charts) == 1


def test_both_files_print_the_same_numbers(monthly, document):
    cells = {cell.text for t in document.tables for row in t.rows for cell in row.cells}
    text = "".join(p.text for p in document.paragraphs)
    figures = list(monthly.figures())
    assert figures
    for figure in figures:
        assert figure.display in cells or figure.display in text


def test_a_daily_fits_one_page(request, db):
    october(request.getfixturevalue("store"), request.getfixturevalue("bureau"))
    day = bulletin.daily(COUNTY, date(2026, 10, 20))
    # Nothing was verified that day: a share of nothing is not said.
    assert "属实率" not in "".join(str(part) for part in day.parts())
    content = word.render(day, date(2026, 10, 21), compact=True)
    pages = PdfReader(BytesIO(pdf.render(content))).pages
    assert len(pages) == 1
    assert "2026年10月21日" in pages[0].extract_text().replace(" ", "")


def test_digits_of_formulas_stand_below_the_line(document):
    cells = [cell for table in document.tables for row in table.rows for cell in row.cells]
    runs = next(cell for cell in cells if cell.text == "PM2.5").paragraphs[0].runs
    assert [(run.text, bool(run.font.subscript)) for run in runs] == [("PM", False), ("2.5", True)]
    runs = next(cell for cell in cells if cell.text == "O3-8h").paragraphs[0].runs
    assert [(run.text, bool(run.font.subscript)) for run in runs] == [
        ("O", False),
        ("3", True),
        ("-8h", False),
    ]
    unit = next(p for p in document.paragraphs if "µg/m³" in p.text)
    assert not any(run.font.subscript and run.text == "m" for run in unit.runs)
