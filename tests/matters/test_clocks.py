"""Deadlines across holidays, office hours and suspensions; dates checked by hand on the 2026 calendar."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.matters import clocks
from ecoledger.matters.models import Clock
from ecoledger.matters.profile import ProfileError, checked_pattern, parsed
from ecoledger.matters.workflow import Unit


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("start", "length", "unit", "end"),
    [
        # National Day 2026: off 1-7 October, Saturday the 10th is worked.
        ("2026-09-30T16:00", 3, Unit.WORKING_DAY, "2026-10-10T23:59:59"),
        ("2026-09-30T16:00", 3, Unit.DAY, "2026-10-03T23:59:59"),
        # Half an hour on the 30th (16:00-17:30 is 1.5 h), the rest on the 8th.
        ("2026-09-30T16:00", 4, Unit.WORKING_HOUR, "2026-10-08T11:00:00"),
        ("2026-11-20T17:00", 1, Unit.WORKING_HOUR, "2026-11-23T09:00:00"),
        # The lunch break does not count; a start outside hours waits for the next span.
        ("2026-11-20T11:30", 1, Unit.WORKING_HOUR, "2026-11-20T14:30:00"),
        ("2026-11-20T12:30", 1, Unit.WORKING_HOUR, "2026-11-20T15:00:00"),
        ("2026-11-21T10:00", 4, Unit.HOUR, "2026-11-21T14:00:00"),
    ],
)
def test_a_limit_ends_when_its_working_time_is_over(start, length, unit, end):
    assert clocks.due(at(start), length, unit).at == at(end)


def test_a_deadline_in_a_year_without_announced_holidays_says_so():
    due = clocks.due(at("2026-12-30T09:00"), 5, Unit.WORKING_DAY)
    assert due.provisional
    assert "2027年" in due.reason
    assert not clocks.due(at("2026-11-16T09:00"), 5, Unit.WORKING_DAY).provisional


@pytest.mark.parametrize(
    ("unit", "length", "pause", "end"),
    [
        # Stopped Tuesday to Thursday: two working days are owed.
        (Unit.WORKING_DAY, 3, ("2026-11-17T09:00", "2026-11-19T09:00"), "2026-11-23T23:59:59"),
        (Unit.DAY, 3, ("2026-11-17T09:00", "2026-11-19T09:00"), "2026-11-21T23:59:59"),
        (Unit.HOUR, 24, ("2026-11-16T12:00", "2026-11-16T15:00"), "2026-11-17T12:00:00"),
        # Of 11:00-15:00 two hours are office time; the lunch break owes nothing.
        (Unit.WORKING_HOUR, 4, ("2026-11-16T11:00", "2026-11-16T15:00"), "2026-11-16T17:00:00"),
    ],
)
def test_what_was_suspended_is_added(unit, length, pause, end):
    spans = [(at(pause[0]), at(pause[1]))]
    assert clocks.due(at("2026-11-16T09:00"), length, unit, spans).at == at(end)


moments = st.datetimes(datetime(2026, 1, 5), datetime(2026, 11, 30))


@given(moments, st.integers(1, 40))
def test_office_time_between_a_start_and_its_end_is_what_was_added(start, hours):
    end = clocks.add_office_hours(start, timedelta(hours=hours))
    assert clocks.office_time_between(start, end) == timedelta(hours=hours)


@given(moments, st.integers(1, 20), st.sampled_from([u for u in Unit if u is not Unit.DATE]))
def test_a_suspension_never_shortens_a_limit(start, length, unit):
    plain = clocks.due(start, length, unit).at
    pause = (start + timedelta(hours=1), start + timedelta(days=3))
    assert clocks.due(start, length, unit, [pause]).at >= plain


def test_what_is_left_is_said_in_the_clocks_own_unit():
    clock = Clock(
        unit=Unit.WORKING_DAY,
        started_at=clocks.aware(at("2026-11-16T09:00")),
        due=clocks.aware(at("2026-11-20T23:59:59")),
    )

    def left(moment):
        return clocks.remaining(clock, clocks.aware(at(moment))).text

    assert left("2026-11-16T09:00") == "剩 4 个工作日"
    assert left("2026-11-20T15:00") == "剩 2.5 个工作小时"
    assert left("2026-11-21T10:00") == "已超期"
    assert left("2026-11-24T10:00") == "超期 2 个工作日"
    assert clocks.used_share(clock, clocks.aware(at("2026-11-16T08:00"))) == 0
    assert clocks.used_share(clock, clocks.aware(at("2026-11-25T08:00"))) == 1


@pytest.mark.parametrize(
    ("table", "complaint"),
    [
        ({"office_hours": {"spans": [["09:00", "08:00"]]}}, "in order"),
        ({"office_hours": {"spans": [["9", "x"]]}}, "pairs such as"),
        ({"series": {"problem": {"pattern": "某环[{year}]{n}号"}}}, "〔〕"),
        ({"series": {"problem": {"pattern": "某环〔{year}〕号"}}}, "both"),
        ({"series": {"problem": {"pattern": "某环〔{jahr}〕{n}"}}}, "only"),
        ({"clocks": {"problem": {"hand_over": {"length": 0, "unit": "day"}}}}, "above zero"),
        ({"clocks": {"problem": {"hand_over": {"length": 1, "unit": "week"}}}}, "unit must be"),
        ({"colour": {}}, "unknown table"),
    ],
)
def test_a_wrong_profile_is_refused_with_the_place(table, complaint):
    with pytest.raises(ProfileError, match=complaint):
        parsed(table)


def test_a_plain_and_a_bracketed_series_are_accepted():
    assert (
        checked_pattern("某环交办〔{year}〕{n}号", "x").format(year=2026, n=7)
        == "某环交办〔2026〕7号"
    )
    assert checked_pattern("YJ-{year}-{n:04d}", "x").format(year=2026, n=7) == "YJ-2026-0007"


def test_one_hour_and_two_hours_are_told_apart_in_english():
    with translation.override("en"):
        assert clocks.Remaining(1, Unit.HOUR, overdue=False).text == "1 hour left"
        assert clocks.Remaining(4, Unit.HOUR, overdue=False).text == "4 hours left"
        assert clocks.Remaining(1, Unit.WORKING_DAY, overdue=True).text == "1 working day overdue"
    assert clocks.Remaining(4, Unit.HOUR, overdue=False).text == "剩 4 小时"
