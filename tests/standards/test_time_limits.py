from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ecoledger.standards import catalogue, data_files, time_limits
from ecoledger.standards.catalogue import Mark, NoEditionInForceError
from ecoledger.standards.time_limits import Suspension, Unit, add_months, day_unit, deadline
from ecoledger.standards.workdays import add_working_days, is_working_day


@pytest.fixture
def overrides(tmp_path):
    yield tmp_path
    data_files.use_overrides(None)


def test_a_period_in_natural_days_ending_on_a_saturday_moves_to_monday():
    filing = deadline(date(2026, 11, 20), "penalty-filing")
    assert filing.nominal_day == date(2026, 12, 5)
    assert filing.due == datetime(2026, 12, 7, 23, 59, 59)
    assert filing.basis == "生态环境行政处罚办法（部令第30号）第18条"
    assert "顺延至2026-12-07" in filing.explanation
    assert not filing.provisional


def test_the_law_of_the_trigger_decides_and_another_day_may_be_asked_for():
    under_the_old_rule = deadline(date(2023, 6, 1), "penalty-filing")
    assert (under_the_old_rule.unit, under_the_old_rule.length) == (Unit.WORKING_DAY, 7)
    assert under_the_old_rule.due_day == date(2023, 6, 12)
    assert under_the_old_rule.mark is Mark.MEMORY
    assert deadline(date(2023, 6, 1), "penalty-filing", on=date(2023, 7, 1)).length == 15
    assert deadline(date(2026, 8, 14), "eia-report").basis.startswith(
        "中华人民共和国环境影响评价法"
    )
    assert deadline(date(2026, 8, 15), "eia-report").basis == "生态环境法典第102条"
    with pytest.raises(NoEditionInForceError):
        deadline(date(2021, 1, 1), "manifest-confirmation")


def test_a_decision_takes_ninety_days_plus_what_was_granted_and_suspended():
    filed = date(2026, 3, 2)
    assert deadline(filed, "penalty-decision").due_day == date(2026, 6, 1)  # 31 May is a Sunday
    longer = deadline(filed, "penalty-decision", extensions=[30])
    assert longer.due_day == filed + timedelta(120)
    hearing = Suspension(date(2026, 4, 10), date(2026, 4, 19))
    paused = deadline(filed, "penalty-decision", suspended=[hearing])
    assert paused.nominal_day == filed + timedelta(100)
    # Two proceedings on the same days excuse those days once.
    twice = deadline(filed, "penalty-decision", suspended=[hearing, hearing])
    assert twice.nominal_day == paused.nominal_day
    # One that begins after the limit has passed excuses nothing.
    late = Suspension(date(2026, 6, 10), date(2026, 6, 20))
    assert deadline(filed, "penalty-decision", suspended=[late]).due_day == date(2026, 6, 1)


def test_extensions_beyond_the_law_are_refused_with_the_law():
    with pytest.raises(ValueError, match="第57条"):
        deadline(date(2026, 3, 2), "penalty-decision", extensions=[31])
    with pytest.raises(ValueError, match="allows 0 extension"):
        deadline(date(2026, 3, 2), "penalty-payment", extensions=[5])


def test_working_day_limits_skip_holidays_and_say_when_they_are_provisional():
    confirmation = deadline(date(2026, 9, 30), "manifest-confirmation")
    assert confirmation.due_day == date(2026, 10, 13)
    into_2027 = deadline(date(2026, 12, 28), "manifest-confirmation")
    assert into_2027.due_day == date(2027, 1, 4)
    assert into_2027.provisional
    assert "2027年" in into_2027.reason


def test_natural_days_ending_in_an_unannounced_year_are_provisional_only_if_they_may_move():
    assert deadline(date(2026, 12, 20), "complaint-closing").provisional
    assert not deadline(date(2026, 12, 20), "permit-validity").provisional
    assert deadline(date(2026, 12, 20), "permit-validity").due_day == date(2031, 12, 20)


def test_hours_count_through_the_night_and_need_a_time():
    found = datetime(2026, 11, 20, 22, 30)
    assert deadline(found, "incident-report").due == datetime(2026, 11, 21, 2, 30)
    assert deadline(found, "incident-report-major").due == datetime(2026, 11, 21, 0, 30)
    with pytest.raises(ValueError, match="time of day"):
        deadline(date(2026, 11, 20), "incident-report")
    with pytest.raises(ValueError, match="UTC\\+8"):
        deadline(datetime(2026, 11, 20, 14, 30, tzinfo=UTC), "incident-report")
    pause = Suspension(datetime(2026, 11, 20, 23, 0), datetime(2026, 11, 21, 1, 0))
    inside = Suspension(datetime(2026, 11, 20, 23, 30), datetime(2026, 11, 21, 1, 30))
    held = deadline(found, "incident-report", suspended=[inside, pause])
    assert held.due == datetime(2026, 11, 21, 5, 0)


def test_limits_counted_backwards_end_before_the_event():
    notice = deadline(date(2026, 10, 12), "penalty-hearing-notice")
    # Working days back from 12 October: 10, 9, 8 October, 30, 29, 28 and 24 September.
    assert notice.due_day == date(2026, 9, 24)
    assert deadline(date(2026, 12, 31), "permit-renewal-application").due_day == date(2026, 11, 1)


