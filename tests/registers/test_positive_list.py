"""Who is on the positive list is watched from afar: no draw takes it; and an undecided case is told by no condition."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.utils import timezone
from tests.conftest import COUNTY, NORTH

from ecoledger.books import campaign as campaigns
from ecoledger.books import roster as rosters
from ecoledger.entities.models import Enterprise
from ecoledger.matters import actions
from ecoledger.registers.enforcement.check_objects import OBJECTS, CheckedObject
from ecoledger.registers.enforcement.officers import Officer
from ecoledger.registers.enforcement.penalty_case.models import PenaltyCase
from ecoledger.registers.enforcement.penalty_case.register import REGISTER as CASES
from ecoledger.registers.enforcement.random_check import REGISTER as DRAWS
from ecoledger.registers.enforcement.special_action import ACTIONS
from ecoledger.registers.office import positive_list
from ecoledger.registers.office.positive_list import POSITIVE, PositiveLine

pytestmark = pytest.mark.django_db


@pytest.fixture
def firms(bureau):
    made = [
        Enterprise.objects.create(code=f"F-{n}", name=f"企业{n}", area_code=NORTH) for n in range(4)
    ]
    edition = rosters.draft(POSITIVE, "2026", COUNTY, by=bureau.dispatcher, basis="方案")
    PositiveLine.objects.create(edition=edition, entity=made[0], area_code=NORTH)
    rosters.publish(POSITIVE, edition, date(2020, 1, 1), by=bureau.dispatcher)
    return made


def test_a_random_check_gives_no_ticket_to_who_is_on_the_list(bureau, firms):
    edition = rosters.draft(OBJECTS, "2026", COUNTY, by=bureau.dispatcher, basis="名录")
    for firm in firms:
        CheckedObject.objects.create(edition=edition, entity=firm, area_code=NORTH, tier="special")
    rosters.publish(OBJECTS, edition, date(2020, 1, 1), by=bureau.dispatcher)
    for n in range(2):
        Officer.objects.create(
            name=f"执法{n}", certificate_no=f"Z-{n}", certificate_until=date(2099, 1, 1), area_code=COUNTY
        )  # fmt: skip
    day = timezone.localdate() + timedelta(days=30)
    check = actions.open_matter(
        DRAWS, {"title": "抽查", "area_code": COUNTY, "check_by": day}, by=bureau.dispatcher
    )
    actions.perform(check.pk, "freeze", by=bureau.dispatcher, form={})
    actions.perform(check.pk, "draw", by=bureau.dispatcher, form={})
    check = DRAWS.model.objects.get(pk=check.pk)
    drawn = {row["object"] for row in check.draws[-1]["result"]}
    # All of the special tier are drawn, the one on the list is not.
    assert drawn == {"F-1", "F-2", "F-3"}


def test_an_actions_draw_passes_over_it_too(bureau, firms):
    day = timezone.localdate()
    drive = ACTIONS.open_row(
        {"name": "专项", "area_code": COUNTY, "begin": day, "end": day + timedelta(days=9)},
        bureau.dispatcher, timezone.now(),
    )  # fmt: skip
    campaigns.draw_objects(ACTIONS, drive, 100, by=bureau.dispatcher)
    codes = {task.entity.code for task in drive.tasks.all()}
    assert "F-0" not in codes
    assert {"F-1", "F-2", "F-3"} <= codes


def test_an_undecided_case_keeps_nobody_off_and_is_told_nobody(bureau, firms):
    firm, today = firms[1], timezone.localdate()
    case = actions.open_matter(
        CASES, {"title": "涉嫌违法案", "entity": firm, "area_code": NORTH}, by=bureau.officer
    )
    assert not [why for why in positive_list.faults(firm, today) if "行政处罚" in why]
    PenaltyCase.objects.filter(pk=case.pk).update(decided_on=today, heaviest="fine")
    assert [why for why in positive_list.faults(firm, today) if "行政处罚 1 件" in why]
