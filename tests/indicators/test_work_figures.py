"""Figures of the work on alarms, each opening the list that reproduces it."""

from datetime import date

import pytest
from tests.daily_values import october

from ecoledger.indicators import work
from ecoledger.listings.selecting import select
from ecoledger.matters import actions
from ecoledger.registers.alarms import alarm_case

BEGIN, END = date(2026, 10, 1), date(2026, 11, 1)
COUNTY = "990101"


@pytest.fixture
def month(store, bureau):
    return october(store, bureau)


def test_what_a_month_of_alarms_came_to(month):
    found = work.period(COUNTY, BEGIN, END)
    assert (found.raised.display, found.silenced.display) == ("4条", "1条")
    assert [(f.label, f.value) for f in found.by_detector] == [("超标", 4)]
    assert (found.opened.value, found.closed.value, found.in_hand.value) == (3, 1, 2)
    # Of the three, one is not verified: it is in neither part.
    assert (found.confirmed.parts, found.confirmed.display) == ("1/2", "50.0%")


@pytest.mark.parametrize("name", ["opened", "closed", "in_hand", "overdue"])
def test_the_list_behind_a_figure_holds_as_many_rows_as_it_says(month, people, name):
    figure = getattr(work.period(COUNTY, BEGIN, END), name)
    query = dict(figure.records.query)
    assert query.pop("register") == alarm_case.REGISTER.key
    rows = select(alarm_case.REGISTER, people["leader"], query)
    assert rows.count() == figure.value


def test_merged_cases_are_in_no_figure(month, people):
    actions.merge(
        [month["pending"].pk],
        month["true"].pk,
        by=people["dispatcher"],
        reason="同一原因",
    )
    assert work.period(COUNTY, BEGIN, END).opened.value == 2


def test_a_month_without_alarms_has_no_share_of_true_ones(month):
    found = work.period(COUNTY, date(2026, 9, 1), BEGIN)
    assert (found.raised.value, found.confirmed.display) == (0, "—")
    assert found.confirmed.missing


def test_open_matters_of_a_section_leave_out_what_few_may_read(month, bureau):
    found = work.open_about([bureau.section])[bureau.section.pk]
    assert [matter.pk for matter in found] == [month["problem"].pk]
