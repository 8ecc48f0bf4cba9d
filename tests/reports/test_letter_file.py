"""Templates of letters: what they may say, what is named when they say something else."""

from __future__ import annotations

from io import BytesIO

import pytest
from docx import Document

from ecoledger.reports import letter_file

KNOWN = {"标题": "（标题）", "要求": ["（一）", "（二）"], "反馈期限": "（期限）"}


def docx(*paragraphs: str, footer: str = "") -> bytes:
    document = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    document.sections[0].footer.paragraphs[0].text = footer
    buffer = BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def text_of(content: bytes) -> list[str]:
    return [p.text for p in Document(BytesIO(content)).paragraphs]


def test_loops_conditions_and_characters_of_markup_are_filled():
    content = docx(
        "{{ 标题 }}",
        "{%p for 条 in 要求 %}",
        "{{ loop.index }}. {{ 条 }}",
        "{%p endfor %}",
        "{% if 反馈期限 %}期限{{ 反馈期限 }}{% endif %}",
    )
    assert letter_file.check(content, KNOWN).errors == ()
    filled = letter_file.fill(content, {"标题": "A & <b>", "要求": ["甲", "乙"], "反馈期限": ""})
    assert text_of(filled) == ["A & <b>", "1. 甲", "2. 乙", ""]


def test_unknown_variables_are_named_with_the_nearest():
    findings = letter_file.check(docx("{{ 标提 }}", footer="{{ 天气 }}"), KNOWN)
    assert findings.errors == (
        "没有变量“标提”，是不是“标题”（第1段“{{ 标提 }}”）",
        "没有变量“天气”",
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{{ 标题.__class__ }}", "不能写“.__class__”"),
        ("{{ 标题 * 1000000000 }}", "不能计算或调用"),
        ("{{ ''.join(要求) }}", "不能计算或调用"),
        ("{% for i in range(9) %}{{ i }}{% endfor %}", "不能计算或调用"),
        ("{{ 标题|pprint }}", "不能用过滤器“pprint”"),
        ("{% if 标题 %}没有结束", "写法有误"),
        ("{{ 标题 ", "写法有误"),
        ("{% include 'x' %}", "不能计算或调用"),
        ("{% set 甲 = 1 %}", "不能计算或调用"),
    ],
)
def test_what_a_template_may_not_say_is_refused(text, said):
    errors = letter_file.check(docx(text), KNOWN).errors
    assert errors
    assert said in errors[0]


def test_properties_of_the_file_are_looked_at_too():
    document = Document()
    document.core_properties.title = "{{ 标题.__class__ }}"
    buffer = BytesIO()
    document.save(buffer)
    assert letter_file.check(buffer.getvalue(), KNOWN).errors


def test_what_is_no_docx_is_refused():
    assert "另存为" in letter_file.check(b"x", KNOWN).errors[0]


def test_what_the_pdf_will_not_show_is_said_but_allowed():
    document = Document()
    run = document.add_paragraph("{{ 标题 }}").add_run("注意")
    run.font.emboss = True
    from docx.oxml import parse_xml
    from docx.oxml.ns import nsdecls

    run._r.get_or_add_rPr().append(parse_xml(f'<w:em {nsdecls("w")} w:val="dot"/>'))
    buffer = BytesIO()
    document.save(buffer)
    findings = letter_file.check(buffer.getvalue(), KNOWN)
    assert findings.errors == ()
    assert "着重号（不显示）" in findings.uncarried
