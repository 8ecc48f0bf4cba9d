"""The words of issued papers beside each other: each difference is said with its place, and equal papers say nothing."""

from __future__ import annotations

import io
from datetime import date
from decimal import Decimal

import docx
import pytest
from django.core.files.base import ContentFile
from tests.conftest import NORTH

from ecoledger.matters import actions
from ecoledger.registers.enforcement import paper_words
from ecoledger.registers.enforcement.penalty_case.register import REGISTER

pytestmark = pytest.mark.django_db
TOLD = (
    "某某印染厂：", "统一社会信用代码（证件号）：91350582MA0000000X",
    "经查，你（单位）存在以下违法行为：外排废水化学需氧量超标1.2倍。以上事实有下列证据为证：1.监测报告。",
    "上述行为违反了《中华人民共和国水污染防治法》第十条的规定。依据《中华人民共和国水污染防治法》第八十三条，"
    "我局拟对你（单位）处以罚款人民币贰拾伍万元整。根据《中华人民共和国行政处罚法》第四十四条告知。",
)  # fmt: skip
DECIDED = (
    *TOLD[:2],
    "经查，你（单位）实施了以下违法行为：外排废水化学需氧量超标1.2倍。以上事实有下列证据为证：1.监测报告。"
    "上述行为违反了《中华人民共和国水污染防治法》第十条的规定。",
    "我局于2026年10月8日告知你（单位）陈述申辩权。",
    "依据《中华人民共和国水污染防治法》第八十三条，我局决定处以罚款人民币贰拾伍万元整。",
)  # fmt: skip


@pytest.fixture
def case(people):
    values = {
        "title": "涉嫌超标排放水污染物案", "party": "某某印染厂", "party_code": "91350582MA0000000X", "area_code": NORTH,
        "fine": Decimal(250_000), "notice_served_on": date(2026, 10, 8),
    }  # fmt: skip
    return actions.open_matter(REGISTER, values, by=people["officer"])


def issue(case, kind, number, texts):
    document, file = docx.Document(), io.BytesIO()
    for text in texts:
        document.add_paragraph(text)
    document.save(file)
    name = {"penalty_notice": "告知书", "penalty_decision": "决定书"}[kind]
    case.documents.create(
        kind=kind, area_code=NORTH, title=f"{name}：{case.party}", number=number,
        word_file=ContentFile(file.getvalue(), "a.docx"), word_sha256="0" * 64,
        pdf_file=ContentFile(b"%PDF", "a.pdf"), pdf_sha256="0" * 64,
    )  # fmt: skip


def said(case, told=TOLD, decided=DECIDED):
    issue(case, "penalty_notice", "测环罚告〔2026〕1号", told)
    issue(case, "penalty_decision", "测环罚〔2026〕1号", decided)
    return list(paper_words.of(case))


def changed(texts, before, after):
    assert any(before in text for text in texts)
    return [text.replace(before, after) for text in texts]


def test_papers_that_agree_say_nothing(case):
    assert said(case) == []


def test_a_law_without_its_marks_below_a_heading_is_the_one_that_was_told(case):
    bare = ("《中华人民共和国水污染防治法》", "水污染防治法")
    told = changed(TOLD, *bare)
    decided = changed(DECIDED, *bare)
    decided.insert(4, "三、行政处罚的依据、种类和裁量理由")
    assert said(case, told, decided) == []


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        ("超标1.2倍", "超标1.3倍", "违法事实不一致：“标1.2倍。”≠“标1.3倍。”"),
        ("第八十三条", "第八十四条", "《中华人民共和国水污染防治法》第八十四条没有在告知书中告知"),
        ("贰拾伍万元整", "叁拾万元整", "决定书写罚款叁拾万元整，案件是贰拾伍万元整"),
        ("某某印染厂", "某某印染公司", "正文里没有当事人“某某印染厂”"),
        ("91350582MA0000000X", "91350582MA00000010", "代码 91350582MA00000010 与案件的 91350582MA0000000X 不一致"),
        ("2026年10月8日", "2026年10月9日", "决定书写告知于2026年10月9日，告知书送达于2026年10月8日"),
        ("陈述申辩权。", "陈述申辩权（测环罚告〔2026〕2号）。", "引用的文号"),
        ("监测报告", "______报告", "还有没填写的空白"),
    ],
)  # fmt: skip
def test_a_difference_is_said_with_its_words(case, before, after, words):
    (line,) = said(case, decided=changed(DECIDED, before, after))
    assert words in line


def test_a_number_of_the_file_may_be_cited(case):
    cites = changed(DECIDED, "陈述申辩权。", "陈述申辩权（测环罚告〔2026〕1号）。")
    assert said(case, decided=cites) == []
