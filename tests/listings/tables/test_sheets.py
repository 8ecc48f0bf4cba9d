"""Spreadsheets: what calamine reads, and what it passes over in silence."""

from __future__ import annotations

import io
import re
import zipfile
from datetime import date, datetime

import openpyxl
import pytest
import xlwt
from openpyxl.styles import Font

from ecoledger.listings.tables.book import Fault, packed, unpacked
from ecoledger.listings.tables.reading import NoTableError, book_of, read


def workbook(*sheets, change=None) -> bytes:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for n, rows in enumerate(sheets):
        sheet = book.create_sheet(f"表{n + 1}")
        for row in rows:
            sheet.append(row)
    if change:
        change(book)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_cells_keep_their_kinds():
    rows = [["甲", 1.5, True, date(2026, 3, 5), datetime(2026, 3, 5, 1, 30), "'007", None, "x"]]
    got = book_of(workbook(rows)).tables[0]
    assert got.rows == [
        ["甲", 1.5, True, date(2026, 3, 5), datetime(2026, 3, 5, 1, 30), "'007", None, "x"]
    ]


def test_every_sheet_is_read_and_a_hidden_one_is_said():
    def hide(book):
        book["表2"].sheet_state = "hidden"

    book = book_of(workbook([["a"]], [["b"]], [], change=hide))
    assert [(t.name, t.rows, t.hidden) for t in book.tables] == [
        ("表1", [["a"]], False),
        ("表2", [["b"]], True),
        ("表3", [], False),
    ]


def test_merged_cells_are_filled_and_it_is_said_which():
    def merge(book):
        book["表1"].merge_cells("A1:A3")
        book["表1"].merge_cells("B1:C1")

    got = book_of(
        workbook([["甲", "x", None], [None, "y", 1], [None, "z", 2]], change=merge)
    ).tables[0]
    assert [row[0] for row in got.rows] == ["甲", "甲", "甲"]
    assert got.rows[0] == ["甲", "x", "x"]
    assert got.filled == {(2, 0), (3, 0), (1, 2)}


def test_formulas_without_a_result_and_error_cells_are_reported_by_cell():
    got = book_of(workbook([["a", "b", "c"], [1, "=A1*2", "#N/A"], [2, 3, "#DIV/0!"]])).tables[0]
    assert got.faults == {
        2: [Fault("formula", 1), Fault("error", 2, "#N/A")],
        3: [Fault("error", 2, "#DIV/0!")],
    }
    assert got.numbers == [1, 2, 3]


def test_a_formula_with_its_stored_result_is_its_result():
    def stored(content: bytes) -> bytes:
        source, target = zipfile.ZipFile(io.BytesIO(content)), io.BytesIO()
        with zipfile.ZipFile(target, "w") as written:
            for name in source.namelist():
                part = source.read(name).replace(b"<f>A1*2</f><v></v>", b"<f>A1*2</f><v>84</v>")
                written.writestr(name, part.replace(b"<f>A1*2</f><v />", b"<f>A1*2</f><v>84</v>"))
        return target.getvalue()

    got = book_of(stored(workbook([[42, "=A1*2"]]))).tables[0]
    assert (got.rows, got.faults) == ([[42.0, 84.0]], {})


def test_hidden_rows_and_columns_are_said():
    def hide(book):
        book["表1"].row_dimensions[2].hidden = True
        book["表1"].column_dimensions["B"].hidden = True

    got = book_of(workbook([["a", "b"], [1, 2], [3, 4]], change=hide)).tables[0]
    assert (got.hidden_rows, got.hidden_columns) == ({2}, {1})


@pytest.mark.parametrize("far", ["D20000", "A1048576", "XFD1048576", "XFD2"])
def test_a_far_blank_cell_makes_no_rows(far):
    def blank(book):
        book["表1"][far] = " "
        book["表1"][far].font = Font(bold=True)

    got = read(workbook([["编号", "问题"], ["E-1", "甲"]], change=blank)).tables[0]
    assert got.rows == [["编号", "问题"], ["E-1", "甲"]]
    assert got.numbers == [1, 2]


