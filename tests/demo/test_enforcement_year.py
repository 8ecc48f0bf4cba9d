"""The brigade's synthetic year comes to the figures it says it has."""

from __future__ import annotations

import io
import re
from decimal import Decimal

import pytest
from django.db.models import Sum
from django.utils import timezone
from pypdf import PdfReader

from demo import enforcement
from ecoledger.accounts.models import Organisation, Person
from ecoledger.accounts.roles import Role
from ecoledger.entities.models import Area, Enterprise
from ecoledger.registers.enforcement import vetoes
from ecoledger.registers.enforcement.models import (
    ActionMeeting,
    CorrectionOrder,
    CreditEntry,
    DamageClaim,
    FileReview,
    Inspection,
    PenaltyCase,
    RandomCheck,
    Seizure,
    SelfCheck,
)
from ecoledger.registers.enforcement.random_check import sheet
from ecoledger.reports import case_book
from ecoledger.standards import draw_sheet

TOWN = "990181001"


@pytest.mark.django_db
def test_the_brigades_year_has_its_figures(settings, tmp_path):
    settings.MEDIA_ROOT = str(tmp_path)
    Area.objects.create(code=TOWN, name="演示镇", synthetic=True)
    bureau = Organisation.objects.create(name="演示局", kind="bureau", area_code=TOWN[:6])
    for name, role in (("diaodu", Role.DISPATCHER), ("zhifa", Role.OFFICER), ("zhifa2", Role.OFFICER), ("zhifa3", Role.OFFICER), ("juzhang", Role.LEADER), ("fazhi", Role.LEGAL)):  # fmt: skip
        Person.objects.create(
            username=name, name=name, roles=[role.value], area_codes=[TOWN[:6]], organisation=bureau
        )
    for n in range(enforcement.SPECIAL + enforcement.KEY + enforcement.ORDINARY):
        Enterprise.objects.create(
            code=f"M-{n:04}",
            name=f"演示厂{n}",
            area_code=TOWN,
            synthetic=True,
            uscc=f"91990181MA{n:07}X",
            address=f"示例路{n}号",
        )
    enforcement.build(timezone.localtime().replace(tzinfo=None))
    assert PenaltyCase.objects.filter(filed_on__isnull=False).count() == 69
    decided = PenaltyCase.objects.filter(decided_on__isnull=False)
    assert decided.count() == 43
    assert decided.aggregate(fine=Sum("fine"))["fine"] == Decimal(6_055_000)
    assert set(decided.values_list("circulation", flat=True)) == {"staff"}
    assert RandomCheck.objects.get(state="drawn").drawn == 83
    public = RandomCheck.objects.get(state="published")
    assert (len(public.draws), public.thrown_away) == (2, 1)
    assert draw_sheet.differences(sheet(public)) == []
    assert Seizure.objects.filter(state="seized").count() == 2
    assert SelfCheck.objects.count() == 91
    assert Inspection.objects.filter(phase="done", kind="special").count() == 41
    assert CorrectionOrder.objects.count() == 13
    kinds = ActionMeeting.objects.values_list("kind", flat=True)
    assert (list(kinds).count("meeting"), list(kinds).count("joint")) == (4, 8)
    assert FileReview.objects.exclude(score=None).count() == 6
    assert CreditEntry.objects.count() == 20
    assert SelfCheck.objects.exclude(handed_to="").count() == 4
    assert DamageClaim.objects.filter(case__isnull=False).exists()
    # One of the decided went its whole way here: its file is whole, in order, and nothing in it is blank.
    case = PenaltyCase.objects.get(state="archived")
    assert vetoes.of(case) == []
    assert case.party_code == "91990181MA0000032X"
    leader = Person.objects.get(username="juzhang")
    titles = [
        "行政处罚决定书", "送达回证", "立案审批表", "证据清单", "现场检查（勘察）笔录", "现场勘察平面图", "调查询问笔录", "废水总排口正在排水",
        "监测报告", "监测（检测、鉴定）结果告知书", "送达回证", "案件调查报告", "责令改正违法行为决定书", "送达回证",
        "行政处罚事先（听证）告知书", "送达回证", "曝气风机已修复", "陈述申辩意见笔录", "陈述申辩意见复核表", "行政处罚案件结案审批表",
        "缴款票据", "案件审查表", "案件法制审核表", "案件集体讨论记录", "集体讨论签到表",
    ]  # fmt: skip
    held = [paper.title for paper in case_book.papers(case, leader)]
    assert [re.sub("（(合成|行政|监测|责令).*| 许.*", "", title) for title in held] == titles
    book = case_book.assemble(case, leader)
    (tmp_path / "案卷.pdf").write_bytes(book)
    whole = [page.extract_text() for page in PdfReader(io.BytesIO(book)).pages]
    assert not re.search(r"\{\{|None|，，|：。|〔\s*〕", "".join(whole))
