"""The work of assessment: letters of warning, and the tasks that the committee's office gives to units."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone
from tests.registers.steps import barred, perform

from ecoledger.accounts.models import Organisation
from ecoledger.matters import actions, inbox
from ecoledger.matters.sight import Sight, said_of
from ecoledger.registers.office.meetings import TASKS
from ecoledger.registers.plan.warnings import REGISTER as WARNINGS
from ecoledger.registers.plan.work_tasks import REGISTER as WORK

pytestmark = pytest.mark.django_db
NORTH = "990101001"


def test_a_warning_is_known_to_the_desk_alone_until_it_goes_out(bureau):
    desk, town = bureau.dispatcher, bureau.people["town"]
    values = {
        "measure": "warning",
        "title": "北镇问题整改超期",
        "area_code": NORTH,
        "owner_organisation": town.organisation,
    }
    letter = actions.open_matter(WARNINGS, values, by=desk)

    def known(person):
        seen = WARNINGS.visible_to(person).filter(pk=letter.pk).exists()
        assert Sight.of(person).sees(said_of(letter)) == seen
        return seen

    assert (known(desk), known(bureau.officer), known(town)) == (True, True, False)
    letter = perform(letter, "send", desk, {"measure": "warning"})
    assert known(town)
    letter = perform(letter, "answer", desk, {"reply": "已整改"})
    letter = perform(letter, "again", bureau.leader, {"reason": "整改不力"})
    assert not known(town)  # the interview may still be dropped


def test_a_task_that_its_unit_returns_stays_in_hand_until_the_office_says_whose_it_is(bureau):
    town, desk = bureau.people["town"], bureau.dispatcher
    late = timezone.localdate() - timedelta(days=28)
    values = {
        "title": "清理河道",
        "area_code": NORTH,
        "owner_organisation": town.organisation,
        "deadline": late,
    }
    task = actions.open_matter(TASKS, values, by=desk)
    task = perform(task, "decline", town, {"reason": "不属本单位"})
    assert (task.phase, task.overdue, task.owner_organisation) == ("open", True, town.organisation)
    assert (inbox.waiting(desk).filter(pk=task.pk).exists(), inbox.waiting(town).exists()) == (
        True,
        False,
    )
    assert barred(perform, task, "insist", town, {"reason": "x"})
    task = perform(task, "insist", desk, {"reason": "属镇政府职责"})
    assert (task.state, task.overdue, task.owner_organisation) == ("new", True, town.organisation)
    task = perform(task, "decline", town, {"reason": "不属本单位"})
    other = Organisation.objects.create(name="住建局", kind="department", area_code="990101")
    task = perform(task, "pass_on", desk, {"owner_organisation": other})
    assert (task.state, task.owner_organisation) == ("new", other)


def test_work_that_is_nobodys_waits_for_the_desk_to_say_whose_it_is(bureau, client):
    desk, town = bureau.dispatcher, bureau.people["town"]
    values = {
        "title": "治理项目",
        "year": 2026,
        "section": "大气科",
        "finish_by": timezone.localdate(),
        "area_code": NORTH,
    }
    task = actions.open_matter(WORK, values, by=desk)

    def asked():
        waiting = inbox.waiting(desk)
        load = inbox.load(desk)
        assert load.waiting == waiting.count() == inbox.waiting(desk, load).count()
        return waiting.filter(pk=task.pk).exists()

    assert asked()
    client.force_login(desk)
    assert "请您确定责任单位" in client.get(f"/matters/work_task/{task.pk}").content.decode()
    actions.assign(task.pk, by=desk, organisation=town.organisation)
    assert not asked()