def test_a_table_too_large_for_memory_is_refused_with_what_helps():
    def far(book):
        book["表1"]["XFD1048576"] = "x"

    with pytest.raises(NoTableError, match=r"damaged|too_large"):
        read(workbook([["a"]], change=far))


def test_a_book_goes_through_the_confined_process_unchanged():
    content = workbook(
        [["甲", 1.5, True, date(2026, 3, 5), datetime(2026, 3, 5, 1, 30), None, "=A1", "#N/A"]],
        [["b"]],
    )
    assert read(content) == book_of(content) == unpacked(packed(book_of(content)))


def test_html_and_xml_that_call_themselves_xls():
    page = (
        '<html><head><meta charset="gb2312"></head><body><table border=1>'
        "<tr><th colspan=2>点位</th><th>PM2.5</th></tr>"
        "<tr><td rowspan=2>市政府</td><td>2026-03-15 00:00</td><td>30</td></tr>"
        "<tr style='display:none'><td>2026-03-15 01:00</td><td>&lt;31<br>x</td></tr>"
        "</table></body></html>"
    ).encode("gbk")
    book = book_of(page)
    assert book.kind == "html"
    assert book.tables[0].rows == [
        ["点位", "点位", "PM2.5"],
        ["市政府", "2026-03-15 00:00", "30"],
        ["市政府", "2026-03-15 01:00", "<31\nx"],
    ]
    assert book.tables[0].hidden_rows == {3}
    old = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
    <Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
     xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="数据"><Table>
     <Row><Cell><Data ss:Type="String">点位</Data></Cell><Cell ss:Index="3"><Data ss:Type="String">c</Data></Cell></Row>
     <Row ss:Index="5"><Cell><Data ss:Type="Number">4.5</Data></Cell></Row></Table></Worksheet></Workbook>"""
    book = book_of(old.encode())
    assert [(t.name, t.rows, t.numbers) for t in book.tables] == [
        ("数据", [["点位", None, "c"], [4.5]], [1, 5])
    ]


def test_error_cells_and_hidden_rows_of_an_old_xls_are_said():
    book = xlwt.Workbook()
    page = book.add_sheet("数据")
    for x, name in enumerate(("点位", "时间", "PM2.5")):
        page.write(0, x, name)
    for y, code in enumerate((None, "#N/A", "#DIV/0!"), 1):
        page.write(y, 0, "市政府")
        page.write(y, 1, f"2026-03-26 0{y}:00")
        if code:
            page.row(y).set_cell_error(2, {"#N/A": 42, "#DIV/0!": 7}[code])
        else:
            page.write(y, 2, 30)
    page.row(3).hidden = True
    buffer = io.BytesIO()
    book.save(buffer)
    (table,) = read(buffer.getvalue()).tables
    assert table.faults == {
        3: [Fault("error", 2, "#N/A")],
        4: [Fault("error", 2, "#DIV/0!")],
    }
    assert table.hidden_rows == {4}


ODS = """<?xml version="1.0" encoding="UTF-8"?><office:document-content
 xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"
 xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"
 office:version="1.2"><office:body><office:spreadsheet><table:table table:name="数据">
 <table:table-column table:number-columns-repeated="2"/><table:table-column table:visibility="collapse"/>
 <table:table-row><table:table-cell office:value-type="string"><text:p>a</text:p></table:table-cell>
  <table:table-cell table:number-columns-repeated="2" office:value-type="string"><text:p>b</text:p></table:table-cell></table:table-row>
 <table:table-row table:visibility="filter"><table:table-cell office:value-type="float" office:value="1"><text:p>1</text:p></table:table-cell>
  <table:table-cell table:formula="of:=[.A2]*2"/><table:table-cell table:formula="of:=[.A2]*2" office:value-type="float" office:value="2"><text:p>2</text:p></table:table-cell></table:table-row>
 <table:table-row table:number-rows-repeated="2"/>
 <table:table-row table:visibility="collapse"><table:table-cell table:formula="of:=1/0" office:value-type="string" office:string-value="" calcext:value-type="error"><text:p>#DIV/0!</text:p></table:table-cell>
  <table:table-cell table:formula="of:=NA()" office:value-type="float" office:value="0"><text:p>#N/A</text:p></table:table-cell>
  <table:table-cell table:formula="of:=&quot;&quot;" office:value-type="string" office:string-value=""/></table:table-row>
