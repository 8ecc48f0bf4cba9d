"""Plans as bureaus send them: lists numbered by Word, tables with merged cells, pages laid out by tables, PDF."""

from __future__ import annotations

from docx import Document
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from ecoledger.indicators.plan.extraction import extract
from ecoledger.indicators.plan.reading import read
from ecoledger.reports.typesetting import pdf

TITLE = "某县生态环境局2026年工作要点"
AIMS = (
    ("序号", "指标名称", "单位", "2025年完成值", "2026年目标值", "责任科室"),
    ("1", "PM2.5年均浓度", "微克/立方米", "31.4", "≤31", "大气科"),
    ("2", "农村生活污水治理率", "%", "46", "52以上", "土壤科"),
)
TASKS = (
    ("序号", "工作任务", "目标及质量要求", "完成时限", "责任单位"),
    ("1", "入河排污口整治", "整治排污口36个", "10月底前", "水科"),
    ("2", "土壤污染源头防控", "印发实施方案", "3月底前", "土壤科"),
)
EXPECTED = [
    ("fact", "air.pm2_5.mean", 31.4, "微克/立方米", None),
    ("target", "air.pm2_5.mean", 31, "微克/立方米", None),
    ("fact", "sewage.rural_ratio", 46, "%", None),
    ("target", "sewage.rural_ratio", 52, "%", None),
    ("task", None, 36, "个", "2026-10-31"),
    ("task", None, None, None, "2026-03-31"),
]


def _items(text: str) -> list[tuple[object, ...]]:
    rows = extract(text)
    assert all(text[item.start : item.end] == item.text for item in rows)
    return [(i.type, i.indicator, i.value, i.unit, i.deadline) for i in rows]


def _document() -> bytes:
    from io import BytesIO

    document = Document()
    document.add_paragraph(TITLE)
    for heading, rows in (("一、年度目标", AIMS), ("二、重点任务", TASKS)):
        document.add_paragraph(heading)
        table = document.add_table(rows=0, cols=len(rows[0]))
        table.style = "Table Grid"
        for row in rows:
            for cell, text in zip(table.add_row().cells, row, strict=True):
                cell.text = text
    file = BytesIO()
    document.save(file)
    return file.getvalue()


def test_tables_of_a_document():
    text = read("plan.docx", _document())
    assert "1 | PM2.5年均浓度 | 微克/立方米 | 31.4 | ≤31 | 大气科" in text.split("\n")
    assert _items(text) == EXPECTED


def test_tables_of_the_same_document_as_pdf_whose_cells_break_over_lines():
    text = read("plan.pdf", pdf.render(_document()))
    assert "2 | 农村生活污水治理率 | % | 46 | 52以上 | 土壤科" in text.split("\n")
    assert _items(text) == EXPECTED


def test_page_that_a_table_lays_out_keeps_its_paragraphs():
    rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in TASKS)
    body = (
        f"<table><tr><td><h1>{TITLE}</h1><p>一、年度目标</p><p>PM2.5年均浓度不高于31微克/立方米。</p>"
        f"<p>二、重点任务</p><table>{rows}</table></td><td>分享到</td></tr></table>"
    )
    text = read("plan.html", f"<meta charset=utf-8><body>{body}".encode())
    assert "1 | 入河排污口整治 | 整治排污口36个 | 10月底前 | 水科" in text.split("\n")
    assert _items(text) == [EXPECTED[1], *EXPECTED[4:]]


def test_cell_over_several_rows_stands_in_each_of_them():
    head, first, second = (
        "<tr>" + "".join(f"<td>{c}</td>" for c in row) + "</tr>" for row in TASKS
    )
    merged = first.replace("<td>水科</td>", "<td rowspan=2>水科</td>")
    second = second.replace("<td>土壤科</td>", "")
    page = f"<meta charset=utf-8><p>{TITLE}</p><p>一、重点任务</p><table>{head}{merged}{second}"
    lines = read("plan.html", page.encode()).split("\n")
    assert lines[-1] == "2 | 土壤污染源头防控 | 印发实施方案 | 3月底前 | 水科"


def test_list_numbers_that_word_counts_are_part_of_the_text():
    from io import BytesIO

    document = Document()
    numbering = document.part.numbering_part.element
    levels = "".join(
        f'<w:lvl w:ilvl="{depth}"><w:start w:val="1"/><w:numFmt w:val="chineseCounting"/><w:lvlText w:val="{text}"/></w:lvl>'
        for depth, text in enumerate(("%1、", "(%2)"))
    )
    numbering.insert(
        0, parse_xml(f'<w:abstractNum {nsdecls("w")} w:abstractNumId="90">{levels}</w:abstractNum>')
    )
    numbering.append(
        parse_xml(f'<w:num {nsdecls("w")} w:numId="90"><w:abstractNumId w:val="90"/></w:num>')
    )
    document.add_paragraph(TITLE)
    for depth, text in (
        (0, "年度目标"),
        (1, "优良天数比率达到88%。"),
        (0, "重点任务"),
        (1, "新建污水管网3公里。"),
    ):
        properties = document.add_paragraph(text)._p.get_or_add_pPr()
        properties.append(
            parse_xml(
                f'<w:numPr {nsdecls("w")}><w:ilvl w:val="{depth}"/><w:numId w:val="90"/></w:numPr>'
            )
        )
    file = BytesIO()
    document.save(file)
    text = read("plan.docx", file.getvalue())
    assert text.split("\n") == [
        TITLE, "一、年度目标", "(一)优良天数比率达到88%。", "二、重点任务", "(一)新建污水管网3公里。",
    ]  # fmt: skip
    assert [item.section for item in extract(text)] == ["一/(一)", "二/(一)"]


def test_what_a_reviewer_inserted_is_read_and_what_was_deleted_is_not():
    from io import BytesIO

    document = Document()
    document.add_paragraph(TITLE)
    paragraph = document.add_paragraph("优良天数比率达到")._p
    paragraph.append(
        parse_xml(f"<w:del {nsdecls('w')}><w:r><w:delText>86%</w:delText></w:r></w:del>")
    )
    paragraph.append(parse_xml(f"<w:ins {nsdecls('w')}><w:r><w:t>88%。</w:t></w:r></w:ins>"))
    file = BytesIO()
    document.save(file)
    assert read("plan.docx", file.getvalue()) == f"{TITLE}\n优良天数比率达到88%。"
