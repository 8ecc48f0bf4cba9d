"""An alarm without a case gets one later, once."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from ecoledger.monitoring.models import Alarm, AlarmRule
from ecoledger.registers.alarms import unopened_alarms
from ecoledger.registers.alarms.alarm_case import AlarmCase, RoutingRule


@pytest.fixture
def alarm(bureau):
    rule = AlarmRule.objects.create(
        code="so2-hour", name="二氧化硫小时超标", detector="exceedance", kind="flue_gas"
    )

    def make(hours_ago: float = 2, parameter: str = "a21026", state: str = "open") -> Alarm:
        last = timezone.now() - timedelta(hours=hours_ago)
        point = bureau.flue_gas
        return Alarm.objects.create(
            rule=rule, point=point, parameter=parameter, area_code=point.area_code,
            owner_code=point.owner_code, level="yellow", state=state, begin=last - timedelta(hours=1),
            last=last, value=88.0, peak=92.0, limit=50.0, text="二氧化硫 88 mg/m³",
        )  # fmt: skip

    return make


def test_a_recent_alarm_without_a_case_gets_one_and_only_one(alarm):
    lost = alarm()
    assert unopened_alarms.sweep() == 1
    assert AlarmCase.objects.get().alarms.get() == lost
    assert unopened_alarms.sweep() == 0
    assert AlarmCase.objects.count() == 1


def test_history_and_silenced_alarms_stay_without_case(alarm):
    alarm(hours_ago=24 * 4)
    alarm(state="silenced", parameter="a21002")
    assert unopened_alarms.sweep() == 0


def test_an_alarm_that_the_routing_keeps_without_case_is_left_alone(alarm):
    RoutingRule.objects.create(area_code="", opens_case=False)
    alarm()
    assert unopened_alarms.sweep() == 0


def test_one_failing_alarm_does_not_keep_the_others_from_their_cases(alarm, monkeypatch):
    broken, sound = alarm(hours_ago=3), alarm(hours_ago=2, parameter="a21002")
    real = unopened_alarms.open_from_alarm

    def failing(found):
        if found == broken:
            raise OSError("disk")
        return real(found)

    monkeypatch.setattr(unopened_alarms, "open_from_alarm", failing)
    assert unopened_alarms.sweep() == 1
    assert AlarmCase.objects.get().alarms.get() == sound
    monkeypatch.undo()
    assert unopened_alarms.sweep() == 1
