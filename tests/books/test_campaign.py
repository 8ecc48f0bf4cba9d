"""Campaigns: objects drawn again by anybody, visits recorded once, coverage against elapsed time."""

from __future__ import annotations

from datetime import date

import pytest
from django.utils import timezone
from tests.books.test_checklists import COATING, book
from tests.conftest import COUNTY, NORTH

from ecoledger.accounts.models import AuditEntry
from ecoledger.books import campaign as campaigns
from ecoledger.books.campaign import Campaign
from ecoledger.entities.models import Enterprise
from ecoledger.listings.refusals import Refused
from ecoledger.standards import drawing

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


def test_a_draw_is_of_a_list_that_was_frozen_before_its_seed(coating, people, painters):
    """The trail has the list's hash before the seed; from what is kept anybody draws the same again."""
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
    weights = {e.code: 0 if e.code < "P-031" else 2 for e in painters}
    assert campaigns.draw_objects(coating, row, 8, by=None, weight=lambda e: weights[e.code]) == 8
    kept = row.selection
    trail = list(AuditEntry.objects.order_by("id").values_list("action", "details"))
    frozen, _objects, drawn = trail[-3:]
    assert frozen[0] == "test_coating.list_frozen"
    assert "seed" not in frozen[1]
    assert frozen[1]["sha256"] == drawn[1]["sha256"] == kept["sha256"]
    assert drawn[1]["seed"] == kept["seed"]
    again = []
    for line in kept["list"]:
        code, name, tier, weight, district = line.split("|")
        again.append(drawing.Candidate(code, name, tier, int(weight), district))
    assert drawing.Lists(tuple(again), (), ()).sha256 == kept["sha256"]
    assert [o.code for o in drawing.order(again, kept["seed"])][:8] == kept["drawn"]
    # What weighs nothing is never drawn.
    assert all(code >= "P-031" for code in kept["drawn"])
    assert {t.entity.code for t in row.tasks.all()} == set(kept["drawn"])


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
