"""The JSON interface gives what the pages give, under the same scope, and does what they do."""

from __future__ import annotations

import json
from datetime import datetime

import pytest
from django.test import Client

from ecoledger.accounts.keys import make_key
from ecoledger.accounts.models import ApiKey
from ecoledger.monitoring.models import Alarm, AlarmRule
from ecoledger.registers.alarms.alarm_case import REGISTER, open_from_alarm

pytestmark = pytest.mark.django_db


@pytest.fixture
def as_person(bureau):
    """A client that sends the key of the person named."""

    def client(name: str) -> Client:
        key = make_key(bureau.people[name], "测试")
        return Client(headers={"authorization": f"Bearer {key}"})

    return client


@pytest.fixture
def case(bureau):
    rule = AlarmRule.objects.create(
        code="api-test", name="超标", detector="exceedance", kind="flue_gas", level="yellow"
    )
    moment = datetime.fromisoformat("2026-11-20T08:00:00+08:00")
    alarm = Alarm.objects.create(
        rule=rule,
        point=bureau.flue_gas,
        parameter="a21026",
        area_code=bureau.flue_gas.area_code,
        owner_code="E-1",
        level="yellow",
        begin=moment,
        last=moment,
        text="二氧化硫超标",
    )
    return open_from_alarm(alarm)


def test_without_a_key_nothing_is_told(client, bureau):
    assert client.get("/api/v1/points").status_code == 401


@pytest.mark.parametrize("spoil", ["revoked_at", "expires_at"])
def test_a_key_that_was_taken_back_or_ran_out_opens_nothing(as_person, bureau, spoil):
    client = as_person("monitor")
    assert client.get("/api/v1/points").status_code == 200
    ApiKey.objects.update(**{spoil: datetime.fromisoformat("2020-01-01T00:00:00+08:00")})
    assert client.get("/api/v1/points").status_code == 401


def test_the_key_itself_is_not_kept(bureau):
    key = make_key(bureau.people["monitor"], "测试")
    assert key not in json.dumps(list(ApiKey.objects.values()), default=str)


def test_points_are_those_of_the_area_or_of_the_own_enterprise(as_person, bureau):
    everything = {p["id"] for p in as_person("monitor").get("/api/v1/points").json()}
    town = {p["id"] for p in as_person("town").get("/api/v1/points").json()}
    firm = {p["owner_code"] for p in as_person("enterprise").get("/api/v1/points").json()}
    assert bureau.air[3].pk in everything
    assert bureau.air[3].pk not in town
    assert bureau.air[0].pk in town
    assert firm == {"E-1"}


def test_observations_come_with_their_period_and_only_in_scope(as_person, bureau, store):
    store.append(
        None,
        {
            "point": [bureau.air[3].pk],
            "parameter": ["a34004"],
            "series": ["hour"],
            "seconds": [3600],
            "start": [datetime(2026, 11, 20, 8)],
            "value": [35.0],
            "flag": ["N"],
        },
    )
    address = f"/api/v1/points/{bureau.air[3].pk}/observations"
    span = {"begin": "2026-11-20T00:00:00", "end": "2026-11-21T00:00:00"}
    found = as_person("monitor").get(address, span).json()
    assert [(o["parameter"], o["start"], o["seconds"], o["value"]) for o in found] == [
        ("a34004", "2026-11-20T08:00:00", 3600, 35.0)
    ]
    assert as_person("town").get(address, span).status_code == 404
    wrong = as_person("monitor").get(address, {**span, "series": "fortnight"})
    assert wrong.status_code == 422
    assert "computed-day" in wrong.json()["detail"]


def test_a_case_is_dispatched_by_the_same_action_as_on_the_page(as_person, bureau, case):
    dispatcher = as_person("dispatcher")
    address = f"/api/v1/matters/{REGISTER.key}/{case.pk}"
    seen = dispatcher.get(address).json()
    assert "dispatch" in seen["transitions"]
    incomplete = dispatcher.post(
        f"{address}/do/dispatch", {"form": {}}, content_type="application/json"
    )
    assert incomplete.status_code == 422
    assert "finding" in incomplete.json()["fields"]
    town = bureau.people["town"]
    form = {
        "owner_organisation": str(town.organisation_id),
        "finding": "属实",
        "instruction": "立即整改",
    }
    done = dispatcher.post(
        f"{address}/do/dispatch",
        {"form": form, "revision": seen["revision"]},
        content_type="application/json",
    )
    assert done.status_code == 200, done.content
    assert done.json()["state"] == "dispatched"
    again = dispatcher.post(
        f"{address}/do/dispatch",
        {"form": form, "revision": seen["revision"]},
        content_type="application/json",
    )
    assert again.status_code in (403, 409)


@pytest.mark.parametrize(
    ("given", "named"),
    [
        ({"note": "\ud83d"}, ["note"]),
        ({"form": {"instruction": "整改\ud83d"}}, ["form", "instruction"]),
        ({"form": {"\ud83d": "x"}}, ["[key]"]),
    ],
)
def test_half_a_character_is_refused_and_its_field_named(as_person, bureau, case, given, named):
    form = {
        "owner_organisation": str(bureau.people["town"].organisation_id),
        "finding": "属实", "instruction": "立即整改",
    }  # fmt: skip
    given = {"form": form | given.pop("form", {}), **given}
    address = f"/api/v1/matters/{REGISTER.key}/{case.pk}/do/dispatch"
    answer = as_person("dispatcher").post(address, given, content_type="application/json")
    assert answer.status_code == 422
    (wrong,) = answer.json()["detail"]
    assert wrong["loc"][-len(named) :] == named
    assert "只有半个" in wrong["msg"]


def test_another_areas_case_is_not_there(as_person, bureau, case):
    bureau.people["town"].area_codes = ["990101002"]
    bureau.people["town"].save()
    town = as_person("town")
    assert town.get(f"/api/v1/matters/{REGISTER.key}/{case.pk}").status_code == 404
    assert town.get(f"/api/v1/matters/{REGISTER.key}").json() == []


def test_a_session_needs_the_csrf_token_to_act(bureau, case):
    client = Client(enforce_csrf_checks=True)
    client.force_login(bureau.people["dispatcher"])
    answer = client.post(
        f"/api/v1/matters/{REGISTER.key}/{case.pk}/do/dispatch",
        {"form": {}},
        content_type="application/json",
    )
    assert answer.status_code == 403


def test_the_interface_describes_itself(as_person, bureau):
    described = as_person("monitor").get("/api/v1/openapi.json").json()
    assert "/api/v1/points" in described["paths"]