def test_dates_after_the_end_of_a_period():
    assert deadline(date(2026, 12, 1), "auto-mark").due == datetime(2026, 12, 2, 12)
    assert deadline(date(2026, 11, 21), "waste-report-month").due_day == date(2026, 12, 15)
    assert deadline(date(2026, 8, 1), "waste-report-quarter").due_day == date(2026, 10, 15)
    assert deadline(date(2026, 5, 5), "waste-plan").due_day == date(2027, 3, 31)
    assert deadline(date(2026, 5, 5), "disclosure-year").due_day == date(2027, 3, 15)


def test_ten_days_became_working_days_with_the_new_reconsideration_law():
    assert day_unit("reconsideration-law", 10, date(2023, 12, 31)).unit is Unit.DAY
    assert day_unit("reconsideration-law", 10, date(2024, 1, 1)).unit is Unit.WORKING_DAY


@pytest.mark.parametrize(
    ("law", "days", "unit"),
    [
        ("penalty-law", 2, Unit.WORKING_DAY),
        ("penalty-law", 3, Unit.WORKING_DAY),
        ("penalty-law", 4, Unit.DAY),
        ("penalty-law", 7, Unit.WORKING_DAY),
        ("penalty-law", 10, Unit.DAY),
        ("penalty-law", 15, Unit.DAY),
        ("compulsion-law", 10, Unit.WORKING_DAY),
        ("compulsion-law", 30, Unit.DAY),
        ("licensing-law", 45, Unit.WORKING_DAY),
        ("reconsideration-law", 10, Unit.WORKING_DAY),
    ],
)
def test_short_limits_are_working_days_where_the_law_says_so(law, days, unit):
    assert day_unit(law, days, date(2026, 1, 1)).unit is unit


def test_a_bureau_corrects_a_limit_in_its_own_file(overrides):
    (overrides / "time_limits.toml").write_text(
        '[limits.eia-report.editions."生态环境法典"]\nlength = 30\nunit = "working_day"\nmark = "P"\n',
        encoding="utf-8",
    )
    data_files.use_overrides(overrides)
    promised = deadline(date(2026, 9, 1), "eia-report")
    assert (promised.unit, promised.length, promised.mark) == (Unit.WORKING_DAY, 30, Mark.PRIMARY)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[limits.eia-report.editions."生态环境法典"]\nunit = "week"\n', "eia-report.*week"),
        ('[limits.eia-report.editions."生态环境法典"]\nlength = 0\n', "positive"),
        (
            '[limits.penalty-statement.editions."生态环境行政处罚办法（部令第30号）"]\nunit = "day"\n',
            "penalty-law are working_day",
        ),
    ],
)
def test_a_wrong_correction_is_refused_by_name(overrides, text, message):
    (overrides / "time_limits.toml").write_text(text, encoding="utf-8")
    data_files.use_overrides(overrides)
    with pytest.raises(ValueError, match=message):
        deadline(date(2026, 9, 1), "eia-report")


def test_unknown_limits_and_backward_suspensions_are_refused():
    with pytest.raises(KeyError, match="nonsense"):
        deadline(date(2026, 9, 1), "nonsense")
    with pytest.raises(ValueError, match="before it begins"):
        deadline(
            date(2026, 9, 1),
            "penalty-decision",
            suspended=[Suspension(date(2026, 9, 5), date(2026, 9, 4))],
        )


def test_every_limit_is_in_the_catalogue_and_gives_a_deadline_today():
    for key in time_limits.limit_keys():
        today = deadline(datetime(2026, 11, 21, 9), key)
        assert today.explanation
        assert today.basis
        edition = catalogue.in_force(time_limits.PREFIX + key, date(2026, 11, 21))
        assert edition.source


@given(st.dates(date(2023, 7, 1), date(2026, 6, 30)), st.integers(0, 30))
def test_a_decision_never_falls_due_on_a_day_off(filed, paused_days):
    suspended = (
        [Suspension(filed + timedelta(5), filed + timedelta(4 + paused_days))]
        if paused_days
        else []
    )
    due = deadline(filed, "penalty-decision", suspended=suspended)
    assert is_working_day(due.due_day)
    assert due.nominal_day == filed + timedelta(90 + paused_days)


@given(st.dates(date(2022, 1, 1), date(2026, 9, 1)), st.integers(1, 20), st.integers(0, 12))
def test_suspended_working_days_are_given_back_one_for_one(start, pause_from, pause_length):
    first = start + timedelta(pause_from)
    pause = Suspension(first, first + timedelta(pause_length))
    due = deadline(start, "transfer-reply", suspended=[pause]).due_day
    unpaused = [
        day
        for day in (start + timedelta(n) for n in range(1, (due - start).days + 1))
        if is_working_day(day) and not pause.first <= day <= pause.last
    ]
    assert len(unpaused) == 10
    assert unpaused[-1] == due
    assert due >= add_working_days(start, 10).day


@given(st.dates(date(2000, 1, 1), date(2090, 1, 1)), st.integers(-500, 500))
def test_months_keep_the_day_or_end_at_the_months_end(day, months):
    moved = add_months(day, months)
    assert (moved.year * 12 + moved.month) - (day.year * 12 + day.month) == months
    assert moved.day == day.day or (moved.day < day.day and (moved + timedelta(1)).day == 1)


def test_months_end_with_the_calendar():
    assert add_months(date(9998, 1, 1), 60).year == 9999
    assert add_months(date(2, 1, 1), -60).year == 1