</table:table></office:spreadsheet></office:body></office:document-content>"""


def test_formulas_without_a_result_errors_and_what_is_hidden_in_an_ods_are_said():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as written:
        written.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        written.writestr("META-INF/manifest.xml", "<manifest/>")
        written.writestr("content.xml", re.sub(r">\s+<", "><", ODS))
    (table,) = read(buffer.getvalue()).tables
    assert table.faults == {
        2: [Fault("formula", 1)],
        5: [Fault("error", 0, "#DIV/0!"), Fault("error", 1, "#N/A")],
    }
    assert (table.numbers, table.rows[1]) == ([1, 2, 5], [1.0, None, 2.0])
    assert (table.hidden_rows, table.hidden_columns) == ({2, 5}, {2})


@pytest.mark.parametrize(
    ("formulas", "faults"),
    [
        (["A1*2", "SUM(A1:A1)"], [1, 2]),
        (["A1*2", 'IF(A1=3,"","x")'], [1]),  # may have come to nothing
    ],
)
def test_formulas_of_an_xls_that_nobody_computed_are_said(formulas, faults):
    book = xlwt.Workbook()
    book.add_sheet("封面").write(0, 0, "x")
    page = book.add_sheet("数据")
    page.write(0, 0, 3)
    for x, formula in enumerate(formulas, 1):
        page.write(0, x, xlwt.Formula(formula))
    buffer = io.BytesIO()
    book.save(buffer)
    cover, table = read(buffer.getvalue()).tables
    assert (cover.faults, table.faults) == ({}, {1: [Fault("formula", x) for x in faults]})


def test_the_xml_of_old_excel_says_what_it_merges_hides_and_did_not_compute():
    old = """<?xml version="1.0"?><?mso-application progid="Excel.Sheet"?>
    <Workbook xmlns="urn:schemas-microsoft-com:office:spreadsheet"
     xmlns:ss="urn:schemas-microsoft-com:office:spreadsheet"><Worksheet ss:Name="数据"><Table>
     <Column/><Column ss:Index="3" ss:Span="1" ss:Hidden="1"/>
     <Row><Cell ss:MergeDown="1"><Data ss:Type="String">点位</Data></Cell><Cell ss:MergeAcross="1"><Data ss:Type="String">项目</Data></Cell>
      <Cell><Data ss:Type="String">备注</Data></Cell></Row>
     <Row><Cell ss:Index="2"><Data ss:Type="String">b</Data></Cell><Cell><Data ss:Type="String">c</Data></Cell></Row>
     <Row ss:Hidden="1"><Cell><Data ss:Type="Boolean">1</Data></Cell><Cell ss:Formula="=RC[-1]*2"/>
      <Cell ss:Formula="=1/0"><Data ss:Type="Error">#DIV/0!</Data></Cell><Cell ss:Formula="=2"><Data ss:Type="Number">2</Data></Cell></Row>
     </Table></Worksheet></Workbook>"""
    (table,) = book_of(old.encode()).tables
    assert table.rows == [
        ["点位", "项目", "项目", "备注"],
        ["点位", "b", "c"],
        [True, None, None, 2.0],
    ]
    assert table.faults == {3: [Fault("formula", 1), Fault("error", 2, "#DIV/0!")]}
    assert (table.filled, table.hidden_rows, table.hidden_columns) == (
        {(1, 2), (2, 0)},
        {3},
        {2, 3},
    )
