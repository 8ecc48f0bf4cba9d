"""Papers between bureaus about a case: whose it is, who handles it, help in its investigation; issued as people issue them."""

from __future__ import annotations

import io
import re

import pytest
from django.utils import timezone
from docx import Document
from tests.conftest import NORTH

from ecoledger.matters import actions
from ecoledger.registers.enforcement.inspections import REGISTER as VISITS
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES
from ecoledger.registers.enforcement.referrals import REGISTER as REFERRALS
from ecoledger.registers.office.incoming_letters import REGISTER as LETTERS
from ecoledger.reports import drafting, opening
from ecoledger.reports.declaration import document_of

pytestmark = pytest.mark.django_db
LEFT_OUT = re.compile(r"\{|，，|，。|。。|：。|、将|（）|于前|None")
CASE = "北镇测试化工有限公司涉嫌超标排放水污染物"


@pytest.fixture
def issue(files, people):
    """Drafts a letter of a matter with these words, lets it be signed, and tells its text."""

    def issued(key, matter, **words):
        draft = drafting.begin_letter(document_of(key), matter, by=people["officer"])
        drafting.write(draft, words, by=people["officer"])
        drafting.submit(draft, by=draft.author)
        while draft.state in ("review", "sign"):
            drafting.approve(draft, by=people["leader" if draft.state == "sign" else "officer2"])
        document = drafting.issue(draft, by=people["officer2"])
        text = "\n".join(
            p.text for p in Document(io.BytesIO(opening.content(document, "docx"))).paragraphs
        )
        assert not LEFT_OUT.search(text), text
        return document, text

    return issued


def referral(people, **values):
    values = {
        "title": f"{CASE}案",
        "area_code": NORTH,
        "department_name": "测试市生态环境局北区分局",
        **values,
    }
    return actions.open_matter(REFERRALS, values, by=people["officer"])


def test_a_case_is_assigned_to_a_bureau_by_the_article_that_fits(bureau, people, issue):
    row = referral(people)
    document, text = issue("jurisdiction_assigned", row, 抄送机关="测试市生态环境局南区分局")
    assert document.number.startswith("环指定〔")
    assert f"关于{CASE}一案，依据《中华人民共和国行政处罚法》第二十五条" in text
    assert "指定由测试市生态环境局北区分局管辖" in text
    assert "抄送：测试市生态环境局南区分局。" in text


@pytest.mark.parametrize("reply_by", [None, "2026-12-31"])
def test_a_case_is_handed_down_with_the_day_its_result_is_wanted(bureau, people, issue, reply_by):
    row = referral(people, **({"reply_by": reply_by} if reply_by else {}))
    document, text = issue("case_handed_down", row)
    assert document.number.startswith("环交办〔")
    assert f"现将{CASE}一案交由你局办理" in text
    assert "第十五条第三款" in text
    assert ("2026年12月31日前" in text) is bool(reply_by)
    assert "在办结后三日内将处理情况报送我局" in text


def test_help_is_asked_of_another_organ_item_by_item(bureau, people, issue):
    values = {"title": "涉嫌超标排放水污染物案", "source": "site", "party": "北镇测试化工有限公司",
              "party_kind": "organisation", "area_code": NORTH, "description": "总排口超标。",
              "found_on": timezone.localdate()}  # fmt: skip
    case = actions.open_matter(CASES, values, by=people["officer"])
    document, text = issue(
        "help_asked", case, 协助单位="邻市生态环境局", 协助原因="废水由邻市企业委托处理",
        协助事项="委托处理合同\n近三个月转运台账",
    )  # fmt: skip
    assert document.number.startswith("环协调〔")
    assert f"我局在办理{CASE}一案中，因废水由邻市企业委托处理" in text
    assert "（1）委托处理合同\n（2）近三个月转运台账" in text


@pytest.mark.parametrize("register", [LETTERS, VISITS])
def test_the_result_is_told_to_who_asked(bureau, people, issue, register):
    """From the letter that asked, or from the visit that was made for it: what was seen is in it already."""
    values = {
        "incoming_letter": {"title": "请协助调查的函", "sender": "邻市生态环境局", "sort": "request",
                            "received_on": timezone.localdate(), "area_code": NORTH},
        "inspection": {"title": "协助邻市调查", "area_code": NORTH, "found": "合同和台账与转运记录一致。"},
    }[register.key]  # fmt: skip
    row = actions.open_matter(register, values, by=people["dispatcher" if register is LETTERS else "officer"])  # fmt: skip
    words = {"请求单位": "邻市生态环境局", "具体案件": CASE, "协助原因": "废水委托处理"}
    if register is LETTERS:
        words["协助调查结果"] = "合同和台账与转运记录一致。"
    document, text = issue("help_told", row, **words)
    assert document.number.startswith("环协调告〔")
    assert "合同和台账与转运记录一致。" in text
    assert "第二十二条第二款" in text
