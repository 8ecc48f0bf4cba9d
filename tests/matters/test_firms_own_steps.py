"""What a firm owes is in no other's work but its unit's; who does it in the firm's place is named so."""

from __future__ import annotations

import pytest
from django.utils import timezone
from django.utils.translation import override

from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions, inbox, timeline
from ecoledger.matters.models import Circulation
from ecoledger.matters.register import all_registers, register_of
from ecoledger.registers.credit.subsidies import SUBSIDIES
from ecoledger.registers.enforcement.self_checks import REGISTER as SELF_CHECK
from ecoledger.web.matters import asking


@pytest.fixture
def self_check(bureau, people):
    values = {
        "title": "治理设施自查",
        "area_code": "990101001",
        "entity": bureau.enterprise,
        "circulation": Circulation.ENTERPRISE,
    }
    matter = actions.open_matter(SELF_CHECK, values, by=people["officer"])
    matter.items.all().delete()
    return matter


def test_a_firms_step_waits_for_the_firm_alone(self_check, people):
    assert self_check.pk in {m.pk for m in inbox.waiting(people["enterprise"])}
    for role in ("officer", "monitor", "dispatcher", "town"):
        assert self_check.pk not in {m.pk for m in inbox.waiting(people[role])}, role


def test_no_staff_role_has_a_firms_step_before_it_unless_its_unit_owns_the_matter(people):
    for register in all_registers():
        for state in register.workflow.states:
            if not state.of_firm:
                continue
            for role in ("monitor", "officer", "grid"):
                mine = inbox.turns(people[role])
                place = (register.key, state.name)
                assert place not in mine.places or place in mine.of_owner, place


def test_who_does_a_firms_step_in_its_place_is_named_so_on_the_trail(self_check, people):
    actions.perform(self_check.pk, "answer", by=people["officer"], form=ANSWER)
    answered = self_check.events.get(transition="answer")
    assert answered.label.endswith("（代企业）")
    with override("en"):
        assert timeline.done(answered) == "Submit the result (for the firm)"


def test_the_firms_own_step_is_named_as_it_is(self_check, people):
    actions.perform(self_check.pk, "answer", by=people["enterprise"], form=ANSWER)
    assert "代" not in self_check.events.get(transition="answer").label


ANSWER = {"answer": "逐项查过，均符合"}


class _Way:
    def __init__(self, transition):
        self.transition = transition


def test_an_ask_is_a_sentence_with_its_verb():
    for transition in register_of("self_check").workflow.transitions:
        label = str(transition.label)
        if "，" in label and transition.main:
            said = asking.title([_Way(transition)], "现在")
            assert said.startswith(f"请您{label.rpartition('，')[2]}（"), label


def test_an_ask_does_not_presume_how_it_ends():
    asks = {
        ("species_candidate", "screen"): "请您初筛",
        ("quota_request", "grant"): "请您审核分配",
        ("village_work", "accept"): "请您验收",
        ("compensation_appeal", "uphold"): "请您答复申诉",
    }
    for (key, name), sentence in asks.items():
        way = _Way(register_of(key).workflow.transition(name))
        assert asking.title([way], "现在") == sentence
        with override("en"):
            assert asking.title([way], "现在").startswith("Please choose")


def test_a_step_that_is_named_by_what_has_come_about_is_asked_by_its_name():
    asks = {
        ("penalty_case", "notify"): "请您办理“告知书已送达”",
        ("penalty_case", "court_accepts"): "请您办理“法院受理”",
        ("correction_order", "recheck"): "请您办理“复查，已改正”",
        ("self_check", "accept"): "请您办结（无隐患或已整改）",
        ("work_task", "finish"): "请您申请对账完成",
    }
    for (key, name), sentence in asks.items():
        way = _Way(register_of(key).workflow.transition(name))
        assert asking.title([way], "现在") == sentence
    corrected = _Way(register_of("permit_review").workflow.transition("correct"))
    said = asking.title([corrected], "现在", for_firm=True)
    assert said == "应由企业办理，您可以代企业办理“已改正”"
    # A firm does not judge its own plan: it says that it was reviewed.
    reviewed = _Way(register_of("emergency_plan").workflow.transition("review"))
    assert asking.title([reviewed], "现在", own=True) == "请您办理“评审通过”"


def test_views_are_named_by_what_the_book_can_be():
    named = {
        key: {str(view.label) for view in register_of(key).given_views()}
        for key in ("complaint", "self_check", "penalty_case", "problem")
    }
    assert {"已销号", "反弹过"} <= named["problem"]
    assert not {"已销号", "反弹过"} & (named["complaint"] | named["self_check"])
    assert "已办结" in named["complaint"]
    assert "反弹过" not in named["penalty_case"]


def told(person):
    return [
        text.partition(" ")[2]
        for text in person.notices.order_by("pk").values_list("text", flat=True)
    ]


def test_a_firm_sees_what_it_handed_in_and_is_told_what_became_of_it(bureau, people, photo):
    firm, clerk = people["enterprise"], bureau.approver
    values = {
        "entity": bureau.enterprise,
        "area_code": "990101001",
        "year": 2026,
        "kind": "leader",
        "asked": 12.5,
    }
    application = actions.open_matter(SUBSIDIES, values, by=firm, files=[photo()])
    (entered,) = timeline.events_of(application, firm)
    assert entered.form["asked"] == 12.5
    (paper,) = actions.evidence_for(application, firm)
    assert [file["id"] for file in entered.evidence] == [paper.pk]
    # What is lacking is asked of the firm, which hears of it, and comes back to whoever asked.
    actions.perform(application.pk, "send_back", by=clerk, form={"reason": "缺审计报告"})
    assert told(firm) == ["等待您办理：待企业补正"]
    actions.perform(application.pk, "supply", by=firm, form={"supplied": "已附"})
    assert application.pk in {m.pk for m in inbox.waiting(clerk)}
    actions.perform(application.pk, "refuse", by=bureau.leader, form={"reason": "不符合条件"})
    assert told(firm)[1:] == ["有新的进展：不予认定"]


def test_what_failed_and_is_not_put_right_is_not_closed(bureau, people, photo):
    values = {"title": "治理设施自查", "entity": bureau.enterprise, "facility": "dust"}
    check = actions.open_matter(SELF_CHECK, values, by=people["officer"])
    officer, firm = people["officer"], people["enterprise"]
    answers = "符合\n符合\n不符合：重新接地\n符合"
    actions.perform(check.pk, "fill", by=firm, form={"answers": answers})
    filled = check.events.get(transition="fill").form["answers"].splitlines()
    assert filled[2] == "静电接地完好：不符合：重新接地"
    actions.perform(check.pk, "answer", by=firm, form={"answer": "一项不符合"})
    accept = {"checked": "同意"}
    with pytest.raises(Refused, match="“静电接地完好”不符合，还没有报告整改"):
        actions.perform(check.pk, "accept", by=officer, form=accept)
    day = timezone.localdate().isoformat()
    actions.perform(check.pk, "order", by=officer, form={"rectify_by": day})
    actions.perform(check.pk, "rectified", by=firm, form={"rectified": "已接地"}, files=[photo()])
    assert actions.perform(check.pk, "accept", by=officer, form=accept).state == "done"
