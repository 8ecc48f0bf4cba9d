"""What the house makes of what was entered is made anew when that is put right: dates, promises, whose matter it is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ecoledger.entities.models import Enterprise
from ecoledger.matters import actions, deadlines
from ecoledger.registers.approval.service_requests import REGISTER as REQUESTS
from ecoledger.registers.approval.service_requests import days_for
from ecoledger.registers.enforcement.self_checks import REGISTER as SELF_CHECKS
from ecoledger.registers.soil.hazards import DEMOLITIONS, file_by

pytestmark = pytest.mark.django_db
NORTH = "990101001"


def test_a_demolition_moved_forward_is_to_be_filed_earlier(bureau):
    today, firm = timezone.localdate(), bureau.people["enterprise"]
    values = {"title": "一车间拆除", "entity": bureau.enterprise, "objects_text": "车间",
              "starts_on": today + timedelta(120)}  # fmt: skip
    row = actions.open_matter(DEMOLITIONS, values, by=firm)
    sooner = today + timedelta(40)
    row = actions.amend(row.pk, {"starts_on": sooner}, event="edited", by=firm)
    assert row.file_by == file_by(sooner)
    event = row.events.order_by("-pk").first()
    assert event.form["file_by"] == f"{row.file_by}"
    assert event.form["before"]["file_by"] == f"{file_by(today + timedelta(120))}"


def test_an_answer_is_due_by_what_is_asked_also_after_that_was_put_right(bureau):
    values = {"title": "请教", "sort": "hall", "area_code": NORTH, "entity": bureau.enterprise}
    row = actions.open_matter(REQUESTS, values, by=bureau.approver)
    later = row.due
    row = actions.amend(row.pk, {"sort": "consultation"}, event="edited", by=bureau.approver)
    assert row.answer_days == days_for("consultation") < days_for("hall")
    row.refresh_from_db()
    assert row.due < later
    assert [clock.length for clock in deadlines.running(row)] == [days_for("consultation")]


def test_a_matter_put_right_to_another_firm_is_that_firms(bureau):
    other = Enterprise.objects.create(code="E-2", name="另一家", area_code=NORTH)
    values = {"title": "自查", "entity": bureau.enterprise, "area_code": NORTH}
    row = actions.open_matter(SELF_CHECKS, values, by=bureau.officer)
    firm = bureau.people["enterprise"]
    assert SELF_CHECKS.visible_to(firm).filter(pk=row.pk).exists()
    actions.amend(row.pk, {"entity": other}, event="edited", by=bureau.officer)
    assert not SELF_CHECKS.visible_to(firm).filter(pk=row.pk).exists()
