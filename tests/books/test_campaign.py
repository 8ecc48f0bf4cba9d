"""Campaigns: objects drawn again by anybody, visits recorded once, coverage against elapsed time."""

from __future__ import annotations

from collections import Counter
from datetime import date

import pytest
from django.utils import timezone
from tests.books.test_checklists import COATING, book
from tests.conftest import COUNTY, NORTH

from ecoledger.books import campaign as campaigns
from ecoledger.books.campaign import Campaign
from ecoledger.entities.models import Enterprise
from ecoledger.listings.refusals import Refused

pytestmark = pytest.mark.django_db


@pytest.fixture
def painters(db):
    return [
        Enterprise.objects.create(code=f"P-{n:03d}", name=f"涂装{n}厂", area_code=NORTH)
        for n in range(1, 41)
    ]


@pytest.fixture
def coating(declared, painters):
    return declared(
        Campaign(
            key="test_coating",
            label="喷涂整治回头看",
            objects=lambda: Enterprise.objects.filter(code__startswith="P-"),
            columns=("name", "begin", "end", "state"),
            yearly_cap=1,
        )
    )


@pytest.fixture
def drive(coating, people):
    row = coating.open_row(
        {
            "name": "2026年喷涂回头看",
            "area_code": COUNTY,
            "begin": date(2026, 11, 1),
            "end": date(2026, 11, 20),
            "checklist": campaigns.keep_checklist("喷涂", book(COATING), "喷涂.xlsx", by=None),
        },
        people["dispatcher"],
        timezone.now(),
    )
    campaigns.add_objects(coating, row, coating.objects(), by=None)
    return campaigns.start(coating, row, by=None)


def test_the_same_seed_draws_the_same(coating, painters):
    drawn = campaigns.draw(painters, 10, 20261128)
    assert drawn == campaigns.draw(list(reversed(painters)), 10, 20261128)
    assert len({e.pk for e in drawn}) == 10
    assert drawn != campaigns.draw(painters, 10, 20261129)


def test_a_weight_of_two_is_drawn_about_twice_as_often(painters):
    heavy = {e.pk for e in painters[:20]}
    counts = Counter(
        entity.pk in heavy
        for seed in range(1500)
        for entity in campaigns.draw(painters, 1, seed, lambda e: 2 if e.pk in heavy else 1)
    )
    # 1,500 draws, two in three expected: six standard deviations are 110.
    assert abs(counts[True] - 1000) < 110


def test_what_weighs_nothing_is_never_drawn(painters):
    drawn = campaigns.draw(painters, 40, 1, lambda e: 0 if e.code < "P-031" else 1)
    assert sorted(e.code for e in drawn) == [f"P-{n:03d}" for n in range(31, 41)]


def test_a_draw_keeps_its_seed(coating, people):
    row = coating.open_row(
        {
            "name": "双随机",
            "area_code": COUNTY,
            "begin": date(2026, 1, 1),
            "end": date(2026, 3, 31),
        },
        people["dispatcher"],
        timezone.now(),
    )
    assert campaigns.draw_objects(coating, row, 8, 7, by=None) == 8
    assert row.selection == {"way": "draw", "seed": 7, "of": 40, "count": 8}


def test_a_visit_is_recorded_once_however_often_it_is_sent(coating, drive, people):
    from uuid import uuid4

    task, number = drive.tasks.first(), uuid4()
    answers = {"房间密闭": "ok", "风速": "0.6"}
    sent = {"by": people["officer"], "client_id": number}
    first = campaigns.visit(coating, task, answers, **sent)
    again = campaigns.visit(coating, task, {"房间密闭": "problem", "缺口": "门"}, **sent)
    assert (first.pk, again.answers) == (again.pk, answers)
    with pytest.raises(Refused, match="已经查过"):
        campaigns.visit(coating, task, answers, by=people["officer2"])


def test_a_second_visit_in_a_year_needs_a_reason(coating, drive, people):
    task = drive.tasks.first()
    at = timezone.make_aware(timezone.datetime(2026, 11, 10, 10))
    campaigns.visit(coating, task, {"房间密闭": "ok"}, by=people["officer"], at=at)
    other = coating.open_row(
        {"name": "二次", "area_code": COUNTY, "begin": date(2026, 12, 1), "end": date(2026, 12, 9)},
        people["dispatcher"],
        timezone.now(),
    )
    campaigns.add_objects(coating, other, [task.entity], by=None)
    campaigns.start(coating, other, by=None)
    second = other.tasks.get()
    with pytest.raises(Refused, match="今年已检查 1 次"):
        campaigns.visit(coating, second, {}, by=people["officer"], at=at)
    done = campaigns.visit(
        coating, second, {}, by=people["officer"], at=at, beyond_cap="群众投诉核查"
    )
    assert (done.state, done.reason) == ("done", "群众投诉核查")


def test_coverage_stands_beside_where_it_should_be_today(coating, drive, people):
    tasks = list(drive.tasks.all())
    for task in tasks[:18]:
        campaigns.visit(coating, task, {"房间密闭": "ok"}, by=people["officer"])
    for task in tasks[-4:]:
        campaigns.leave_out(coating, task, by=people["dispatcher"], reason="已关停")
    seen = campaigns.coverage(drive, drive.tasks.all(), date(2026, 11, 10))
    assert (seen.planned, seen.done, seen.left_out, seen.to_visit) == (40, 18, 4, 36)
    assert seen.expected == 18  # 36 over 20 days, 10 of them gone
    (town,) = campaigns.coverage_by(drive.tasks.all(), "area_code")
    assert (town["planned"], town["done"]) == (40, 18)


def test_a_drive_without_objects_does_not_start_and_an_ended_one_takes_no_visit(
    coating, drive, people
):
    empty = coating.open_row(
        {"name": "空", "area_code": COUNTY, "begin": date(2026, 1, 1), "end": date(2026, 1, 2)},
        people["dispatcher"],
        timezone.now(),
    )
    with pytest.raises(Refused, match="还没有对象"):
        campaigns.start(coating, empty, by=None)
    campaigns.end(coating, drive, by=None)
    with pytest.raises(Refused, match="已结束"):
        campaigns.visit(coating, drive.tasks.first(), {"房间密闭": "ok"}, by=people["officer"])


def test_a_town_sees_its_own_objects_only(coating, drive, people):
    from ecoledger.entities.models import Enterprise as Firm

    far = Firm.objects.create(code="P-900", name="南厂", area_code="990101002")
    campaigns.add_objects(coating, drive, [far], by=None)
    assert coating.tasks_of(drive, people["town"]).count() == 40
    assert coating.tasks_of(drive, people["dispatcher"]).count() == 41
    assert drive in coating.visible_to(people["town"])
