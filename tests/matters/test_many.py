"""One step on many matters at once: each gets its own event, clock and notice; what cannot is skipped and told."""

from __future__ import annotations

from datetime import timedelta

import lxml.html
import pytest
from django.utils import timezone

from ecoledger.accounts.models import Organisation, Person
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions, inbox
from ecoledger.matters.actions import many, urging
from ecoledger.matters.models import Clock, Event, Notice, Urgency
from ecoledger.registers.problems.problem_ledger import REGISTER, Problem


@pytest.fixture
def three(problem_at):
    return [problem_at(f"第{n}件") for n in range(3)]


@pytest.fixture
def town(bureau):
    return Organisation.objects.get(name="北镇人民政府")


def hand_over(people, matters, town, **more):
    form = {"owner_organisation": str(town.pk), "measures": "限期整改"} | more
    return many.perform_many(
        REGISTER,
        [m.pk for m in matters],
        "hand_over",
        by=people["dispatcher"],
        form=form,
        note="本周内",
    )


def test_several_are_handed_over_in_one_go_and_land_with_the_town(three, people, town):
    result = hand_over(people, three, town)
    assert (len(result.done), result.skipped) == (3, [])
    rows = Problem.objects.filter(pk__in=[m.pk for m in three])
    assert {(p.state, p.owner_organisation_id) for p in rows} == {("rectifying", town.pk)}
    assert Event.objects.filter(transition="hand_over", note="本周内").count() == 3
    assert inbox.load(people["town"]).waiting == 3
    assert Notice.objects.filter(person=people["town"]).count() == 3
    assert Clock.objects.filter(name="hand_over", stopped_at__isnull=False).count() == 3


def test_what_cannot_be_is_skipped_with_its_reason_and_the_rest_goes_on(three, people, town):
    hand_over(people, three[:1], town)
    result = hand_over(people, three, town)
    assert len(result.done) == 2
    assert [(m.pk, "当前状态是“整改中”" in why) for m, why in result.skipped] == [
        (three[0].pk, True)
    ]


def test_steps_that_need_evidence_of_each_are_not_done_in_bulk(three, people, town):
    hand_over(people, three, town)
    form = {"verdict": "true", "result": "已清运"}
    with pytest.raises(Refused, match="逐件上传证据"):
        many.perform_many(REGISTER, [three[0].pk], "apply_close", by=people["town"], form=form)


def test_the_page_offers_what_the_chosen_have_in_common(three, people, town, client):
    client.force_login(people["dispatcher"])
    ids = [str(m.pk) for m in three]
    listed = lxml.html.fromstring(client.get("/matters/problem").content)
    buttons = listed.xpath("//button[@formaction='/matters/problem/many']")
    assert [button.get("name") for button in buttons] == [
        None,
        "all",
    ]  # what is ticked, or all found
    assert {box.get("value") for box in listed.xpath("//input[@name='ids']")} == set(ids)
    page = client.post("/matters/problem/many", {"ids": ids}).content.decode()
    assert "3/3" in page
    assert 'name="measures"' in page
    # A form that is not filled in is shown again, and nothing is done.
    empty = client.post("/matters/problem/many/hand_over", {"ids": ids})
    assert empty.status_code == 200
    assert not Problem.objects.filter(state="rectifying").exists()
    said = {"ids": ids, "owner_organisation": town.pk, "measures": "清运"}
    done = client.post("/matters/problem/many/hand_over", said).content.decode()
    assert "已办 3 件" in done
    assert Problem.objects.filter(state="rectifying", owner_organisation=town).count() == 3


def test_a_changed_owner_of_what_was_not_handed_over_is_warned_of(three, people, town, client):
    client.force_login(people["dispatcher"])
    said = {"ids": [three[0].pk], "owner_organisation": town.pk, "what": "edit"}
    page = client.post("/matters/problem/batch", said, follow=True).content.decode()
    assert "尚未交办" in page


