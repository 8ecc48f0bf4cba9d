"""The four-mechanism loop walked by different people, and everything that is refused on the way."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from ecoledger.matters import actions, chain, deadlines, schedule, timeline
from ecoledger.matters.actions import Upload
from ecoledger.monitoring.models import Alarm, AlarmRule
from ecoledger.registers.alarm_case import REGISTER, AlarmCase, open_from_alarm

PNG = b"\x89PNG\r\n\x1a\n" + b"\x00" * 32


def photo(name: str = "现场.png") -> Upload:
    return Upload(SimpleUploadedFile(name, PNG + name.encode(), "image/png"))


def cst(text: str) -> datetime:
    return timezone.make_aware(datetime.fromisoformat(text))


@pytest.fixture
def rule(db):
    return AlarmRule.objects.create(
        code="so2-hour", name="二氧化硫小时超标", detector="exceedance", kind="flue_gas"
    )


@pytest.fixture
def alarm_at(bureau, rule):
    def make(at: str = "2026-11-16T09:00:00", level: str = "yellow", point=None, **more) -> Alarm:
        point = point or bureau.flue_gas
        return Alarm.objects.create(
            **{
                "rule": rule,
                "point": point,
                "parameter": "a21026",
                "area_code": point.area_code,
                "owner_code": point.owner_code,
                "level": level,
                "state": "ended",
                "begin": cst(at),
                "last": cst(at) + timedelta(hours=1),
                "value": 88.0,
                "peak": 92.0,
                "limit": 50.0,
                "text": "锅炉烟囱二氧化硫 88 mg/m³，限值 50 mg/m³，超标 0.76 倍",
                **more,
            }
        )

    return make


@pytest.fixture
def case(alarm_at) -> AlarmCase:
    return open_from_alarm(alarm_at(), at=cst("2026-11-16T10:00:00"))


def do(case, name, by, at=None, files=(), **form):
    return actions.perform(REGISTER, case.pk, name, by=by, at=at, form=form, files=files)


def dispatch(case, people, at=None, **more):
    from ecoledger.accounts.models import Organisation

    town = Organisation.objects.get(kind="town")
    form = {
        "finding": "数据属实",
        "instruction": "立即查明原因",
        "owner_organisation": town.pk,
        **more,
    }
    return do(case, "dispatch", people["dispatcher"], at, **form)


def to_close_check(case, people, at=None):
    dispatch(case, people, at)
    do(case, "accept", people["town"], at)
    do(
        case,
        "trace_done",
        people["town"],
        at,
        files=[photo()],
        cause="treatment_off",
        source="1号锅炉脱硫塔",
        measures="恢复脱硫塔运行",
    )
    do(case, "supervise", people["officer"], at, inspection="现场核实脱硫塔已运行")
    return do(
        case, "apply_close", people["town"], at, files=[photo("对比.png")], feedback="已降至 30"
    )


def test_a_case_is_worked_and_closed_by_different_people(case, people):
    assert case.state == "verify"
    assert case.number == "预警〔2026〕1号"
    to_close_check(case, people)
    closed = do(case, "confirm_close", people["leader"], checked="材料齐全，数值达标")
    assert closed.state == "closed"
    assert closed.closed_at is not None
    names = [e.transition for e in timeline.events_of(REGISTER, closed)]
    assert names == [
        "open",
        "dispatch",
        "accept",
        "trace_done",
        "supervise",
        "apply_close",
        "confirm_close",
    ]
    assert chain.first_broken(REGISTER.key, case.pk) is None
    assert chain.first_broken_overall() is None
    assert [c.name for c in deadlines.running(REGISTER, closed)] == ["before_look_back"]
    assert closed.due is None
    schedule.remind_and_escalate(closed.closed_at + timedelta(days=31))
    closed.refresh_from_db()
    assert closed.state == "look_back"
