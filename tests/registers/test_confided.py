"""What a firm confided stays with its circle: given to nobody outside it, named on no matter of another book."""

from __future__ import annotations

import pytest

from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions
from ecoledger.registers.approval.service_requests import REGISTER as REQUESTS
from ecoledger.registers.problems.problem_ledger import REGISTER as PROBLEMS

pytestmark = pytest.mark.django_db
NORTH = "990101001"


@pytest.fixture
def confided(bureau):
    values = {"title": "自查发现标签缺失", "sort": "self_report", "area_code": NORTH, "entity": bureau.enterprise}  # fmt: skip
    return actions.open_matter(REQUESTS, values, by=bureau.approver)


def test_it_is_given_to_its_circle_and_its_firm_alone(bureau, confided):
    leader, officer, chief = bureau.leader, bureau.officer, bureau.people["section_chief"]
    with pytest.raises(Refused, match="知悉范围"):
        actions.assign(confided.pk, by=leader, person=officer)
    # However he came to it: who enforces does not read it.
    REQUESTS.model.objects.filter(pk=confided.pk).update(owner=officer)
    assert not REQUESTS.visible_to(officer).exists()
    assert actions.assign(confided.pk, by=leader, person=chief).owner == chief
    firm = bureau.people["enterprise"]
    assert actions.assign(confided.pk, by=leader, person=firm).owner == firm


def test_it_goes_on_in_no_matter_of_another_book(bureau, confided):
    values = {"title": "标签缺失", "area_code": NORTH, "origin_kind": "self", "entity": bureau.enterprise}  # fmt: skip
    problem = actions.open_matter(PROBLEMS, values, by=bureau.people["dispatcher"])
    for pair in ((confided, problem), (problem, confided)):
        with pytest.raises(Refused, match="限定知悉"):
            actions.merge([pair[0].pk], pair[1].pk, by=bureau.leader, reason="同一件")
    again = actions.open_matter(
        REQUESTS,
        {"title": "标签缺失", "sort": "self_report", "area_code": NORTH},
        by=bureau.approver,
    )
    assert (
        actions.merge([again.pk], confided.pk, by=bureau.leader, reason="同一件").pk == confided.pk
    )


def test_what_was_confided_goes_on_in_nothing_that_others_read(bureau, confided):
    """A request of the same book whose circulation is wider would name it on a page that enforcement reads."""
    question = actions.open_matter(
        REQUESTS,
        {
            "title": "咨询标签",
            "sort": "consultation",
            "area_code": NORTH,
            "entity": bureau.enterprise,
        },
        by=bureau.approver,
    )
    for pair in ((confided, question), (question, confided)):
        with pytest.raises(Refused, match="知悉范围"):
            actions.merge([pair[0].pk], pair[1].pk, by=bureau.leader, reason="同一件")


def test_a_problem_put_right_to_one_of_a_discipline_inspection_is_known_to_few(bureau):
    values = {"title": "巡察提到的问题", "area_code": NORTH, "origin_kind": "self"}
    desk = bureau.people["dispatcher"]
    problem = actions.open_matter(PROBLEMS, values, by=desk)
    assert PROBLEMS.visible_to(bureau.officer).filter(pk=problem.pk).exists()
    actions.amend(problem.pk, {"origin_kind": "discipline"}, event="edited", by=desk)
    assert not PROBLEMS.visible_to(bureau.officer).filter(pk=problem.pk).exists()
