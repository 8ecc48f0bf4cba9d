"""A warning reaches the three chiefs of its place, each answers, and towns are scored by it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.utils import timezone
from tests.monitoring.test_alarms import put

from ecoledger.accounts.models import AuditEntry
from ecoledger.books import duty
from ecoledger.entities import charges
from ecoledger.entities.models import Charge
from ecoledger.listings.refusals import Refused
from ecoledger.live import times
from ecoledger.matters.models import Notice
from ecoledger.monitoring.alarming import alarms
from ecoledger.monitoring.computing import pending
from ecoledger.monitoring.models import Alarm
from ecoledger.monitoring.points import table
from ecoledger.registers.chiefs import calls
from ecoledger.registers.chiefs.calls import CALLS, Call
from ecoledger.registers.chiefs.station_checks import CHECKS, WEEKLY

NOW = datetime(2026, 5, 2, 12)


@pytest.fixture
def chiefs(store, bureau, monkeypatch):
    """Chiefs of the river, the section and the water station, and a warning at the station."""
    alarms.default_rules()
    monkeypatch.setattr(times, "now", lambda: NOW)
    for thing, role, level, key in (
        (bureau.river, "river_chief", "county", "leader"),
        (bureau.section, "section_chief", "town", "town"),
        (bureau.water.entity, "station_chief", "", "grid"),
    ):
        charge = Charge(entity=thing, role=role, level=level, person=bureau.people[key])
        charges.appoint(bureau.monitor, charge)
    table.forget()
    put(store, bureau.water, "w21003", [0.9, 1.5], datetime(2026, 5, 2, 4), step=14400)
    pending.run_all(NOW)
    return bureau


def test_one_warning_reaches_three_chiefs_once(chiefs):
    alarm = Alarm.objects.get(parameter="w21003")
    told = Call.objects.filter(alarm=alarm).order_by("pk")
    assert [(call.duty, call.entity.code) for call in told] == [
        ("站点长", "W-1"), ("镇级断面长", "S-1"), ("县级河长", "R-1"),
    ]  # fmt: skip
    for call, key in zip(told, ("grid", "town", "leader"), strict=True):
        notice = Notice.objects.get(person=chiefs.people[key], text__startswith=call.duty)
        assert notice.link == f"/b/chief_call/{call.pk}/edit"
        assert alarm.text in notice.text
    assert calls.tell(alarm) == []
    assert Call.objects.count() == 3


def test_a_chief_answers_with_what_was_done_and_what_came_of_it(chiefs):
    call = Call.objects.get(duty="镇级断面长")
    town = chiefs.people["town"]
    with pytest.raises(Refused, match="处置措施"):
        CALLS.change_row(call, {"effect": "好"}, town, timezone.now())
    at = call.told_at + timedelta(hours=1)
    values = {"action": "溯源至上游排口并关停", "effect": "氨氮降至0.8"}
    CALLS.change_row(call, values, town, at)
    call.refresh_from_db()
    assert (call.answered_at, call.answered_by, call.effect) == (at, town, "氨氮降至0.8")
    CALLS.change_row(call, values | {"effect": "氨氮降至0.6"}, town, at + timedelta(hours=9))
    call.refresh_from_db()
    assert (call.answered_at, call.effect) == (at, "氨氮降至0.6"), "the first answer counts"
    assert AuditEntry.objects.filter(action="call answered").count() == 2


def test_towns_are_scored_by_their_answers(chiefs):
    first, second, _third = Call.objects.order_by("pk")
    calls.answer(
        first.pk, {"action": "甲", "effect": "好"}, by=chiefs.monitor,
        at=first.told_at + timedelta(minutes=30),
    )  # fmt: skip
    calls.answer(
        second.pk, {"action": "乙"}, by=chiefs.monitor, at=second.told_at + timedelta(hours=5)
    )
    (score,) = calls.scorecard(Call.objects.all())
    assert (score.area_code, score.told, score.answered, score.prompt, score.effective) == (
        "990101001", 3, 2, 1, 1,
    )  # fmt: skip
    assert score.answered_share == pytest.approx(2 / 3)


def test_a_chief_sees_his_own_calls_wherever_they_are(chiefs):
    leader = chiefs.people["leader"]
    leader.area_codes = ["990101002"]
    leader.save()
    assert [call.duty for call in CALLS.visible_to(leader)] == ["县级河长"]
    assert not CALLS.may_open(leader)


def test_a_chief_checks_the_station_every_week(chiefs):
    station, grid = chiefs.water.entity, chiefs.people["grid"]
    assert [thing.code for thing in WEEKLY.objects()] == ["W-1"]
    assert WEEKLY.people(station) == [grid]
    duty.daily(timezone.now())
    owed = WEEKLY.visible_to(chiefs.people["monitor"]).get(begin__lte=timezone.localdate(),
                                                          end__gte=timezone.localdate())  # fmt: skip
    assert owed.state == "due"
    values = {
        "entity": station, "answers": {"power_ok": True, "sampling_ok": False, "surroundings_ok": True},
        "interference": "block", "handling": "已清除树枝",
    }  # fmt: skip
    CHECKS.open_row(values, grid, timezone.now())
    duty.daily(timezone.now())
    owed.refresh_from_db()
    assert owed.state == "done"
    assert CHECKS.visible_to(chiefs.people["monitor"]).filter(interference="block").count() == 1


def test_who_answered_then_is_who_was_told(chiefs):
    """A chief appointed later is not told of what came before, and the old call keeps its name."""
    new = Charge(
        entity=chiefs.river, role="river_chief", level="county", since=date(2026, 11, 1),
        person=chiefs.people["dispatcher"],
    )  # fmt: skip
    charges.appoint(chiefs.monitor, new)
    assert Call.objects.get(duty="县级河长").who == chiefs.people["leader"].name
