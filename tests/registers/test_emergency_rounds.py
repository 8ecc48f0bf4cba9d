"""Emergency: what was approved goes out and no more comes back; the daily rounds of books go on by themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from ecoledger.books.models import Holding
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions, schedule
from ecoledger.registers.emergency.depots import BATCHES, DEPOTS, KEY, materials
from ecoledger.registers.emergency.dispatches import DISPATCHES
from ecoledger.registers.emergency.plan_filings import FILINGS, PlanFiling, watch_terms

pytestmark = pytest.mark.django_db
COUNTY, NORTH = "990101", "990101001"


@pytest.fixture
def note(bureau):
    """A note for one piece of a batch of a hundred."""
    now, by = timezone.now(), bureau.approver
    depot = DEPOTS.open_row({"name": "示例库", "area_code": COUNTY, "sort": "own"}, by, now)
    batch = BATCHES.open_row({
        "parent": depot, "material": materials()[0]["key"], "received": Decimal(100), "batch_no": "1",
        "area_code": COUNTY,
    }, by, now)  # fmt: skip
    row = actions.open_matter(
        DISPATCHES, {"title": "调用", "area_code": COUNTY, "purpose": "incident"}, by=by
    )
    actions.set_lines(row.pk, "items", [{"batch": batch.pk, "quantity": "1"}], by=by)
    return row


def fill(note, by, **said):
    line = note.items.get()
    row = {"id": str(line.pk), "batch": line.batch_id, "quantity": line.quantity, **said}
    return actions.set_lines(note.pk, "items", [row], by=by)


def test_what_was_approved_goes_out_and_no_more_comes_back(bureau, note):
    by = bureau.approver
    actions.perform(note.pk, "approve", by=bureau.leader, form={})
    with pytest.raises(Refused, match="不再修改“调用数量”"):
        fill(note, by, quantity="90")
    with pytest.raises(Refused, match="不再修改"):
        actions.set_lines(note.pk, "items", [], by=by)
    with pytest.raises(Refused, match="不再修改“用途”"):
        actions.amend(note.pk, {"purpose": "move"}, event="amended", by=by)
    actions.perform(note.pk, "issue", by=by, form={})
    with pytest.raises(Refused, match="不再修改“调用数量”"):
        fill(note, by, quantity="5000", returned="5000")
    fill(note, by, returned="1")
    actions.perform(note.pk, "settle", by=by, form={})
    assert Holding.objects.get(book=KEY, outside=False).balance == 100
    with pytest.raises(Refused, match="不再修改“"):
        fill(note, by, returned="0.5")


def test_plans_whose_term_is_over_fall_due_beside_one_that_was_merged(bureau):
    said = {"entity": bureau.enterprise, "area_code": NORTH, "sort": "firm", "risk": "L"}
    rows = [
        actions.open_matter(FILINGS, {**said, "title": f"预案{n}"}, by=bureau.officer)
        for n in range(2)
    ]
    PlanFiling.objects.update(
        state="filed", phase="done", filed_on=date(2020, 1, 1), review_due=date(2023, 1, 1)
    )
    PlanFiling.objects.filter(pk=rows[0].pk).update(merged_into=rows[1].pk)
    assert watch_terms(timezone.now()) == 1
    assert PlanFiling.objects.get(pk=rows[1].pk).state == "due"


def test_the_round_of_one_book_that_fails_stops_no_other(monkeypatch):
    def fails(now):
        raise LookupError("no rules of that day")

    books = [
        replace(FILINGS, key="first", daily=fails),
        replace(FILINGS, key="second", daily=lambda now: 7),
    ]
    monkeypatch.setattr(schedule, "all_registers", lambda: books)
    assert schedule.daily() == {"recounted": 0, "second": 7}
