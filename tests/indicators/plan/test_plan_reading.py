"""Plans in the four kinds of file: the text is the same, and spans count in it."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from docx import Document
from tests.browser import program

from ecoledger.indicators.plan.extraction import extract
from ecoledger.indicators.plan.reading import UnreadableError, read_text

TITLE = "某市生态环境局2024年工作计划"
LINES = [
    TITLE,
    "一、主要目标",
    "PM2.5年均浓度控制在29微克/立方米以下,空气质量优良天数比率不低于85%。",
    "二、重点任务",
    "1.治理排污口。6月底前完成30个入河排污口整治,新建污水管网12.5公里。",
]


def _items(text: str) -> list[tuple[object, ...]]:
    for item in extract(text):
        assert text[item.start : item.end] == item.text
    return [
        (item.type, item.indicator, item.value, item.unit, item.deadline) for item in extract(text)
    ]


EXPECTED = [
    ("target", "air.pm2_5.mean", 29, "微克/立方米", None),
    ("target", "air.good_day_ratio", 85, "%", None),
    ("task", None, 30, "个", "2024-06-30"),
    ("task", None, 12.5, "公里", "2024-06-30"),
]


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
def test_text_file(tmp_path, encoding):
    path = tmp_path / "plan.txt"
    path.write_bytes("\r\n".join(LINES).encode(encoding))
    assert _items(read_text(path)) == EXPECTED


def test_docx_with_a_table_row_a_line(tmp_path):
    document = Document()
    for line in LINES:
        document.add_paragraph(line)
    table = document.add_table(rows=1, cols=2)
    table.rows[0].cells[0].text, table.rows[0].cells[1].text = "项目", "责任\n单位"
    path = tmp_path / "plan.docx"
    document.save(str(path))
    text = read_text(path)
    assert text.split("\n") == [*LINES, "项目 | 责任 单位"]
    assert _items(text) == EXPECTED


def test_html_without_scripts_and_markup(tmp_path):
    path = tmp_path / "plan.html"
    body = "".join(f"<p>{line.replace('PM2.5', 'PM<sub>2.5</sub>')}</p>" for line in LINES)
    path.write_text(
        f"<html><head><meta charset='utf-8'><script>var a = '完成99个';</script></head><body>{body}"
        "<table><tr><td>项目</td><td>10 个</td></tr></table></body></html>",
        encoding="utf-8",
    )
    text = read_text(path)
    assert text.split("\n") == [*LINES, "项目 | 10 个"]
    assert _items(text)[:4] == EXPECTED


@pytest.mark.browser
def test_pdf_whose_lines_break_in_the_middle_of_a_figure(tmp_path):
    page = tmp_path / "plan.html"
    page.write_text(
        "<meta charset='utf-8'><body style='width:330px;font-size:16px'>"
        + "".join(f"<p>{line}</p>" for line in LINES),
        encoding="utf-8",
    )
    path = tmp_path / "plan.pdf"
    subprocess.run(
        [program(), "--headless", "--no-sandbox", "--disable-gpu", f"--print-to-pdf={path}", "--no-pdf-header-footer", page.as_uri()],
        check=True, capture_output=True, timeout=120,
    )  # fmt: skip
    assert _items(read_text(path)) == EXPECTED


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("plan.pdf", b"%PDF-1.4 broken", "PDF"),
        ("plan.docx", b"no zip", ".docx"),
        ("plan.xyz", b"x", ".xyz"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_reason(tmp_path, name, content, reason):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UnreadableError, match=reason):
        read_text(path)


def test_command_writes_items_and_the_text_they_count_in(tmp_path):
    document = Document()
    for line in LINES:
        document.add_paragraph(line)
    path, text = tmp_path / "plan.docx", tmp_path / "out.txt"
    document.save(str(path))
    run = subprocess.run(
        [sys.executable, "-m", "ecoledger", "plan", "extract", str(path), "--text", str(text)],
        capture_output=True, check=True, timeout=120,
    )  # fmt: skip
    source = text.read_text(encoding="utf-8")
    rows = [json.loads(line) for line in run.stdout.decode("utf-8").splitlines()]
    assert [row["value"] for row in rows] == [29, 85, 30, 12.5]
    assert all(source[row["start"] : row["end"]] == row["text"] for row in rows)


def test_own_words_name_an_indicator_of_the_office(tmp_path):
    words = tmp_path / "own.toml"
    words.write_text(
        '[[indicator]]\nid = "own.greenway_ratio"\nwords = ["绿道贯通率"]\nunit = ["%"]\n',
        encoding="utf-8",
    )
    text = f"{TITLE}\n一、主要目标\n绿道贯通率达到80%。"
    assert [item.indicator for item in extract(text)] == [None]
    assert [item.indicator for item in extract(text, words)] == ["own.greenway_ratio"]
