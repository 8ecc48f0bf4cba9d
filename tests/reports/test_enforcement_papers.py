"""Every enforcement paper of a case issued as people issue it, and the file bound from them: no blank, right order."""

from __future__ import annotations

import io
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from docx import Document
from PIL import Image, ImageDraw
from pypdf import PdfReader
from tests.conftest import NORTH

from ecoledger.matters import actions
from ecoledger.matters.actions import Refused, Upload
from ecoledger.registers.enforcement import field_records
from ecoledger.registers.enforcement.correction_orders import REGISTER as ORDERS
from ecoledger.registers.enforcement.correction_orders import CorrectionOrder
from ecoledger.registers.enforcement.field_records import FieldRecord
from ecoledger.registers.enforcement.officers import Officer
from ecoledger.registers.enforcement.penalty_case.models import EvidenceItem, PenaltyCase
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES
from ecoledger.registers.enforcement.production_orders import REGISTER as PRODUCTION
from ecoledger.registers.enforcement.production_orders import ProductionOrder
from ecoledger.registers.enforcement.seizures import REGISTER as SEIZURES
from ecoledger.registers.enforcement.seizures import SeizedThing, Seizure
from ecoledger.registers.enforcement.transfers import REGISTER as TRANSFERS
from ecoledger.registers.enforcement.transfers import TransferPaper
from ecoledger.reports import case_book, drafting, enforcement_values, opening
from ecoledger.reports.declaration import document_of, letters

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
FACTS = (
    "2026年9月1日，我局执法人员对你单位现场检查时，委托监测机构对你单位废水总排口采样监测。"
    "监测报告显示，外排废水化学需氧量日均浓度为176毫克/升，超过排放标准（80毫克/升）1.2倍。"
    "经调查，你单位8月28日起生化池曝气风机故障停运，未及时维修，也未停止生产，超标排放持续4日。"
)


def picture(words, size=(900, 600)):
    image = Image.new("RGB", size, "#dde6ea")
    ImageDraw.Draw(image).rectangle((9, 9, size[0] - 9, size[1] - 9), outline="black", width=6)
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return Upload(SimpleUploadedFile(words, buffer.getvalue(), "image/png"))


@pytest.fixture
def case(bureau, people):
    """A case with everything a paper may say of it."""
    officer = people["officer"]
    row = actions.open_matter(
        CASES,
        {"title": "涉嫌超标排放水污染物案", "source": "site", "party": "北镇测试化工有限公司", "party_kind": "organisation",
         "party_code": "91990101MA0000001X", "party_address": "测试县北镇工业路1号", "party_head": "王某某",
         "area_code": NORTH, "description": FACTS, "found_on": TODAY - timedelta(days=60)},
        by=officer,
    )  # fmt: skip
    for name, proves in (("监测报告", "外排废水化学需氧量超标1.2倍"), ("现场检查（勘察）笔录", "生化池曝气风机停运"), ("调查询问笔录", "当事人承认超标排放的事实和持续时间")):  # fmt: skip
        EvidenceItem.objects.create(
            case=row, name=name, proves=proves, copies=1, provider="测试县环境监测站"
        )
    day = TODAY - timedelta(days=40)
    PenaltyCase.objects.filter(pk=row.pk).update(
        filed_on=day, violated="《中华人民共和国水污染防治法》第十条", heaviest="fine", fine=Decimal(250_000),
        basis="《中华人民共和国水污染防治法》第八十三条第二项", proposed_fine=Decimal(250_000), notified_fine=Decimal(250_000),
        discretion={"act": "超过排放标准排放水污染物", "version": "示例2026", "steps": ["起点10%", "超标倍数1倍以上不足3倍15%", "1,000,000元×25%＝250,000元"],
                    "least": "100000", "most": "1000000"},
        notice_no="环罚告〔2026〕1号", notice_served_on=day, hearing_right=True, statement="已立即抢修风机并停产，请求从轻处罚。",
        statement_answer="已按裁量基准考虑改正情况，不再从轻", legal_opinion="事实清楚，证据确凿，程序合法，审核同意。",
        discussed_on=TODAY, discussion="同意罚款二十五万元。", decision_no="环罚〔2026〕1号", decided_on=TODAY, served_on=TODAY,
        serve_mode="direct", demanded_on=TODAY, corrected_on=TODAY, paid=Decimal(250_000), closing="performed", harmful=False,
        act_from=date(2026, 8, 28), act_until=date(2026, 8, 31), instalments_asked_on=TODAY, legal_reviewed_on=TODAY,
        daily_original=Decimal(250_000), daily_served_on=date(2026, 9, 10), daily_found_on=date(2026, 9, 20),
    )  # fmt: skip
    return PenaltyCase.objects.get(pk=row.pk)


