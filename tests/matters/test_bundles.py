"""Matters side by side: each goes its own way, on the same material and the same stops of the clock."""

from __future__ import annotations

import pytest
from django.urls import reverse

from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions, chain, deadlines
from ecoledger.matters.models import Bundle


@pytest.fixture
def two(problem_at, people):
    first, second = problem_at("锅炉超标"), problem_at("未按证排污")
    actions.bundle([first.pk, second.pk], by=people["dispatcher"])
    for matter in (first, second):
        form = {
            "owner_organisation": people["town"].organisation_id,
            "measures": "立行立改",
            "deadline": "2099-12-31",
        }
        actions.perform(matter.pk, "hand_over", by=people["dispatcher"], form=form)
        matter.refresh_from_db()
    return first, second


def test_what_is_proved_in_one_is_proved_in_the_other(two, people, photo):
    first, second = two
    (file,) = actions.attach(first.pk, [photo()], by=people["town"])
    assert [e.pk for e in actions.evidence_for(second, people["leader"])] == [file.pk]
    form = {"verdict": "true", "result": "已整改"}
    closing = actions.perform(second.pk, "apply_close", by=people["town"], form=form)
    assert closing.state == "close_check"
    first.refresh_from_db()
    assert first.state == "rectifying"  # each goes its own way


def test_a_stop_of_the_clock_stops_both(two, people):
    first, second = two
    actions.suspend(first.pk, by=people["dispatcher"], reason="等待检测报告")
    assert [c.suspended for m in two for c in deadlines.running(m)] == [True, True]
    assert second.events.get(transition="suspend").note == "等待检测报告"
    actions.resume(second.pk, by=people["dispatcher"])
    assert [c.suspended for m in two for c in deadlines.running(m)] == [False, False]
    assert [chain.first_broken(m.pk) for m in two] == [None, None]


def test_alone_again_they_share_nothing(two, people, photo):
    first, second = two
    actions.attach(first.pk, [photo()], by=people["town"])
    actions.unbundle(first.pk, by=people["dispatcher"])
    second.refresh_from_db()
    assert second.bundle_id is None
    assert not Bundle.objects.filter(matters__isnull=False).exists()
    form = {"verdict": "true", "result": "已整改"}
    with pytest.raises(Refused) as refused:
        actions.perform(second.pk, "apply_close", by=people["town"], form=form)
    assert refused.value.code == "evidence"


def test_a_third_joins_and_two_bundles_do_not_become_one(two, problem_at, people):
    third, fourth, fifth = (problem_at(f"第{n}件") for n in (3, 4, 5))
    actions.bundle([two[0].pk, third.pk], by=people["dispatcher"])
    two[1].refresh_from_db()
    assert {m.pk for m in actions.beside(two[1], people["leader"])} == {two[0].pk, third.pk}
    actions.bundle([fourth.pk, fifth.pk], by=people["dispatcher"])
    with pytest.raises(Refused) as refused:
        actions.bundle([third.pk, fifth.pk], by=people["dispatcher"])
    assert refused.value.code == "condition"


def test_one_matter_is_no_bundle_and_strangers_make_none(problem_at, people):
    first, second = problem_at("甲"), problem_at("乙")
    with pytest.raises(Refused):
        actions.bundle([first.pk, first.pk], by=people["dispatcher"])
    with pytest.raises(Refused) as refused:
        actions.bundle([first.pk, second.pk], by=people["monitor"])
    assert refused.value.code == "role"


def test_what_a_person_may_not_know_is_not_shown_beside(problem_at, people, client):
    open_one, secret = problem_at("公开"), problem_at("巡察", origin_kind="discipline")
    actions.bundle([open_one.pk, secret.pk], by=people["dispatcher"])
    open_one.refresh_from_db()
    assert [m.pk for m in actions.beside(open_one, people["leader"])] == [secret.pk]
    assert list(actions.beside(open_one, people["monitor"])) == []
    client.force_login(people["monitor"])
    page = client.get(reverse("matter", args=["problem", open_one.pk])).content.decode()
    assert secret.number not in page


def test_the_page_puts_them_side_by_side_by_number(problem_at, people, client):
    first, second = problem_at("甲件"), problem_at("乙件")
    client.force_login(people["dispatcher"])
    address = reverse("matter-bundle", args=["problem", first.pk])
    page = client.post(address, {"what": "bundle", "with": "不存在"}, follow=True)
    assert "没有编号为“不存在”的事项" in page.content.decode()
    page = client.post(address, {"what": "bundle", "with": second.number}, follow=True)
    assert "乙件" in page.content.decode()
    page = client.post(address, {"what": "unbundle"}, follow=True)
    assert "乙件" not in page.content.decode()
