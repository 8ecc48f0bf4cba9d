"""The firm is asked first and has a clock; what is large, repeated or unanswered goes to the officer by itself."""

from __future__ import annotations

from datetime import timedelta

import pytest
from tests.registers.test_alarm_case import alarm_at, cst, open_from_alarm, rule  # noqa: F401

from ecoledger.listings.refusals import NotVisible
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


@pytest.fixture
def operator(people, bureau):
    """Who runs the first air station, with somebody who signs in."""
    from ecoledger.accounts.models import Organisation, Person
    from ecoledger.entities.models import Station

    runs = Organisation.objects.create(
        name="测试运维有限公司", kind="third_party", area_code="990101", other_names="测试运维"
    )
    Station.objects.filter(code="A-1").update(operator="测试运维")
    person = Person(
        username="operator",
        name="运维甲",
        roles=["third_party"],
        area_codes=["990101"],
        organisation=runs,
    )
    person.set_password("correct horse battery")
    person.save()
    return person


@pytest.fixture
def stuck(operator, bureau, alarm_at, rule):  # noqa: F811
    rule.detector = "constant"
    rule.save()
    alarm = alarm_at(
        NINE, point=bureau.air[0], parameter="a34004", text="1号空气站的PM2.5恒为35 µg/m³",
        why="数值连续不变", evidence={"values": [["2026-11-16T09:00:00", 35.0]]},
    )  # fmt: skip
    return open_from_alarm(alarm, at=TEN)


def test_a_stations_operator_is_asked_with_evidence_and_a_clock(stuck, operator, people):
    assert stuck.state == "asked_operator"
    assert stuck.owner_organisation == operator.organisation
    question = stuck.events.get(transition="ask_operator").form["question"]
    assert "35" in question
    assert "数值连续不变" in question
    assert Notice.objects.filter(matter=stuck, person=operator).exists()
    assert not Notice.objects.filter(matter=stuck, person=people["third_party"]).exists()
    answered = actions.perform(
        stuck.pk, "explain_operator", by=operator, at=TEN + timedelta(hours=1),
        form={"explanation_kind": "instrument", "explanation": "采样泵停转，已更换"},
    )  # fmt: skip
    assert answered.state == "verify"
    # The desk hands it over to a town, not to whoever was asked.
    from ecoledger.registers.alarms.alarm_case import owner_for

    assert owner_for(answered).kind == "town"


def test_an_operator_who_does_not_answer_loses_the_case_to_the_officer(stuck):
    schedule.remind_and_escalate(TEN + timedelta(hours=5))
    stuck.refresh_from_db()
    assert stuck.state == "verify"
    assert stuck.events.filter(transition="no_reply").exists()


def test_another_contractor_does_not_see_the_case(stuck, people):
    with pytest.raises(NotVisible):
        actions.perform(
            stuck.pk, "explain_operator", by=people["third_party"], at=TEN + timedelta(hours=1),
            form={"explanation_kind": "other", "explanation": "不知道"},
        )  # fmt: skip


def test_a_source_alarm_or_a_hand_on_the_sampler_is_not_asked_of_the_operator(
    operator, bureau, alarm_at, rule  # noqa: F811
):  # fmt: skip
    for detector in ("neighbours", "low_vs_neighbours"):
        rule.detector = detector
        rule.save()
        parameter = "a34004" if detector == "neighbours" else "a34002"
        alarm = alarm_at(NINE, point=bureau.air[0], parameter=parameter)
        assert open_from_alarm(alarm, at=TEN).state == "verify"


@pytest.fixture
def outlet_operator(operator, bureau):
    """The same contractor runs the instruments of the first outlet too: a device there says so."""
    from ecoledger.entities.models import Outlet
    from ecoledger.registers.network.models import Device

    outlet = Outlet.objects.get(pk=bureau.flue_gas.entity_id)
    Device.objects.create(
        code="D-1", name="烟气分析仪", parent=outlet, operator="测试运维有限公司", area_code=outlet.area_code,
    )  # fmt: skip
    return operator


@pytest.mark.parametrize("detector", ["missing", "constant", "flat", "data_quality"])
def test_a_fault_of_the_data_at_an_outlet_is_asked_of_who_runs_its_instruments(
    outlet_operator, bureau, alarm_at, rule, people, detector  # noqa: F811
):  # fmt: skip
    rule.detector = detector
    rule.save()
    case = open_from_alarm(alarm_at(NINE), at=TEN)
    assert (case.state, case.owner_organisation) == ("asked_operator", outlet_operator.organisation)
    assert not Notice.objects.filter(matter=case, person=people["enterprise"]).exists()


def test_what_an_outlet_lets_out_is_asked_of_the_firm(outlet_operator, alarm_at):  # noqa: F811
    assert open_from_alarm(alarm_at(NINE), at=TEN).state == "asked"


def test_an_outlets_own_operator_goes_before_that_of_its_devices(
    outlet_operator, bureau, alarm_at, rule  # noqa: F811
):  # fmt: skip
    from ecoledger.entities.models import Outlet

    Outlet.objects.filter(pk=bureau.flue_gas.entity_id).update(operator="无人登录的公司")
    rule.detector = "constant"
    rule.save()
    # Nobody of that one can answer: the firm is asked.
    assert open_from_alarm(alarm_at(NINE), at=TEN).state == "asked"
