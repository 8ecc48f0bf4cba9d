"""What a matter is opened by holds as well when what was entered is changed."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest
from django.utils import timezone

from ecoledger.entities.models import Section
from ecoledger.listings.refusals import Refused
from ecoledger.matters import actions, history
from ecoledger.matters.models import Event
from ecoledger.registers.credit.insurance import POLICIES
from ecoledger.registers.water import compensation

COUNTY, NORTH = "990101", "990101001"


def amend(row, by, **values):
    return actions.amend(row.pk, values, event="edit", label="修改", by=by)


@pytest.fixture
def frozen(bureau):
    now = timezone.now()
    return compensation.CompensationMonth.objects.create(
        register="compensation_month", number="M1", title="2026年5月", month=date(2026, 5, 1),
        area_code=COUNTY, state="frozen", phase="done", opened_at=now, state_since=now,
    )  # fmt: skip


def test_a_month_is_counted_once_however_it_came_to_be_that_month(bureau, frozen):
    desk = bureau.people["dispatcher"]
    month = actions.open_matter(
        compensation.MONTHS, {"month": date(2026, 6, 1), "area_code": COUNTY}, by=desk
    )
    with pytest.raises(Refused, match="已经登记"):
        amend(month, desk, month=date(2026, 5, 15))
    month = amend(month, desk, month=date(2026, 7, 15))
    assert (month.month, month.title) == (date(2026, 7, 1), "2026年7月镇街横向生态补偿核算")
    # The timeline tells what is kept, not what was typed.
    assert Event.objects.filter(matter=month).latest("pk").form["month"] == "2026-07-01"


def test_nothing_is_left_out_of_a_frozen_month_by_changing_the_month(bureau, frozen):
    desk = bureau.people["dispatcher"]
    row = actions.open_matter(
        compensation.EXCLUSIONS,
        {"entity": Section.objects.get(code="S-1"), "area_code": COUNTY, "month": date(2026, 7, 1),
         "cause": compensation.DataExclusion.Cause.values[0], "description": "断流"},
        by=desk,
    )  # fmt: skip
    with pytest.raises(Refused, match="已冻结"):
        amend(row, desk, month=date(2026, 5, 15))


def test_an_earlier_ledgers_months_are_put_in_order_as_entered_ones_are(bureau, frozen):
    """A month stands as its first day, and once, also where two rows of one table say it."""
    desk, at = bureau.people["dispatcher"], timezone.now()

    def entered(*months):
        rows = [{"month": month, "area_code": COUNTY, "closed_at": at} for month in months]
        return history.enter(compensation.MONTHS, rows, by=desk, source="旧账.xlsx")

    [row] = entered(date(2025, 6, 15))
    assert (row.month, row.title) == (date(2025, 6, 1), "2025年6月镇街横向生态补偿核算")
    for months in ([date(2025, 6, 20)], [date(2025, 7, 1), date(2025, 7, 9)]):
        with pytest.raises(Refused, match="已经登记"):
            entered(*months)


def test_no_term_of_a_policy_ends_before_it_begins(bureau):
    clerk = bureau.approver
    values = {
        "entity": bureau.enterprise, "insurer": "甲", "policy_no": "1", "insured": Decimal(1),
        "kind": POLICIES.model._meta.get_field("kind").choices[0][0],
        "starts_on": date(2026, 1, 1), "ends_on": date(2026, 12, 31),
    }  # fmt: skip
    with pytest.raises(Refused):
        actions.open_matter(POLICIES, values | {"ends_on": date(2025, 1, 1)}, by=clerk)
    policy = actions.open_matter(POLICIES, values, by=clerk)
    for days in ({"ends_on": date(2025, 1, 1)}, {"starts_on": date(2027, 1, 1)}):
        with pytest.raises(Refused) as refused:
            amend(policy, clerk, **days)
        assert list(refused.value.fields) == ["ends_on"]
        with pytest.raises(Refused):  # asked by the preview of a later table
            POLICIES.may_follow(policy, days, clerk)
    assert amend(policy, clerk, ends_on=date(2027, 6, 30)).ends_on == date(2027, 6, 30)


@pytest.mark.parametrize(
    ("key", "who", "more"),
    [
        ("change_spot", "dispatcher", {"spot_no": "1", "sort": "building"}),
        ("zoning_check", "approver", {"industry_code": "3360"}),
    ],
)
def test_what_no_map_can_hold_is_no_outline(bureau, client, key, who, more):
    drawn = '{"type":"Polygon","coordinates":[[[1' + "0" * 400 + ",1],[2,2],[3,1],[1,1]]]}"
    client.force_login(bureau.people[who])
    given = {"title": "图", "area_code": NORTH, "outline": drawn, **more}
    page = client.post(f"/matters/{key}/new", given)
    assert page.status_code == 200
    assert page.context["form"].errors.keys() == {"outline"}