@pytest.fixture
def others(case, people):
    """What stands beside the case: order, seizure, limit and halt of production, transfers."""
    officer = people["officer"]
    shared = {"party": case.party, "area_code": NORTH, "case": case, "description": FACTS}
    order = actions.open_matter(ORDERS, shared | {"title": "超标排放水污染物", "demand": "停止超标排放，修复曝气风机。"}, by=officer)  # fmt: skip
    CorrectionOrder.objects.filter(pk=order.pk).update(
        daily="excess", correct_by=TODAY, order_no="环责改〔2026〕1号"
    )
    seizure = actions.open_matter(SEIZURES, shared | {"title": "生化池旁路阀门", "kind": "seal", "ground": "evasion"}, by=officer)  # fmt: skip
    Seizure.objects.filter(pk=seizure.pk).update(
        decision_no="环查（扣）〔2026〕1号", seized_on=TODAY
    )
    for name, model in (("旁路阀门", "DN200"), ("潜水泵", "QW100-80")):
        SeizedThing.objects.create(seizure_id=seizure.pk, name=name, quantity="1台", model_no=model, place="污水站")  # fmt: skip
    made = [order, seizure]
    for kind in ("limit", "halt"):
        row = actions.open_matter(PRODUCTION, shared | {"title": "超标排放", "kind": kind, "ground": next(iter(ProductionOrder.Ground.values))}, by=officer)  # fmt: skip
        ProductionOrder.objects.filter(pk=row.pk).update(
            scale="印染车间减产50%", notice_served_on=TODAY
        )
        made.append(row)
    for kind, ground in (("detention", "evasion"), ("crime", "pollution")):
        row = actions.open_matter(TRANSFERS, {"title": case.title, "kind": kind, "ground": ground, "party": case.party, "party_head": "王某某", "area_code": NORTH, "case": case, "to": "测试县公安局", "transfer_no": "环移〔2026〕1号", "description": FACTS}, by=officer)  # fmt: skip
        for name in ("案件调查报告", "现场检查（勘察）笔录"):
            TransferPaper.objects.create(
                transfer_id=row.pk, name=name, count="1份", provider="综合执法大队", note="原件"
            )
        made.append(row)
    return made


def words_of(letter, draft):
    """What a person writes where the draft has nothing yet."""
    said = {}
    for word in letter.words:
        if not draft.words.get(word.name):
            said[word.name] = {
                "long": f"经查阅资料、现场勘察、询问当事人，{word.name}清楚。",
                "lines": "同意调查组意见。\n同意处罚。",
            }.get(word.kind, f"{word.name}甲")
    return said


def issued_of(letter, matter, people):
    draft = drafting.begin_letter(letter, matter, by=people["officer"])
    drafting.write(draft, words_of(letter, draft), by=people["officer"])
    drafting.submit(draft, by=draft.author)
    while draft.state in ("review", "sign"):
        drafting.approve(draft, by=people["leader" if draft.state == "sign" else "officer2"])
    return drafting.issue(draft, by=people["officer2"])


def text_of(issued):
    document = Document(io.BytesIO(opening.content(issued, "docx")))
    cells = [c.text for t in document.tables for row in t.rows for c in row.cells]
    return [p.text for p in document.paragraphs] + cells


@pytest.fixture
def signed(case, people):
    """A record signed on the screen, a photograph and a hashed clip."""
    officer = people["officer"]
    pair = [Officer.objects.create(name=n, certificate_no=f"ZF-{k}", area_code="990101", certificate_until=date(2099, 1, 1)) for k, n in enumerate(("陈执远", "林一鸣"))]  # fmt: skip
    at = timezone.now() - timedelta(days=60)
    record = field_records.write(case, {"kind": FieldRecord.Kind.SITE, "started_at": at, "ended_at": at + timedelta(hours=1), "place": "测试县北镇工业路1号", "name": "王某某", "identity": "330000000000000000", "post": "北镇测试化工有限公司 环保负责人", "phone": "13800000000", "relation": "staff", "first": pair[0], "second": pair[1], "told": True, "text": FACTS + "\n废水总排口正在排水。"}, by=officer)  # fmt: skip
    field_records.sign(record, signature=picture("签名.png", (300, 90)), by=officer)
    actions.attach(case.pk, [picture("总排口.png")], by=officer, text="废水总排口正在排水")
    return record


