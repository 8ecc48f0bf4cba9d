"""Plans taken in: proposed by the rules, decided by a person, followed against what is true."""

from datetime import date

import pytest

from ecoledger.accounts.models import AuditEntry
from ecoledger.indicators import plan_review, plans
from ecoledger.indicators.models import PlanItem, PlanText
from ecoledger.listings.refusals import Refused

COUNTY = "990101"
State = PlanItem.State
TEXT = """某县生态环境局2026年工作计划
一、主要目标
PM2.5年均浓度控制在29微克/立方米以下,空气质量优良天数比率不低于85%。
二、重点任务
6月底前完成30个入河排污口整治,制定扬尘治理方案。
"""


@pytest.fixture
def plan(store, bureau, people):
    return plans.take_in("2026年计划", TEXT, COUNTY, 2026, by=people["leader"])


def item(plan, kind, number=0):
    return list(plan.items.filter(type=kind))[number]


def test_everything_is_proposed_and_nothing_confirmed_by_itself(plan):
    assert {row.state for row in plan.items.all()} == {State.PROPOSED}
    assert [row.catalogue for row in plan.items.filter(type="target")] == [
        "pm2_5_mean",
        "good_day_ratio",
    ]
    for row in plan.items.all():
        assert plan.text[row.start : row.end] == row.text


def test_the_same_text_is_kept_once(plan, people):
    again = plans.take_in("再来一次", TEXT, COUNTY, 2026, by=people["leader"])
    assert (again.pk, PlanText.objects.count()) == (plan.pk, 1)


def test_a_decision_keeps_who_decided_and_what_was_corrected(plan, people):
    task = item(plan, "task")
    row = plans.decide(task, State.CONFIRMED, by=people["leader"], value="32", owners=["县水利局"])
    assert (row.state, row.value, row.decided_by) == (State.CONFIRMED, "32", people["leader"])
    entry = AuditEntry.objects.filter(action="确认计划事项").latest("pk")
    assert entry.details["before"]["value"] == "30"


def test_a_doubt_needs_its_reason_and_a_link_something_declared(plan, people):
    with pytest.raises(Refused, match="疑问"):
        plans.decide(item(plan, "task"), State.DOUBTFUL, by=people["leader"])
    with pytest.raises(Refused, match="没有指标"):
        plans.decide(
            item(plan, "target"), State.CONFIRMED, by=people["leader"], catalogue="nothing"
        )
    with pytest.raises(Refused, match="没有台账"):
        plans.decide(item(plan, "task"), State.CONFIRMED, by=people["leader"], register="nothing")
    assert not plan.items.exclude(state=State.PROPOSED).exists()


@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01", "年底"])
def test_a_day_that_no_plan_names_is_no_due_day(plan, people, day):
    said = {"deadline": day, "section": "大气科"}
    with pytest.raises(Refused, match="完成时限应为日期"):
        plan_review.hand_out(item(plan, "task"), said, by=people["leader"])


def test_nothing_is_confirmed_that_nobody_would_have_to_do(plan, people):
    leader = people["leader"]
    with pytest.raises(Refused, match="责任科室"):
        plan_review.hand_out(item(plan, "task"), {"deadline": "2026-12-31"}, by=leader)
    with pytest.raises(Refused, match="指标性质"):
        plan_review.hand_out(item(plan, "target"), {}, by=leader)
    assert not plan.items.exclude(state=State.PROPOSED).exists()
    only = plan_review.hand_out(item(plan, "target"), {"kind": "only"}, by=leader)
    assert (only.state, only.target) == (State.CONFIRMED, None)
    said = {"deadline": "2026-12-31", "section": "大气科"}
    assert plan_review.hand_out(item(plan, "task"), said, by=leader).matter.finish_by == date(
        2026, 12, 31
    )
    assert plan_review.handed_out(plan)["given"] == 1
