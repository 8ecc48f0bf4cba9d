"""The firm is asked first and has a clock; what is large, repeated or unanswered goes to the officer by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.registers.test_alarm_case import alarm_at, cst, open_from_alarm, rule  # noqa: F401

from ecoledger.matters import actions, schedule
from ecoledger.matters.models import Notice
from ecoledger.registers.alarms.alarm_case import opening

NINE = "2026-11-16T09:00:00"
TEN = cst("2026-11-16T10:00:00")


@pytest.fixture(autouse=True)
def as_shipped(settings, tmp_path):
    """The steps as they ship: the bureau has none of its own."""
    settings.PROFILE = tmp_path / "profile"


@pytest.fixture
def mild(people, alarm_at):  # noqa: F811
    alarm = alarm_at(
        NINE, why="小时均值超过限值", evidence={"values": [["2026-11-16T09:00:00", 88.0]]}
    )
    return open_from_alarm(alarm, at=TEN)


def test_a_mild_alarm_asks_the_firm_with_its_evidence(mild, people):
    assert mild.state == "asked"
    event = mild.events.get(transition="ask_first")
    said = event.form["question"]
    assert "88" in said
    assert "小时均值超过限值" in said
    assert "11-16 09:00" in said
    assert Notice.objects.filter(matter=mild, person=people["enterprise"]).exists()
    actions.perform(
        mild.pk, "explain", by=people["enterprise"],
        form={"explanation_kind": "maintenance", "explanation": "启炉"}, at=TEN + timedelta(hours=1),
    )  # fmt: skip
    mild.refresh_from_db()
    assert mild.state == "verify"


def test_what_is_not_answered_goes_to_the_officer(mild):
    schedule.remind_and_escalate(TEN + timedelta(hours=3))
    mild.refresh_from_db()
    assert mild.state == "asked"
    schedule.remind_and_escalate(TEN + timedelta(hours=5))
    mild.refresh_from_db()
    assert mild.state == "verify"
    assert mild.events.filter(transition="no_reply").exists()


def test_a_third_alarm_or_a_higher_level_does_not_wait_for_an_answer(mild, alarm_at):  # noqa: F811
    open_from_alarm(alarm_at("2026-11-16T11:00:00"), at=TEN + timedelta(hours=1))
    mild.refresh_from_db()
    assert mild.state == "asked"
    open_from_alarm(alarm_at("2026-11-16T12:00:00"), at=TEN + timedelta(hours=2))
    mild.refresh_from_db()
    assert mild.state == "verify"


def test_an_alarm_that_rises_goes_on(mild):
    alarm = mild.joined.get().alarm
    alarm.level = "red"
    alarm.save()
    opening.repeated(alarm)
    mild.refresh_from_db()
    assert (mild.level, mild.state) == ("red", "verify")


def test_a_grave_alarm_and_one_that_a_firm_could_hide_begin_at_the_desk(people, alarm_at, rule):  # noqa: F811
    assert open_from_alarm(alarm_at(NINE, level="orange"), at=TEN).state == "verify"
    rule.detector = "bypass"
    rule.save()
    assert open_from_alarm(alarm_at(NINE, parameter="a00000"), at=TEN).state == "verify"


def test_a_bureau_may_leave_the_first_step_out(people, alarm_at, settings, tmp_path):  # noqa: F811
    (tmp_path / "alarm_steps.toml").write_text("ask_first = false\n", encoding="utf-8")
    settings.PROFILE = tmp_path
    assert open_from_alarm(alarm_at(NINE), at=TEN).state == "verify"
