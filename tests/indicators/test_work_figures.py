"""Figures of the work on alarms, each opening the list that reproduces it."""

from datetime import date, datetime

import pytest
from django.utils import timezone

from ecoledger.indicators import casework, doors, of_registers
from ecoledger.indicators.declaring import Span, all_indicators, indicator_of
from ecoledger.indicators.records.declaring import Asked
from ecoledger.indicators.records.matters import counted_matters
from ecoledger.listings.selecting import select
from ecoledger.matters import actions
from ecoledger.matters.register import register_of
from ecoledger.registers.alarms import alarm_case
from ecoledger.registers.emergency.incidents import INCIDENTS
from ecoledger.reports import letters

BEGIN, END = date(2026, 10, 1), date(2026, 11, 1)
COUNTY = "990101"


@pytest.fixture
def month(october):
    return october


def cases(begin=BEGIN, end=END):
    return casework.of_register("alarm_case", COUNTY, begin, end)


def test_what_a_month_of_alarms_came_to(month):
    alarms = casework.alarms(COUNTY, Span(BEGIN, END))
    assert (alarms.raised.display, alarms.silenced.display) == ("4条", "1条")
    assert [(f.label, f.value) for f in alarms.by_detector] == [("超标", 4)]
    found = cases()
    assert (found["opened"].value, found["closed"].value, found["in_hand"].value) == (3, 1, 2)
    # Of the three, one is not verified: it is in neither part.
    confirmed = found["confirmed_ratio"]
    assert (confirmed.parts, confirmed.display) == ("1/2", "50.0%")


@pytest.mark.parametrize("name", ["in_hand", "overdue"])
def test_the_list_behind_a_figure_of_now_holds_as_many_rows_as_it_says(month, people, name):
    figure = cases(end=date(2099, 1, 1))[name]
    query = dict(figure.records.query)
    assert query.pop("register") == alarm_case.REGISTER.key
    rows = select(alarm_case.REGISTER, people["leader"], query)
    assert rows.count() == figure.value


@pytest.mark.parametrize("name", ["opened", "closed", "confirmed_ratio", "in_hand", "overdue"])
def test_the_page_behind_a_figure_holds_the_matters_it_counts(month, people, name):
    figure = cases()[name]
    assert figure.records.kind == doors.COUNTED_MATTERS.key
    page = counted_matters(Asked(figure.records.query, people["leader"], None))
    whole = figure.value if figure.denominator is None else figure.denominator
    part = figure.value if figure.numerator is None else figure.numerator
    assert (len(page.rows), sum(row.counted for row in page.rows)) == (whole, part)


def test_a_month_that_is_over_says_what_was_in_hand_at_its_end(month, people):
    pending = month["pending"]
    assert (cases()["in_hand"].value, cases()["overdue"].value) == (2, 2)
    actions.perform(
        pending.pk,
        "dismiss",
        by=people["monitor"],
        form={"false_reason": "instrument", "grounds": "校准期间产生"},
        at=timezone.make_aware(datetime(2026, 11, 3, 9)),
    )
    # What was ended in November was still open, and late, on the last of October.
    assert (cases()["in_hand"].value, cases()["overdue"].value) == (2, 2)
    november = cases(END, date(2026, 11, 4))
    assert (november["in_hand"].value, november["closed"].value) == (1, 1)


def test_merged_cases_are_in_no_figure(month, people):
    actions.merge(
        [month["pending"].pk],
        month["true"].pk,
        by=people["dispatcher"],
        reason="同一原因",
    )
    assert cases()["opened"].value == 2


def test_a_month_without_alarms_has_no_share_of_true_ones(month):
    assert casework.alarms(COUNTY, Span(date(2026, 9, 1), BEGIN)).raised.value == 0
    share = cases(date(2026, 9, 1), BEGIN)["confirmed_ratio"]
    assert share.display == "—"
    assert share.missing


def test_open_matters_of_a_section_leave_out_what_few_may_read(month, bureau):
    found = casework.open_about([bureau.section])[bureau.section.pk]
    assert [matter.pk for matter in found] == [month["problem"].pk]


