"""Applications in working days: what stands still is added, silence accepts, and a bundle stands still as one."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.conftest import NORTH

from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions, schedule
from ecoledger.matters.clocks import local
from ecoledger.registers.approval.cases import CASES
from ecoledger.registers.approval.items import ApprovalItem, Kind
from ecoledger.registers.approval.joint import REGISTER as JOINT
from ecoledger.registers.approval.joint import cases_of

pytestmark = pytest.mark.django_db
TIME = ZoneInfo("Asia/Shanghai")


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=TIME)


@pytest.fixture
def approver(bureau):
    return bureau.people["approver"]


@pytest.fixture
def form_item(db):
    return ApprovalItem.objects.create(
        code="T-1", name="报告表审批", kind=Kind.FORM, legal_days=30, promised_days=5, publicity_days=1, materials="申请表\n报告表"
    )  # fmt: skip


def opened(item, by, when):
    values = {"title": "某扩建项目", "item": item, "area_code": NORTH}
    return actions.open_matter(CASES, values, by=by, at=when)


def due(case, name):
    return local(case.clocks.get(name=name, stopped_at=None).due).date()


def test_days_of_publicity_are_added_and_not_counted(approver, form_item):
    """2026: 国庆 1-7 October, the 10th is worked."""
    case = opened(form_item, approver, at("2026-09-21T09:00"))
    assert due(case, "receive") == date(2026, 9, 29)
    actions.perform(case.pk, "accept", by=approver, at=at("2026-09-22T09:00"))
    # 23, 24, 28, 29, 30 (中秋 25-27).
    assert due(case, "promise") == date(2026, 9, 30)
    actions.perform(
        case.pk, "publish", by=approver, form={"publicity_at": "x"}, at=at("2026-09-23T09:00")
    )
    assert case.clocks.get(name="promise").suspended
    actions.perform(case.pk, "published", by=approver, at=at("2026-09-29T09:00"))
    # Still on 24, 28, 29: three working days later, behind the holiday.
    assert due(case, "promise") == date(2026, 10, 10)
    form = {"decision": "granted", "decision_no": "1"}
    case = actions.perform(case.pk, "decide", by=approver, form=form, at=at("2026-10-08T09:00"))
    # From 22 September: 23, 24, 28, 29, 30, 8 October, less three.
    assert (case.still_days, case.used_days, case.saved_days) == (3, 3, 2)
    assert due(case, "deliver") == date(2026, 10, 21)


def test_what_is_shown_to_the_public_is_shown_for_all_its_days(approver, form_item):
    form_item.publicity_days, form_item.at_once = 5, True
    form_item.save()
    case = opened(form_item, approver, at("2026-11-02T09:00"))
    with pytest.raises(Refused, match="不能当场办结"):
        actions.perform(case.pk, "finish", by=approver, at=at("2026-11-02T10:00"))
    actions.perform(case.pk, "accept", by=approver, at=at("2026-11-02T10:00"))
    shown = {"publicity_at": "x"}
    actions.perform(case.pk, "publish", by=approver, form=shown, at=at("2026-11-02T11:00"))
    with pytest.raises(Refused, match="公示到 2026-11-09 才期满"):
        actions.perform(case.pk, "published", by=approver, at=at("2026-11-09T09:00"))
    case = actions.perform(case.pk, "published", by=approver, at=at("2026-11-10T09:00"))
    assert case.state == "reviewing"


def test_who_says_nothing_in_time_has_accepted_from_the_day_of_receipt(approver, form_item):
    case = opened(form_item, approver, at("2026-11-02T10:00"))
    schedule.remind_and_escalate(at("2026-11-10T08:00"))
    case.refresh_from_db()
    assert (case.state, case.accepted_on) == ("reviewing", date(2026, 11, 2))
    assert due(case, "promise") == date(2026, 11, 9)


def test_a_case_whose_item_promises_no_days_has_no_such_clock(approver):
    item = ApprovalItem.objects.create(
        code="T-2", name="登记表备案", kind=Kind.FILING, sort="service", at_once=True
    )
    case = opened(item, approver, at("2026-11-02T10:00"))
    case = actions.perform(case.pk, "finish", by=approver, at=at("2026-11-02T11:00"))
    assert (case.state, case.used_days) == ("done", 0)
    assert not case.clocks.filter(name__in=("promise", "legal")).exists()


def test_the_catalogue_that_promises_more_later_does_not_change_a_case(approver, form_item):
    case = opened(form_item, approver, at("2026-11-02T10:00"))
    form_item.promised_days = 20
    form_item.save()
    case = actions.perform(case.pk, "accept", by=approver, at=at("2026-11-02T11:00"))
    assert due(case, "promise") == date(2026, 11, 9)


def test_a_joint_case_stands_still_as_one_and_counts_on_when_the_last_waits_no_more(
    approver, form_item
):
    permit = ApprovalItem.objects.create(
        code="T-3", name="许可证核发", kind=Kind.PERMIT, legal_days=20, promised_days=5, publicity_days=2, materials="申请表\n监测方案"
    )  # fmt: skip
    values = {
        "title": "某新建项目",
        "document": "eia_form",
        "eia_item": form_item,
        "permit_item": permit,
        "area_code": NORTH,
    }
    joint = actions.open_matter(JOINT, values, by=approver, at=at("2026-11-02T09:00"))
    assert [row.name for row in joint.materials.all()] == ["申请表", "报告表", "监测方案"]
    joint.materials.update(given_on=date(2026, 11, 2))
    actions.perform(joint.pk, "accept", by=approver, at=at("2026-11-02T09:00"))
    eia, other = cases_of(joint)
    assert {due(c, "promise") for c in (eia, other, joint)} == {date(2026, 11, 5)}
    published = {"publicity_at": "x"}
    actions.perform(eia.pk, "publish", by=approver, form=published, at=at("2026-11-03T09:00"))
    actions.perform(other.pk, "publish", by=approver, form=published, at=at("2026-11-04T09:00"))
    actions.perform(eia.pk, "published", by=approver, at=at("2026-11-05T09:00"))
    # The permit's publicity goes on: nothing counts yet.
    assert all(c.clocks.get(name="promise").suspended for c in (eia, other, joint))
    actions.perform(other.pk, "published", by=approver, at=at("2026-11-09T09:00"))
    assert {due(c, "promise") for c in (eia, other, joint)} == {date(2026, 11, 11)}
    said = {"eia_no": "1", "permit_no": "2"}
    joint = actions.perform(joint.pk, "decide", by=approver, form=said, at=at("2026-11-11T09:00"))
    # 3 to 11 November are seven working days; four of them stood still.
    assert (joint.used_days, joint.still_days, joint.saved_days) == (3, 4, 7)
    assert {c.state for c in cases_of(joint)} == {"decided"}
