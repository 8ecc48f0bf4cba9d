"""What is put right has the clocks of what is entered so at once: one rule for every book and everything a clock goes by."""

from __future__ import annotations

from datetime import date, datetime
from zoneinfo import ZoneInfo

import pytest
from tests.conftest import COUNTY, NORTH

from ecoledger.matters import actions
from ecoledger.matters.register import register_of
from ecoledger.registers.approval.items import ApprovalItem, Kind

TIME = ZoneInfo("Asia/Shanghai")
CAME = datetime(2026, 11, 2, 10, 0, tzinfo=TIME)
EARLIER = datetime(2026, 10, 13, 9, 0, tzinfo=TIME)
INCIDENT = {
    "title": "泄漏", "area_code": COUNTY, "lon": 118.51, "lat": 24.9, "occurred_at": EARLIER, "learned_at": CAME,
    "cause": "traffic", "medium": "water", "grade": 4,
}  # fmt: skip


@pytest.fixture
def items(bureau):
    """Of days, of other days, and of none."""
    days = {"A": (5, 30, 10), "R": (1, 30, 10), "Z": (5, 0, 0)}
    return {
        code: ApprovalItem.objects.create(
            code=code, name=code, kind=Kind.FORM, receive_days=receive, legal_days=legal, promised_days=promised
        )
        for code, (receive, legal, promised) in days.items()
    }  # fmt: skip


def _running(matter):
    return {clock.name: (clock.length, clock.unit, clock.due) for clock in matter.clocks.filter(stopped_at=None)}  # fmt: skip


@pytest.mark.parametrize(
    ("key", "who", "entered", "right", "steps"),
    [
        ("complaint", "dispatcher", {"channel": "web"}, {"channel": "letter"}, ()),
        ("complaint", "dispatcher", {"channel": "letter"}, {"channel": "web"}, ()),
        ("complaint", "dispatcher", {"channel": "letter"}, {"opened_at": EARLIER}, ()),
        ("complaint", "dispatcher", {}, {"deadline": date(2026, 11, 20)}, ()),
        ("complaint", "dispatcher", {"deadline": date(2026, 11, 20)}, {"deadline": None}, ()),
        ("incident", "dispatcher", INCIDENT, {"grade": 2}, ()),
        ("incident", "dispatcher", INCIDENT | {"grade": 2}, {"grade": 3, "learned_at": EARLIER}, ()),
        ("penalty_case", "leader", {}, {"found_on": date(2026, 10, 9)}, ()),
        ("service_request", "leader", {"sort": "consultation"}, {"sort": "hall"}, ()),
        ("approval_case", "leader", {"item": "A"}, {"item": "R"}, ()),
        ("approval_case", "leader", {"item": "A"}, {"item": "Z"}, ("accept",)),
        ("approval_case", "leader", {"item": "Z"}, {"item": "A"}, ("accept",)),
    ],
)  # fmt: skip
def test_what_is_put_right_has_the_clocks_of_what_is_entered_so(
    bureau, items, key, who, entered, right, steps
):
    register, by = register_of(key), bureau.people[who]
    desk = bureau.people["approver"]
    if not register.may_open(desk):
        desk = next(person for person in bureau.people.values() if register.may_open(person))

    def told(values):
        return {name: items[value] if name == "item" else value for name, value in values.items()}

    def opened(values):
        said = {"title": "某事", "area_code": NORTH, "opened_at": CAME} | told(values)
        matter = actions.open_matter(register, said, by=desk, at=CAME)
        for step in steps:
            matter = actions.perform(matter.pk, step, by=desk, at=CAME)
        return matter

    matter, as_right = opened(entered), opened(entered | right)
    assert _running(matter) != _running(as_right)
    matter = actions.amend(matter.pk, told(right), event="edit", label="修改", by=by)
    assert _running(matter) == _running(as_right)
    assert matter.due == as_right.due


def test_a_clock_that_counts_from_another_day_keeps_what_was_granted_and_what_stood_still(bureau):
    leader = bureau.people["leader"]
    case = actions.open_matter(
        register_of("penalty_case"), {"title": "某事", "area_code": NORTH}, by=bureau.officer, at=CAME
    )  # fmt: skip
    clock = case.clocks.get()
    asked = actions.extend(case.pk, clock.pk, by=bureau.officer, length=15, reason="案情复杂", at=CAME)  # fmt: skip
    actions.decide_extension(case.pk, asked.pk, by=leader, approve=True, at=CAME)
    actions.suspend(case.pk, by=leader, reason="不可抗力", at=CAME)
    granted = case.clocks.get().due
    actions.amend(case.pk, {"found_on": date(2026, 10, 9)}, event="edit", label="修改", by=leader)
    again = case.clocks.get()
    assert again.due < granted
    assert (again.pk, again.suspended, again.extensions.count()) == (clock.pk, True, 1)


def test_a_step_by_which_a_matter_has_a_limit_no_more_ends_its_clock(bureau):
    incident = actions.open_matter(register_of("incident"), INCIDENT, by=bureau.people["dispatcher"])  # fmt: skip
    assert set(_running(incident)) == {"first_lesser"}
    form = {"grade": 2, "reason": "饮用水水源受影响"}
    actions.perform(incident.pk, "regrade", by=bureau.people["leader"], form=form)
    assert set(_running(incident)) == {"first_grave"}


def test_a_clock_that_has_stopped_is_held_to_the_day_that_counts_from_the_right_beginning(bureau):
    register, desk = register_of("complaint"), bureau.people["dispatcher"]

    def accepted(opened):
        said = {"title": "来信", "area_code": NORTH, "channel": "letter", "opened_at": opened}
        matter = actions.open_matter(register, said, by=desk, at=CAME)
        form = {"owner_organisation": bureau.people["town"].organisation_id, "told": "已告知"}
        return actions.perform(matter.pk, "accept", by=desk, at=CAME, form=form)

    def stopped(matter):
        return {clock.name: (clock.due, clock.stopped_at) for clock in matter.clocks.exclude(stopped_at=None)}  # fmt: skip

    matter, as_right = accepted(CAME), accepted(EARLIER)
    assert stopped(matter) != stopped(as_right)
    actions.amend(matter.pk, {"opened_at": EARLIER}, by=desk, event="edit", label="修改")
    assert stopped(matter) == stopped(as_right)
    assert {at for _due, at in stopped(matter).values()} == {CAME}
