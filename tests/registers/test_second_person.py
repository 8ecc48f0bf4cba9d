"""Where a matter is sent back it is free again, and nobody looks at his own by way round."""

from __future__ import annotations

from datetime import date

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from ecoledger.entities.models import Section
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions, inbox
from ecoledger.matters.actions import Upload
from ecoledger.registers.nature.candidates import REGISTER as CANDIDATES
from ecoledger.registers.nature.detections import Deployment
from ecoledger.registers.problems.city_problems import REGISTER as CITY_PROBLEMS
from ecoledger.registers.problems.inspectorate import REGISTER as LETTERS
from ecoledger.registers.water import compensation

pytestmark = pytest.mark.django_db
COUNTY, NORTH = "990101", "990101001"


@pytest.fixture(autouse=True)
def evidence(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "evidence"


def paper():
    return [Upload(SimpleUploadedFile("材料.pdf", b"%PDF-1.7 proof"))]


def perform(row, name, by, form=None, files=()):
    return actions.perform(row.pk, name, by=by, form=form or {}, files=files)


def amend(row, by, **values):
    return actions.amend(row.pk, values, event="edit", label="修改", by=by)


def barred(change, *args, **values):
    with pytest.raises(Refused) as told:
        change(*args, **values)
    return told.value.why


def letter_fed_back(people):
    desk, officer = people["dispatcher"], people["officer"]
    row = actions.open_matter(
        LETTERS, {"title": "转办件", "area_code": NORTH, "letter_no": "D1"}, by=desk
    )
    perform(row, "hand_over", desk, {"owner_organisation": officer.organisation.pk})
    said = {"verdict": "true", "findings": "查明", "goal": "整改"}
    return perform(row, "feed_back", officer, said)


def test_a_letter_is_held_while_its_closing_is_looked_at_and_after_it_is_sent_back(people):
    desk, officer, leader = people["dispatcher"], people["officer"], people["leader"]
    row = letter_fed_back(people)
    perform(row, "apply_close", officer, {"handling": "已办", "standards": "齐"}, paper())
    assert "不再修改" in barred(amend, row, desk, title="另一件")
    perform(row, "return_close", leader, {"reason": "不齐"})
    assert "不再修改" in barred(amend, row, desk, title="另一件")


def test_a_letter_of_another_unit_goes_back_to_be_put_right(people):
    row = letter_fed_back(people)
    perform(row, "return", people["officer"], {"reason": "不属本单位"})
    assert amend(row, people["dispatcher"], address="真地址").address == "真地址"


def test_a_closed_problem_that_is_back_is_entered_anew(people):
    desk, officer = people["dispatcher"], people["officer"]
    row = actions.open_matter(CITY_PROBLEMS, {"title": "问题", "area_code": NORTH}, by=desk)
    perform(row, "hand_over", desk, {"owner_organisation": officer.organisation.pk})
    perform(row, "report", officer, {"result": "已改"}, paper())
    perform(row, "close", desk, {"checked": "好"})
    assert "不再修改" in barred(amend, row, desk, title="另一件")
    perform(row, "rebound", desk, {"reason": "又来了"})
    assert amend(row, desk, title="另一件").title == "另一件"


def appeal(bureau, section, by):
    now = timezone.now()
    month, _new = compensation.CompensationMonth.objects.get_or_create(
        register="compensation_month", number="M1", title="五月", month=date(2026, 5, 1), area_code=COUNTY,
        state="published", defaults={"opened_at": now, "state_since": now},
    )  # fmt: skip
    line = compensation.CompensationLine.objects.create(of=month, section=section)
    values = {"line": line, "area_code": COUNTY, "description": "不服"}
    return actions.open_matter(compensation.APPEALS, values, by=by), line


def test_an_appeal_is_decided_by_another_and_stays_about_its_section(bureau):
    desk, leader = bureau.people["dispatcher"], bureau.leader
    first = Section.objects.first()
    row, _line = appeal(bureau, first, desk)
    second = Section.objects.create(
        code="S-7", name="乙断面", area_code=NORTH, river=first.river, chainage_km=1
    )
    other, line = appeal(bureau, second, desk)
    assert "另一人" in barred(perform, row, "uphold", desk, {"answer": "成立"})
    perform(row, "uphold", leader, {"answer": "成立"})
    assert "不再修改" in barred(amend, row, desk, line=line)
    assert "不再并入" in barred(actions.merge, [row.pk], other.pk, by=desk, reason="重复")


def test_what_waits_for_another_than_who_entered_it_is_not_in_his_inbox(bureau):
    desk, leader = bureau.people["dispatcher"], bureau.leader
    row, _line = appeal(bureau, Section.objects.first(), desk)
    assert row.pk not in {m.pk for m in inbox.waiting(desk)}
    assert row.pk in {m.pk for m in inbox.waiting(leader)}


def test_a_species_that_nobody_screened_is_screened_before_it_is_confirmed(bureau):
    monitor, now = bureau.monitor, timezone.now()
    box = Deployment.objects.create(
        deployment_id="S01", sort="sound", lon=118.6, lat=24.9, area_code=NORTH, begin=now
    )
    values = {"title": "叫声", "deployment": box, "area_code": NORTH, "detected": "x"}
    row = actions.open_matter(CANDIDATES, values, by=monitor)
    perform(row, "reject", monitor, {"reason": "听错"})
    assert perform(row, "screen_again", monitor, {"reason": "再听"}).state == "candidate"
    perform(row, "screen", monitor)
    assert "另一人" in barred(perform, row, "confirm", monitor, {"name": "白鹭"})