def fitting(case, others):
    """Each matter with the letters it can have; the case as it would be by each procedure."""
    for kind in PenaltyCase.Kind.values:
        case.kind = kind
        PenaltyCase.objects.filter(pk=case.pk).update(kind=kind)
        yield from (
            (case, one) for one in letters("penalty_case") if one.fits is None or one.fits(case)
        )
    for row in others:
        mine = [one for one in letters(row.register) if one.line == "enforcement"]
        yield from ((row, one) for one in mine if one.fits is None or one.fits(row))


def test_every_paper_is_whole_and_the_file_holds_them_in_order(
    files, case, others, signed, people, tmp_path
):
    issued, blanks = {}, []
    for matter, letter in fitting(case, others):
        if letter.key in issued:
            continue
        made = issued[letter.key] = issued_of(letter, matter, people)
        for ending in ("docx", "pdf"):
            (tmp_path / f"{letter.key}.{ending}").write_bytes(opening.content(made, ending))
        # Nothing was left out of a sentence: no comma after a comma, no 于前, no empty brackets.
        said = text_of(made)
        wrong = r"\{|，，|，。|。。|：。|；。|（）|于前|自至|以责令|None|元元"
        blanks += [(letter.key, line) for line in said if re.search(wrong, line)]
        # The number is printed on what goes out, and not on what stays inside.
        assert (made.number in said) is not letter.internal, letter.key
    assert blanks == []
    assert len({one.number for one in issued.values()}) == len(issued)
    PenaltyCase.objects.filter(pk=case.pk).update(kind="general")
    case.refresh_from_db()
    book = case_book.assemble(case, people["leader"])
    (tmp_path / "book.pdf").write_bytes(book)
    pages = [p.extract_text().replace(" ", "").replace("\n", "") for p in PdfReader(io.BytesIO(book)).pages]  # fmt: skip
    assert "行政处罚案卷" in pages[0]
    # Decided, it is no longer suspected.
    assert "北镇测试化工有限公司超标排放水污染物案" in pages[0]
    index = "".join(pages[1:4])
    order = ["行政处罚决定书", "送达回证", "立案审批表", "证据清单", "现场检查（勘察）笔录", "案件调查报告", "行政处罚事先（听证）告知书",
             "听证笔录", "督促履行义务催告书", "行政处罚案件结案审批表", "听证报告", "案件审查表", "案件法制审核表", "案件集体讨论记录"]  # fmt: skip
    places = [index.index(name) for name in order]
    assert places == sorted(places)
    # A receipt stands behind the paper that it is of, and is called after it.
    held = [
        re.sub("^送达回证（.*", "送达回证", p.title)
        for p in case_book.papers(case, people["leader"])
    ]
    assert {one.title.partition("：")[0] for one in issued.values()} <= set(held)
    assert "卷内备考表" in pages[-1]
    assert "审批意见" in "".join(pages)


def test_a_decision_says_each_kind_of_penalty_and_nothing_of_a_fine_there_is_not(case):
    def said(**values):
        for name, value in values.items():
            setattr(case, name, value)
        return enforcement_values.penalty(case)

    both = said(confiscated=Decimal("1234.5"), other_penalty="责令停产整治")
    assert (
        both
        == "罚款人民币贰拾伍万元整（250,000元）；没收违法所得人民币壹仟贰佰叁拾肆元伍角（1,234.50元）；责令停产整治"
    )
    nothing = {"fine": Decimal(0), "confiscated": Decimal(0), "other_penalty": ""}
    assert said(heaviest="warning", **nothing) == "警告"
    assert said(heaviest="revocation") == "吊销许可证件"


def test_a_paper_is_refused_where_the_matter_cannot_have_it(case, people):
    for key in ("daily_notice", "penalty_on_spot"):
        with pytest.raises(Refused, match="不用"):
            drafting.begin_letter(document_of(key), case, by=people["officer"])