def test_every_register_reaches_the_indicators_by_its_declaration(month):
    registers = {one.key.partition(".")[0] for one in all_indicators() if "." in one.key}
    assert {"alarm_case", "problem"} <= registers
    figure = indicator_of("alarm_case.opened").of(COUNTY, Span(BEGIN, END))
    assert figure == cases()["opened"]
    counted = {work.register.key for work in casework.of_all_registers(COUNTY, BEGIN, END)}
    assert {"alarm_case", "problem"} <= counted


def at(month, day):
    return timezone.make_aware(datetime(2026, month, day, 9))


def counted(name, begin=BEGIN, end=END, person=None):
    """A measure's figure, held against the page behind it."""
    indicator = indicator_of(name)
    register, measure = of_registers.measure_of(indicator.key)
    figure = of_registers.Counting(register, COUNTY, Span(begin, end)).figure(measure)
    page = counted_matters(Asked(figure.records.query, person, None))
    assert sum(row.counted for row in page.rows) == figure.value
    return figure.value


def test_what_was_handed_out_is_counted_by_the_day_it_was(people, bureau):
    """Not by the day it was registered; what waits to be handed out is not counted."""
    chief, unit = people["dispatcher"], people["town"].organisation
    problems = register_of("problem")
    values = {"title": "岸线垃圾", "area_code": "990101001", "origin_kind": "self"}
    for day, handed in (((9, 20), (10, 5)), ((10, 20), (11, 3)), ((10, 21), None)):
        made = actions.open_matter(problems, values, by=chief, at=at(*day))
        if handed:
            form = {"owner_organisation": unit.pk, "measures": "清运"}
            actions.perform(made.pk, "hand_over", by=chief, form=form, at=at(*handed))
    assert counted("problem.handed_out", person=chief) == 1
    assert counted("problem.handed_out", END, date(2026, 12, 1), chief) == 1
    query = {
        "indicator": "problem.handed_out",
        "area": COUNTY,
        "begin": f"{BEGIN}",
        "end": f"{END}",
    }
    page = counted_matters(Asked(query, chief, None))
    (row,) = page.rows
    assert page.columns[4].label == "状态"
    assert row.cells[4].value == "整改中"
    assert counted("problem.opened", person=chief) == 2


def test_a_letter_of_warning_counts_when_it_goes_out_and_as_what_it_is(people, bureau):
    """Whatever was proposed at first, and though an interview follows; what is not sent does not count."""
    chief, values = people["dispatcher"], {"title": "超期", "area_code": "990101001"}
    november = (END, date(2026, 12, 1), people["leader"])
    sent, dropped, old = (
        actions.open_matter(
            register_of("warning"), values | {"measure": kind}, by=chief, at=at(10, 30)
        )
        for kind in ("notice", "warning", "warning")
    )
    actions.perform(dropped.pk, "drop", by=people["leader"], form={"reason": "已整改"})
    type(old).objects.filter(pk=old.pk).update(state="closed", phase="done")
    letter = letters.WARNING
    actions.perform(sent.pk, letter.sends, by=chief, form=dict(letter.sent_as), at=at(11, 2))
    sent.refresh_from_db()
    assert (sent.state, sent.measure) == ("sent", "warning")
    assert counted("warning.letters", person=people["leader"]) == 1  # the old one, which came so
    assert counted("warning.letters", *november) == 1
    actions.perform(sent.pk, "answer", by=chief, form={"reply": "正在整改"}, at=at(11, 9))
    form = {"reason": "整改不力"}
    actions.perform(sent.pk, "again", by=people["leader"], form=form, at=at(11, 10))
    assert counted("warning.interviews", *november) == 0
    actions.perform(sent.pk, "send", by=chief, at=at(11, 12))
    assert (counted("warning.letters", *november), counted("warning.interviews", *november)) == (
        1,
        1,
    )


def test_what_begins_at_a_moment_is_in_hand_from_then(people):
    began = timezone.make_aware(datetime(2026, 6, 5, 10))
    incident = actions.open_matter(INCIDENTS, {
        "title": "泄漏", "area_code": COUNTY, "lon": 118.51, "lat": 24.9, "occurred_at": began, "learned_at": began,
        "cause": "traffic", "medium": "water",
    }, by=people["dispatcher"])  # fmt: skip
    for hour, expected in ((9, False), (11, True)):
        then = of_registers.open_at(began.replace(hour=hour), INCIDENTS.begins)
        assert type(incident).objects.filter(then).exists() is expected