def test_overdue_ones_are_pushed_on_in_one_go(three, people, town, client):
    hand_over(people, three, town, deadline="2026-01-01")
    Problem.objects.update(due=timezone.now() - timezone.timedelta(days=9))
    Notice.objects.all().delete()
    client.force_login(people["dispatcher"])
    shown = client.get("/matters/problem?overdue=1").content.decode()
    assert "催办" in shown
    asked = client.post("/matters/problem/many", {"all": "1", "back": "overdue=1"}).content.decode()
    assert all(m.title in asked for m in three)
    client.post("/matters/problem/urge", {"ids": [m.pk for m in three], "text": "请于周五前报进展"})
    told = Notice.objects.filter(person=people["town"])
    assert {(n.urgency, "请于周五前报进展" in n.text) for n in told} == {("escalated", True)}
    assert told.count() == 3
    assert Event.objects.filter(transition="urge", label="催办").count() == 3


def test_a_leaders_word_is_an_instruction_and_needs_words(three, people, town):
    hand_over(people, three, town)
    with pytest.raises(Refused, match="批示内容"):
        urging.urge(three[0].pk, " ", by=people["leader"])
    event = urging.urge(three[0].pk, "请分管领导盯办", by=people["leader"])
    assert (event.label, event.note) == ("领导批示", "请分管领导盯办")
    with pytest.raises(Refused, match="局领导、科长或调度"):
        urging.urge(three[0].pk, "x", by=people["town"])


def test_who_has_it_can_be_rung_up(three, people, town, client):
    """Beside the name of who works on it stands his number, to tap; not for a firm's eyes."""
    hand_over(people, three, town)
    town_worker = people["town"]
    town_worker.phone = "13800000000"
    town_worker.save()
    actions.assign(three[0].pk, by=people["dispatcher"], organisation=town, person=town_worker)
    client.force_login(people["leader"])
    page = lxml.html.fromstring(client.get(f"/matters/problem/{three[0].pk}").content)
    assert page.xpath("//section[@id='act']//a[@href='tel:13800000000']")
    assert town_worker.name in page.xpath("//section[@id='act']")[0].text_content()


def test_what_is_closed_is_not_pushed(three, people, town):
    hand_over(people, three, town)
    actions.merge([three[1].pk], three[0].pk, by=people["dispatcher"], reason="重复")
    urged = urging.urge_many([m.pk for m in three], "快", by=people["dispatcher"])
    assert (urged.done, urged.told) == (2, [town.name])
    assert urged.skipped == [(three[1].number, "该事项已并入其他事项。")]


def test_what_waits_for_the_pusher_as_well_is_said(three, people, town):
    """Another of the same duty is told; who pushed could do it himself, and is not left to wait for the other."""
    hand_over(people, three[:1], town)
    second = Person(
        username="second", name="调度人员乙", roles=["dispatcher"], area_codes=["990101"],
        organisation=people["dispatcher"].organisation,
    )  # fmt: skip
    second.set_password("correct horse battery")
    second.save()
    keys, by = [m.pk for m in three], people["dispatcher"]
    both = [m.number for m in three[1:]]
    assert urging.foretold(keys, "", by=by).own == both
    urged = urging.urge_many(keys, "", by=by)
    assert (urged.done, urged.own) == (3, both)
    told = Notice.objects.filter(matter__in=keys[1:], person=second, urgency=Urgency.ESCALATED)
    assert told.count() == 2


def test_nobody_pushes_themselves(three, people, town):
    """What still waits for the dispatcher is left out and said so; nobody is told that a unit was told."""
    hand_over(people, three[:1], town)
    urged = urging.urge_many([m.pk for m in three], "", by=people["dispatcher"])
    assert (urged.done, urged.told) == (1, [town.name])
    assert urged.left_out() == {"正等您自己办理，不用催办。": [m.number for m in three[1:]]}
    # The same words of the same day are not said twice; others are.
    again = urging.urge_many([three[0].pk], " ", by=people["dispatcher"])
    assert again.left_out() == {"今天您已用同样的话催办过。": [three[0].number]}
    assert urging.urge_many([three[0].pk], "请今天报来", by=people["dispatcher"]).done == 1
    tomorrow = timezone.now() + timedelta(days=1)
    assert urging.urge_many([three[0].pk], "", by=people["dispatcher"], at=tomorrow).done == 1
    assert not Event.objects.filter(transition="urge", matter=three[1]).exists()
