"""Nothing is decided against a party but what it was told of, with the rights that go with it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone
from tests.registers.steps import barred, perform

from ecoledger.matters import actions
from ecoledger.registers.enforcement.penalty_case.models import EvidenceItem
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES
from ecoledger.registers.enforcement.production_orders import REGISTER as ORDERS
from ecoledger.reports.models import IssuedDocument

pytestmark = pytest.mark.django_db
NORTH = "990101001"


@pytest.mark.parametrize(
    ("heaviest", "confiscated"), [("confiscation", "300000"), ("closure", "0"), ("fine", "300000")]
)
def test_a_heavy_penalty_or_a_large_confiscation_is_decided_after_the_right_to_a_hearing_was_told(
    bureau, heaviest, confiscated
):
    today = timezone.localdate()
    values = {
        "title": "超标", "kind": "general", "party": "某厂", "party_kind": "organisation", "area_code": NORTH,
        "entity": bureau.enterprise, "notice_served_on": today - timedelta(days=60), "notified_fine": Decimal(100_000),
        "discretion": {"least": "10000", "most": "200000"}, "discussed_on": today, "legal_reviewed_on": today,
    }  # fmt: skip
    said = {
        "heaviest": heaviest,
        "fine": "100000" if heaviest == "fine" else "0",
        "confiscated": confiscated,
    }
    untold, told = (
        actions.open_matter(
            CASES, values | {"hearing_right": right}, by=bureau.officer, state="deciding"
        )
        for right in (False, True)
    )
    assert "听证" in barred(perform, untold, "decide", bureau.leader, said)
    assert perform(told, "decide", bureau.leader, said).state == "decided"


def test_what_was_investigated_anew_is_told_anew(bureau):
    officer, second, today = bureau.officer, bureau.people["officer2"], timezone.localdate()
    values = {
        "title": "超标", "kind": "general", "party": "某厂", "party_kind": "organisation", "area_code": NORTH,
        "entity": bureau.enterprise, "proposed_fine": Decimal(100_000),
    }  # fmt: skip
    case = actions.open_matter(CASES, values, by=officer, state="investigating")
    EvidenceItem.objects.create(case=case, name="笔录", copies=1, obtained_on=today, proves="超标")
    notice = {"kind": "penalty_notice", "area_code": NORTH, "title": "告知书", "matter": case}
    IssuedDocument.objects.create(issued_at=timezone.now() - timedelta(hours=1), **notice)
    perform(
        case, "finish_investigation", officer, {"violated": "x", "basis": "y", "conclusion": "z"}
    )
    perform(case, "pass_review", second, {"checked": "同意"})
    served = {"notice_served_on": f"{today}", "hearing_right": False}
    assert "重新拟文" in barred(perform, case, "notify", officer, served)
    IssuedDocument.objects.create(**notice)
    assert perform(case, "notify", officer, served).state == "defence"


def test_an_order_told_again_is_served_by_a_notice_of_this_round(bureau):
    officer, leader, now = bureau.officer, bureau.leader, timezone.now()
    values = {"title": "超标", "area_code": NORTH, "entity": bureau.enterprise, "scale": "一条线"}
    order = actions.open_matter(ORDERS, values, by=officer)
    perform(order, "approve", leader, {"ground": "excess", "scale": "一条线"})
    served = {"notice_served_on": f"{timezone.localdate()}"}
    notice = {"kind": "limit_notice", "area_code": NORTH, "title": "告知书"}
    IssuedDocument.objects.create(matter=order, issued_at=now - timedelta(hours=1), **notice)
    perform(order, "notify", officer, served)
    perform(order, "tell_again", leader, {"reason": "范围改变"})
    assert "早于重新告知" in barred(perform, order, "notify", officer, served)
    IssuedDocument.objects.create(matter=order, **notice)
    assert perform(order, "notify", officer, served).state == "defence"
