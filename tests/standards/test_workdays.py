from datetime import date, datetime, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import catalogue, data_files, workdays
from ecoledger.standards.workdays import (
    add_working_days,
    day_kind,
    is_working_day,
    national,
    working_days_between,
)

announced_days = st.dates(date(2020, 1, 1), date(2026, 12, 31))


@pytest.fixture
def overrides(tmp_path):
    yield tmp_path
    data_files.use_overrides(None)


def test_a_make_up_sunday_is_a_working_day_and_the_holiday_is_not():
    assert is_working_day(date(2026, 1, 4))  # Sunday, made up for 2 January
    assert not is_working_day(date(2026, 1, 2))  # Friday off
    assert is_working_day(date(2026, 10, 10))
    assert not is_working_day(date(2026, 10, 8) - timedelta(1))


@pytest.mark.parametrize(
    ("year", "working_days"),
    [(2020, 249), (2021, 250), (2022, 249), (2023, 249), (2024, 251), (2025, 248), (2026, 248)],
)
def test_each_year_has_the_number_of_working_days_its_announcement_leaves(year, working_days):
    assert working_days_between(date(year - 1, 12, 31), date(year, 12, 31)).count == working_days


def test_the_extended_spring_festival_of_2020_counts_as_rest():
    assert add_working_days(date(2020, 1, 23), 1).day == date(2020, 2, 3)


def test_the_day_of_the_trigger_is_not_counted():
    friday = date(2026, 11, 20)
    assert add_working_days(friday, 1).day == date(2026, 11, 23)
    assert add_working_days(date(2026, 11, 21), 1).day == date(2026, 11, 23)  # from a Saturday
    assert add_working_days(date(2026, 11, 21), 0).day == date(2026, 11, 23)
    assert add_working_days(friday, 0).day == friday
    assert add_working_days(date(2026, 11, 23), -1).day == friday


def test_seven_working_days_before_national_day_2026_end_after_it():
    # 25-27 September is 中秋节, 1-7 October 国庆节, 10 October (Saturday) is worked.
    reached = add_working_days(date(2026, 9, 24), 7)
    assert reached.day == date(2026, 10, 11) + timedelta(1)
    assert not reached.provisional


def test_counting_into_an_unannounced_year_is_provisional_and_says_which_year():
    reached = add_working_days(date(2026, 12, 31), 5)
    assert reached.day == date(2027, 1, 7)
    assert reached.provisional
    assert reached.unannounced == (2027,)
    assert "2027年" in reached.reason
    within = add_working_days(date(2026, 12, 24), 5)
    assert within.day == date(2026, 12, 31)
    assert not within.provisional
    assert within.reason == ""


def test_a_newly_announced_year_settles_the_deadline(overrides):
    before = add_working_days(date(2026, 12, 31), 1)
    (overrides / "workdays.toml").write_text(
        """
        [years.2027]
        document = "试验文号"
        mark = "M"
        source = "test"
        rest = [{ name = "元旦", from = 2027-01-01, to = 2027-01-03 }]
        work = [2027-01-09]
        [local]
        rest = [2027-01-04]
        """,
        encoding="utf-8",
    )
    data_files.use_overrides(overrides)
    after = add_working_days(date(2026, 12, 31), 1)
    assert (before.day, before.provisional) == (date(2027, 1, 1), True)
    assert (after.day, after.provisional) == (date(2027, 1, 5), False)
    assert is_working_day(date(2027, 1, 9))


def test_local_days_prevail_and_can_be_taken_back():
    festival = date(2026, 4, 17)
    here = national().with_local(rest=[festival])
    assert not here.is_working_day(festival)
    assert national().is_working_day(festival)
    assert here.with_local(work=[festival]).is_working_day(festival)
    with pytest.raises(ValueError, match="both"):
        national().with_local(rest=[festival], work=[festival])


def test_a_day_says_what_it_is_and_on_what_ground():
    assert day_kind(date(2026, 2, 17)).name == "春节"
    assert day_kind(date(2026, 2, 28)).name == "调休上班"
    assert day_kind(date(2022, 12, 31)).name == "元旦"  # announced with the following year
    assert day_kind(date(2027, 2, 17)).provisional
    assert day_kind(date(2026, 11, 21)).name == "周末"


def test_a_time_and_a_far_year_are_refused():
    with pytest.raises(TypeError, match="time"):
        add_working_days(datetime(2026, 1, 1, 8), 1)
    with pytest.raises(ValueError, match="1990-2099"):
        add_working_days(date(2099, 12, 30), 10)
    with pytest.raises(ValueError, match="missing"):
        national().are_working_days(["NaT"])


@given(announced_days, st.integers(-60, 60).filter(bool))
def test_what_adding_reached_is_that_many_apart(start, n):
    reached = add_working_days(start, n)
    assert is_working_day(reached.day)
    assert working_days_between(start, reached.day).count == n


@given(announced_days, st.integers(-40, 40))
def test_adding_agrees_with_walking_day_by_day(start, n):
    day, left = start, abs(n)
    if n == 0:
        while not is_working_day(day):
            day += timedelta(1)
    while left:
        day += timedelta(1 if n > 0 else -1)
        left -= is_working_day(day)
    assert add_working_days(start, n).day == day


@given(
    st.lists(
        st.tuples(st.dates(date(2019, 6, 1), date(2027, 6, 1)), st.integers(-30, 30)), min_size=1
    )
)
def test_the_vector_form_agrees_with_the_scalar(pairs):
    starts = np.array([d for d, _ in pairs], dtype="datetime64[D]")
    steps = np.array([n for _, n in pairs])
    days, provisional = national().add_working_days_to(starts, steps)
    scalar = [add_working_days(d, n) for d, n in pairs]
    assert days.tolist() == [r.day for r in scalar]
    assert provisional.tolist() == [r.provisional for r in scalar]
    counts = national().count_working_days(starts, days)
    assert counts.tolist() == [
        working_days_between(d, r.day).count for (d, _), r in zip(pairs, scalar, strict=True)
    ]


def test_every_announced_holiday_is_rest_and_every_make_up_day_falls_on_a_weekend():
    for year in range(2020, 2027):
        edition = catalogue.in_force(workdays.RULE_SET, date(year, 6, 1))
        for day in edition.content["work"]:
            assert day.weekday() >= 5
            assert is_working_day(day)
        for holiday in edition.content["rest"]:
            assert not is_working_day(holiday["from"])
            assert not is_working_day(holiday["to"])
